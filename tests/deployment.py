"""A whole deployment for a test: the sandbox in this process, the server as an operator starts it.

Everything goes through real processes, sockets and signals; the test looks at the sandbox's ledger
and, read-only, at the database.
"""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import psutil
import requests
from sqlalchemy import select

from app.config import load_config
from app.inbox.models import InboxEvent
from app.sandbox.pages import build_pages, rewrite_html
from app.sandbox.server import Sandbox, SandboxServer
from app.welcome.actions import set_default
from tests import leaks, settings

ROOT = Path(__file__).parent.parent
READY_SECONDS = 30.0

T = TypeVar("T")


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(condition: Callable[[], T | None], timeout: float = 20.0) -> T:
    """Return what `condition` gives as soon as it is true.

    For what only another process knows, and so has no event that could be awaited here.
    """
    end = time.monotonic() + timeout
    while not (value := condition()):
        if time.monotonic() > end:
            raise TimeoutError(f"not within {timeout} s")
        time.sleep(0.02)
    return value


class Deployment:
    """The sandbox, a configuration in a folder, and the processes that run on it.

    With `front` the sandbox stands in front of the server with its pages, as under `make demo`:
    browsers go to `front`, so that the pages, WeCom's sign-in and the sidebar are one origin.

    `beside` another one: on the same sandbox, which sends its callbacks here from then on.

    `prefix`: what its commands begin with, as to run them elsewhere, where they listen on `host`.
    """

    def __init__(
        self,
        folder: Path,
        *,
        database_url: str = "",
        front: bool = False,
        beside: "Deployment | None" = None,
        host: str = "127.0.0.1",
        prefix: Sequence[str] = (),
        **changes: Mapping[str, Any],
    ) -> None:
        self.folder = folder
        self._beside = beside
        self.clock_file: Path = beside.clock_file if beside else folder / "clock"
        self.box: Sandbox = (
            beside.box
            if beside
            else Sandbox(clock_file=self.clock_file, seed=True, redis_note=folder / "redis.address")
        )
        self.server: SandboxServer = (
            beside.server
            if beside
            else SandboxServer(
                self.box,
                pages=build_pages(self.box) if front else (),
                rewrite_html=rewrite_html if front else None,
            )
        )
        self._changes = changes
        self._database_url = database_url
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self._listen, self._prefix = f"{host}:{self.port}", prefix
        self.front = self.server.address if front else self.address
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        if self._beside is None:
            self.server.start()
        api = self.server.address
        self.box.connect(callback_url=f"{self.address}/callbacks/app", server_url=self.address)
        self.box.app.redirect_domain = self.front.removeprefix("http://")
        sections: dict[str, Mapping[str, Any]] = {
            "server": {"base_url": self.front, "listen": self._listen},
            "wecom": {
                "corp_id": self.box.corp_id,
                "agent_id": self.box.agent_id,
                "secret": self.box.secret,
                "api_base": api,
                "oauth_base": api,
                "login_base": api,
                "clock_file": str(self.clock_file),
            },
            "callbacks": {"app": {"token": self.box.token, "aes_key": self.box.aes_key}},
            "database": {"url": self._database_url} if self._database_url else {},
        }
        tree = settings.settings(self.folder, **(sections | self._changes))
        self.config_path = settings.write_toml(self.folder / "config.toml", tree)
        url = self._database_url
        self.db = settings.migrated(url) if url else settings.new_file(self.folder / "banke.db")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._leave()
        for process in self.processes.values():
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGCONT)
            process.terminate()
        for process in self.processes.values():
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if self._beside is None:
            self.server.stop()
            self.box.close()
        self.db.close()

    def greet_with(self, text: str) -> None:
        """Save what customers get when no other script holds, as `flask welcome` does."""
        with self.db.write() as session:
            set_default(session, text)

    def command(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a `flask` command to its end."""
        done = subprocess.run(
            [sys.executable, "-m", "flask", *arguments],
            env=self._environment({}),
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        leaks.keep(self.folder, "commands.said", *arguments[:2], done.stdout, done.stderr)
        assert done.returncode == 0 or not check, done.stdout + done.stderr
        return done

    def start(self, part: str = "serve", **environment: str) -> subprocess.Popen[bytes]:
        """Start `flask <part>`."""
        log = (self.folder / f"{part}.log").open("ab")
        process = subprocess.Popen(
            [*self._prefix, sys.executable, "-m", "flask", part],
            env=self._environment(environment),
            cwd=ROOT,
            stdout=log,
            stderr=log,
        )
        log.close()
        self.processes[part] = process
        return process

    def serve(self, **environment: str) -> Self:
        """Start the whole tree and wait until it is ready."""
        self.start("serve", **environment)
        self.wait_ready()
        return self

    def wait_ready(self) -> None:
        """Wait until callbacks can be stored."""
        wait_until(self.is_ready, READY_SECONDS)

    def is_ready(self) -> bool:
        """Ask /readyz."""
        for process in self.processes.values():
            if process.poll():
                raise RuntimeError(f"ended with {process.returncode}:\n{self.log_text()[-2000:]}")
        try:
            return requests.get(f"{self.address}/readyz", timeout=2).status_code == 200
        except requests.RequestException:
            return False

    def children(self, part: str) -> list[psutil.Process]:
        """Return the processes of one part of the tree: web, worker, relay, or a Redis."""
        found = []
        for process in psutil.Process(self.processes["serve"].pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):
                # Forked parts have a title in its place; the others the command's words.
                words = " ".join(process.cmdline()).split()
                # One that has just ended has no words any more.
                program = words[0].rsplit("/")[-1] if words else ""
                if part in words or (part == "redis" and "server" in program):
                    found.append(process)
        return found

    def kill(self, part: str) -> None:
        """Kill -9 every process of one part."""
        for process in self.children(part):
            with contextlib.suppress(psutil.Error):
                process.kill()

    def kill_all(self) -> None:
        """Kill -9 the whole tree at once, as when the machine dies."""
        for process in self.processes.values():
            tree = [psutil.Process(process.pid)]
            tree += tree[0].children(recursive=True)
            for one in tree:
                with contextlib.suppress(psutil.Error):
                    one.kill()
            process.wait()

    def events(self) -> list[InboxEvent]:
        """Return what is in the inbox."""
        with self.db.read() as session:
            return list(session.scalars(select(InboxEvent).order_by(InboxEvent.id)))

    def wait_worked(self, timeout: float = 30.0) -> list[InboxEvent]:
        """Wait until nothing in the inbox wants work any more."""
        wait_until(lambda: all(event.due_at is None for event in self.events()), timeout)
        return self.events()

    def log_text(self) -> str:
        """Return everything that the processes have written."""
        return "".join(path.read_text() for path in sorted(self.folder.glob("*.log")))

    def _leave(self) -> None:
        """Leave what is searched at the end of the run, and what for."""
        leaks.note_box(self.folder, self.box)
        if any(process.poll() is None for process in self.processes.values()):
            leaks.keep_pages(self.folder, self.address)
            leaks.keep_redis(self.folder, self._redis_url())

    def _redis_url(self) -> str:
        """Return where its Redis is, "" if it has none."""
        url = str(self._changes.get("redis", {}).get("url", "embedded"))
        if url != "embedded":
            return url
        note = load_config(self.config_path, {}).home / "redis.address"
        return note.read_text() if note.exists() else ""

    def _environment(self, more: Mapping[str, str]) -> dict[str, str]:
        clean = {k: v for k, v in os.environ.items() if not k.startswith("BANKE_")}
        return clean | {"BANKE_CONFIG": str(self.config_path), "FLASK_APP": "wsgi:app"} | dict(more)


@contextlib.contextmanager
def deployed(folder: Path, **changes: Any) -> Iterator[Deployment]:
    """Give a deployment that serves."""
    with Deployment(folder, **changes) as deployment:
        yield deployment.serve()
