"""Who gets what: every route, page, part and action of the admin web, asked by everybody."""

import pytest
from sqlalchemy import update

from app import clock
from app.access import policy_of
from app.accounts.models import ROLES, AdminSession
from app.admin.auth import PROOF_LIFE, SIGN_IN
from app.admin.pages import PAGES
from app.admin.permissions import PERMISSIONS, ROLE_TELLS, ROLE_WORDS
from app.admin.views import CHOOSE
from tests.admin.board import (
    ALIKE,
    BY_NAME,
    FIXED,
    PAGE_RULES,
    POSTED,
    PROVEN,
    SUBJECTS,
    TARGETS,
    VISITORS,
    Target,
)
from tests.admin.conftest import SAME_SITE
from tests.admin.house import CUSTOMER, FOREIGN, OWN, SEATS, House, house, shared_house

__all__ = ["house", "shared_house"]

PUBLIC = {
    "admin.add_slash",
    "admin.show_sign_in",
    "admin.begin_sign_in",
    "admin.finish_sign_in",
    "admin.use_link",
}
# What comes from elsewhere, or without the token of the page. None: the good one.
LETTERS: list[tuple[dict[str, str], str | None]] = [
    (SAME_SITE, ""),
    (SAME_SITE, "0" * 32),
    ({"Sec-Fetch-Site": "cross-site"}, None),
    ({"Sec-Fetch-Site": "same-site"}, None),
    ({"Origin": "https://evil.example.com"}, None),
    ({"Sec-Fetch-Site": "same-origin", "Origin": "https://evil.example.com"}, None),
    ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, None),
    ({}, None),
]


def test_every_role_has_words_and_every_permission_somebody() -> None:
    assert set(ROLES) == ROLE_WORDS.keys() == ROLE_TELLS.keys()
    assert all(roles and roles <= set(ROLES) for roles in PERMISSIONS.values())


def test_every_page_and_action_names_a_permission_that_there_is() -> None:
    named = {page.permission for page in PAGES}
    named |= {one.permission for page in PAGES for one in page.actions.values()}
    named |= {one.permission for page in PAGES for one in page.parts.values()}
    assert named <= PERMISSIONS.keys()


def test_only_the_way_in_is_for_everybody(house: House) -> None:
    app = house.app
    endpoints = [rule.endpoint for rule in app.url_map.iter_rules()]
    ours = {name for name in endpoints if name.startswith("admin.")}
    public = {name for name in ours if policy_of(app.view_functions[name]) == "public"}
    assert public == PUBLIC


def test_an_auditor_changes_nothing_but_where_he_is_signed_in() -> None:
    allowed = {one.name for one in POSTED if one.allows("auditor")}
    choosing = {f"{page.name}/{CHOOSE}" for page in PAGES}
    assert allowed - choosing == {
        "audit/verify",
        "customers/drop",
        "customers/keep",
        "sessions/end",
        "sessions/end-others",
        "welcomes/ask",
    }


