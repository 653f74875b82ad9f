"""What WeCom would refuse is refused on saving, counted in bytes; every change is a version."""

from typing import Any

import pytest

from app.db import Database
from app.errors import NotFound
from app.materials.actions import store_file
from app.materials.models import Material
from app.welcome.actions import (
    Attachment,
    Draft,
    Rule,
    Saved,
    Window,
    pause,
    remove_script,
    resume,
    save_script,
    set_default,
)
from app.welcome.errors import ScriptRefused
from app.welcome.models import WelcomeVersion
from app.welcome.queries import find_draft, list_scripts, paused_since
from tests.welcome.world import EVERYWHERE, PNG, night

LINK = {"title": "新客指南", "url": "https://example.com/a"}
MINIPROGRAM = {"title": "商城", "appid": "wx0123456789abcdef", "page": "/pages/index.html"}


def _save(db: Database, **changes: Any) -> Saved:
    values: dict[str, Any] = {"name": "默认", "content": "您好", "rules": (EVERYWHERE,)}
    with db.write() as session:
        return save_script(session, Draft(**(values | changes)), by="lisi")


def _store(db: Database, kind: str = "image") -> Material:
    with db.write() as session:
        if kind == "image":
            return store_file(session, kind=kind, filename="a.png", data=PNG)
        return store_file(session, kind=kind, filename="a.pdf", data=b"%PDF-1.7")


def _link(**fields: str) -> tuple[Attachment, ...]:
    return (Attachment(msgtype="link", fields=LINK | fields),)


def test_what_was_saved_comes_back(any_db: Database) -> None:
    image = _store(any_db)
    draft = Draft(
        name="夜间",
        content="您好\n{{客户昵称}}",
        attachments=(
            Attachment(msgtype="image", material_id=image.id),
            Attachment(msgtype="link", fields=LINK),
            Attachment(msgtype="miniprogram", fields=MINIPROGRAM, material_id=image.id),
        ),
        rules=(Rule(scope="state", target="store-12", windows=night()), EVERYWHERE),
        returning="text",
        returning_content="欢迎回来",
    )
    with any_db.write() as session:
        save_script(session, draft)
    with any_db.read() as session:
        assert find_draft(session, "夜间") == draft


def test_every_change_is_a_new_version_and_none_is_lost(db: Database) -> None:
    assert _save(db).number == 1
    assert _save(db, content="您好！").number == 2
    with db.read() as session:
        versions = session.query(WelcomeVersion).order_by(WelcomeVersion.number)
        assert [(v.content, v.created_by) for v in versions] == [
            ("您好", "lisi"),
            ("您好！", "lisi"),
        ]


