"""The certificate of our address: trusted or not, for how long; and what stands in the way."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from app import clock
from app.doctor.address import check_public
from app.doctor.certificate import look_at_certificate
from app.doctor.exam import Exam, Finding, Mark
from tests import settings
from tests.deployment import free_port

Serve = Callable[..., "Tls"]


@dataclass(frozen=True)
class Tls:
    """A server with a certificate, and the file that makes it trusted."""

    address: str
    authorities: str


def certificate(folder: Path, *, days: float, host: str = "localhost") -> Path:
    """Write a certificate that signs itself, with its key, and is good for so many days."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = clock.utcnow()
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=30))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{host}-{days}.pem"
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(secret + made.public_bytes(pem))
    return path


@contextmanager
def listening(context: ssl.SSLContext | None) -> Iterator[int]:
    """Take connections one after the other, with TLS or, without a context, in plain text."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    plain, _address = server.accept()
                    with suppress(OSError), plain:
                        if context is None:
                            plain.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                        else:
                            context.wrap_socket(plain, server_side=True).close()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


@contextmanager
def tls(path: Path) -> Iterator[Tls]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    with listening(context) as port:
        yield Tls(f"https://localhost:{port}", str(path))


def look(address: str, authorities: str | None = None) -> Finding:
    return look_at_certificate(address, within=3, authorities=authorities)


@pytest.mark.parametrize(
    ("days", "mark", "words"),
    [(80.5, Mark.GOOD, "证书还有 80 天到期"), (5.5, Mark.NOTE, "证书还有 5 天到期")],
)
def test_the_days_that_are_left_are_told(
    tmp_path: Path, days: float, mark: Mark, words: str
) -> None:
    with tls(certificate(tmp_path, days=days)) as server:
        finding = look(server.address, server.authorities)
    assert finding.mark is mark
    assert words in finding.words


@pytest.mark.parametrize(
    ("days", "host", "why"),
    [(-1, "localhost", "expired"), (30, "elsewhere.example.com", "mismatch")],
)
def test_one_that_has_ended_or_is_anothers_is_not_trusted(
    tmp_path: Path, days: float, host: str, why: str
) -> None:
    with tls(certificate(tmp_path, days=days, host=host)) as server:
        finding = look(server.address, server.authorities)
    assert finding.mark is Mark.BAD
    assert "证书不被信任" in finding.words
    assert why in finding.words


def test_one_that_nobody_signed_is_not_trusted(tmp_path: Path) -> None:
    with tls(certificate(tmp_path, days=30)) as server:
        assert "证书不被信任" in look(server.address).words


def test_a_port_that_speaks_no_tls(tmp_path: Path) -> None:
    del tmp_path
    with listening(None) as port:
        assert "TLS" in look(f"https://localhost:{port}").words


def test_a_port_where_nobody_listens() -> None:
    port = free_port()
    assert look(f"https://localhost:{port}").words.startswith(f"连不上 localhost 的端口 {port}")


def test_a_name_that_nobody_knows() -> None:
    assert "解析不到" in look("https://nobody.invalid").words


@pytest.mark.parametrize(
    ("api_base", "mark"),
    [("http://127.0.0.1:9", Mark.GOOD), ("https://qyapi.example.com", Mark.BAD)],
)
def test_an_address_that_only_this_machine_reaches_will_do_for_a_play_alone(
    tmp_path: Path, api_base: str, mark: Mark
) -> None:
    config = settings.make_config(tmp_path, wecom={"api_base": api_base})
    [finding] = check_public(Exam(config))
    assert finding.mark is mark
