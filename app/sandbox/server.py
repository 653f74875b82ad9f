"""The sandbox as a whole (`Sandbox`) and the server that runs it in a thread (`SandboxServer`)."""

import ipaddress
import secrets
import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import requests
from flask import Blueprint
from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from .api.gate import Gate
from .api.tokens import revoke
from .client_views import ClientViews
from .clock import Clock, monotonic
from .conversations import Conversations
from .crowd import Crowd
from .delivery import Delivery
from .emitter import Emitter
from .events import seal_echo
from .faults import Faults
from .front import AT_END, RewriteHtml, build_front
from .frozen_redis import FrozenRedis
from .js_bridge import JsBridge
from .ledger import Ledger
from .named_faults import NamedFaults
from .people import People
from .seed import seed as fill
from .seed import seed_bare
from .world import App, Member, World

# Invented, and shaped like real ones. The word in the corp id keeps real credentials out.
CORP_MARK = "wwsandbox"
CORP_ID = "wwsandbox000000001"
AGENT_ID = 1000002
SECRET = "sandboxSecret0000000000000000000000000000AA"  # noqa: S105 -- invented
TOKEN = "sandboxToken00000000000000000001"  # noqa: S105 -- invented
AES_KEY = "sandboxAesKey00000000000000000000000000000A"

CALLBACK_PATH = "/callbacks/app"
ECHO_SECONDS = 1.0


class Sandbox:
    """A small WeCom: its world, clock, ledger, faults, people and API."""

    def __init__(
        self,
        clock_file: Path | str | None = None,
        *,
        seed: bool = False,
        corp_id: str = CORP_ID,
        delivery_threads: int = 32,
        redis_note: Path | None = None,
    ) -> None:
        if not corp_id.startswith(CORP_MARK):
            raise ValueError(f"the sandbox takes no real corp: its id begins with {CORP_MARK}")
        self.clock = Clock(clock_file)
        self.world = World(corp_id)
        self.ledger = Ledger(self.clock)
        self.faults = Faults()
        self.delivery = Delivery(
            self.world,
            self.clock,
            ledger=self.ledger,
            faults=self.faults,
            threads=delivery_threads,
        )
        self._emitter = Emitter(self.world, self.clock, ledger=self.ledger, delivery=self.delivery)
        self.people = People(self.world, self.clock, ledger=self.ledger, emitter=self._emitter)
        self.gate = Gate(self.world, self.clock, ledger=self.ledger, faults=self.faults)
        self.conversations = Conversations(self.world, self.ledger)
        self.server_url = ""
        # The pages load anew when another sandbox answers, and wait for one that is not ready.
        self.instance = secrets.token_hex(8)
        self.ready = True
        self.app = self.add_app(AGENT_ID, SECRET, name="伴客")
        self.app.token, self.app.aes_key = TOKEN, AES_KEY
        if seed:
            fill(self.world, self.clock)
            self.conversations.open_seeded()
        else:
            seed_bare(self.world)
        self._play_client(FrozenRedis(redis_note))

    def _play_client(self, redis: FrozenRedis) -> None:
        """Make what the pages need: views of the world, faults by name, the end of the bridge."""
        self._redis = redis
        self.views = ClientViews(self.world, self.conversations, self.app)
        self.named_faults = NamedFaults(
            self.world, self.clock, ledger=self.ledger, faults=self.faults, redis=redis
        )
        self.js_bridge = JsBridge(
            self.world,
            self.clock,
            ledger=self.ledger,
            people=self.people,
            app=self.app,
            refused=self.named_faults.is_on,
        )

    @property
    def corp_id(self) -> str:
        """The corp's id."""
        return self.world.corp_id

    @property
    def agent_id(self) -> int:
        """The agentid of the first app."""
        return self.app.agentid

    @property
    def secret(self) -> str:
        """The secret of the first app."""
        return self.app.secret

    @property
    def token(self) -> str:
        """The callback token of the first app."""
        return self.app.token

    @property
    def aes_key(self) -> str:
        """The EncodingAESKey of the first app."""
        return self.app.aes_key

    def add_app(self, agentid: int, secret: str, *, name: str) -> App:
        """Add a self-built app with a callback token and key of its own."""
        key = secrets.token_hex(32)[:42] + "A"
        app = App(agentid, secret, name, token=secrets.token_hex(16), aes_key=key)
        self.world.apps[agentid] = app
        return app

    def add_crowd(self, customers: int, members: int = 20) -> list[str]:
        """Give the corp so many customers more, spread over new members; return their userids.

        The customers take no memory before somebody touches them.
        """
        with self.world.lock:
            now = self.clock.unix()
            userids = [f"crowd{number:04d}" for number in range(members)]
            for number, userid in enumerate(userids):
                self.world.members[userid] = Member(userid, f"员工{number:04d}", [1])
            tags = [tag.id for group in self.world.tag_groups.values() for tag in group.tags]
            self.world.crowd = Crowd(customers, userids, now=now, tag_ids=tags)
        self.ledger.act("add_crowd", customers=customers, members=members)
        return userids

    def connect(self, *, callback_url: str | None = None, server_url: str | None = None) -> None:
        """Tell where the first app's callbacks go and which server stands behind the front.

        Raises: ValueError for an address that is not of this machine.
        """
        if server_url is not None:
            self.server_url = check_loopback(server_url).rstrip("/")
        if callback_url is not None:
            self.app.callback_url = check_loopback(callback_url)

    def revoke_tokens(self) -> None:
        """Void all access tokens early: they answer 40014."""
        revoke(self.world)
        self.ledger.act("revoke_tokens")

    def verify_callback_url(self) -> list[str]:
        """Verify the first app's URL as the console does; return what is wrong, nothing if fine."""
        echo = str(secrets.randbelow(10**19))
        query = seal_echo(
            echo,
            self.app,
            receiveid=self.corp_id,
            timestamp=str(self.clock.unix()),
            nonce=str(secrets.randbelow(10**10)),
        )
        began = monotonic()
        with requests.Session() as session:
            session.trust_env = False
            answer = session.get(self.app.callback_url, params=query, timeout=5)
        return _echo_faults(answer, echo, monotonic() - began)

    def close(self) -> None:
        """Stop delivering and let everything go that waits, a frozen Redis too."""
        self._redis.thaw()
        self.ledger.close()
        self.faults.abandon_all()
        self.delivery.close()


