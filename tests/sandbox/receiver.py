"""A receiver of callbacks that decrypts by itself, with pycryptodome and nothing of ours."""

import base64
import hashlib
import threading
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from Crypto.Cipher import AES


@dataclass
class Post:
    """One callback as it arrived."""

    query: dict[str, str]
    body: bytes

    def signed_by(self, token: str) -> bool:
        """Tell whether msg_signature is right."""
        parts = [token, self.query["timestamp"], self.query["nonce"], self.encrypted]
        digest = hashlib.sha1("".join(sorted(parts)).encode(), usedforsecurity=False)
        return digest.hexdigest() == self.query["msg_signature"]

    @property
    def encrypted(self) -> str:
        """The Encrypt element."""
        return ET.fromstring(self.body).findtext("Encrypt") or ""  # noqa: S314 -- the sandbox's own

    def opened(self, aes_key: str) -> tuple[str, str]:
        """Return the inner XML and the receiveid, unpadded to blocks of 32."""
        return decrypt(self.encrypted, aes_key)

    def fields(self, aes_key: str) -> dict[str, str]:
        """Return the event's fields by name, without nested ones."""
        root = ET.fromstring(self.opened(aes_key)[0])  # noqa: S314 -- the sandbox's own
        return {child.tag: child.text or "" for child in root}


def decrypt(encrypted: str, aes_key: str) -> tuple[str, str]:
    """Return message and receiveid of a WeCom ciphertext."""
    key = base64.b64decode(aes_key + "=")
    plain = AES.new(key, AES.MODE_CBC, key[:16]).decrypt(base64.b64decode(encrypted))
    pad = plain[-1]
    assert len(plain) % 32 == 0
    assert 1 <= pad <= 32
    assert plain.endswith(bytes([pad]) * pad)
    plain = plain[:-pad]
    length = int.from_bytes(plain[16:20], "big")
    return plain[20 : 20 + length].decode(), plain[20 + length :].decode()


@dataclass
class Receiver:
    """What arrived, and the statuses to answer with: the last one for good."""

    url: str = ""
    statuses: list[int] = field(default_factory=lambda: [200])
    posts: list[Post] = field(default_factory=list)
    seen: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    page: bytes = b"from the server"


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Run a receiver on a free port."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer(200, receiver.page)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            query = {name: one[0] for name, one in parse_qs(urlsplit(self.path).query).items()}
            receiver.posts.append(Post(query, body))
            more = len(receiver.statuses) > 1
            self._answer(receiver.statuses.pop(0) if more else receiver.statuses[0], b"")

        def _answer(self, status: int, body: bytes) -> None:
            receiver.seen.append((self.command, self.path, dict(self.headers)))
            self.send_response(status)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Set-Cookie", "a=1")
            self.send_header("Set-Cookie", "b=2")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            del args

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    receiver.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
