"""Checks of our own address as WeCom sees it: its certificate, the receivers, the domain files.

They go through `server.base_url`, so through DNS, TLS and the reverse proxy; when that fails, the
process is asked directly too, to tell whose fault it is.
"""

import base64
import secrets
from collections.abc import Iterator, Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import HTTPError
from wechatpy.work.crypto import PrpCrypto

from app import clock
from app.arrivals import OWN_CHECK
from app.config import Receiver, is_loopback
from app.doctor.certificate import look_at_certificate
from app.doctor.exam import Exam, Finding, bad, good
from app.i18n import N_, _
from app.wecom.crypto import sign

# How long WeCom waits for the answer to its check; we wait longer, to tell slow from silent.
ECHO_SECONDS = 1.0
WAIT_SECONDS = (3.0, 5.0)
MOST_BYTES = 4096

RECEIVE_PAGE = N_("管理后台 → 应用管理 → 自建 → 本应用 → 接收消息 → 设置API接收")

NO_CONNECTION = N_("连接不上")
NOT_RUNNING = N_("没有进程在 {listen} 上运行：请运行 flask serve（或 flask web）")
BROKEN = {
    requests.exceptions.SSLError: N_("加密连接（TLS）没有建立起来"),
    requests.exceptions.ReadTimeout: N_("5 秒内没有回答"),
}
STATUSES = {
    400: N_("请求的参数在路上被改动了"),
    403: N_(
        "验证没有通过：正在运行的进程用的企业ID、Token 或 EncodingAESKey 与 config.toml 不同，"
        "请重启它，并与控制台核对"
    ),
    404: N_("没有这个地址：反向代理要转发它；刚写进 config.toml 的，要重启进程"),
}
REDIRECTED = N_("被跳转到别处（HTTP {status}），而企业微信不跟随跳转")
OTHER_STATUS = N_("回答是 HTTP {status}")
ALTERED = N_("回答与企业微信要的不是一字不差：可能被加了换行、引号，或被改写")
SLOW = N_("用了 {seconds} 秒，而企业微信只等 1 秒")
# What a proxy answers, or nobody does, when there is no process behind it.
NOBODY_THERE = {None, 502, 503, 504}


class Answer(NamedTuple):
    """What came back: `status` None when nothing did, and then `trouble` says why."""

    status: int | None
    body: bytes
    seconds: float
    trouble: str = ""


def check_public(exam: Exam) -> Iterator[Finding]:
    """See whether WeCom can call our address: its name is known, its TLS holds for a while."""
    address = exam.config.server.base_url
    if is_loopback(address) and not is_loopback(exam.config.wecom.api_base):
        yield bad(
            _(
                "{address} 只有本机能访问：请在 config.toml 的 server.base_url 里"
                "写上企业微信能访问的 https 地址",
                address=address,
            )
        )
    elif is_loopback(address):
        yield good(_("{address}（只有本机能访问，演示够用）", address=address))
    else:
        yield look_at_certificate(address, within=exam.within(WAIT_SECONDS[0]))


def check_receivers(exam: Exam) -> Iterator[Finding]:
    """Verify each receiver's address as the console does when it is saved (GET)."""
    for name, receiver in exam.config.callbacks.items():
        yield _receiver(exam, name, receiver)


def check_domain_files(exam: Exam) -> Iterator[Finding]:
    """Fetch each configured WW_verify file from the root of our domain."""
    server = exam.config.server
    parts = urlsplit(server.base_url)
    for name, content in server.domain_files.items():
        answer = _fetched(exam, f"{parts.scheme}://{parts.netloc}/{name}", {})
        fault = _fault(answer, content.encode())
        yield bad(fault, about=name) if fault else good(_("可以访问"), about=name)


