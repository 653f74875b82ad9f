"""Processes forked from this one, which has loaded everything: they start at once and share it.

Where a fork is not safe (macOS), each loads everything itself. One ends with the process that
started it, however that one went.
"""

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from multiprocessing.process import BaseProcess
from typing import Any

from setproctitle import setproctitle

from app.errors import BankeError

LOOKS_FOR_PARENT_EVERY = 0.3
Fork = BaseProcess
# Typed as Any: which kind of context it is depends on the system.
CONTEXT: Any = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
TOLD_BY = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def start(title: str, run: Callable[..., object], *arguments: object) -> Fork:
    """Start `run(*arguments)` in a process of its own; `ps` shows the title.

    One of our own errors ends it as a sentence on standard error and exit code 1.
    """
    process: Fork = CONTEXT.Process(
        target=_live, args=[title, os.getpid(), run, arguments], name=title
    )
    # Until the child has let go of our handlers, being told to stop waits: they tell nobody there.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, TOLD_BY)
    try:
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return process


def when_orphaned(parent: int, then: Callable[[], None]) -> None:
    """Call `then` as soon as this process is no longer the child of `parent`."""

    def watch() -> None:
        pause = threading.Event()
        while os.getppid() == parent:
            pause.wait(LOOKS_FOR_PARENT_EVERY)
        then()

    threading.Thread(target=watch, name="parent", daemon=True).start()


def ask_to_end() -> None:
    """Ask this process to end, as its operator would."""
    os.kill(os.getpid(), signal.SIGTERM)


def _live(title: str, parent: int, run: Callable[..., object], arguments: Sequence[object]) -> None:
    for number in TOLD_BY:
        # What was ignored stays so: the operator's nohup.
        if callable(signal.getsignal(number)):
            signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, TOLD_BY)
    setproctitle(title)
    when_orphaned(parent, ask_to_end)
    try:
        run(*arguments)
    except BankeError as error:
        sys.exit(str(error))
