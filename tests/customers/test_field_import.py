"""A file of fields: taken over whole or not at all, each fault with its place, twice is once."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from app.audit.models import AuditEntry
from app.cli.fields import group
from app.customers.actions import ImportedFields, import_fields, set_field
from app.customers.actions.profile import ensure_customer
from app.customers.errors import FieldsRefused
from app.customers.models import CustomField
from app.customers.queries import find_field_state, list_fields, word_value
from app.db import Database
from tests import settings
from tests.customers.test_fields import TODAY, WANG

GOOD = """
[[field]]
key = "budget"
name = "心理价位"
kind = "money"
hint = "大概就行"
pinned = true

[[field]]
key = "visit"
name = "来店方式"
kind = "choice"
options = ["路过", { key = "friend", name = "老友介绍" }]

[[field]]
key = "wechat"
name = "小红书"
kind = "link"
read_only = true

[[field]]
key = "birthday"
name = "生日"
kind = "date"
removed = true
"""


def take(db: Database, toml_text: str) -> ImportedFields:
    with db.write() as session:
        return import_fields(session, toml_text)


def names(db: Database) -> list[str]:
    with db.read() as session:
        return [field.name for field in list_fields(session)]


def test_a_file_adds_renames_arranges_and_removes(any_db: Database) -> None:
    imported = take(any_db, GOOD)
    assert imported.created == ("小红书",)
    assert imported.changed == ("心理价位", "来店方式")
    assert imported.removed == ("生日",)
    # Pinned ones stand first; what is not in the file follows it.
    expected = ["心理价位", "手机", "来店方式", "小红书", "公司", "地址", "感兴趣的商品", "会员"]
    assert names(any_db) == expected


def test_the_same_file_again_changes_nothing(any_db: Database) -> None:
    take(any_db, GOOD)
    again = take(any_db, GOOD)
    assert again == ImportedFields(unchanged=("心理价位", "来店方式", "小红书", "生日"))


def test_what_was_removed_comes_back_with_what_stood_in_it(db: Database) -> None:
    with db.write() as session:
        ensure_customer(session, WANG)
        one = session.scalars(select(CustomField.id).where(CustomField.key == "birthday")).one()
        how = {"field_id": one, "userid": "zhaoyi", "seen": 0, "today": TODAY}
        set_field(session, WANG, typed=["1990-01-02"], **how)  # type: ignore[arg-type]  # a test's shorthand
    take(db, GOOD)
    with db.read() as session:
        assert find_field_state(session, WANG, one) is None
    take(db, GOOD.replace("removed = true", ""))
    with db.read() as session:
        state = find_field_state(session, WANG, one)
    assert state
    assert word_value(state.field, state.value) == "1990-01-02"


def test_an_option_that_is_gone_still_has_its_name_for_who_has_it(db: Database) -> None:
    with db.write() as session:
        ensure_customer(session, WANG)
        one = session.scalars(select(CustomField.id).where(CustomField.key == "visit")).one()
        how = {"field_id": one, "userid": "zhaoyi", "seen": 0, "today": TODAY}
        set_field(session, WANG, typed=["online"], **how)  # type: ignore[arg-type]  # a test's shorthand
    take(db, GOOD)
    with db.read() as session:
        state = find_field_state(session, WANG, one)
    assert state
    assert word_value(state.field, state.value) == "线上广告"
    assert [option.id for option in state.field.options if not option.removed] == ["路过", "friend"]


FIELD = '[[field]]\nkey = "a"\nname = "甲"\nkind = "text"\n'
BAD = [
    ("[[field]\n", "文件不是正确的 TOML.*line 1"),
    ("", r"至少要有一个 \[\[field\]\]"),
    ("field = 1", r"至少要有一个 \[\[field\]\]"),
    (f"{FIELD}color = 1", "第 1 项「a」：没有「color」这一项"),
    (f"{FIELD}{FIELD}", "key「a」出现了多次\nname「甲」出现了多次"),
    (FIELD.replace('"a"', '"A b"'), "第 1 项：key 要写成"),
    (FIELD.replace('"甲"', '""'), "name 要写成 1 到 32 个字"),
    (FIELD.replace('"甲"', '"公司"'), "name「公司」出现了多次"),
    (FIELD.replace('"text"', '"colour"'), "kind 只能是 text"),
    (
        f'{FIELD}[[field]]\nkey = "phone"\nname = "手机"\nkind = "text"',
        "第 2 项.*不能从 phone 改成",
    ),
    (FIELD.replace('"text"', '"choice"'), "options 要写 1 到 100 个选项"),
    (f'{FIELD}options = ["x"]', "只有 choice 和 choices 才有 options"),
    (FIELD.replace('"text"', '"choice"\noptions = [1]'), "options 的每一项写成"),
    (FIELD.replace('"text"', '"choice"\noptions = ["x", "x"]'), "options 里有重复的选项"),
    (f'{FIELD}pinned = "yes"', "pinned 只能是 true 或 false"),
    (f'{FIELD}sensitive = "yes"', "sensitive 只能是 true 或 false"),
    (FIELD.replace('"text"', '"yes_no"\nsensitive = true'), "第 1 项「a」：只有几种内容可选"),
    (f"{FIELD}hint = {'字' * 65!r}", "hint 要写成 0 到 64 个字"),
    (
        "".join(FIELD.replace('"a"', f'"a{n}"').replace("甲", f"甲{n}") for n in range(53)),
        "最多 60",
    ),
]


@pytest.mark.parametrize(("toml_text", "told"), BAD)
def test_a_fault_is_told_with_its_place_and_nothing_is_taken_over(
    db: Database, toml_text: str, told: str
) -> None:
    before = names(db)
    with pytest.raises(FieldsRefused, match=f"(?s){told}"):
        take(db, toml_text)
    assert names(db) == before


@pytest.fixture
def file(tmp_path: Path, db: Database, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the place of a file of fields, beside a configuration."""
    tree = settings.settings(tmp_path, database={"url": str(db.url)})
    config = settings.write_toml(tmp_path / "config.toml", tree)
    monkeypatch.setenv("BANKE_CONFIG", str(config))
    return tmp_path / "fields.toml"


