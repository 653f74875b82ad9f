"""Welcome scripts in the admin web: what its forms are made into, and what is recorded."""

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.audit.models import AuditEntry
from app.materials.actions import PIECE_BYTES
from app.runtime import Runtime
from app.sandbox.server import Sandbox
from app.welcome.actions import Attachment, Draft, Extras, Rule, Window, save_script
from app.welcome.queries import find_draft, list_scripts, paused_since
from app.welcome.queries.history import list_drafts
from tests.admin.conftest import Desk, Seat

FORM = {
    "name": "夜间",
    "content": "您好，{{客户昵称}}",
    "everywhere": "1",
    "when": "windows",
    "w0_from": "22:00",
    "w0_to": "00:00",
    "w0_day": "fri",
}
PNG = b"\x89PNG\r\n\x1a\n" + bytes(60)


@pytest.fixture
def owner(desk: Seat) -> Desk:
    return desk("qianer", "owner")


def drafts(runtime: Runtime) -> list[Draft]:
    with runtime.db.read() as session:
        return [row.draft for row in list_drafts(session)]


def deeds(runtime: Runtime) -> list[tuple[str, str]]:
    """Return what the audit log holds about welcomes."""
    wanted = select(AuditEntry).where(AuditEntry.action.like("welcome%")).order_by(AuditEntry.id)
    with runtime.db.read() as session:
        return [(entry.action, entry.userid) for entry in session.scalars(wanted)]


def publish(owner: Desk, **changes: str) -> TestResponse:
    led = owner.act("/admin/welcomes/to-review", **(FORM | changes)).headers["Location"]
    draft = led.rpartition("=")[2]
    assert owner.get(led).status_code == 200
    return owner.act(f"/admin/welcomes/publish?draft={draft}", draft=draft, revision="1")


def test_a_form_is_made_into_a_draft(owner: Desk, runtime: Runtime) -> None:
    more = {
        "returning": "text",
        "returning_content": "欢迎回来",
        "a_type": "link",
        "a_title": "新款",
        "a_url": "https://example.com/a",
        "department": "3",
        "member": "zhaoyi",
        "states": "海报\r\n\r\n小红书",
        "remark": "{{渠道}}",
        "stage": "3",
        "tag": "et1",
    }
    assert owner.act("/admin/welcomes/save", **(FORM | more)).status_code == 303
    night = (Window(days=("fri",), start="22:00", end="24:00"),)
    [draft] = drafts(runtime)
    assert draft == Draft(
        name="夜间",
        content="您好，{{客户昵称}}",
        returning="text",
        returning_content="欢迎回来",
        attachments=(
            Attachment(msgtype="link", fields={"title": "新款", "url": "https://example.com/a"}),
        ),
        rules=(
            Rule(scope="state", target="海报", windows=night),
            Rule(scope="state", target="小红书", windows=night),
            Rule(scope="member", target="zhaoyi", windows=night),
            Rule(scope="department", target="3", windows=night),
            Rule(scope="default", windows=night),
        ),
        extras=Extras(tag_ids=("et1",), stage_id=3, remark="{{渠道}}"),
    )


def test_what_is_published_is_on_record(owner: Desk, runtime: Runtime) -> None:
    assert publish(owner).status_code == 303
    with runtime.db.read() as session:
        assert [row.name for row in list_scripts(session)] == ["夜间"]
    assert deeds(runtime) == [("welcome_published", "qianer")]
    assert "名称</span> 夜间" in owner.get("/admin/audit").text


def test_what_is_unfit_is_not_published_and_says_why(owner: Desk, runtime: Runtime) -> None:
    answer = publish(owner, content="{{没有的}}")
    assert answer.status_code == 422
    assert "变量「没有的」不存在" in answer.text
    assert len(drafts(runtime)) == 1
    assert deeds(runtime) == []


def test_rules_of_other_times_stay_unless_they_are_dropped(owner: Desk, runtime: Runtime) -> None:
    night = (Window(start="22:00", end="08:00"),)
    rules = (Rule(scope="default", windows=night), Rule(scope="state", target="海报"))
    with runtime.db.write() as session:
        script_id = save_script(session, Draft(name="夜间", content="您好", rules=rules)).script_id
    page = owner.get(f"/admin/welcomes/edit?script={script_id}")
    assert "另外还适用于：渠道 海报" in page.text
    form = FORM | {"script": str(script_id)}
    owner.act("/admin/welcomes/save", **form)
    assert Rule(scope="state", target="海报") in drafts(runtime)[0].rules
    owner.act("/admin/welcomes/save", **form, force="1", drop_kept="1")
    assert Rule(scope="state", target="海报") not in drafts(runtime)[0].rules


