"""The course of the demo: start everything, let sixty days pass, say READY, wait for Ctrl-C.

The server is the production one, started as an operator starts it; only its configuration says that
WeCom is a sandbox. Everything lies in `var/demo`, which each start makes anew.
"""

import json
import secrets
import shutil
import signal
import socket
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from importlib import resources
from pathlib import Path
from typing import NoReturn

import click
import requests

from app import clock, forks, schema
from app.accounts.actions import grant_role
from app.cli.demo.children import Children
from app.cli.demo.history import History, Outcome
from app.cli.demo.library import fill_library
from app.cli.demo.plot import plan_history
from app.cli.demo.sandbox_client import SandboxClient
from app.cli.demo.story import tell
from app.cli.tools import refuse, speak_as_terminal
from app.config import Config, load_config
from app.customers.actions import import_fields, import_pipelines
from app.db import Database
from app.i18n import _
from app.members.queries import list_names
from app.runtime import Runtime, build_runtime, set_up_process
from app.sandbox.__main__ import main as play_wecom
from app.sandbox.seed import MEMBERS
from app.sandbox.server import AES_KEY, AGENT_ID, CORP_ID, SECRET, TOKEN
from app.tree import run_serve
from app.welcome.actions import import_scripts

HOME = Path("var") / "demo"
START_SECONDS = 30.0
LOOK_SECONDS = 0.03
HISTORY_SECONDS = 60.0
SCRIPTS, FIELDS, PIPELINES = "scripts.toml", "fields.toml", "pipelines.toml"
# Who comes into the admin web.
ROLES = {"qianer": "owner", "sunsan": "manager"}
# Where `flask serve` says how its own Redis is reached.
REDIS_NOTE = HOME / "redis.address"

# What the sandbox's console would show for the app.
SANDBOX = {
    "corp_id": CORP_ID,
    "agent_id": AGENT_ID,
    "secret": SECRET,
    "token": TOKEN,
    "aes_key": AES_KEY,
}
CONFIG = """\
[server]
base_url = "http://127.0.0.1:{port}"
secret_key = "{secret_key}"
listen = "127.0.0.1:{server_port}"

[database]
url = "{database_url}"

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


def show(*, port: int, once: bool) -> None:
    """Run the demo until it is told to stop; with `once`, end with the story's exit code."""
    speak_as_terminal()
    _require_free(port)
    shutil.rmtree(HOME, ignore_errors=True)
    HOME.mkdir(parents=True)
    stop = _told_to_stop()
    click.echo(_("正在启动模拟的企业微信和伴客服务……"))
    with Children(HOME) as children:
        box = SandboxClient(f"http://127.0.0.1:{port}", stop)
        _start(children, box, port)
        try:
            click.echo(_("正在让一家门店过完 60 天……"))
            _live_through_history(box)
            if stop.is_set():
                return
            box.say_ready()
            _say_ready(box.address)
            if once:
                sys.exit(0 if tell(box) else 1)
        except requests.RequestException:
            _give_up()
        stop.wait()


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


def _start(children: Children, box: SandboxClient, port: int) -> None:
    """Start the sandbox, make the database, start the server on it."""
    server_port = _free_port()
    server = f"http://127.0.0.1:{server_port}"
    database_url = f"sqlite:///{HOME.as_posix()}/banke.db"
    text = CONFIG.format(
        **SANDBOX,
        port=port,
        server_port=server_port,
        home=HOME.as_posix(),
        database_url=database_url,
        secret_key=secrets.token_hex(32),
    )
    (HOME / "config.toml").write_text(text, encoding="utf-8")
    sandbox = children.start("sandbox", play_wecom, _options(server, port))
    _make_database(database_url)
    serve = children.start("server", _serve, _config())
    # The server has enough to do with its own start.
    _fill_library(database_url)
    for child, url in (
        (sandbox, f"{box.address}/sandbox/api/state"),
        (serve, f"{server}/readyz"),
    ):
        if not _wait_for(partial(_answers, url), child, box.stop):
            _give_up()


