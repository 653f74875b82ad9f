"""Between granian and Flask: a request gets a thread when it is whole, and not before.

WSGI hands a thread a request whose body is still on its way, and nothing bounds how long that
takes: a few dozen strangers who send theirs a byte at a time would have every thread wait. So
bodies are gathered on granian's event loop (RSGI), within five seconds and up to a limit, and only
then a thread runs the application.
"""

import asyncio
import io
import sys
from collections.abc import AsyncIterator, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol
from urllib.parse import unquote_to_bytes

from granian.rsgi import Scope

BODY_SECONDS = 5.0
# Gathered before anybody is known, so this is what any stranger may have us keep: no callback and
# no form comes near it, and nothing takes uploads.
MOST_BODY = 64 * 1024

Application = Callable[..., Iterable[bytes]]


class Exchange(Protocol):
    """What granian gives us of one request: its body in pieces, and the ways to answer."""

    def __aiter__(self) -> AsyncIterator[bytes]:
        """Give the body, piece by piece."""

    def response_empty(self, status: int, headers: list[tuple[str, str]]) -> None:
        """Answer without a body."""

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        """Answer with these bytes."""


class TooLong(Exception):
    """The body is longer than anything that we take."""


class Bridge:
    """Runs a WSGI application behind granian's RSGI interface, in `threads` threads."""

    def __init__(self, application: Application, *, threads: int) -> None:
        self._application = application
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="web")

    async def __rsgi__(self, scope: Scope, exchange: Exchange) -> None:
        """Answer one request."""
        if scope.proto != "http":
            return
        try:
            async with asyncio.timeout(BODY_SECONDS):
                body = await _read(scope, exchange)
        except TimeoutError:
            exchange.response_empty(408, [("connection", "close")])
            return
        except TooLong:
            exchange.response_empty(413, [("connection", "close")])
            return
        loop = asyncio.get_running_loop()
        answer = await loop.run_in_executor(self._pool, self._call, build_environ(scope, body))
        exchange.response_bytes(*answer)

    def _call(self, environ: dict[str, Any]) -> tuple[int, list[tuple[str, str]], bytes]:
        started: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], _error: Any = None) -> None:
            started[:] = [int(status[:3]), [(name.lower(), value) for name, value in headers]]

        chunks = self._application(environ, start_response)
        try:
            body = b"".join(chunks)
        finally:
            getattr(chunks, "close", _nothing)()
        return started[0], started[1], body


def build_environ(scope: Scope, body: bytes) -> dict[str, Any]:
    """Return WSGI's view of a request (PEP 3333)."""
    host, _, port = scope.server.rpartition(":")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(scope.path).decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "SERVER_NAME": host,
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": scope.client.rpartition(":")[0],
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": io.BytesIO(body),
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in scope.headers.items():
        if name == "content-type":
            environ["CONTENT_TYPE"] = value
        elif name != "content-length" and "_" not in name:
            key = "HTTP_" + name.upper().replace("-", "_")
            joint = "; " if name == "cookie" else ","
            environ[key] = f"{environ[key]}{joint}{value}" if key in environ else value
    return environ


async def _read(scope: Scope, exchange: Exchange) -> bytes:
    announced = scope.headers.get("content-length", "0")
    if not announced.isdigit() or int(announced) > MOST_BODY:
        raise TooLong
    if scope.method in {"GET", "HEAD"}:
        return b""
    body = bytearray()
    async for chunk in exchange:
        body += chunk
        if len(body) > MOST_BODY:
            raise TooLong
    return bytes(body)


def _nothing() -> None:
    """Close what needs no closing."""
