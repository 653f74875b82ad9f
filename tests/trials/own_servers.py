"""A PostgreSQL or MariaDB of the trial's own in a folder, which it may stop, kill and freeze."""

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
from sqlalchemy import create_engine
from sqlalchemy.exc import DBAPIError

from tests.bench.servers import frozen
from tests.deployment import free_port, wait_until
from tests.trials.trial import new_folder

# It may have a crash to recover from.
START_SECONDS = 60.0
# Where Debian keeps what it puts on no PATH.
ELSEWHERE = "/usr/lib/postgresql"


@dataclass(frozen=True)
class Make:
    """How a kind of server is made and run: `user` instead of root, `end` tells it to end."""

    user: str
    url: str
    set_up: Callable[[Path], list[str]]
    run: Callable[[Path, int], list[str]]
    end: signal.Signals


MAKES = {
    "postgresql": Make(
        user="postgres",
        url="postgresql+psycopg://postgres@127.0.0.1:{port}/postgres",
        set_up=lambda data: [_find("initdb"), "-D", str(data), "-U", "postgres", "-A", "trust"],
        run=lambda data, port: [
            *(_find("postgres"), "-D", str(data), "-p", str(port)),
            *("-k", str(data), "-c", "listen_addresses=127.0.0.1"),
        ],
        end=signal.SIGINT,
    ),
    "mariadb": Make(
        user="mysql",
        url="mysql+pymysql://root@127.0.0.1:{port}/mysql",
        set_up=lambda data: [
            *(_find("mariadb-install-db"), "--no-defaults", f"--datadir={data}"),
            "--auth-root-authentication-method=normal",
        ],
        run=lambda data, port: [
            *(_find("mariadbd"), "--no-defaults", f"--datadir={data}", f"--port={port}"),
            *("--bind-address=127.0.0.1", f"--socket={data}/socket", f"--pid-file={data}/pid"),
        ],
        end=signal.SIGTERM,
    ),
}


class OwnServer:
    """One server; `url` names a database of it that is always there."""

    def __init__(self, kind: str, folder: Path) -> None:
        self._make, self._folder, self._data = MAKES[kind], folder, folder / "data"
        self._port = free_port()
        self.url = self._make.url.format(port=self._port)
        self._user = self._make.user if os.geteuid() == 0 else None
        if self._user:
            shutil.chown(folder, self._user)
        command = self._make.set_up(self._data)
        with self._log() as log:
            subprocess.run(command, check=True, stdout=log, stderr=log, user=self._user, cwd=folder)
        self.start()

    def start(self) -> None:
        """Start it, again if it is too early after its end, and wait until it answers."""
        self._spawn()
        wait_until(self._answers, START_SECONDS)

    def end(self) -> None:
        """Tell it to end, in order and without waiting for its clients."""
        self.process.send_signal(self._make.end)
        self.process.wait()

    def kill(self) -> None:
        """Kill -9 all of it at once."""
        for process in self._tree():
            with contextlib.suppress(psutil.Error):
                process.kill()
        self.process.wait()

    @contextlib.contextmanager
    def standing_still(self) -> Iterator[None]:
        """Freeze it: its connections stay open, and nothing comes."""
        with frozen(self._tree()):
            yield

    def _tree(self) -> list[psutil.Process]:
        parent = psutil.Process(self.process.pid)
        return [parent, *parent.children(recursive=True)]

    def _spawn(self) -> None:
        command = self._make.run(self._data, self._port)
        with self._log() as log:
            self.process = subprocess.Popen(
                command, stdout=log, stderr=log, user=self._user, cwd=self._folder
            )

    def _answers(self) -> bool:
        if self.process.poll() is not None:
            self._spawn()
        engine = create_engine(self.url, connect_args={"connect_timeout": 1})
        try:
            engine.connect().close()
        except DBAPIError:
            return False
        finally:
            engine.dispose()
        return True

    def _log(self) -> contextlib.AbstractContextManager[int]:
        return _opened(self._folder / "server.log")


@contextlib.contextmanager
def own_server(kind: str) -> Iterator[OwnServer]:
    """Give a server for as long as the trial lasts.

    Raises:
        FileNotFoundError: this machine has no such server.
    """
    with new_folder() as folder:
        # Its parent is root's alone.
        folder.chmod(0o755)
        server = OwnServer(kind, folder)
        try:
            yield server
        finally:
            server.kill()


def _find(program: str) -> str:
    found = shutil.which(program) or next(
        (str(path) for path in sorted(Path(ELSEWHERE).glob(f"*/bin/{program}"), reverse=True)), None
    )
    if found is None:
        raise FileNotFoundError(program)
    return found


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[int]:
    number = os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o644)
    try:
        yield number
    finally:
        os.close(number)