def _serve(config: Config) -> None:
    set_up_process(config)
    run_serve(config)


def _options(server: str, port: int) -> list[str]:
    """Return how the sandbox is run."""
    return [
        *("--seed", "--wait-for-ready"),
        *("--port", str(port)),
        *("--server", server),
        *("--clock-file", str(HOME / "clock")),
        *("--redis-note", str(REDIS_NOTE)),
    ]


def _config(environment: dict[str, str] | None = None) -> Config:
    return load_config(HOME / "config.toml", environment or {})


def _make_database(url: str) -> None:
    db = Database(url)
    schema.upgrade(db)
    files = resources.files("app.cli.demo")
    with db.write() as session, resources.as_file(files) as folder:
        import_scripts(session, (folder / SCRIPTS).read_text(encoding="utf-8"), folder=folder)
        import_fields(session, (folder / FIELDS).read_text(encoding="utf-8"))
        import_pipelines(session, (folder / PIPELINES).read_text(encoding="utf-8"))
    db.close()


def _fill_library(url: str) -> None:
    db = Database(url)
    with db.write() as session:
        fill_library(session, HOME / "library")
    db.close()


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=2).ok
    except requests.RequestException:
        return False


def _wait_for(condition: Callable[[], bool], child: forks.Fork, stop: threading.Event) -> bool:
    """Wait until it is so; False when the child has ended, or is at it for too long."""
    end = clock.monotonic() + START_SECONDS
    while clock.monotonic() < end and child.is_alive():
        if condition():
            return True
        if stop.wait(LOOK_SECONDS):
            sys.exit(0)
    return False


def _give_up() -> NoReturn:
    refuse(_("演示没有启动成功，原因见 {folder} 下的日志", folder=HOME.as_posix()))


def _live_through_history(box: SandboxClient) -> None:
    """Play the sixty days and write down what came of them; what is missing is only told."""
    environment = {"BANKE_REDIS__URL": REDIS_NOTE.read_text()} if REDIS_NOTE.exists() else {}
    runtime = build_runtime(_config(environment))
    began = clock.monotonic()
    ticks = plan_history(clock.utcnow().astimezone(runtime.config.server.zone))
    history = History(box, runtime, within=HISTORY_SECONDS)
    outcome = history.play(ticks, members=[member.userid for member in MEMBERS])
    if not outcome.stopped:
        _give_roles(runtime)
    runtime.db.close()
    _log(outcome, planned=len(ticks), seconds=clock.monotonic() - began)
    if not outcome.whole and not outcome.stopped:
        click.echo(
            _(
                "往事没有全部补上（详见 {file}），其余照常可用。",
                file=f"{HOME.as_posix()}/history.log",
            )
        )


def _give_roles(runtime: Runtime) -> None:
    """Make somebody owner and somebody manager, if the server has come to know them."""
    with runtime.db.read() as session:
        known = list_names(session, ROLES)
    for userid in known:
        runtime.db.commit(partial(grant_role, userid=userid, role=ROLES[userid]))


def _log(outcome: Outcome, *, planned: int, seconds: float) -> None:
    line = asdict(outcome) | {"planned": planned, "seconds": round(seconds, 2)}
    (HOME / "history.log").write_text(json.dumps(line, ensure_ascii=False) + "\n", encoding="utf-8")


def _say_ready(address: str) -> None:
    click.echo(f"READY {address}/")
    click.echo(_("1. 用浏览器打开上面的地址，聊天旁边就是伴客的侧边栏。"))
    click.echo(_("2. 点「新客户扫码」，看欢迎语送达；再让客户删除员工，看提醒。"))
    click.echo(_("3. 按 Ctrl-C 结束，全部进程一起退出。"))


def _told_to_stop() -> threading.Event:
    """Have Ctrl-C, and the end of the terminal, end the demo in order."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: stop.set())
    return stop
