"""A cable to a server, which a test may cut: at once, or as the n-th time that a word passes."""

import contextlib
import socket
import threading
from dataclasses import dataclass
from types import TracebackType
from typing import Self

PIECE = 64 * 1024
HERE = "127.0.0.1"
CONNECT_SECONDS = 5.0


@dataclass
class _Snare:
    """What cuts a connection: the word and how often it may still pass.

    `after`: the server gets the word and answers, and only the answer is lost.
    """

    word: bytes
    left: int
    after: bool


class Wire:
    """Passes on what comes at `port` to a server: a host with its port, or a unix socket."""

    def __init__(self, server: tuple[str, int] | str, *, host: str = HERE, port: int = 0) -> None:
        self._server = server
        self._ends: set[socket.socket] = set()
        # To them nothing is passed back any more.
        self._muted: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._snare: _Snare | None = None
        self._is_cut = False
        self._listener = socket.create_server((host, port), backlog=256)
        self.host = host
        self.port = int(self._listener.getsockname()[1])

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, name="wire", daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.cut()
        # A close alone does not wake whoever waits in `accept`.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def cut(self) -> None:
        """End every connection, and take none until it is mended."""
        with self._lock:
            self._is_cut = True
            ends, self._ends = self._ends, set()
        for end in ends:
            _end(end)

    def mend(self) -> None:
        """Take connections again."""
        self._is_cut = False

    def cut_at(self, word: bytes, *, nth: int = 1, after: bool) -> None:
        """Cut the connection on which this word passes for the n-th time, and only that."""
        self._snare = _Snare(word, nth, after)

    def spare(self) -> bool:
        """Call `cut_at` off; tell whether it was still to come."""
        with self._lock:
            snare, self._snare = self._snare, None
        return snare is not None

    def _accept(self) -> None:
        while True:
            try:
                ours, _address = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._carry, args=[ours], daemon=True).start()

    def _carry(self, ours: socket.socket) -> None:
        try:
            theirs = self._connect()
        except OSError:
            ours.close()
            return
        with self._lock:
            self._ends |= {ours, theirs}
            is_cut = self._is_cut
        if is_cut:
            _end(ours)
            _end(theirs)
        threading.Thread(target=self._pass_back, args=[theirs, ours], daemon=True).start()
        self._pass_on(ours, theirs)

    def _connect(self) -> socket.socket:
        if self._is_cut:
            raise ConnectionRefusedError
        if isinstance(self._server, str):
            end = socket.socket(socket.AF_UNIX)
            end.connect(self._server)
            return end
        end = socket.create_connection(self._server, CONNECT_SECONDS)
        end.settimeout(None)
        return end

    def _pass_on(self, ours: socket.socket, theirs: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while piece := ours.recv(PIECE):
                snare = self._caught(piece)
                if snare is None:
                    theirs.sendall(piece)
                    continue
                if snare.after:
                    self._muted.add(ours)
                    theirs.sendall(piece)
                    return
                break
        _end(ours)
        _end(theirs)

    def _pass_back(self, theirs: socket.socket, ours: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while (piece := theirs.recv(PIECE)) and ours not in self._muted:
                ours.sendall(piece)
        _end(ours)
        _end(theirs)
        with self._lock:
            self._ends -= {ours, theirs}
            self._muted.discard(ours)
        ours.close()
        theirs.close()

    def _caught(self, piece: bytes) -> _Snare | None:
        with self._lock:
            snare = self._snare
            if snare is None or snare.word not in piece:
                return None
            snare.left -= 1
            if snare.left:
                return None
            self._snare = None
            return snare


def _end(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
