"""Hosts with networks of their own on this machine: a namespace, and a cable that can be pulled.

What stands outside of it (the database, Redis, WeCom) is reached over the cable alone. Pulled, it
swallows what is sent, as a dead switch does: nobody is told that a connection is at its end.
"""

import os
import shutil
import subprocess
import sys
from types import TracebackType
from typing import Self

from tests.deployment import ROOT

FORWARD = """
import sys, threading
from tests.wire import Wire
with Wire((sys.argv[1], int(sys.argv[2])), port=int(sys.argv[3])):
    print("ready", flush=True)
    threading.Event().wait()
"""


def why_not() -> str:
    """Tell why this machine can have no such networks, "" if it can."""
    if os.geteuid() != 0:
        return "networks of their own are root's to make"
    if shutil.which("ip") is None:
        return "there is no `ip` (iproute2) to make networks with"
    name = f"banke-{os.getpid()}-try"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True, check=False)
    if made.returncode:
        return f"no network may be made here: {made.stderr.strip()}"
    _ip("netns", "del", name)
    return ""


class Network:
    """The network of one host. From inside, everything else is at `outside`."""

    def __init__(self, number: int) -> None:
        self.outside, self.inside = f"10.231.{number}.1", f"10.231.{number}.2"
        self._name = f"banke-{os.getpid()}-{number}"
        self._cable = f"bk{number}-{os.getpid()}"
        self.prefix = ("ip", "netns", "exec", self._name)
        self._forwards: list[subprocess.Popen[str]] = []

    def __enter__(self) -> Self:
        inside = ("netns", "exec", self._name, "ip")
        _ip("netns", "add", self._name)
        peer = ("peer", "name", "eth0", "netns", self._name)
        _ip("link", "add", self._cable, "type", "veth", *peer)
        _ip("addr", "add", f"{self.outside}/30", "dev", self._cable)
        _ip("link", "set", self._cable, "up")
        _ip(*inside, "addr", "add", f"{self.inside}/30", "dev", "eth0")
        _ip(*inside, "link", "set", "eth0", "up")
        _ip(*inside, "link", "set", "lo", "up")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for forward in self._forwards:
            forward.kill()
            forward.wait()
        _ip("netns", "del", self._name)

    def pull(self) -> None:
        """Pull the cable."""
        _ip("link", "set", self._cable, "down")

    def plug_in(self) -> None:
        """Plug it in again."""
        _ip("link", "set", self._cable, "up")

    def forward(self, port: int, *, to: int) -> None:
        """Have whoever calls its own `port` inside reach port `to` outside, over the cable."""
        command = [*self.prefix, sys.executable, "-c", FORWARD, self.outside, str(to), str(port)]
        forward = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        self._forwards.append(forward)
        if not (forward.stdout and forward.stdout.readline()):
            raise RuntimeError("nothing is passed on")


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)
