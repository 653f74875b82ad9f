"""The TLS certificate of our public address: whether it is trusted, and for how much longer."""

import socket
import ssl
from urllib.parse import urlsplit

from requests.utils import DEFAULT_CA_BUNDLE_PATH

from app import clock
from app.doctor.exam import Finding, bad, good, note
from app.i18n import _

FEW_DAYS = 14
SECONDS_A_DAY = 86400
HTTPS_PORT = 443


def look_at_certificate(
    address: str, *, within: float | None, authorities: str | None = None
) -> Finding:
    """Connect as WeCom would, trusting the same `authorities` as browsers unless told others."""
    parts = urlsplit(address)
    host, port = parts.hostname or "", parts.port or HTTPS_PORT
    context = ssl.create_default_context(cafile=authorities or DEFAULT_CA_BUNDLE_PATH)
    try:
        with (
            socket.create_connection((host, port), timeout=within) as plain,
            context.wrap_socket(plain, server_hostname=host) as secure,
        ):
            certificate = secure.getpeercert() or {}
    except socket.gaierror:
        return bad(_("域名 {host} 解析不到：请检查 DNS", host=host))
    except ssl.SSLCertVerificationError as error:
        why = error.verify_message
        return bad(_("证书不被信任（{why}）：请换上完整的证书链，并检查域名", why=why))
    except ssl.SSLError:
        return bad(_("加密连接（TLS）没有建立起来"))
    except OSError:
        words = _("连不上 {host} 的端口 {port}：请检查反向代理和防火墙", host=host, port=port)
        return bad(words)
    return _judged(str(certificate.get("notAfter", "")))


def _judged(not_after: str) -> Finding:
    seconds = ssl.cert_time_to_seconds(not_after) - clock.utcnow().timestamp()
    days = int(seconds // SECONDS_A_DAY)
    if days < FEW_DAYS:
        return note(_("证书还有 {days} 天到期：请更新证书，并让它自动续期", days=days))
    return good(_("可以访问，证书还有 {days} 天到期", days=days))
