"""A bare server that stands for WeCom, and what connects to it.

It is for what a sandbox cannot play: answers that are none, and exact counts of calls and tokens
across processes.
"""

import json
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from app.config import Config

CORP_ID = "wwcorp0000000001"
OK = {"errcode": 0, "errmsg": "ok"}
ZHAOYI = {**OK, "userid": "zhaoyi", "name": "赵一", "department": [1]}


@dataclass
class Call:
    """What reached the bare server."""

    api: str
    params: dict[str, str]
    body: bytes


@dataclass
class BareWeCom:
    """Answers `replies[api]` (JSON, bytes or a function of the call); checks tokens."""

    replies: dict[str, Any] = field(default_factory=dict)
    status: int = 200
    token: str = field(default_factory=lambda: f"canary-token-{uuid.uuid4().hex}")
    expires_in: int = 7200
    calls: list[Call] = field(default_factory=list)
    connections: int = 0
    location: str = ""
    lock: Any = field(default_factory=threading.Lock)
    base: str = ""

    def revoke(self) -> None:
        """Make the token in use invalid."""
        self.token = f"canary-token-{uuid.uuid4().hex}"

    def count(self, api: str) -> int:
        """Return how many calls of `api` came."""
        return sum(call.api == api for call in self.calls)

    def reply_to(self, call: Call) -> Any:
        """Return the reply for a call."""
        with self.lock:
            self.calls.append(call)
        given = self.replies.get(call.api)
        if given is not None and call.api == "gettoken":
            return given
        if call.api == "gettoken":
            return {**OK, "access_token": self.token, "expires_in": self.expires_in}
        if call.params.get("access_token") != self.token:
            return {"errcode": 42001, "errmsg": "access_token expired"}
        return given(call) if callable(given) else (OK if given is None else given)


@contextmanager
def bare_wecom() -> Iterator[BareWeCom]:
    """Run a bare server."""
    wecom = BareWeCom()
    handler = type("Handler", (_Handler,), {"wecom": wecom})
    server = _Server(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    wecom.base = f"http://127.0.0.1:{server.server_port}"
    yield wecom
    server.shutdown()
    server.server_close()
    thread.join()


def config_for(base: str, secret: str = "", corp_id: str = CORP_ID) -> Config:
    return Config.model_validate(
        {
            "server": {"base_url": "http://127.0.0.1:8000", "secret_key": "k" * 32},
            "wecom": {
                "corp_id": corp_id,
                "agent_id": 1000002,
                "secret": secret or f"canary-secret-{uuid.uuid4().hex}",
                "api_base": base,
            },
            "callbacks": {"app": {"token": "t", "aes_key": "a" * 43}},
        }
    )


def quick_redis(url: str) -> Redis:
    """Connect as the server does: short timeouts, no retries."""
    return Redis.from_url(
        url, socket_timeout=0.3, socket_connect_timeout=0.3, retry=Retry(NoBackoff(), 0)
    )


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wecom: BareWeCom

    def setup(self) -> None:
        super().setup()
        self.wecom.connections += 1

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def log_message(self, *_: object) -> None:
        return

    def _answer(self) -> None:
        address = urlsplit(self.path)
        params = {key: values[0] for key, values in parse_qs(address.query).items()}
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        call = Call(address.path.removeprefix("/cgi-bin/"), params, body)
        reply = self.wecom.reply_to(call)
        sent = reply if isinstance(reply, bytes) else json.dumps(reply).encode()
        self.send_response(self.wecom.status if call.api != "gettoken" else 200)
        if self.wecom.location:
            self.send_header("Location", self.wecom.location)
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)


class _Server(ThreadingHTTPServer):
    request_queue_size = 256
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Say nothing: tests break connections on purpose."""
