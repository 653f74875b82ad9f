"""The servers that stand beside ours: gunicorns, a WeCom that only waits, a Redis of our own."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psutil

from app.redis_server import EmbeddedRedis
from app.sandbox.server import AES_KEY, CORP_ID, TOKEN
from tests.deployment import ROOT, free_port, wait_until

NAIVE_API_SECONDS = 0.15
ANSWER = json.dumps({"errcode": 0, "errmsg": "ok"}).encode()


@contextlib.contextmanager
def gunicorn(target: str, *options: str, api: str = "") -> Iterator[int]:
    """Serve `tests.bench.<target>` with two worker processes; give the port."""
    port = free_port()
    environment = os.environ | {
        "BENCH_TOKEN": TOKEN,
        "BENCH_AES_KEY": AES_KEY,
        "BENCH_CORP_ID": CORP_ID,
        "BENCH_API": api,
    }
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "gunicorn", f"tests.bench.{target}"),
            *("--bind", f"127.0.0.1:{port}", "--workers", "2", "--log-level", "critical"),
            *options,
        ],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until(lambda: _listens(port) and len(psutil.Process(process.pid).children()) > 1)
        yield port
    finally:
        process.terminate()
        process.wait(10)


@contextlib.contextmanager
def waiting_api() -> Iterator[str]:
    """Give the address of a WeCom that takes 150 ms to say yes to everything."""
    server = _WaitingServer(("127.0.0.1", 0), _Waiter)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextlib.contextmanager
def sandbox_process(customers: int, members: int) -> Iterator[tuple[str, psutil.Process]]:
    """Give the address and the process of a sandbox with so many customers of so many members."""
    size = ("--crowd", str(customers), "--crowd-members", str(members))
    process = subprocess.Popen(
        [sys.executable, "-m", "app.sandbox", "--port", "0", "--seed", *size],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        words = process.stdout.readline().split() if process.stdout else []
        yield words[-1].rstrip("/"), psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(10)


@contextlib.contextmanager
def own_redis(folder: Path) -> Iterator[str]:
    """Give the address of a Redis for parts that run without `flask serve`."""
    server = EmbeddedRedis(folder)
    try:
        yield server.start()
    finally:
        server.stop()


@contextlib.contextmanager
def frozen(processes: list[psutil.Process]) -> Iterator[None]:
    """Stop these processes with SIGSTOP for a while."""
    for process in processes:
        process.suspend()
    try:
        yield
    finally:
        for process in processes:
            process.resume()


class _WaitingServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256


class _Waiter(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        """Take 150 ms, as WeCom does."""
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        time.sleep(NAIVE_API_SECONDS)
        self._answer()

    def _answer(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(ANSWER)))
        self.end_headers()
        self.wfile.write(ANSWER)

    def log_message(self, *_: object) -> None:
        """Stay silent."""


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
