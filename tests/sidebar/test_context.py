"""The customer in the address: read from WeCom when he may only be unknown, and else not there."""

import re
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import wait as wait_for_all
from contextlib import ExitStack

import pytest
from flask import Flask
from sqlalchemy import text
from werkzeug.test import TestResponse

from app.clock import monotonic
from app.customers.jobs import read_customer
from app.runtime import Runtime
from app.sandbox.server import Sandbox
from app.wecom.errors import TryAgainLater
from sidebar.context import Cards, Viewer
from tests.deployment import wait_until
from tests.sidebar.browser import Browser, problem_in
from tests.sidebar.conftest import Wait

GET_CUSTOMER = "externalcontact/get"


def card(browser: Browser, external_userid: str) -> TestResponse:
    return browser.get(f"/sidebar/customers/{external_userid}/profile", htmx=True)


def reads(box: Sandbox, external_userid: str) -> int:
    return sum(
        call.api == GET_CUSTOMER and call.params.get("external_userid") == external_userid
        for call in box.ledger.calls()
    )


def know(runtime: Runtime, external_userid: str) -> None:
    record = read_customer(runtime, external_userid)
    assert record
    runtime.db.commit(record)


def without_id(response: TestResponse) -> str:
    return re.sub(r"[0-9a-f]{8}", "", response.text)


def test_an_unknown_customer_is_read_and_kept(box: Sandbox, zhaoyi: Browser, customer: str) -> None:
    zhaoyi.sign_in()
    answers = [card(zhaoyi, customer) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200] * 3
    assert "新来的" in answers[0].text
    assert reads(box, customer) == 1


def test_a_link_in_an_alert_opens_the_card_in_its_frame(zhaoyi: Browser, customer: str) -> None:
    page = zhaoyi.sign_in(f"/sidebar/customers/{customer}/profile")
    assert page.status_code == 200
    assert f'data-path="/sidebar/customers/{customer}"' in page.text
    assert "新来的" in page.text


@pytest.fixture
def lisi(app: Flask) -> Browser:
    """Give a colleague's browser, signed in."""
    browser = Browser(app, "lisi")
    browser.sign_in()
    return browser


def test_a_relation_that_we_missed_is_read(
    box: Sandbox, runtime: Runtime, customer: str, lisi: Browser, wait: Wait
) -> None:
    know(runtime, customer)
    box.people.customer_scans("lisi", customer)
    wait(61)
    assert card(lisi, customer).status_code == 200


def test_somebody_elses_and_nobody_are_one_answer(
    runtime: Runtime, customer: str, lisi: Browser
) -> None:
    know(runtime, customer)
    answers = [card(lisi, one) for one in (customer, "wmNobody", "w" * 200, "wm%00", "wm'--")]
    assert {answer.status_code for answer in answers} == {404}
    assert len({without_id(answer) for answer in answers}) == 1
    assert "只是群成员" in answers[0].text
    assert all("新来的" not in answer.text for answer in answers)


def test_wecom_is_asked_for_a_stranger_once_a_minute(box: Sandbox, zhaoyi: Browser) -> None:
    zhaoyi.sign_in()
    for _ in range(5):
        assert card(zhaoyi, "wmNobody").status_code == 404
    assert reads(box, "wmNobody") == 1


def test_many_at_once_ask_once(box: Sandbox, runtime: Runtime, customer: str) -> None:
    cards = Cards(runtime)
    viewer = Viewer("zhaoyi", "赵忆南")
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: cards.find(viewer, customer), range(8)))
    assert all(found)
    assert reads(box, customer) == 1


def test_who_was_asked_for_is_forgotten_in_the_end(runtime: Runtime) -> None:
    cards = Cards(runtime)
    for number in range(2100):
        cards._asks._asked.of(("zhaoyi", f"wm{number}"))  # noqa: SLF001 -- what may not grow
    assert len(cards._asks._asked) == 2000  # noqa: SLF001


@pytest.mark.parametrize(
    ("errcode", "told"),
    [(-1, (503, "wecom_busy")), (45009, (503, "wecom_busy")), (48002, (502, "wecom_refuses"))],
)
def test_a_failure_of_wecom_is_no_answer_about_the_customer(
    box: Sandbox, zhaoyi: Browser, customer: str, errcode: int, told: tuple[int, str]
) -> None:
    zhaoyi.sign_in()
    box.faults.errcode(GET_CUSTOMER, errcode, times=None)
    answers = [card(zhaoyi, one) for one in (customer, "wmNobody")]
    assert [(a.status_code, problem_in(a)) for a in answers] == [told] * 2
    assert all("新来的" not in answer.text for answer in answers)


def test_after_a_failure_the_next_look_asks_again(
    box: Sandbox, zhaoyi: Browser, customer: str
) -> None:
    zhaoyi.sign_in()
    box.faults.errcode(GET_CUSTOMER, -1)
    assert card(zhaoyi, customer).status_code == 503
    assert card(zhaoyi, customer).status_code == 200