def check_loopback(url: str) -> str:
    """Return the address if it is one of this machine. Raises: ValueError otherwise."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        local = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        local = False
    if parts.scheme not in ("http", "https") or not local:
        raise ValueError("the sandbox talks to servers of this machine only, such as 127.0.0.1")
    return url


def _echo_faults(answer: requests.Response, echo: str, seconds: float) -> list[str]:
    body = answer.content
    found = {
        f"status {answer.status_code}": answer.status_code != requests.codes.ok,
        "byte order mark": body.startswith(b"\xef\xbb\xbf"),
        "quotes": body.startswith(b'"'),
        "newline": body.endswith(b"\n"),
        "another text": body.strip(b'\xef\xbb\xbf" \r\n') != echo.encode(),
        f"slower than {ECHO_SECONDS:g} s": seconds > ECHO_SECONDS,
    }
    return [fault for fault, is_so in found.items() if is_so]


class _Handler(WSGIRequestHandler):
    """Keeps connections alive, answers at once and says nothing."""

    server: "_Server"
    protocol_version = "HTTP/1.1"
    # An answer is written in two parts; Nagle's algorithm would hold the second back for 40 ms.
    disable_nagle_algorithm = True

    def run_wsgi(self) -> None:
        """Close what the request opened. Werkzeug forgets to, where the browser breaks off."""
        with ExitStack() as self._at_end:
            super().run_wsgi()

    def make_environ(self) -> dict[str, Any]:
        """Hand the front what it is to put its closing into."""
        return super().make_environ() | {AT_END: self._at_end}

    def date_time_string(self, timestamp: float | None = None) -> str:
        """Say the sandbox's time: servers compare their clock with WeCom's Date."""
        return super().date_time_string(self.server.time() if timestamp is None else timestamp)

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 -- werkzeug's name
        """Stay silent: the ledger has it all."""


class _Server(ThreadedWSGIServer):
    """Takes bursts of connections, and closes those that idle when it stops."""

    request_queue_size = 1024
    daemon_threads = True

    def __init__(self, *args: Any, time: Callable[[], float], **kwargs: Any) -> None:
        self.time = time
        self._connections: set[socket.socket] = set()
        self._connections_lock = threading.Lock()
        super().__init__(*args, **kwargs)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._connections_lock:
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._connections_lock:
            self._connections.discard(request)
        super().shutdown_request(request)

    def close_connections(self) -> None:
        """End the connections that clients keep open."""
        with self._connections_lock:
            left = list(self._connections)
        for connection in left:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                # It was closed in the meantime, which is what was wanted.
                continue


class SandboxServer:
    """Runs a sandbox on 127.0.0.1 in a thread. `port` 0: a free one."""

    def __init__(
        self,
        box: Sandbox,
        port: int = 0,
        *,
        pages: Sequence[Blueprint] = (),
        rewrite_html: RewriteHtml | None = None,
    ) -> None:
        self.box = box
        self._front = build_front(box, pages=pages, rewrite_html=rewrite_html)
        self._listen(port)
        self.address = f"http://127.0.0.1:{self._server.port}"

    def __enter__(self) -> str:
        self.start()
        return self.address

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> Self:
        """Begin to answer."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop answering and delivering, and close every connection."""
        self.box.close()
        self.refuse()

    def refuse(self) -> None:
        """Refuse connections, and close those there are."""
        self._server.shutdown()
        self._thread.join(5)
        self._server.close_connections()
        self._server.server_close()

    def accept(self) -> None:
        """Take connections again, at the same address."""
        self._listen(self._server.port)
        self.start()

    def _listen(self, port: int) -> None:
        self._server = _Server("127.0.0.1", port, self._front, _Handler, time=self.box.clock.time)
        self._thread = threading.Thread(
            target=self._server.serve_forever,
            kwargs={"poll_interval": 0.05},
            name="sandbox-server",
            daemon=True,
        )
