"""`flask doctor` finds each fault by itself, names the console page, and never shows a secret.

WeCom is the sandbox, told to be difficult; what it says about our own address stands in
`test_doctor_address.py`.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from app.doctor import CHECKS
from app.doctor.corp import check_clock
from app.doctor.exam import Exam, Finding
from app.sandbox.world import App
from tests import settings
from tests.cli.diagnosis import Diagnose
from tests.deployment import Deployment, free_port
from tests.wecom.bare import OK, bare_wecom


def test_all_is_well(diagnose: Diagnose) -> None:
    diagnosis = diagnose()
    assert diagnosis.exit_code == 0, diagnosis.text
    assert diagnosis.faults() == 0
    assert diagnosis.text.count("✓ ") == 19
    assert "外部联系人变更回调" in diagnosis.text


def test_it_is_a_command_of_flask(shop: Deployment, app: App) -> None:
    del app
    assert "✓ 配置：可以读取" in shop.command("doctor").stdout


def test_a_configuration_that_cannot_be_read_leaves_the_rest_for_later(diagnose: Diagnose) -> None:
    diagnosis = diagnose(server={"bse_url": "https://scrm.example.com"})
    assert diagnosis.exit_code == 1
    assert "server.bse_url: there is no such key" in diagnosis.text
    assert diagnosis.line("数据库") == "– 数据库（先解决上面的问题）"
    assert diagnosis.text.count("– ") == len(CHECKS)


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
    assert diagnosis.text.count("（先解决上面的问题）") == 7


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
        "get_jsapi_ticket": {**OK, "ticket": "corp", "expires_in": 7200},
        "ticket/get": {**OK, "ticket": "agent", "expires_in": 7200},
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

    checks = (("坏掉的", break_down), ("服务器时间", check_clock))
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


def test_tickets_that_wecom_refuses_are_told_for_the_sidebar(
    diagnose: Diagnose, shop: Deployment
) -> None:
    fault = shop.box.faults.errcode("ticket/get", 48002, times=None)
    line = diagnose().line("侧边栏")
    shop.box.faults.clear(fault)
    assert line.startswith("✗ 侧边栏：")
    assert "48002" not in line
    assert "请打开：" in line