@pytest.mark.parametrize("content", ["您好", "  您好\n", "您好\r\n"])
def test_the_same_again_is_no_new_version(db: Database, content: str) -> None:
    first = _save(db)
    again = _save(db, content=content)
    assert (again.changed, again.version_id) == (False, first.version_id)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": " "}, "脚本没有名称"),
        ({"name": "长" * 65}, "最多 64 个"),
        ({"content": ""}, "文字和附件不能都为空"),
        ({"content": "好" * 1334}, "文字有 4002 字节，最多 4000 字节"),
        (
            {"content": "{{姓名}}"},
            "文字里的变量「姓名」不存在，可用的有：客户昵称、客户称呼、员工姓名",
        ),
        ({"content": "{{7*7}}"}, "变量「7*7」不存在"),
        ({"content": "{{客户昵称}"}, "双花括号没有配对，变量要写成「{{客户昵称}}」这样"),
        ({"returning": "text"}, "给重新添加的客户的文字是空的"),
        (
            {"returning": "text", "returning_content": "{{x}}"},
            "给重新添加的客户的文字里的变量「x」",
        ),
        ({"returning": "later"}, "只能是 same、none"),
        ({"attachments": _link() * 10}, "有 10 个附件，最多 9 个"),
        ({"attachments": (Attachment(msgtype="voice"),)}, "第 1 个附件：类型「voice」不能用"),
        ({"attachments": _link(title="")}, "第 1 个附件：缺少标题"),
        ({"attachments": _link(title="题" * 43)}, "标题有 129 字节，最多 128 字节"),
        ({"attachments": _link(desc="述" * 171)}, "描述有 513 字节，最多 512 字节"),
        ({"attachments": _link(url="javascript:alert(1)")}, "网址要以 https:// 或 http:// 开头"),
        ({"attachments": _link(url="https://")}, "网址要以 https:// 或 http:// 开头"),
        ({"attachments": _link(url="http://[")}, "网址要以 https:// 或 http:// 开头"),
        ({"attachments": _link(media_id="M1")}, "链接没有「media_id」这一项"),
        ({"attachments": (Attachment(msgtype="image"),)}, "图片没有选择素材"),
        ({"attachments": (Attachment(msgtype="video", material_id=9),)}, "素材已不存在"),
        ({"attachments": (Attachment(msgtype="miniprogram", fields=MINIPROGRAM),)}, "没有选择素材"),
        ({"rules": (Rule(scope="corp"),)}, "适用范围「corp」不存在"),
        ({"rules": (Rule(scope="member"),)}, "没有写渠道、员工或部门"),
        ({"rules": (Rule(scope="department", target="门店"),)}, "要写成部门的编号"),
        ({"rules": (Rule(scope="state", target="x" * 129),)}, "太长"),
        (
            {"rules": (Rule(scope="default", windows=(Window(start="9", end="10:00"),)),)},
            "不是时间",
        ),
    ],
)
def test_a_fault_is_told_in_words(db: Database, changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ScriptRefused) as refused:
        _save(db, **changes)
    assert words in str(refused.value)
    with db.read() as session:
        assert list_scripts(session) == []


@pytest.mark.parametrize(
    "fields", [{"title": "题" * 21 + "ab"}, {"appid": "wx1"}, {"page": ""}, {"title": ""}]
)
def test_a_miniprogram_has_its_own_limits(db: Database, fields: dict[str, str]) -> None:
    image = _store(db)
    one = Attachment(msgtype="miniprogram", fields=MINIPROGRAM | fields, material_id=image.id)
    with pytest.raises(ScriptRefused):
        _save(db, attachments=(one,))


def test_a_material_must_be_of_its_kind(db: Database) -> None:
    file = _store(db, "file")
    with pytest.raises(ScriptRefused, match="图片的素材要是图片"):
        _save(db, attachments=(Attachment(msgtype="image", material_id=file.id),))


def test_every_fault_is_told_at_once(db: Database) -> None:
    with pytest.raises(ScriptRefused) as refused:
        _save(db, name="", content="{{x}}", attachments=_link(title="", url="x"))
    assert len(refused.value.faults) == 4


def test_4000_bytes_exactly_fit(db: Database) -> None:
    assert _save(db, content="好" * 1333 + "!").changed


def test_a_removed_script_may_come_back_under_its_name(db: Database) -> None:
    _save(db)
    with db.write() as session:
        remove_script(session, "默认")
        assert list_scripts(session) == []
        with pytest.raises(NotFound):
            remove_script(session, "默认")
    assert _save(db).number == 2
    with db.read() as session:
        assert [row.name for row in list_scripts(session)] == ["默认"]


def test_the_default_keeps_its_attachments_and_replaces_the_one_before(db: Database) -> None:
    _save(db, name="旧的")
    _save(db, name="旧的夜间", rules=(Rule(scope="default", windows=night()),))
    _save(db, attachments=_link(), rules=(Rule(scope="member", target="zhaoyi"),))
    with db.write() as session:
        assert set_default(session, "新的").changed
        assert not set_default(session, "新的").changed
        scripts = {row.name: row.draft for row in list_scripts(session)}
    assert scripts["默认"].content == "新的"
    assert scripts["默认"].attachments == _link()
    assert scripts["默认"].rules == (Rule(scope="member", target="zhaoyi"), EVERYWHERE)
    assert scripts["旧的"].rules == ()
    assert len(scripts["旧的夜间"].rules) == 1


def test_the_switch_is_on_or_off(db: Database) -> None:
    with db.write() as session:
        assert paused_since(session) is None
        assert [pause(session), pause(session)] == [True, False]
        assert paused_since(session) is not None
        assert [resume(session), resume(session)] == [True, False]
        assert paused_since(session) is None
