"""`flask doctor` finds each fault by itself, names the console page, and never shows a secret.

A real `flask web` answers the address checks; WeCom is the sandbox, told to be difficult.
"""

import threading
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner, Result

from app import clock
from app.cli.doctor import doctor
from app.doctor import CHECKS
from app.doctor.exam import Exam, Finding
from app.i18n import use_language
from app.sandbox.world import App
from tests import settings
from tests.deployment import Deployment, free_port
from tests.wecom.bare import OK, bare_wecom

Diagnose = Callable[..., "Diagnosis"]


@dataclass
class Diagnosis:
    """What the command said."""

    exit_code: int
    text: str

    def line(self, name: str) -> str:
        """Return the one line of this check."""
        lines = [line for line in self.text.splitlines() if line[2:].startswith(name)]
        assert len(lines) == 1, self.text
        return lines[0]

    def faults(self) -> int:
        """Count the checks that failed."""
        return sum(line.startswith("✗") for line in self.text.splitlines())


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Give a deployment of which only the web process runs."""
    with Deployment(tmp_path_factory.mktemp("shop")) as deployment:
        deployment.start("web")
        deployment.wait_ready()
        yield deployment


@pytest.fixture
def app(shop: Deployment) -> App:
    """Give the app as the console of a careful admin has it, whatever the last test did to it."""
    app = shop.box.app
    app.redirect_domain = f"127.0.0.1:{shop.port}"
    app.trusted_ips, app.visible = None, None
    app.callable_external, app.closed = True, False
    return app


@pytest.fixture
def diagnose(
    shop: Deployment, app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Diagnose]:
    """Run the command with the deployment's configuration, changed section by section."""
    del app

    def diagnose(**changes: Mapping[str, Any]) -> Diagnosis:
        tree = tomllib.loads(shop.config_path.read_text(encoding="utf-8"))
        for section, values in changes.items():
            tree[section] = tree.get(section, {}) | dict(values)
        path = settings.write_toml(tmp_path / "config.toml", tree)
        monkeypatch.setenv("BANKE_CONFIG", str(path))
        result: Result = CliRunner().invoke(doctor)
        return Diagnosis(result.exit_code, result.output)

    yield diagnose
    clock.follow(None)
    use_language("zh")


@contextmanager
def proxy(answer: Callable[[BaseHTTPRequestHandler], None]) -> Iterator[str]:
    """Run a reverse proxy that answers GET as it likes."""
    members = {"do_GET": answer, "log_message": lambda *_: None}
    handler = type("Handler", (BaseHTTPRequestHandler,), members)
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def reply(handler: BaseHTTPRequestHandler, status: int, body: bytes = b"") -> None:
    handler.send_response(status)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def test_all_is_well(diagnose: Diagnose) -> None:
    diagnosis = diagnose()
    assert diagnosis.exit_code == 0, diagnosis.text
    assert diagnosis.faults() == 0
    assert diagnosis.text.count("✓ ") == 12
    assert "外部联系人变更回调" in diagnosis.text


def test_it_is_a_command_of_flask(shop: Deployment, app: App) -> None:
    del app
    assert "✓ 配置：可以读取" in shop.command("doctor").stdout


def test_a_configuration_that_cannot_be_read_leaves_the_rest_for_later(diagnose: Diagnose) -> None:
    diagnosis = diagnose(server={"bse_url": "https://scrm.example.com"})
    assert diagnosis.exit_code == 1
    assert "server.bse_url: there is no such key" in diagnosis.text
    assert diagnosis.line("数据库") == "– 数据库（先解决上面的问题）"
    assert diagnosis.text.count("– ") == 12


def test_a_database_that_does_not_answer(diagnose: Diagnose) -> None:
    url = f"postgresql+psycopg://banke:database-password@127.0.0.1:{free_port()}/banke"
    diagnosis = diagnose(database={"url": url})
    assert diagnosis.exit_code == 1
    assert diagnosis.line("数据库").startswith("✗ 数据库：连不上（OperationalError）")
    assert diagnosis.faults() == 1


def test_a_database_that_is_not_there_yet_is_not_made(diagnose: Diagnose, tmp_path: Path) -> None:
    diagnosis = diagnose(database={"url": f"sqlite:///{tmp_path / 'none' / 'banke.db'}"})
    assert diagnosis.line("数据库") == "✗ 数据库：还没有数据库：请运行 flask upgrade"
    assert not (tmp_path / "none").exists()


