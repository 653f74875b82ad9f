"""Who gets what: every route of the sidebar, asked by everybody."""

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass

import pytest
from flask import Flask
from werkzeug.routing import Rule

from app.access import policy_of
from app.clock import utcnow
from app.members.actions import record_departed
from app.runtime import Runtime
from app.sandbox.server import Sandbox
from sidebar.panels import GROUP_PANELS, PANELS
from tests.sidebar.browser import Browser, problem_in


@dataclass(frozen=True)
class Cards:
    """Whose cards there are to look at, by the places in the addresses."""

    external_userid: str
    chat_id: str


@pytest.fixture
def cards(box: Sandbox, customer: str) -> Cards:
    """Give a customer and a group that we know nothing of yet."""
    return Cards(customer, box.people.group_created("zhaoyi", "没听说过的群").chat_id)


# zhaoyi follows the customer and owns the group; lisi is in the same shop, zhouwu in another
# department; sunsan leads the shop and qianer what lies over it.
PEOPLE = {
    "own member": "zhaoyi",
    "colleague": "lisi",
    "stranger": "zhouwu",
    "manager": "sunsan",
    "manager's manager": "qianer",
    "deactivated": "zhaoyi",
    "anonymous": "",
}
MAY = {
    "member": {"own member", "colleague", "stranger", "manager", "manager's manager"},
    "member-of-customer": {"own member", "manager", "manager's manager"},
    "member-of-group": {"own member", "manager", "manager's manager"},
}
SIGNED_OUT = {"deactivated", "anonymous"}


def sidebar_requests(app: Flask, cards: Cards) -> Iterator[tuple[Rule, str, str]]:
    """Yield every route as (rule, method, address), once for every panel and action."""
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith("sidebar."):
            for path in addresses(rule, cards):
                for method in sorted((rule.methods or set()) & {"GET", "POST", "PUT", "DELETE"}):
                    yield rule, method, path


def addresses(rule: Rule, cards: Cards) -> Iterator[str]:
    """Fill a rule's places. A place that is not known here is a mistake: KeyError."""
    yield from dict.fromkeys(
        "".join(
            places[part[1:-1]] if part.startswith("<") else part
            for part in re.split(r"(<\w+>)", rule.rule)
        )
        for places in places_of(rule, cards)
    )


def places_of(rule: Rule, cards: Cards) -> Iterator[dict[str, str]]:
    """Yield what the places of an address can hold: a part is also what an action leaves behind."""
    board = GROUP_PANELS if "chat_id" in rule.arguments else PANELS
    for panel in board:
        names = panel.actions if "action" in rule.arguments else {**panel.actions, **panel.parts}
        for name in names:
            yield {**asdict(cards), "panel": panel.name, "action": name, "part": name}


def browser_of(app: Flask, runtime: Runtime, person: str) -> Browser:
    browser = Browser(app, PEOPLE[person])
    if person != "anonymous":
        browser.sign_in()
    if person == "deactivated":
        with runtime.db.write() as session:
            record_departed(session, "zhaoyi", utcnow())
    return browser


@pytest.mark.parametrize("person", PEOPLE)
def test_every_route_gives_everybody_what_its_policy_says(
    app: Flask, runtime: Runtime, cards: Cards, person: str
) -> None:
    browser = browser_of(app, runtime, person)
    token = "" if person in SIGNED_OUT else browser.csrf_token()
    asked = 0
    for rule, method, path in sidebar_requests(app, cards):
        policy = policy_of(app.view_functions[rule.endpoint])
        if policy == "public":
            continue
        answers = (
            [browser.get(path), browser.get(path, htmx=True)]
            if method == "GET"
            else [browser.post(path, token=token, data={})]
        )
        outcomes = [(answer.status_code, problem_in(answer)) for answer in answers]
        assert outcomes == expected(str(policy), person, method, outcomes), (method, path)
        asked += 1
    assert asked >= 4


def expected(
    policy: str, person: str, method: str, outcomes: list[tuple[int, str | None]]
) -> list[tuple[int, str | None]]:
    """Return what must come; who is let in gets whatever the view answers to such a request."""
    if person in SIGNED_OUT:
        fragment = (401, "sign_in_expired")
        return [(302, None), fragment] if method == "GET" else [fragment]
    if person not in MAY[policy]:
        return [(404, "no_permission")] * len(outcomes)
    turned_away = {"sign_in_expired", "no_permission", "outside_wecom", "server_error"}
    assert not {problem for _, problem in outcomes} & turned_away
    # 303: whoever loads an action's address is led to its panel.
    assert method != "GET" or {status for status, _ in outcomes} in ({200}, {303})
    return outcomes


def test_a_route_to_a_customer_asks_whether_one_may_see_him(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        policy = policy_of(app.view_functions[rule.endpoint])
        if rule.endpoint.startswith("sidebar."):
            assert ("external_userid" in rule.arguments) == (policy == "member-of-customer")
            assert ("chat_id" in rule.arguments) == (policy == "member-of-group")


def test_only_what_shows_nothing_of_anybody_is_for_everybody(app: Flask) -> None:
    public = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("sidebar.")
        and policy_of(app.view_functions[rule.endpoint]) == "public"
    }
    assert public == {"sidebar.add_slash", "sidebar.signed_in"}


@pytest.mark.parametrize("token", ["", "0" * 32, "文字"])
def test_nothing_is_changed_without_the_csrf_token(
    app: Flask, cards: Cards, zhaoyi: Browser, token: str
) -> None:
    zhaoyi.sign_in()
    for _, method, path in sidebar_requests(app, cards):
        if method == "POST":
            refused = zhaoyi.post(path, data={"csrf_token": token})
            assert (refused.status_code, problem_in(refused)) == (403, "sign_in_expired")


def test_the_csrf_token_of_a_colleague_is_of_no_use(app: Flask, zhaoyi: Browser) -> None:
    colleague = Browser(app, "lisi")
    colleague.sign_in()
    zhaoyi.sign_in()
    url = {"url": "http://127.0.0.1:8000/sidebar/"}
    refused = zhaoyi.post("/sidebar/jssdk/signatures", token=colleague.csrf_token(), json=url)
    assert refused.status_code == 403


def test_a_form_brings_the_token_in_a_field(app: Flask, cards: Cards, zhaoyi: Browser) -> None:
    zhaoyi.sign_in()
    form = {"csrf_token": zhaoyi.csrf_token()}
    path = next(
        p for _, m, p in sidebar_requests(app, cards) if m == "POST" and cards.external_userid in p
    )
    assert zhaoyi.post(path, data=form).status_code != 403
