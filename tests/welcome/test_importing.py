"""A file of scripts is saved whole or not at all, each fault has its place, and twice is once."""

from pathlib import Path

import pytest

from app.db import Database
from app.materials.models import Material
from app.welcome.actions import Attachment, Draft, Imported, Rule, Window, import_scripts
from app.welcome.errors import ScriptRefused
from app.welcome.models import WelcomeVersion
from app.welcome.queries import find_draft, list_scripts
from app.welcome.queries.windows import DAYS
from tests.welcome.world import EVERYWHERE, PNG, add_departments, add_script

GOOD = """
[[script]]
name = "默认"
text = "您好，{{客户昵称}}"
default = true

[[script]]
name = "夜间"
text = "夜里好"
returning = { text = "欢迎回来" }
states = ["store-12"]
members = ["ZhaoYi"]
departments = [3, "华南门店"]
windows = [
  { days = ["sun", "mon"], from = "22:00", to = "08:00" },
  { from = "12:00", to = "13:00" },
]

[[script.attachments]]
type = "image"
file = "images/hello.png"

[[script.attachments]]
type = "link"
title = "新客指南"
url = "https://example.com/a"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "scripts" / "images").mkdir(parents=True)
    (tmp_path / "scripts" / "images" / "hello.png").write_bytes(PNG)
    (tmp_path / "outside.png").write_bytes(PNG)
    return tmp_path / "scripts"


def _import(db: Database, folder: Path, toml_text: str = GOOD) -> Imported:
    with db.write() as session:
        return import_scripts(session, toml_text, folder=folder)


@pytest.fixture
def world(any_db: Database) -> Database:
    with any_db.write() as session:
        add_departments(
            session, [(1, "示例企业", 0), (5, "华南门店", 1), (6, "同名", 1), (7, "同名", 1)]
        )
    return any_db


def test_a_file_says_all_that_a_script_can(world: Database, folder: Path) -> None:
    assert _import(world, folder).created == ("默认", "夜间")
    with world.read() as session:
        draft = find_draft(session, "夜间")
        image = session.query(Material).one()
    windows = (
        Window(days=("mon", "sun"), start="22:00", end="08:00"),
        Window(days=DAYS, start="12:00", end="13:00"),
    )
    scopes = (("state", "store-12"), ("member", "zhaoyi"), ("department", "3"), ("department", "5"))
    assert draft == Draft(
        name="夜间",
        content="夜里好",
        returning="text",
        returning_content="欢迎回来",
        rules=tuple(Rule(scope=one, target=target, windows=windows) for one, target in scopes),
        attachments=(
            Attachment(msgtype="image", material_id=image.id),
            Attachment(
                msgtype="link", fields={"title": "新客指南", "url": "https://example.com/a"}
            ),
        ),
    )


def test_the_same_file_again_changes_nothing(world: Database, folder: Path) -> None:
    _import(world, folder)
    assert _import(world, folder) == Imported(unchanged=("默认", "夜间"))
    with world.read() as session:
        assert session.query(WelcomeVersion).count() == 2
        assert session.query(Material).count() == 1


def test_what_changed_is_told(world: Database, folder: Path) -> None:
    _import(world, folder)
    changed = _import(world, folder, GOOD.replace("夜里好", "夜里您好"))
    assert (changed.changed, changed.unchanged) == (("夜间",), ("默认",))


def test_scripts_that_the_file_does_not_name_stay(world: Database, folder: Path) -> None:
    with world.write() as session:
        add_script(session, "别的", EVERYWHERE)
    _import(world, folder)
    with world.read() as session:
        assert {row.name for row in list_scripts(session)} == {"默认", "夜间", "别的"}


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('text = "夜里好"', 'text = "{{x}}"', "第 2 个脚本「夜间」：文字里的变量「x」不存在"),
        ('name = "夜间"', 'name = "默认"', "「默认」在文件里出现了多次"),
        ('name = "夜间"', "", "第 2 个脚本：脚本没有名称"),
        ("default = true", "", "第 1 个脚本「默认」：没有写在哪里使用"),
        ("default = true", 'default = "yes"', "第 1 个脚本「默认」：default 只能是 true 或 false"),
        ("default = true", "defualt = true", "没有「defualt」这一项，可用的有：name、text"),
        ('returning = { text = "欢迎回来" }', 'returning = "later"', "returning 只能是"),
        ("returning = { text =", "returning = { txt =", "returning 只能是"),
        ('states = ["store-12"]', 'states = "store-12"', "states 要写成文字的列表"),
        ("departments = [3,", "departments = [1.5,", "部门「1.5」要写成编号或名称"),
        ('"华南门店"]', '"同名"]', "有多个部门叫「同名」，请改写编号：6、7"),
        ('"华南门店"]', '"没有的"]', "没有叫「没有的」的部门"),
        ('from = "12:00"', "from = 12", "第 2 个时间段要写成"),
        ('from = "12:00"', 'from = "12:60"', "「12:60」不是时间"),
        ('"sun", "mon"', '"sunday"', "「sunday」不是星期"),
        ("images/hello.png", "images/none.png", "第 1 个附件：读不到文件「images/none.png」"),
        (
            "images/hello.png",
            "../outside.png",
            "第 1 个附件：文件「../outside.png」要放在导入文件所在",
        ),
        ("images/hello.png", "images", "第 1 个附件：读不到文件「images」"),
        ('type = "image"', 'type = "voice"', "第 1 个附件：type 只能是 image、link"),
        (
            'type = "image"',
            'type = "video"',
            "第 1 个附件：视频「hello.png」的文件名要以 .mp4 结尾",
        ),
        ('title = "新客指南"', "title = 7", "第 2 个附件：每一项都要写成文字"),
        ('title = "新客指南"', 'file = "images/hello.png"', "第 2 个附件：这种附件不带文件"),
        ('title = "新客指南"', "", "第 2 个附件：缺少标题"),
        ("[[script]]", "[[scripts]]", "没有「scripts」这一项，可用的有：script"),
        ('text = "夜里好"', "text = 夜里好", "文件不是正确的 TOML"),
    ],
)
def test_a_fault_has_its_place_and_nothing_is_saved(
    world: Database, folder: Path, old: str, new: str, fault: str
) -> None:
    assert old in GOOD
    with pytest.raises(ScriptRefused) as refused:
        _import(world, folder, GOOD.replace(old, new))
    assert fault in str(refused.value)
    with world.read() as session:
        assert list_scripts(session) == []
        assert session.query(Material).count() == 0


def test_an_empty_file_is_a_fault(world: Database, folder: Path) -> None:
    with pytest.raises(ScriptRefused, match=r"文件里没有 \[\[script\]\]"):
        _import(world, folder, "")


def test_all_faults_are_told_at_once(world: Database, folder: Path) -> None:
    text = GOOD.replace("客户昵称", "x").replace("hello.png", "none.png").replace("22:00", "9")
    with pytest.raises(ScriptRefused) as refused:
        _import(world, folder, text)
    assert len(refused.value.faults) == 3
