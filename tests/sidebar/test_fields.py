"""The fields (资料) through the WSGI app: saved, refused, contested, undone, revealed, hidden."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import event, func, select
from werkzeug.test import TestResponse

from app import clock
from app.audit.models import AuditEntry
from app.customers.actions import fields, set_field
from app.customers.actions.sealing import set_mobiles
from app.customers.models import CustomField, FollowUser
from app.customers.queries import find_field_state, word_value
from app.customers.queries.fields import MOST_FIELDS
from app.db import Database
from sidebar.session import CSRF_HEADER
from tests.browser.hostile import HOSTILE
from tests.sidebar.browser import Browser, problem_in
from tests.sidebar.cards import LI, PATH, Card, Page, card_of, make_app

PHONE = "13800001234"
UNDO = re.compile(r'name="change" value="(\d+)"')
SEEN = re.compile(r'name="seen" value="(\d+)"')


@pytest.fixture
def card(tmp_path: Path, db: Database) -> Iterator[Card]:
    """Give the browser of the member who follows her."""
    app = make_app(tmp_path, db)
    yield card_of(app, db, "zhaoyi")
    app.extensions["banke_runtime"].db.close()


def field_id(card: Card, key: str) -> int:
    with card.db.read() as session:
        return session.scalars(select(CustomField.id).where(CustomField.key == key)).one()


def post(card: Card, action: str, form: Mapping[str, object], *, htmx: bool = True) -> TestResponse:
    headers = {CSRF_HEADER: card.csrf, "User-Agent": f"wxwork/5 Language/{card.language}"}
    headers |= {"HX-Request": "true"} if htmx else {}
    return card.client.post(f"{PATH}/{action}", data=form, headers=headers)


def save(card: Card, key: str, text: str, *, seen: int = 0, htmx: bool = True) -> TestResponse:
    form = {"field": field_id(card, key), "seen": seen, "text": text}
    return post(card, "field", form, htmx=htmx)


def save_as(card: Card, userid: str, key: str, text: str, *, seen: int = 0) -> None:
    one = field_id(card, key)
    with card.db.write() as session:
        today = date(2026, 11, 22)
        set_field(session, LI, field_id=one, typed=[text], userid=userid, seen=seen, today=today)


def stands(card: Card, key: str) -> str:
    one = field_id(card, key)
    with card.db.read() as session:
        state = find_field_state(session, LI, one)
    assert state
    return word_value(state.field, state.value)


def text_of(response: TestResponse) -> str:
    return Page(response.text).text


def revealed(card: Card) -> list[tuple[str, str]]:
    with card.db.read() as session:
        entries = session.scalars(select(AuditEntry)).all()
    return [(entry.userid, entry.detail["field"]) for entry in entries]


def note_mobiles(card: Card, *phones: str) -> None:
    with card.db.write() as session:
        set_mobiles(session, session.scalars(select(FollowUser)).one(), list(phones))


def test_the_card_shows_the_fields_and_what_stands_in_them(card: Card) -> None:
    save_as(card, "wangqiang", "budget", "3000.5")
    shown = text_of(card.get())
    for words in ("资料", "手机", "未填写", "预算", "¥3,000.50", "感兴趣的商品"):
        assert words in shown


def test_a_field_is_saved_and_the_row_the_timeline_and_the_toast_say_so(card: Card) -> None:
    answer = save(card, "company", "南山电器")
    assert (answer.status_code, stands(card, "company")) == (200, "南山电器")
    for words in ("已保存「公司」", "公司：南山电器", "bk-saved"):
        assert words in answer.text
    undo = UNDO.search(answer.text)
    assert undo
    back = post(card, "field-undo", {"change": undo[1], "field": field_id(card, "company")})
    assert "已撤销对「公司」的修改" in back.text
    assert stands(card, "company") == ""


def test_what_is_saved_again_says_nothing(card: Card) -> None:
    save(card, "company", "南山电器")
    again = save(card, "company", "南山电器", seen=1)
    assert (again.status_code, "bk-say" in again.text, "bk-saved" in again.text) == (
        200,
        False,
        False,
    )


def test_options_and_yes_or_no_are_saved_as_they_are_tapped(card: Card) -> None:
    save(card, "visit", "friend")
    save(card, "member", "yes")
    chosen = {"option-2": "best", "option-1": "new", "option-more": ""}
    post(card, "field", {"field": field_id(card, "interests"), "seen": 0, **chosen})
    assert [stands(card, key) for key in ("visit", "member", "interests")] == [
        "朋友介绍",
        "是",
        "新品、热销款",
    ]


def test_what_cannot_stand_there_stays_in_the_input_with_the_reason(card: Card) -> None:
    answer = save(card, "birthday", "<b>明天")
    assert (answer.status_code, stands(card, "birthday")) == (422, "")
    assert 'value="&lt;b&gt;明天"' in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert "日期写成 2026-11-22、11-22 或 20261122 这样" in answer.text


def test_the_reason_is_in_the_readers_language(card: Card) -> None:
    answer = save(replace(card, language="en"), "birthday", "soon")
    assert "Write the date like 2026-11-22" in answer.text


def test_a_conflict_names_who_put_what_there_and_overwrites_nothing(card: Card) -> None:
    save_as(card, "wangqiang", "budget", "5000")
    answer = save(card, "budget", "3000")
    assert (answer.status_code, stands(card, "budget")) == (409, "¥5,000")
    assert re.search(r"王强 在 \d\d-\d\d \d\d:\d\d 把它改成「¥5,000」", answer.text)
    assert "仍要保存" in answer.text
    assert 'value="3000"' in answer.text
    seen = SEEN.search(answer.text)
    assert seen
    save(card, "budget", "3000", seen=int(seen[1]))
    assert stands(card, "budget") == "¥3,000"


def test_a_conflict_about_a_number_does_not_show_it(card: Card) -> None:
    save_as(card, "wangqiang", "phone", PHONE)
    answer = save(card, "phone", "13900005678")
    assert "把它改成「138****1234」" in answer.text
    assert PHONE not in answer.text


@pytest.mark.parametrize("one", ["0", "999999", "-1", "x", "", "9" * 30, "mobiles"])
def test_a_field_that_does_not_exist_is_refused_in_words(card: Card, one: str) -> None:
    for action in ("field", "field-reveal"):
        answer = post(card, action, {"field": one, "text": "x", "seen": 0})
        assert (answer.status_code, "bk-say_fault" in answer.text) == (422, True)
    undone = post(card, "field-undo", {"change": one, "field": one})
    assert (undone.status_code, "没有可以撤销" in undone.text) == (422, True)
    for part in ("field-form", "field-row"):
        assert card.get(f"/{part}?field={one}").status_code == 200
    assert revealed(card) == []


def test_a_number_is_masked_wherever_the_card_is_seen(card: Card) -> None:
    answer = save(card, "phone", PHONE)
    note_mobiles(card, "13900005678", "13700001111")
    one = field_id(card, "phone")
    pages = [answer, card.get(), card.get(htmx=False)]
    pages += [card.get(f"/{part}?field={one}") for part in ("field-form", "field-row")]
    for page in pages:
        assert not re.search(r"1[3-9]\d{9}", page.text)
    assert "139****5678、137****1111" in text_of(card.get())
    assert revealed(card) == []


def test_a_number_is_shown_once_to_who_asks_and_that_is_on_record(card: Card) -> None:
    save(card, "phone", PHONE)
    shown = post(card, "field-reveal", {"field": field_id(card, "phone")})
    assert f'data-copy="{PHONE}"' in shown.text
    assert PHONE not in card.get().text
    assert revealed(card) == [("zhaoyi", "phone")]


def test_noted_numbers_are_shown_on_record_too_and_a_manager_only_reads_them(card: Card) -> None:
    note_mobiles(card, "13900005678", "<b>13700001111")
    shown = post(card, "field-reveal", {"field": "mobiles"})
    assert "13900005678、&lt;b&gt;13700001111" in shown.text
    manager = card_of(card.client.application, card.db, "sunsan")
    assert "field-form?field=mobiles" not in manager.get().text
    assert "bk-edit" not in manager.get("/field-form?field=mobiles").text
    assert revealed(card) == [("zhaoyi", "remark_mobiles")]


def test_what_is_sensitive_is_masked_everywhere_and_shown_on_record(card: Card) -> None:
    with card.db.write() as session:
        field = session.scalars(select(CustomField).where(CustomField.key == "company")).one()
        field.sensitive = True
    save(card, "company", "机密公司")
    form = card.get(f"/field-form?field={field_id(card, 'company')}")
    assert "****" in text_of(card.get())
    assert "机密公司" not in card.get().text + form.text
    assert revealed(card) == []
    shown = post(card, "field-reveal", {"field": field_id(card, "company")})
    assert "机密公司" in shown.text
    assert revealed(card) == [("zhaoyi", "company")]


def test_who_looks_at_very_many_is_told_to_wait(
    card: Card, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fields, "MOST_REVEALED", 1)
    save(card, "phone", PHONE)
    for number in range(2):
        answer = post(card, "field-reveal", {"field": field_id(card, "phone")})
        assert (PHONE in answer.text) == (number == 0)
    assert "一小时内看得太多了" in answer.text
    assert len(revealed(card)) == 1


def test_a_manager_may_look_and_it_is_he_who_is_on_record(card: Card) -> None:
    save(card, "phone", PHONE)
    manager = card_of(card.client.application, card.db, "sunsan")
    assert PHONE in post(manager, "field-reveal", {"field": field_id(card, "phone")}).text
    assert revealed(card) == [("sunsan", "phone")]


def test_a_stranger_is_shown_no_number_and_none_is_recorded(
    app: Flask, customer: str, zhaoyi: Browser, db: Database
) -> None:
    zhaoyi.sign_in()
    path = f"/sidebar/customers/{customer}/profile"
    zhaoyi.get(path)
    with db.read() as session:
        one = session.scalars(select(CustomField.id).where(CustomField.key == "phone")).one()
    form = {"field": one, "seen": 0, "text": PHONE}
    assert zhaoyi.post(f"{path}/field", token=zhaoyi.csrf_token(), data=form).status_code == 200
    stranger = Browser(app, "zhouwu")
    stranger.sign_in()
    for action in ("field-reveal", "field", "field-undo"):
        token = stranger.csrf_token()
        refused = stranger.post(f"{path}/{action}", token=token, data=form | {"change": 1})
        assert (refused.status_code, problem_in(refused)) == (404, "no_permission")
        assert PHONE not in refused.text
    with db.read() as session:
        assert session.scalar(select(func.count()).select_from(AuditEntry)) == 0


def test_an_empty_input_leaves_a_number_and_the_button_clears_it(card: Card) -> None:
    save(card, "phone", PHONE)
    assert save(card, "phone", "", seen=1).status_code == 200
    assert stands(card, "phone") == PHONE
    cleared = post(
        card, "field", {"field": field_id(card, "phone"), "seen": 1, "text": "", "clear": 1}
    )
    assert ("已清空「手机」" in cleared.text, stands(card, "phone")) == (True, "")


def test_empty_fields_are_hidden_for_who_wants_it_on_all_his_devices(card: Card) -> None:
    save(card, "company", "南山电器")
    hidden = text_of(post(card, "empty-fields", {"hide": "yes"}))
    assert ("公司" in hidden, "预算" in hidden, "7 个空项没有显示" in hidden) == (True, False, True)
    # What is pinned is there to be filled in.
    assert "手机" in hidden
    other = card_of(card.client.application, card.db, "zhaoyi")
    assert "预算" not in text_of(other.get())
    assert "预算" in text_of(card_of(card.client.application, card.db, "sunsan").get())
    assert "预算" in text_of(post(card, "empty-fields", {"hide": ""}))


def test_read_only_fields_say_so_and_take_nothing(card: Card) -> None:
    with card.db.write() as session:
        session.scalars(
            select(CustomField).where(CustomField.key == "company")
        ).one().read_only = True
    one = field_id(card, "company")
    assert "只能查看" in text_of(card.get())
    assert f"field-form?field={one}" not in card.get().text
    assert "bk-edit" not in card.get(f"/field-form?field={one}").text
    refused = save(card, "company", "南山")
    assert (refused.status_code, stands(card, "company")) == (422, "")


def test_it_works_without_javascript(card: Card) -> None:
    one = field_id(card, "birthday")
    page = card.get(f"/field-form?field={one}", htmx=False)
    assert page.text.startswith("<!doctype html>")
    assert 'type="date"' in page.text
    saved = save(card, "birthday", "1990-1-2", htmx=False)
    assert saved.text.startswith("<!doctype html>")
    assert "已保存「生日」" in text_of(saved)
    assert "1990-01-02" in text_of(saved)
    refused = save(card, "birthday", "很久以前", seen=1, htmx=False)
    assert refused.status_code == 422
    assert 'value="很久以前"' in refused.text
    assert "客户阶段" in text_of(refused)


def test_what_members_write_is_text(card: Card) -> None:
    shapes = set()
    for seen, text in enumerate(HOSTILE):
        answer = save(card, "company", text, seen=seen)
        assert answer.status_code == 200
        shapes.add(tuple(re.sub(r"\[.*", "", one) for one in Page(answer.text).elements)[:12])
    assert len(shapes) == 1


def test_many_fields_and_options_cost_one_query(card: Card) -> None:
    with card.db.write() as session:
        options = [{"id": f"o{n}", "name": f"选项{n}"} for n in range(100)]
        session.add_all(
            CustomField(
                key=f"many{n}",
                name=f"多选{n}",
                kind="choices",
                options=options,
                position=100 + n,
                created_at=clock.utcnow(),
            )
            for n in range(MOST_FIELDS - 8)
        )
    for n in range(3):
        chosen = {f"option-{m}": f"o{m + 90}" for m in range(10)}
        post(card, "field", {"field": field_id(card, f"many{n}"), "seen": 0, **chosen})
    statements: list[str] = []
    engine = card.client.application.extensions["banke_runtime"].db.engine
    event.listen(engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    answer = card.get()
    assert answer.text.count('class="bk-field"') == MOST_FIELDS + 1
    assert len([one for one in statements if "FROM custom_fields" in one]) == 1
    form = card.get(f"/field-form?field={field_id(card, 'many0')}").text
    assert (form.count('type="checkbox"'), form.count("checked"), form.count("<option")) == (
        20,
        10,
        81,
    )
