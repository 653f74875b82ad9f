"""A sign-in is finished by the browser that began it, once, and leads into our own pages alone."""

from urllib.parse import parse_qs, quote, urlsplit

import pytest
from werkzeug.test import TestResponse

from app.admin.auth import COOKIE
from sidebar.session import MEMBER_COOKIE
from tests.admin.conftest import Desk
from tests.admin.house import OWN, SEATS
from tests.attack.corpora.addresses import PLACES, bent_states
from tests.attack.town import Town
from tests.sidebar.browser import Browser

OWNER = SEATS["owner"]


@pytest.mark.parametrize("place", PLACES)
def test_no_sign_in_leads_anywhere_but_into_the_admin_web(town: Town, place: str) -> None:
    desk = Desk(town.house.app, OWNER)
    led = desk.get(desk.answer(next=place)).headers
    assert "X-Evil" not in led
    assert led["Location"].startswith("/admin/")
    assert urlsplit(led["Location"]).netloc == ""
    assert "evil" not in led["Location"].partition("?")[0]
    shown = town.house.desks["owner"].get(f"/admin/prove?next={quote(place)}").text
    assert f'next={place}"' not in shown


def signs_in(answer: TestResponse, cookie: str) -> bool:
    return any(line.startswith(f"{cookie}=") for line in answer.headers.getlist("Set-Cookie"))


def query_of(back: str) -> tuple[str, str]:
    found = parse_qs(urlsplit(back).query)
    return found["code"][0], found["state"][0]


def test_no_state_but_the_drawn_one_signs_anybody_in_at_the_sidebar(town: Town) -> None:
    browser = Browser(town.house.app, OWN)
    back = browser.answer(browser.begin())
    code, state = query_of(back)
    queries = list(bent_states(state))
    for query in queries:
        refused = browser.get(f"/sidebar/signed-in?code={code}&{query}")
        assert refused.status_code == 400, query
        assert not signs_in(refused, MEMBER_COOKIE), query
    assert len(queries) >= 40
    assert browser.get(back).status_code == 303


def test_no_state_but_the_drawn_one_signs_anybody_in_at_the_admin_web(town: Town) -> None:
    desk = Desk(town.house.app, OWNER)
    back = desk.answer()
    code, state = query_of(back)
    for query in bent_states(state):
        refused = desk.get(f"/admin/signed-in?code={code}&{query}")
        assert refused.status_code == 400, query
        assert not signs_in(refused, COOKIE), query
    assert desk.get(back).status_code == 303


def test_a_state_of_the_one_door_is_none_at_the_other(town: Town) -> None:
    browser, desk = Browser(town.house.app, OWNER), Desk(town.house.app, OWNER)
    at_sidebar, at_admin = browser.answer(browser.begin()), desk.answer()
    for name in ("banke_sign_in", "banke_admin_sign_in"):
        desk.take_cookie(browser.cookie("banke_sign_in") or "", name)
    code, state = query_of(at_sidebar)
    assert desk.get(f"/admin/signed-in?code={code}&state={state}").status_code == 400
    code, state = query_of(at_admin)
    assert browser.get(f"/sidebar/signed-in?code={code}&state={state}").status_code == 400


def test_a_cookie_from_before_the_sign_in_is_not_the_session_after_it(town: Town) -> None:
    desk = Desk(town.house.app, OWNER)
    desk.take_cookie("a" * 43)
    assert desk.sign_in().status_code == 303
    assert desk.cookie() != "a" * 43
    first = desk.cookie()
    assert desk.sign_in().status_code == 303
    assert desk.cookie() != first
    old = Desk(town.house.app, OWNER)
    old.take_cookie(first)
    assert old.get("/admin/overview").status_code == 303
