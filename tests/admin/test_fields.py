"""The page of fields: what is kept about customers is set up in place, and audited."""

import re
from typing import Any

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.audit.models import AuditEntry
from app.customers.models import CustomField, FieldValue
from app.customers.queries import list_field_rows
from app.customers.queries.marks import mark_order
from app.db import Database
from app.runtime import Runtime
from tests.admin.conftest import SAME_SITE, Desk, Seat
from tests.customers.test_field_settings import options, put, rows

HTMX = {**SAME_SITE, "HX-Request": "true"}
PAGE = "/admin/fields"


@pytest.fixture
def shop(runtime: Runtime) -> Database:
    """Give a shop where a customer has a budget."""
    put(runtime.db, "预算", "3000")
    return runtime.db


def field_id(db: Database, name: str) -> str:
    return str(rows(db)[name].field.id)


def seen(page: TestResponse) -> str:
    """Return the mark of the field in its own form."""
    found = re.search(r'name="seen" value="(\w+)"', page.text)
    assert found
    return found[1]


def send(
    desk: Desk, action: str, headers: dict[str, str] | None = None, **form: Any
) -> TestResponse:
    form["csrf_token"] = desk.token()
    return desk.post(f"{PAGE}/{action}", form, headers or HTMX)


def audited(db: Database) -> list[tuple[str, Any]]:
    with db.read() as session:
        found = session.scalars(select(AuditEntry).order_by(AuditEntry.id))
        return [(row.action, row.detail) for row in found if not row.action.startswith("admin_")]


def test_the_page_shows_the_fields_in_the_order_of_the_card(desk: Seat, shop: Database) -> None:
    page = desk("qianer", "owner").get(PAGE).text
    places = [page.index(f"<bdi>{name}</bdi>") for name in rows(shop)]
    assert places == sorted(places)
    assert "路过、朋友介绍" in page
    assert "单选" in page


def test_an_auditor_looks_and_changes_nothing(desk: Seat, shop: Database) -> None:
    auditor = desk("lisi", "auditor")
    assert "/admin/fields/shift" not in auditor.get(PAGE).text
    assert auditor.get(f"{PAGE}/field").status_code == 403
    assert send(auditor, "save", name="尺码", kind="text").status_code == 403
    assert "尺码" not in rows(shop)


@pytest.mark.usefixtures("shop")
def test_a_manager_does_not_see_the_settings(desk: Seat) -> None:
    assert desk("sunsan", "manager").get(PAGE).status_code == 403


def test_a_field_is_made_and_its_kind_is_for_ever(desk: Seat, shop: Database) -> None:
    owner = desk("qianer", "owner")
    assert "类型以后不能改" in owner.get(f"{PAGE}/field").text
    owner.act(f"{PAGE}/save", name="尺码", kind="choice", options="S\nM\n\nL", visible_to="")
    assert options(shop, "尺码") == ["S", "M", "L"]
    form = owner.get(f"{PAGE}/field?field={field_id(shop, '尺码')}")
    assert 'name="kind"' not in form.text
    assert "类型：单选。" in form.text
    assert audited(shop) == [("field_added", {"field": "尺码", "kind": "choice"})]


def test_what_cannot_be_is_said_and_what_was_typed_stays(desk: Seat, shop: Database) -> None:
    answer = desk("qianer", "owner").act(
        f"{PAGE}/save", name="尺码", kind="choice", options="S\nS", hint="上衣"
    )
    assert answer.status_code == 422
    assert "已经有「S」这个选项了" in answer.text
    assert 'value="上衣"' in answer.text
    assert "尺码" not in rows(shop)


def test_a_field_is_changed_and_the_log_says_what(desk: Seat, shop: Database) -> None:
    owner, one = desk("qianer", "owner"), field_id(shop, "预算")
    form = owner.get(f"{PAGE}/field?field={one}")
    assert "1 位客户填过这一项" in form.text
    given = {"name": "心理价位", "hint": "大概", "pinned": "1", "visible_to": "managers"}
    owner.act(f"{PAGE}/save?field={one}", seen=seen(form), **given)
    detail = {
        "field": "心理价位",
        "before": "预算",
        "after": "心理价位",
        "hint": "大概",
        "pinned": "yes",
        "visible_to": "managers",
    }
    assert audited(shop) == [("field_changed", detail)]
    assert "主管以上可见" in owner.get(PAGE).text
    assert "主管以上" in owner.get("/admin/audit").text


def test_two_admins_do_not_overwrite_each_other_unawares(desk: Seat, shop: Database) -> None:
    owner, other = desk("qianer", "owner"), desk("lisi", "admin")
    one = field_id(shop, "预算")
    path = f"{PAGE}/save?field={one}"
    old = seen(owner.get(f"{PAGE}/field?field={one}"))
    other.act(path, name="预算", hint="一年的", visible_to="", seen=old)
    answer = owner.act(path, name="预算", hint="一次的", visible_to="", seen=old)
    assert answer.status_code == 422
    assert "刚刚有人改过这里" in answer.text
    assert "提示「一年的」" in answer.text
    assert rows(shop)["预算"].field.hint == "一年的"
    owner.act(path, name="预算", hint="一次的", visible_to="", seen=seen(answer))
    assert rows(shop)["预算"].field.hint == "一次的"


