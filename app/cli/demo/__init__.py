"""`flask demo`: the whole product on this machine, with a WeCom of its own, and a story.

The server is the production one, started as an operator starts it; only its configuration says that
WeCom is a sandbox. Everything lies in `var/demo`, which each start makes anew.
"""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import threading
from importlib import resources
from pathlib import Path

import click
import requests

from app import clock, schema
from app.cli.demo.story import tell
from app.cli.tools import in_words, refuse
from app.config import load_config
from app.i18n import _
from app.runtime import build_runtime
from app.welcome.actions import import_scripts

HOME = Path("var") / "demo"
START_SECONDS = 30.0
SCRIPTS = "scripts.toml"

CONFIG = """\
[server]
base_url = "http://127.0.0.1:{port}"
secret_key = "{secret_key}"
listen = "127.0.0.1:{server_port}"

[database]
url = "sqlite:///{home}/banke.db"

[wecom]
corp_id = "{corp_id}"
agent_id = {agent_id}
secret = "{secret}"
api_base = "http://127.0.0.1:{port}"
oauth_base = "http://127.0.0.1:{port}"
login_base = "http://127.0.0.1:{port}"
clock_file = "{home}/clock"

[callbacks.app]
token = "{token}"
aes_key = "{aes_key}"

[alerts]
admins = ["qianer"]
grace_seconds = 3
"""


@click.command()
@click.option("--port", default=8000, show_default=True, help="Port of the sandbox.")
@click.option("--once", is_flag=True, help="End when the story is told.")
@in_words
def demo(*, port: int, once: bool) -> None:
    """Run everything with a sandbox of WeCom, and tell one customer's story."""
    _require_free(port)
    shutil.rmtree(HOME, ignore_errors=True)
    HOME.mkdir(parents=True)
    stop = _told_to_stop()
    children: list[subprocess.Popen[bytes]] = []
    try:
        address = f"http://127.0.0.1:{port}"
        children.append(_start_sandbox(port))
        _wait_for(f"{address}/sandbox/api/state", children, stop)
        server_port = _free_port()
        _prepare(port, server_port)
        children.append(_start_server())
        _connect(address, server_port)
        _wait_for(f"{address}/readyz", children, stop)
        click.echo(f"READY {address}/")
        told = tell(address, stop)
        if once:
            sys.exit(0 if told else 1)
        stop.wait()
    finally:
        _end(children)


COMMANDS = (demo,)


def _require_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            refuse(
                _(
                    "端口 {port} 已被占用，请换一个：make demo PORT={other}",
                    port=port,
                    other=port + 1,
                )
            )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _start_sandbox(port: int) -> subprocess.Popen[bytes]:
    return _start(
        "sandbox",
        [
            *(sys.executable, "-m", "app.sandbox", "--seed"),
            *("--port", str(port)),
            *("--clock-file", str(HOME / "clock")),
        ],
    )


def _start_server() -> subprocess.Popen[bytes]:
    return _start("server", [sys.executable, "-m", "flask", "serve", "--tied"])


def _start(name: str, command: list[str]) -> subprocess.Popen[bytes]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("BANKE_")}
    environment["BANKE_CONFIG"] = str(HOME / "config.toml")
    # A group of its own, so that Ctrl-C reaches us alone and we end the others in order.
    with (HOME / f"{name}.log").open("ab") as log:
        return subprocess.Popen(  # noqa: S603 -- our own interpreter and our own modules
            command,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            env=environment,
            start_new_session=True,
        )


def _prepare(port: int, server_port: int) -> None:
    """Write the configuration, make the database, import the scripts."""
    state = requests.get(f"http://127.0.0.1:{port}/sandbox/api/state", timeout=5).json()
    text = CONFIG.format(
        **state,
        port=port,
        server_port=server_port,
        home=HOME.as_posix(),
        secret_key=secrets.token_hex(32),
    )
    (HOME / "config.toml").write_text(text, encoding="utf-8")
    runtime = build_runtime(load_config(HOME / "config.toml", {}))
    schema.upgrade(runtime.db)
    files = resources.files("app.cli.demo")
    with runtime.db.write() as session, resources.as_file(files) as folder:
        import_scripts(session, (folder / SCRIPTS).read_text(encoding="utf-8"), folder=folder)
    runtime.db.close()


def _connect(address: str, server_port: int) -> None:
    server = f"http://127.0.0.1:{server_port}"
    requests.post(
        f"{address}/sandbox/api/connect",
        json={"server_url": server, "callback_url": f"{server}/callbacks/app"},
        timeout=5,
    ).raise_for_status()


def _wait_for(url: str, children: list[subprocess.Popen[bytes]], stop: threading.Event) -> None:
    end = clock.monotonic() + START_SECONDS
    while clock.monotonic() < end and not stop.wait(0.1):
        if any(child.poll() is not None for child in children):
            break
        try:
            if requests.get(url, timeout=2).ok:
                return
        except requests.RequestException:
            continue
    if stop.is_set():
        sys.exit(0)
    refuse(_("演示没有启动成功，原因见 {folder} 下的日志", folder=HOME.as_posix()))


def _told_to_stop() -> threading.Event:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


def _end(children: list[subprocess.Popen[bytes]]) -> None:
    for child in reversed(children):
        child.terminate()
        try:
            child.wait(20)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