def test_an_old_schema_names_the_command(diagnose: Diagnose, tmp_path: Path) -> None:
    (tmp_path / "banke.db").touch()
    diagnosis = diagnose(database={"url": f"sqlite:///{tmp_path / 'banke.db'}"})
    assert diagnosis.exit_code == 1
    assert "请运行 flask upgrade" in diagnosis.line("数据库")


def test_a_redis_that_is_away_is_a_warning(diagnose: Diagnose) -> None:
    diagnosis = diagnose(redis={"url": f"redis://:redis-password@127.0.0.1:{free_port()}/0"})
    assert diagnosis.exit_code == 0
    assert diagnosis.line("Redis").startswith("! Redis：连不上（ConnectionError）")


def test_a_wrong_secret_leaves_what_needs_a_token(diagnose: Diagnose) -> None:
    diagnosis = diagnose(wecom={"secret": "not-the-secret-of-the-app"})
    assert diagnosis.exit_code == 1
    assert diagnosis.line("企业ID 和 Secret").startswith("✗ 企业ID 和 Secret：应用的 Secret 不正确")
    assert "查看 Secret" in diagnosis.line("企业ID 和 Secret")
    assert diagnosis.faults() == 1
    assert diagnosis.text.count("（先解决上面的问题）") == 6


def test_a_wrong_corp_id(diagnose: Diagnose) -> None:
    line = diagnose(wecom={"corp_id": "wwsandbox999999999"}).line("企业ID 和 Secret")
    assert line.startswith("✗ 企业ID 和 Secret：企业ID（corp_id）不正确")


def test_a_wecom_that_cannot_be_reached(diagnose: Diagnose) -> None:
    diagnosis = diagnose(wecom={"api_base": f"http://127.0.0.1:{free_port()}"})
    assert "✗ 企业ID 和 Secret：连不上企业微信" in diagnosis.text
    assert diagnosis.line("服务器时间").startswith("– ")


def test_an_address_that_is_not_trusted_is_named(diagnose: Diagnose, app: App) -> None:
    app.trusted_ips = {"203.0.113.7"}
    diagnosis = diagnose()
    assert diagnosis.exit_code == 1
    assert "（127.0.0.1）不在企业可信 IP 里。请打开：" in diagnosis.line("企业可信IP")
    assert diagnosis.line("企业ID 和 Secret").startswith("✓")
    assert diagnosis.faults() == 1


def test_an_address_that_gets_no_token_says_nothing_of_the_secret(
    diagnose: Diagnose, shop: Deployment
) -> None:
    shop.box.faults.errcode("gettoken", 60020)
    diagnosis = diagnose()
    assert diagnosis.line("企业ID 和 Secret").startswith("–")
    assert diagnosis.line("企业可信IP").startswith("✗")
    assert diagnosis.faults() == 1


def test_a_wecom_that_is_busy_is_no_proof_of_anything(diagnose: Diagnose, shop: Deployment) -> None:
    shop.box.faults.errcode("agent/get", -1)
    diagnosis = diagnose()
    assert diagnosis.line("企业可信IP").startswith("–")
    assert diagnosis.line("应用").startswith("✗ 应用：企业微信系统繁忙")


def test_an_app_that_may_not_use_customer_contact(diagnose: Diagnose, app: App) -> None:
    app.callable_external = False
    diagnosis = diagnose()
    assert diagnosis.exit_code == 1
    assert "可调用接口的应用：勾选本应用" in diagnosis.line("客户联系接口")
    assert diagnosis.line("客户联系成员").startswith("–")
    assert diagnosis.faults() == 1


def test_an_app_that_nobody_sees(diagnose: Diagnose, app: App) -> None:
    app.visible = set()
    line = diagnose().line("客户联系成员")
    assert line.startswith("✗ 客户联系成员：本应用的可见范围是空的。请打开：")
    assert "可见范围：加入相关成员或部门" in line


def test_members_who_may_not_have_customers(diagnose: Diagnose, app: App) -> None:
    app.visible = {"zhouwu"}
    diagnosis = diagnose()
    assert diagnosis.exit_code == 1
    assert "客户联系 → 权限配置" in diagnosis.line("客户联系成员")