def test_a_slow_wecom_does_not_hold_the_page(box: Sandbox, zhaoyi: Browser, customer: str) -> None:
    zhaoyi.sign_in()
    hold = box.faults.hold(GET_CUSTOMER)
    assert problem_in(card(zhaoyi, customer)) == "wecom_busy"
    hold.release()


def test_who_was_deleted_by_the_customer_still_reads_the_card(
    box: Sandbox, runtime: Runtime, zhaoyi: Browser, customer: str
) -> None:
    zhaoyi.sign_in()
    know(runtime, customer)
    box.people.customer_deletes_member("zhaoyi", customer)
    assert card(zhaoyi, customer).status_code == 200


def test_an_unforeseen_error_is_told_without_its_cause(
    runtime: Runtime, zhaoyi: Browser, customer: str
) -> None:
    zhaoyi.sign_in()
    know(runtime, customer)
    with runtime.db.write() as session:
        session.execute(text("ALTER TABLE timeline RENAME TO away"))
    answer = card(zhaoyi, customer)
    assert (answer.status_code, problem_in(answer)) == (500, "server_error")
    assert not re.search("Traceback|sqlite|timeline", answer.text)


def test_a_database_that_is_away_is_told_as_any_other_error(
    runtime: Runtime, zhaoyi: Browser
) -> None:
    zhaoyi.sign_in()
    with runtime.db.write() as session:
        session.execute(text("ALTER TABLE members RENAME TO away"))
    page, fragment = zhaoyi.get("/sidebar/"), zhaoyi.get("/sidebar/", htmx=True)
    assert [problem_in(page), problem_in(fragment)] == ["server_error"] * 2
    assert page.text.startswith("<!doctype html>")
    assert fragment.text.startswith("<section")


def test_while_wecom_is_busy_a_known_customer_and_nobody_are_one_answer(
    box: Sandbox, runtime: Runtime, customer: str, lisi: Browser
) -> None:
    know(runtime, customer)
    box.faults.errcode(GET_CUSTOMER, -1, times=None)
    answers = [card(lisi, one) for one in (customer, "wmNobody")]
    assert [problem_in(answer) for answer in answers] == ["wecom_busy"] * 2


def test_what_a_colleague_has_opened_shows_in_no_answer_to_another(
    box: Sandbox, zhaoyi: Browser, customer: str, lisi: Browser
) -> None:
    zhaoyi.sign_in()
    assert card(zhaoyi, customer).status_code == 200
    box.faults.errcode(GET_CUSTOMER, -1, times=None)
    assert problem_in(card(lisi, customer)) == problem_in(card(lisi, "wmNobody")) == "wecom_busy"


def test_a_viewer_looks_for_twenty_strangers_a_minute(
    box: Sandbox, runtime: Runtime, customer: str, lisi: Browser, zhaoyi: Browser
) -> None:
    know(runtime, customer)
    zhaoyi.sign_in()
    outcomes = [card(lisi, f"wm{number}").status_code for number in range(30)]
    assert outcomes == [404] * 20 + [429] * 10
    assert len([call for call in box.ledger.calls() if call.api == GET_CUSTOMER]) == 21
    assert problem_in(card(lisi, "wmOneMore")) == "too_many"
    assert card(zhaoyi, customer).status_code == 200
    assert card(zhaoyi, "wmNobody").status_code == 404


def test_those_whom_he_may_see_a_viewer_opens_as_often_as_he_likes(
    runtime: Runtime, customer: str, zhaoyi: Browser
) -> None:
    know(runtime, customer)
    zhaoyi.sign_in()
    assert {card(zhaoyi, customer).status_code for _ in range(30)} == {200}


def test_the_ninth_who_waits_for_wecom_hears_at_once_that_it_is_busy(
    box: Sandbox, runtime: Runtime, customer: str
) -> None:
    cards, viewer = Cards(runtime), Viewer("zhaoyi", "")
    with ExitStack() as eight:
        for _ in range(8):
            turns = cards._asks._turns  # noqa: SLF001 -- nobody else has them
            eight.enter_context(turns.taken(GET_CUSTOMER))
        with pytest.raises(TryAgainLater):
            cards.find(viewer, customer)
    assert reads(box, customer) == 0
    assert cards.find(viewer, customer)


def test_who_opens_the_same_page_while_it_reads_waits_a_second(
    box: Sandbox, runtime: Runtime
) -> None:
    cards, viewer = Cards(runtime), Viewer("zhaoyi", "")
    hold = box.faults.hold(GET_CUSTOMER)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(cards.find, viewer, "wmNobody")
        turns = cards._asks._turns  # noqa: SLF001 -- nothing else tells it
        wait_until(lambda: turns._free._value < 8)  # noqa: SLF001
        began = monotonic()
        with pytest.raises(TryAgainLater):
            cards.find(viewer, "wmNobody")
        assert monotonic() - began < 2
        hold.release()
        wait_for_all([first])
