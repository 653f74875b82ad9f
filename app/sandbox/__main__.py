"""`python -m app.sandbox`: a sandbox on a port, in front of a server, until it is told to stop."""

import argparse
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from .pages import build_pages, rewrite_html
from .server import CALLBACK_PATH, Sandbox, SandboxServer


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a sandbox until SIGTERM or SIGINT; `arguments`: instead of the command line's."""
    options = _options(arguments)
    box = Sandbox(clock_file=options.clock_file, seed=options.seed, redis_note=options.redis_note)
    box.ready = not options.wait_for_ready
    if options.crowd:
        box.add_crowd(options.crowd, options.crowd_members)
    try:
        _connect(box, options)
    except ValueError as problem:
        sys.stderr.write(f"{problem}\n")
        return 2
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    pages = build_pages(box)
    server = SandboxServer(box, options.port, pages=pages, rewrite_html=rewrite_html).start()
    box.app.redirect_domain = server.address.removeprefix("http://")
    sys.stdout.write(f"SANDBOX READY {server.address}/\n")
    sys.stdout.flush()
    stopped.wait()
    server.stop()
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m app.sandbox", description="A small WeCom.")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--server", default="", help="the server behind the front, on this machine")
    parser.add_argument("--callback-url", default="", help=f"default: SERVER{CALLBACK_PATH}")
    parser.add_argument("--clock-file", type=Path, help="where the offset of the clock is written")
    parser.add_argument(
        "--redis-note", type=Path, help="the file in which the server writes its Redis's address"
    )
    parser.add_argument("--seed", action="store_true", help="begin with a small corp")
    parser.add_argument(
        "--wait-for-ready",
        action="store_true",
        help="let the pages wait until somebody posts to /sandbox/api/ready",
    )
    parser.add_argument("--crowd", type=int, default=0, help="so many more customers")
    parser.add_argument("--crowd-members", type=int, default=20, help="those they are spread over")
    return parser.parse_args(arguments)


def _connect(box: Sandbox, options: argparse.Namespace) -> None:
    callback_url = options.callback_url
    if options.server:
        box.connect(server_url=options.server)
        callback_url = callback_url or box.server_url + CALLBACK_PATH
    if callback_url:
        box.connect(callback_url=callback_url)


if __name__ == "__main__":
    sys.exit(main())