def _receiver(exam: Exam, name: str, receiver: Receiver) -> Finding:
    config, path = exam.config, f"/callbacks/{name}"
    address = config.server.base_url + path
    answer, fault = _echoed(exam, address, receiver)
    if not fault:
        shown = f"{answer.seconds * 1000:.0f}"
        words = _("{milliseconds} 毫秒答对了验证", milliseconds=shown)
        return good(words, about=path, paste=address)
    console = _(RECEIVE_PAGE) if answer.status == requests.codes.forbidden else None
    own, own_fault = answer, fault
    listening = f"http://{_reachable(config.server.listen)}"
    if listening != config.server.base_url:
        own, own_fault = _echoed(exam, listening + path, receiver)
    if not own_fault:
        fault = _(
            "进程自己答对了，但经过 {base_url} 时{fault}：请检查反向代理、证书、域名解析和防火墙",
            base_url=config.server.base_url,
            fault=fault,
        )
        console = None
    elif own.status is None and answer.status in NOBODY_THERE and _says_nobody(answer):
        fault = _(NOT_RUNNING, listen=config.server.listen)
    return bad(fault, console=console, about=path, paste=address)


def _echoed(exam: Exam, url: str, receiver: Receiver) -> tuple[Answer, str]:
    """Put a fresh question; return the answer and what is wrong with it, "" if nothing."""
    echo = str(secrets.randbelow(10**19))
    answer = _fetched(exam, url, _question(echo, receiver, exam.config.wecom.corp_id))
    fault = _fault(answer, echo.encode())
    if not fault and answer.seconds > ECHO_SECONDS:
        fault = _(SLOW, seconds=f"{answer.seconds:.1f}")
    return answer, fault


def _question(echo: str, receiver: Receiver, corp_id: str) -> dict[str, str]:
    """Seal the echo as WeCom does; with wechatpy's cipher, so that ours is checked by another."""
    token = receiver.token.get_secret_value()
    key = base64.b64decode(receiver.aes_key.get_secret_value() + "=")
    encrypted = PrpCrypto(key).encrypt(echo, corp_id).decode()
    timestamp = f"{clock.utcnow().timestamp():.0f}"
    nonce = str(secrets.randbelow(10**10))
    return {
        "msg_signature": sign(token, timestamp, nonce, encrypted),
        "timestamp": timestamp,
        "nonce": nonce,
        "echostr": encrypted,
    }


def _fetched(exam: Exam, url: str, params: Mapping[str, str]) -> Answer:
    began = clock.monotonic()
    connect, read = WAIT_SECONDS
    timeouts = (exam.within(connect), exam.within(read))
    try:
        with requests.Session() as session:
            # Straight, as WeCom comes: no proxy of this machine's environment in between.
            session.trust_env = False
            session.headers[OWN_CHECK] = "1"
            with session.get(
                url, params=params, timeout=timeouts, allow_redirects=False, stream=True
            ) as answer:
                body = answer.raw.read(MOST_BYTES, decode_content=True)
                return Answer(answer.status_code, body, clock.monotonic() - began)
    except (requests.RequestException, HTTPError, OSError) as error:
        words = next((text for kind, text in BROKEN.items() if isinstance(error, kind)), "")
        return Answer(None, b"", clock.monotonic() - began, words or NO_CONNECTION)


def _fault(answer: Answer, wanted: bytes) -> str:
    if answer.status is None:
        return _(answer.trouble)
    if answer.status in STATUSES:
        return _(STATUSES[answer.status])
    if 300 <= answer.status < 400:  # noqa: PLR2004 -- HTTP's range of redirects
        return _(REDIRECTED, status=answer.status)
    if answer.status != requests.codes.ok:
        return _(OTHER_STATUS, status=answer.status)
    return "" if answer.body == wanted else _(ALTERED)


def _says_nobody(answer: Answer) -> bool:
    return answer.status is not None or answer.trouble == NO_CONNECTION


def _reachable(listen: str) -> str:
    """Return an address to call for one to listen on."""
    host, _colon, port = listen.rpartition(":")
    return f"{ {'0.0.0.0': '127.0.0.1', '[::]': '[::1]'}.get(host, host) }:{port}"
