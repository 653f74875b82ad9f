"""Servers of the tests' own, which a test may ill-treat."""

import signal
import subprocess
from pathlib import Path

import redis

from app.redis_server import find_server
from tests.deployment import wait_until


class OwnRedis:
    """A Redis on a unix socket in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.socket = folder / "redis.sock"
        self.url = f"unix://{self.socket}"
        self.start()

    def start(self) -> None:
        """Start it and wait until it answers."""
        command = [str(find_server()), "--port", "0", "--unixsocket", str(self.socket)]
        self.process = subprocess.Popen([*command, "--save", ""], stdout=subprocess.DEVNULL)
        wait_until(self._answers)

    def end(self) -> None:
        """Kill it, frozen or not."""
        self.process.send_signal(signal.SIGCONT)
        self.process.kill()
        self.process.wait()

    def _answers(self) -> bool:
        try:
            return bool(redis.Redis.from_url(self.url).ping())
        except redis.RedisError:
            return False
