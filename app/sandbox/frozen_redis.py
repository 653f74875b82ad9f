"""Stops the server's own Redis for a while, as a machine does that has no time for it.

A helper process holds the key: it lets Redis go on after a minute, or as soon as its standard input
closes, which happens when the fault ends and when the sandbox is gone, however it went. So no Redis
is ever left frozen.
"""

import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import redis

SECONDS = 60
ASK_SECONDS = 2
SOCKET = "unix://"
PROCESSES = Path("/proc")

HELPER = """
import os, select, signal, sys
select.select([0], [], [], float(sys.argv[2]))
os.kill(int(sys.argv[1]), signal.SIGCONT)
"""


class Unavailable(Exception):
    """There is no Redis that could be frozen. The text says why, in Chinese; `english` too."""

    def __init__(self, words: str, english: str) -> None:
        super().__init__(words)
        self.english = english


class FrozenRedis:
    """The Redis whose address stands in a file that the server writes."""

    def __init__(self, note: Path | None = None, *, seconds: float = SECONDS) -> None:
        self.note = note
        self.seconds = seconds
        self._lock = threading.Lock()
        self._helper: subprocess.Popen[bytes] | None = None

    @property
    def is_frozen(self) -> bool:
        """Tell whether it stands still now."""
        return self._helper is not None and self._helper.poll() is None

    def check(self) -> None:
        """Check that there is one. Raises: Unavailable."""
        self._address()

    def freeze(self) -> None:
        """Stop it. Raises: Unavailable."""
        with self._lock:
            if self.is_frozen:
                return
            pid = self._pid()
            command = [sys.executable, "-c", HELPER, str(pid), str(self.seconds)]
            self._helper = subprocess.Popen(  # noqa: S603 -- our own interpreter and words
                command, stdin=subprocess.PIPE, start_new_session=True
            )
            os.kill(pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        with self._lock:
            if self._helper is None:
                return
            if self._helper.stdin:
                with suppress(OSError):
                    self._helper.stdin.close()
            self._helper.wait()
            self._helper = None

    def _address(self) -> str:
        if self.note is None:
            raise Unavailable(
                "沙盒启动时没有指定 --redis-note，不知道服务用的是哪个 Redis。",
                "The sandbox was started without --redis-note and knows no Redis.",
            )
        try:
            address = self.note.read_text().strip()
        except OSError as problem:
            raise Unavailable(
                "服务没有使用自带的 Redis，无从冻结。",
                "The server runs without a Redis of its own.",
            ) from problem
        if not address.startswith(SOCKET):
            raise Unavailable(
                "只能冻结本机自带的 Redis。", "Only a Redis on a socket of this machine."
            )
        return address

    def _pid(self) -> int:
        """Ask Redis for its process, and the process whether it is the one on that socket."""
        address = self._address()
        try:
            with redis.Redis.from_url(address, socket_timeout=ASK_SECONDS) as connection:
                pid = int(connection.info("server")["process_id"])
        except (redis.RedisError, KeyError, ValueError) as problem:
            raise Unavailable("Redis 没有响应。", "Redis does not answer.") from problem
        if not _serves(pid, address.removeprefix(SOCKET)):
            raise Unavailable("这个 Redis 不是服务自带的。", "This Redis is not the server's own.")
        return pid


def _serves(pid: int, socket_path: str) -> bool:
    """Tell whether the process is the Redis on this socket, where the machine can tell it.

    In another container than ours its number would be somebody else's here.
    """
    if not PROCESSES.is_dir():
        return True
    try:
        return socket_path.encode() in (PROCESSES / str(pid) / "cmdline").read_bytes()
    except OSError:
        return False