def test_all_are_paused_and_resumed_on_record(owner: Desk, runtime: Runtime) -> None:
    owner.act("/admin/welcomes/pause")
    assert "起已暂停" in owner.get("/admin/welcomes").text
    owner.act("/admin/welcomes/resume")
    with runtime.db.read() as session:
        assert paused_since(session) is None
    assert [deed for deed, _by in deeds(runtime)] == ["welcomes_paused", "welcomes_resumed"]


def test_a_script_is_retired_on_record(owner: Desk, runtime: Runtime) -> None:
    publish(owner)
    with runtime.db.read() as session:
        [row] = list_scripts(session)
    assert owner.act("/admin/welcomes/remove", script=str(row.id)).status_code == 303
    with runtime.db.read() as session:
        assert find_draft(session, "夜间") is None
    assert deeds(runtime)[-1] == ("welcome_removed", "qianer")
    gone = owner.act("/admin/welcomes/remove", script=str(row.id))
    assert (gone.status_code, "可能已经停用了" in gone.text) == (422, True)


def test_whoever_writes_it_sees_it_on_his_own_phone(owner: Desk, box: Sandbox) -> None:
    more = {"a_type": "link", "a_title": "新款", "a_url": "https://example.com/a"}
    assert owner.act("/admin/welcomes/send-to-me", **(FORM | more)).status_code == 303
    sent = box.ledger.messages("qianer")
    assert [one.msgtype for one in sent] == ["text", "news"]
    assert sent[0].body["text"]["content"] == "您好，王女士"


def test_a_refusal_of_wecom_names_what_to_check(owner: Desk, box: Sandbox) -> None:
    box.faults.errcode("message/send", 60020, times=None)
    answer = owner.act("/admin/welcomes/send-to-me", **FORM)
    assert answer.status_code == 422
    assert "企业可信IP" in answer.text.replace(" ", "")
    assert "您好，{{客户昵称}}" in answer.text


@pytest.mark.parametrize(
    ("kind", "filename", "data", "words"),
    [
        ("image", "a.png", b"MZ" + bytes(100), "不是"),
        ("image", "a.svg", b"<svg onload=alert(1)>" + bytes(50), ".jpg"),
        ("video", "a.mp4", PNG, "不是"),
        ("image", "a.png", b"", "太小"),
        ("nothing", "a.png", PNG, ""),
    ],
)
def test_a_wrong_or_disguised_file_is_refused_in_words(
    owner: Desk, kind: str, filename: str, data: bytes, words: str
) -> None:
    answer = piece(owner, kind, filename, data, size=len(data))
    assert answer.status_code == 422
    assert words in answer.text


def test_a_huge_file_is_refused_at_its_first_piece(owner: Desk) -> None:
    first = (PNG + bytes(PIECE_BYTES))[:PIECE_BYTES]
    answer = piece(owner, "image", "a.png", first, size=11 * 1024 * 1024)
    assert answer.status_code == 422
    assert "10" in answer.text


def piece(owner: Desk, kind: str, filename: str, data: bytes, *, size: int) -> TestResponse:
    return owner.upload(
        "/admin/welcomes/piece", data, key="k", kind=kind, filename=filename, size=str(size), n="0"
    )


@pytest.mark.parametrize("path", ["edit?script=99", "edit?draft=99", "review", "versions?script=9"])
def test_what_is_not_there_is_said_to_be_so(owner: Desk, path: str) -> None:
    assert owner.get(f"/admin/welcomes/{path}").status_code == 404


def test_a_hostile_script_is_text(owner: Desk, runtime: Runtime) -> None:
    hostile = "<script>x</script><img src=x onerror=y>"
    publish(owner, name=hostile, content=hostile)
    with runtime.db.read() as session:
        [row] = list_scripts(session)
    paths = ("", f"/edit?script={row.id}", f"/versions?script={row.id}", "/try")
    for path in paths:
        page = owner.get(f"/admin/welcomes{path}").text
        assert "<script>x" not in page
        assert "<img src=x" not in page