def test_departments_out_of_reach(diagnose: Diagnose, shop: Deployment) -> None:
    shop.box.faults.errcode("department/list", 60011)
    diagnosis = diagnose()
    assert diagnosis.exit_code == 1
    assert diagnosis.line("部门").startswith("✗ 部门：该成员、部门或标签不在本应用的可见范围内")


def test_no_departments_are_a_warning(diagnose: Diagnose, shop: Deployment) -> None:
    replies = {
        "agent/get": {**OK, "agentid": 1, "redirect_domain": f"127.0.0.1:{shop.port}"},
        "externalcontact/get_follow_user_list": {**OK, "follow_user": ["zhaoyi"]},
        "department/list": {**OK, "department": []},
    }
    with bare_wecom() as wecom:
        wecom.replies.update(replies)
        diagnosis = diagnose(wecom={"api_base": wecom.base})
    assert diagnosis.exit_code == 0, diagnosis.text
    assert diagnosis.line("部门").startswith("! 部门：读不到任何部门")


def test_an_app_that_is_switched_off(diagnose: Diagnose, app: App) -> None:
    app.closed = True
    diagnosis = diagnose()
    assert diagnosis.exit_code == 1
    assert diagnosis.line("应用").startswith("✗ 应用：本应用已被停用。请打开：")
    assert diagnosis.faults() == 1


def test_an_agent_id_of_another_app(diagnose: Diagnose) -> None:
    diagnosis = diagnose(wecom={"agent_id": 1000099})
    assert "Secret 和 AgentId 不是同一个应用的" in diagnosis.line("应用")
    assert diagnosis.line("企业ID 和 Secret").startswith("✓")
    assert diagnosis.line("可信域名").startswith("–")


@pytest.mark.parametrize("domain", ["scrm.example.com", "127.0.0.1", ""])
def test_a_trusted_domain_that_is_not_ours_to_the_letter(
    diagnose: Diagnose, app: App, shop: Deployment, domain: str
) -> None:
    app.redirect_domain = domain
    diagnosis = diagnose()
    assert diagnosis.exit_code == 1
    assert diagnosis.line("可信域名").startswith("✗")
    assert f"127.0.0.1:{shop.port}。请打开：" in diagnosis.line("可信域名")


def test_a_port_that_goes_without_saying_is_none(diagnose: Diagnose, app: App) -> None:
    app.redirect_domain = "localhost"
    diagnosis = diagnose(server={"base_url": "https://localhost:443"})
    assert diagnosis.line("可信域名").startswith("✓")


def test_a_process_that_does_not_run(diagnose: Diagnose) -> None:
    port = free_port()
    listen = f"127.0.0.1:{port}"
    line = diagnose(server={"base_url": f"http://{listen}", "listen": listen}).line("接收消息")
    assert line == (
        f"✗ 接收消息 /callbacks/app：没有进程在 {listen} 上运行：请运行 flask serve（或 flask web）"
    )


def test_a_process_that_does_not_run_behind_its_proxy(diagnose: Diagnose) -> None:
    with proxy(lambda handler: reply(handler, 502)) as base_url:
        server = {"base_url": base_url, "listen": f"127.0.0.1:{free_port()}"}
        assert "没有进程在" in diagnose(server=server).line("接收消息")


def test_a_process_with_another_key(diagnose: Diagnose) -> None:
    other = {"token": settings.TOKEN, "aes_key": settings.AES_KEY[::-1]}
    line = diagnose(callbacks={"app": other}).line("接收消息")
    assert line.startswith("✗ 接收消息 /callbacks/app：验证没有通过")
    assert "接收消息 → 设置API接收" in line


def test_a_receiver_that_the_process_does_not_know(diagnose: Diagnose) -> None:
    diagnosis = diagnose(
        callbacks={"archive": {"token": settings.TOKEN, "aes_key": settings.AES_KEY}}
    )
    assert diagnosis.line("接收消息 /callbacks/app").startswith("✓")
    assert "没有这个地址" in diagnosis.line("接收消息 /callbacks/archive")


def test_a_proxy_that_alters_the_answer(diagnose: Diagnose, shop: Deployment) -> None:
    def alter(handler: BaseHTTPRequestHandler) -> None:
        answer = requests.get(shop.address + handler.path, timeout=5)
        reply(handler, answer.status_code, answer.content + b"\n")

    with proxy(alter) as base_url:
        line = diagnose(server={"base_url": base_url}).line("接收消息")
    assert f"进程自己答对了，但经过 {base_url} 时" in line
    assert "不是一字不差" in line