def test_every_route_has_its_row(house: House) -> None:
    rules = [rule for rule in house.app.url_map.iter_rules() if rule.endpoint.startswith("admin.")]
    ways = {
        (method, rule.rule.removeprefix("/admin"))
        for rule in rules
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert ways == FIXED.keys() | PAGE_RULES


def test_whatever_a_manager_may_use_says_whose_it_is_about() -> None:
    allowed = {one.name for one in TARGETS if one.allows("manager")}
    choosing = {f"{page.name}/{CHOOSE}" for page in PAGES}
    assert allowed - choosing == SUBJECTS.keys() | ALIKE.keys()
    assert not SUBJECTS.keys() & ALIKE.keys()


@pytest.mark.parametrize("visitor", VISITORS)
@pytest.mark.parametrize(("method", "rule"), FIXED)
def test_a_route_that_is_no_page_answers_as_it_says(
    house: House, method: str, rule: str, visitor: str
) -> None:
    answer = house.ask(visitor, method, f"/admin{rule}")
    is_inside = visitor in SEATS
    assert answer.status_code in (
        FIXED[method, rule].inside if is_inside else FIXED[method, rule].outside
    )
    if answer.status_code == 303:
        is_out = not is_inside or rule == "/sign-out"
        assert answer.headers["Location"] == (SIGN_IN if is_out else "/admin/overview")


@pytest.mark.parametrize("visitor", VISITORS)
@pytest.mark.parametrize("target", TARGETS, ids=str)
def test_everybody_gets_what_his_role_allows_and_nothing_else(
    house: House, target: Target, visitor: str
) -> None:
    answer = house.ask(visitor, target.method, target.path)
    if target.allows(visitor):
        assert answer.status_code == 200 or not target.is_listed
        assert answer.status_code != 403
        assert answer.status_code < 500
        assert answer.headers.get("Location") != SIGN_IN
        return
    expected = (403, None) if visitor in SEATS else (303, SIGN_IN)
    assert (answer.status_code, answer.headers.get("Location")) == expected
    assert not house.has_changed()


@pytest.mark.parametrize("target", [one for one in TARGETS if one.method == "GET"], ids=str)
def test_a_manager_is_shown_no_customer_of_others(house: House, target: Target) -> None:
    assert CUSTOMER.format(userid=FOREIGN) not in house.ask("manager", "GET", target.path).text


@pytest.mark.parametrize("whose", ["own", "foreign"])
@pytest.mark.parametrize("visitor", VISITORS)
@pytest.mark.parametrize("name", SUBJECTS)
def test_whom_it_is_about_is_reached_within_ones_scope_alone(
    house: House, name: str, visitor: str, whose: str
) -> None:
    target, subject = BY_NAME[name], SUBJECTS[name]
    userid = {"own": OWN, "foreign": FOREIGN}[whose]
    sees = whose == "own" or visitor != "manager"
    if subject.is_ones_own:
        me = SEATS.get(visitor, "")
        other = next(one for one in SEATS.values() if one != me)
        userid, sees = (me or other, True) if whose == "own" else (other, False)
    answer = house.ask(visitor, target.method, target.path, subject.fields(house, userid))
    mark = subject.mark.format(userid=userid)
    is_reached = mark in answer.text if mark else house.has_changed()
    assert is_reached == (target.allows(visitor) and sees)


@pytest.mark.parametrize("visitor", VISITORS)
@pytest.mark.parametrize("target", POSTED, ids=str)
def test_nothing_is_changed_but_from_a_page_of_ours(
    house: House, target: Target, visitor: str
) -> None:
    for headers, token in LETTERS:
        answer = house.ask(visitor, "POST", target.path, headers=headers, token=token)
        is_led = visitor not in SEATS and headers == SAME_SITE
        assert answer.status_code == (303 if is_led else 403), (headers, token)
    assert not house.has_changed()


@pytest.mark.parametrize("rule", [rule for method, rule in FIXED if method == "POST"])
def test_nobody_is_signed_in_or_out_but_from_a_page_of_ours(house: House, rule: str) -> None:
    for headers, token in LETTERS:
        # Whoever signs in has no token yet.
        if headers != SAME_SITE or rule == "/sign-out":
            answer = house.ask("owner", "POST", f"/admin{rule}", headers=headers, token=token)
            assert answer.status_code == 403, (headers, token)
    assert not house.has_changed()


@pytest.mark.parametrize("role", SEATS)
@pytest.mark.parametrize("target", PROVEN, ids=str)
def test_what_asks_for_more_is_for_a_fresh_sign_in_alone(
    house: House, target: Target, role: str
) -> None:
    with house.runtime.db.write() as session:
        session.execute(update(AdminSession).values(proved_at=clock.utcnow() - 2 * PROOF_LIFE))
    before = house.version()
    answer = house.ask(role, target.method, target.path)
    is_led = target.method == "GET" and target.allows(role)
    assert answer.status_code == (303 if is_led else 403)
    assert house.version() == before


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("target", [one for one in TARGETS if one.method == "GET"], ids=str)
def test_what_is_read_is_changed_by_no_method(house: House, target: Target, method: str) -> None:
    assert house.desks["owner"].ask(method, target.path).status_code in {404, 405}
    assert not house.has_changed()


@pytest.mark.parametrize("target", POSTED, ids=str)
def test_what_is_posted_is_not_read(house: House, target: Target) -> None:
    assert house.ask("owner", "GET", target.path).status_code == 404


def test_our_own_origin_alone_will_do_for_an_old_browser(house: House) -> None:
    own = {"Origin": "http://127.0.0.1:8000"}
    assert house.ask("owner", "POST", "/admin/audit/verify", headers=own).status_code == 303


def test_pages_let_no_script_of_others_run_and_nobody_frame_them(house: House) -> None:
    answer = house.ask("nobody", "GET", "/admin/sign-in")
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"


def test_an_unknown_page_and_action_is_none(house: House) -> None:
    owner = house.desks["owner"]
    assert owner.get("/admin/nothing").status_code == 404
    assert owner.act("/admin/members/nothing").status_code == 404
    assert owner.get("/admin/members/give").status_code == 404