def run(*words: str) -> Result:
    return CliRunner().invoke(group, words)


def test_the_command_says_what_became_of_each_field(file: Path) -> None:
    file.write_text(GOOD, encoding="utf-8")
    done = run("import", str(file))
    assert done.stdout == "新增：小红书\n更新：心理价位、来店方式\n去掉：生日\n"
    assert run("list").stdout.splitlines()[:3] == [
        "心理价位（budget）：金额，置顶，0 位客户填过",
        "手机（phone）：电话，置顶，0 位客户填过",
        "来店方式（visit）：单选，路过、老友介绍，0 位客户填过",
    ]


def test_the_command_says_what_is_sealed_and_opened_and_puts_it_on_record(
    file: Path, db: Database
) -> None:
    for word in ("", "sensitive = true", "sensitive = false"):
        file.write_text(f"{FIELD}{word}", encoding="utf-8")
        told = run("import", str(file)).stdout.splitlines()[1:]
        assert (
            told
            == {
                "": [],
                "sensitive = true": ["设为敏感，已填的内容随后加密：甲"],
                "sensitive = false": ["不再敏感，已填的内容随后恢复为明文：甲"],
            }[word]
        )
    with db.read() as session:
        deeds = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    assert [(one.action, one.detail) for one in deeds] == [
        ("field_changed", {"field": "甲", "sensitive": word}) for word in ("yes", "no")
    ]


def test_the_command_refuses_in_words(file: Path) -> None:
    file.write_text(FIELD.replace('"text"', '"colour"'), encoding="utf-8")
    done = run("import", str(file))
    assert done.exit_code == 1
    assert done.stderr.startswith("没有导入任何资料项：\n第 1 项「a」：kind 只能是 text、")
    assert "读不到文件" in run("import", "nowhere.toml").stderr