def test_a_proxy_that_is_too_slow(diagnose: Diagnose, shop: Deployment) -> None:
    def dawdle(handler: BaseHTTPRequestHandler) -> None:
        answer = requests.get(shop.address + handler.path, timeout=5)
        threading.Event().wait(1.05)
        reply(handler, answer.status_code, answer.content)

    with proxy(dawdle) as base_url:
        line = diagnose(server={"base_url": base_url}).line("接收消息")
    assert "而企业微信只等 1 秒" in line


def test_a_proxy_that_redirects(diagnose: Diagnose, shop: Deployment) -> None:
    def redirect(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(301)
        handler.send_header("Location", shop.address + handler.path)
        handler.end_headers()

    with proxy(redirect) as base_url:
        line = diagnose(server={"base_url": base_url}).line("接收消息")
    assert "企业微信不跟随跳转" in line


def test_an_address_without_tls(diagnose: Diagnose, shop: Deployment) -> None:
    line = diagnose(server={"base_url": f"https://127.0.0.1:{shop.port}"}).line("接收消息")
    assert "进程自己答对了" in line
    assert "加密连接（TLS）没有建立起来" in line


def test_the_domain_file_must_be_at_the_root(diagnose: Diagnose) -> None:
    name, content = "WW_verify_abc.txt", b"abc"

    def give(handler: BaseHTTPRequestHandler) -> None:
        found = handler.path == f"/{name}"
        reply(handler, 200 if found else 404, content if found else b"")

    with proxy(give) as base_url:
        server: dict[str, Any] = {"base_url": base_url, "domain_files": {f'"{name}"': "abc"}}
        assert diagnose(server=server).line("归属验证文件") == f"✓ 归属验证文件 {name}：可以访问"
        server["domain_files"] = {f'"{name}"': "another"}
        assert diagnose(server=server).line("归属验证文件").startswith("✗")


def test_a_clock_that_is_wrong(diagnose: Diagnose, shop: Deployment) -> None:
    shop.box.clock.move(-60)
    try:
        diagnosis = diagnose(wecom={"clock_file": str(shop.folder / "no-clock")})
    finally:
        shop.box.clock.move(60)
    assert diagnosis.exit_code == 1
    assert diagnosis.line("服务器时间").startswith("✗ 服务器时间：比企业微信快 60 秒")


def test_a_check_that_breaks_hides_neither_the_others_nor_its_secret(
    diagnose: Diagnose, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(exam: Exam) -> Iterator[Finding]:
        raise RuntimeError(exam.config.wecom.secret.get_secret_value())

    checks = (("坏掉的", break_down), *CHECKS[-1:])
    monkeypatch.setattr("app.doctor.CHECKS", checks)
    diagnosis = diagnose()
    assert diagnosis.line("坏掉的") == "✗ 坏掉的：检查时出错（RuntimeError）"
    assert diagnosis.line("服务器时间")


def test_several_faults_are_told_at_once(diagnose: Diagnose, app: App) -> None:
    app.callable_external, app.closed, app.redirect_domain = False, True, ""
    diagnosis = diagnose(callbacks={"app": {"token": "Another", "aes_key": settings.AES_KEY}})
    assert diagnosis.faults() == 4
    assert "有 4 处需要解决。" in diagnosis.text


def test_no_secret_is_shown(diagnose: Diagnose, shop: Deployment, app: App) -> None:
    app.redirect_domain = "scrm.example.com"
    port = free_port()
    changes: dict[str, Mapping[str, Any]] = {
        "database": {"url": f"mysql+pymysql://banke:database-password@127.0.0.1:{port}/banke"},
        "redis": {"url": f"redis://:redis-password@127.0.0.1:{port}/0"},
        "server": {"metrics_token": "the-metrics-token"},
    }
    said = diagnose(**changes).text + diagnose(wecom={"secret": "wrong-secret"}, **changes).text
    box = shop.box
    secrets = [box.secret, box.token, box.aes_key, "a secret key for tests only", "wrong-secret"]
    for secret in [*secrets, "database-password", "redis-password", "the-metrics-token"]:
        assert secret not in said
