"""`flask welcome …` handles scripts without the web and refuses in plain words with exit code 1."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from app.cli.welcome import group
from app.db import Database
from app.sandbox.server import Sandbox
from tests.settings import settings, write_toml
from tests.welcome.test_importing import GOOD
from tests.welcome.world import PNG, add_departments, add_member


@pytest.fixture(autouse=True)
def _configured(
    tmp_path: Path, db: Database, monkeypatch: pytest.MonkeyPatch, box: Sandbox, address: str
) -> None:
    wecom = {"api_base": address, "secret": box.secret}
    tree = settings(tmp_path, database={"url": str(db.url)}, wecom=wecom)
    monkeypatch.setenv("BANKE_CONFIG", str(write_toml(tmp_path / "config.toml", tree)))
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "hello.png").write_bytes(PNG)
    (tmp_path / "scripts.toml").write_text(GOOD, encoding="utf-8")
    with db.write() as session:
        add_departments(session, [(1, "示例企业", 0), (5, "华南门店", 1)])
        add_member(session, "zhaoyi", 5)


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(group, arguments)


def test_a_default_is_set_with_one_line() -> None:
    assert _run("set-default", "您好，{{客户昵称}}").output == "默认欢迎语已保存（第 1 版）。\n"
    assert _run("set-default", "您好，{{客户昵称}}").output == "默认欢迎语没有变化（第 1 版）。\n"


def test_a_wrong_default_is_refused() -> None:
    result = _run("set-default", "您好，{{姓名}}")
    assert result.exit_code == 1
    assert "变量「姓名」不存在，可用的有：客户昵称" in result.stderr


def test_a_file_is_imported_and_its_files_uploaded(tmp_path: Path, box: Sandbox) -> None:
    result = _run("import", str(tmp_path / "scripts.toml"))
    assert result.stdout == "新增：默认、夜间\n已上传 1 个素材到企业微信。\n"
    assert len(box.ledger.calls("media/upload")) == 1
    assert _run("import", str(tmp_path / "scripts.toml")).stdout == "没有变化：默认、夜间\n"


def test_a_file_with_a_fault_is_refused(tmp_path: Path) -> None:
    (tmp_path / "scripts.toml").write_text(GOOD.replace("22:00", "25:00"), encoding="utf-8")
    result = _run("import", str(tmp_path / "scripts.toml"))
    assert result.exit_code == 1
    assert result.stderr.startswith("没有导入任何脚本：\n第 2 个脚本「夜间」：「25:00」不是时间")


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    result = _run("import", str(tmp_path / "none.toml"))
    assert (result.exit_code, result.output) == (
        1,
        "读不到文件「none.toml」，或它不是 UTF-8 文本。\n",
    )


def test_the_list_says_where_each_script_holds(tmp_path: Path) -> None:
    _run("import", str(tmp_path / "scripts.toml"))
    _run("pause")
    lines = _run("list").output.splitlines()
    assert lines[0].startswith("注意：欢迎语自 ")
    assert "  适用：默认" in lines
    assert any("渠道 store-12（周一、周日 22:00–08:00、12:00–13:00）" in line for line in lines)
    assert any("部门「华南门店」" in line for line in lines)
    assert "  附件 1：图片 hello.png" in lines
    assert "  重新添加的客户：欢迎回来" in lines


def test_an_empty_list_says_what_to_do() -> None:
    assert "flask welcome set-default" in _run("list").output


def test_a_choice_is_explained_for_any_time(tmp_path: Path) -> None:
    _run("import", str(tmp_path / "scripts.toml"))
    night = _run("explain", "lisi", "--state", "store-12", "--at", "2026-01-05 23:30").output
    when = "周一、周日 22:00–08:00、12:00–13:00"
    assert night == f"1. 渠道 store-12：脚本「夜间」：采用（在时间段 {when} 内）\n"
    day = _run("explain", "zhaoyi", "--at", "2026-01-06 10:00").output
    assert day.splitlines()[-1].endswith("默认脚本「默认」：采用")


def test_a_time_that_is_none_is_refused() -> None:
    result = _run("explain", "zhaoyi", "--at", "tonight")
    assert (result.exit_code, result.stderr) == (1, "时间要写成 2026-01-02 23:30 这样。\n")


def test_welcomes_are_paused_and_resumed() -> None:
    outputs = [_run(word).output for word in ("pause", "pause", "resume", "resume")]
    assert outputs == [
        "已暂停发送欢迎语。\n",
        "欢迎语早已暂停。\n",
        "已恢复发送欢迎语。\n",
        "欢迎语没有暂停。\n",
    ]


def test_a_check_shows_what_customers_see(tmp_path: Path) -> None:
    _run("import", str(tmp_path / "scripts.toml"))
    result = _run("check", "夜间")
    assert result.exit_code == 0
    assert "│ 夜里好" in result.output
    assert "附件 1：图片 hello.png（可以发送）" in result.output
    assert "附件发不出时，客户看到：只有上面的文字" in result.output


def test_a_check_tells_what_cannot_be_sent(tmp_path: Path, box: Sandbox) -> None:
    box.faults.errcode("media/upload", 40009)
    imported = _run("import", str(tmp_path / "scripts.toml"))
    assert imported.exit_code == 0
    assert "有 1 个素材还没能上传" in imported.output
    result = _run("check")
    assert result.exit_code == 1
    assert "还没有上传：图片大小不符合要求" in result.output
    assert "有 1 处现在发不出去" in result.stderr


def test_a_check_of_nothing_is_refused() -> None:
    assert _run("check").exit_code == 1
    assert _run("check", "没有的").stderr == "没有这个欢迎语脚本。\n"