def test_a_field_moves_in_its_place(desk: Seat, shop: Database) -> None:
    owner, last = desk("qianer", "owner"), list(rows(shop))[-1]
    one = field_id(shop, last)
    with shop.read() as session:
        order = mark_order(row.field.id for row in list_field_rows(session))
    answer = send(owner, "shift", field=one, way="up", seen=order)
    assert answer.status_code == 200
    assert "<!doctype" not in answer.text
    assert list(rows(shop))[-2] == last
    assert send(owner, "shift", field=one, way="up", seen=order).status_code == 409
    assert audited(shop)[-1][0] == "field_shifted"


def test_a_field_is_removed_after_a_word_and_comes_back(desk: Seat, shop: Database) -> None:
    owner, one = desk("qianer", "owner"), field_id(shop, "预算")
    page = owner.get(f"{PAGE}/removal?field={one}")
    assert "1 位客户填过这一项" in page.text
    owner.act(f"{PAGE}/remove?field={one}", seen=seen(page))
    assert "预算" not in rows(shop)
    assert "1 位客户填的内容保留着" in owner.get(PAGE).text
    assert owner.get(f"{PAGE}/field?field={one}").status_code == 404
    owner.act(f"{PAGE}/restore", field=one)
    assert "预算" in rows(shop)
    with shop.read() as session:
        assert session.scalars(select(FieldValue)).one().number == 3000
    assert [action for action, _detail in audited(shop)] == ["field_removed", "field_restored"]


def test_options_are_worked_one_by_one(desk: Seat, shop: Database) -> None:
    owner, one = desk("qianer", "owner"), field_id(shop, "来店方式")
    path = f"?field={one}"

    def mark() -> str:
        return rows(shop)["来店方式"].options_mark

    owner.act(f"{PAGE}/add-option{path}", name="直播")
    owner.act(f"{PAGE}/rename-option{path}", option="直播", name="直播间", seen=mark())
    answer = send(owner, f"shift-option{path}", option="直播", way="up", seen=mark())
    assert 'id="options"' in answer.text
    assert options(shop, "来店方式")[-2] == "直播间"
    stale = send(owner, f"shift-option{path}", option="直播", way="up", seen="old")
    assert stale.status_code == 409
    owner.act(f"{PAGE}/remove-option{path}", option="friend")
    assert "朋友介绍" not in options(shop, "来店方式")
    assert "已去掉" in owner.get(f"{PAGE}/field{path}").text
    owner.act(f"{PAGE}/restore-option{path}", option="friend")
    assert options(shop, "来店方式")[-1] == "朋友介绍"
    assert [action for action, _detail in audited(shop)] == [
        "option_added",
        "option_changed",
        "option_shifted",
        "option_removed",
        "option_restored",
    ]
    refused = owner.act(f"{PAGE}/add-option{path}", name="朋友介绍")
    assert refused.status_code == 422
    assert "已经有「朋友介绍」这个选项了" in refused.text


def test_without_any_field_the_page_says_what_to_do(desk: Seat, shop: Database) -> None:
    with shop.write() as session:
        for field in session.scalars(select(CustomField)):
            session.delete(field)
    assert "还没有资料项" in desk("qianer", "owner").get(PAGE).text


@pytest.mark.usefixtures("shop")
def test_what_an_admin_wrote_is_text_and_nothing_else(desk: Seat) -> None:
    owner = desk("qianer", "owner")
    owner.act(f"{PAGE}/save", name="<b>{{ 7 * 7 }}", kind="choice", options="<i>\n{{ 1 }}")
    page = owner.get(PAGE).text
    assert "&lt;b&gt;{{ 7 * 7 }}" in page
    assert "&lt;i&gt;" in page


def test_a_field_is_made_sensitive_and_back_on_record_by_who_may(
    desk: Seat, shop: Database
) -> None:
    owner, auditor = desk("qianer", "owner"), desk("lisi", "auditor")
    form = owner.get(f"{PAGE}/field?field={field_id(shop, '预算')}")
    assert 'id="sensitive"' in form.text
    for mark in ({"sensitive": "1"}, {}):
        page = owner.get(f"{PAGE}/field?field={field_id(shop, '预算')}")
        action = f"save?field={field_id(shop, '预算')}"
        typed: dict[str, Any] = {"name": "预算", "seen": seen(page), **mark}
        assert send(auditor, action, **typed).status_code == 403
        send(owner, action, **typed)
        assert rows(shop)["预算"].field.sensitive == bool(mark)
    told = [detail.get("sensitive") for what, detail in audited(shop) if what == "field_changed"]
    assert told == ["yes", "no"]


def test_a_choice_cannot_be_sensitive_and_a_phone_need_not(desk: Seat, shop: Database) -> None:
    owner = desk("qianer", "owner")
    for name in ("来店方式", "手机"):
        page = owner.get(f"{PAGE}/field?field={field_id(shop, name)}")
        assert 'id="sensitive"' not in page.text
    refused = send(owner, "save", name="试", kind="yes_no", sensitive="1")
    assert "不能设为敏感" in refused.text
