"""Who gets what: every route of the sidebar, asked by everybody, about everybody's customers."""

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass

import pytest
from flask import Flask
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from app.access import policy_of
from app.db import Database
from app.runtime import Runtime
from app.sandbox.server import Sandbox
from sidebar.panels import GROUP_PANELS, PANELS
from tests.sidebar.browser import Browser, problem_in
from tests.sidebar.cards import unhurried
from tests.sidebar.conftest import WAYS_OUT
from tests.sidebar.shelves import keep, picture_of

# Of whom there is neither a customer nor a group.
NOBODY = "nobody"


@dataclass(frozen=True)
class Cards:
    """A member's cards, by the places in the addresses; a picture of the corp's."""

    external_userid: str
    chat_id: str
    material_id: str


@dataclass(frozen=True)
class Person:
    """Who asks. `sees`: whose cards; `way_out`: how he went after he had signed in."""

    userid: str
    sees: frozenset[str] = frozenset()
    way_out: str = ""

    @property
    def is_signed_in(self) -> bool:
        """Whether he is signed in when he asks."""
        return bool(self.userid and not self.way_out)


# zhaoyi and lisi, in the same shop, have a customer and a group each, whom nobody else follows;
# zhouwu is in another department; sunsan leads the shop and qianer what lies over it.
NOT_HIS = {"member-of-customer": "no_permission", "member-of-group": "no_group"}
OWNERS = ("zhaoyi", "lisi")
PEOPLE = {
    "own member": Person("zhaoyi", frozenset({"zhaoyi"})),
    "colleague": Person("lisi", frozenset({"lisi"})),
    "stranger": Person("zhouwu"),
    "manager": Person("sunsan", frozenset(OWNERS)),
    "manager's manager": Person("qianer", frozenset(OWNERS)),
    **{way: Person("zhaoyi", way_out=way) for way in WAYS_OUT},
    "anonymous": Person(""),
}


def marks_of(owner: str) -> list[str]:
    """Return what a member's customer and group are known by, and nobody else's."""
    return [f"{owner}-{what}" for what in ("name", "remark", "words", "state", "group", "notice")]


ALL_MARKS = [mark for owner in OWNERS for mark in marks_of(owner)]


@pytest.fixture
def cards(box: Sandbox, db: Database) -> dict[str, Cards]:
    """Give everybody's cards, of which we know nothing yet, and those that nobody has."""
    with db.write() as session:
        picture = picture_of(session)
        keep(session, "门店", picture, shelf="materials")
    material_id = str(picture.material_id)
    made = {owner: Cards(*_make_cards(box, owner), material_id) for owner in OWNERS}
    return made | {NOBODY: Cards("wmNobody", "wrNothing", "1")}


def _make_cards(box: Sandbox, owner: str) -> tuple[str, str]:
    name, remark, description, state, group, notice = marks_of(owner)
    customer = box.people.customer_scans(owner, name=name, state=state).external_userid
    box.people.member_edits_remark(owner, customer, remark=remark, description=description)
    chat_id = box.people.group_created(owner, group, members=[customer]).chat_id
    box.world.groups[chat_id].notice = notice
    return customer, chat_id


@pytest.fixture
def own_cards(cards: dict[str, Cards]) -> Cards:
    """Give zhaoyi's."""
    return cards["zhaoyi"]


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
        files = [f"{name}?material={cards.material_id}" for name in panel.files]
        read = [*panel.actions, *panel.parts, *files]
        for name in panel.actions if "action" in rule.arguments else read:
            yield {**asdict(cards), "panel": panel.name, "action": name, "part": name}


@pytest.fixture
def browser(app: Flask, runtime: Runtime, box: Sandbox, person: str) -> Browser:
    """Give the browser of one of the people; those who went signed in before."""
    asks = PEOPLE[person]
    browser = Browser(unhurried(app), asks.userid)
    if asks.userid:
        browser.sign_in()
    if asks.way_out:
        WAYS_OUT[asks.way_out](box, runtime, asks.userid)
    return browser


@pytest.mark.parametrize("person", PEOPLE)
def test_every_route_gives_everybody_what_its_policy_says_and_nobody_elses(
    app: Flask, cards: dict[str, Cards], browser: Browser, person: str
) -> None:
    asks = PEOPLE[person]
    token = browser.csrf_token() if asks.is_signed_in else ""
    for owner, card in cards.items():
        own = marks_of(owner) if owner in asks.sees else []
        said, asked = "", 0
        for policy, method, path in personal_requests(app, card):
            answers = answers_to(browser, method, path, token)
            outcomes = [(answer.status_code, problem_in(answer)) for answer in answers]
            whose = "" if policy == "member" else owner
            refusal = NOT_HIS.get(policy, "") if whose not in asks.sees else ""
            assert outcomes == expected(asks, refusal, method, outcomes), (method, path)
            told = "".join(f"{answer.headers}{answer.get_data()!r}" for answer in answers)
            assert [mark for mark in ALL_MARKS if mark in told and mark not in own] == [], path
            said, asked = said + told, asked + 1
        assert asked > 50
        # What is kept from the others is there to be seen.
        assert [mark for mark in own if mark not in said] == []


def personal_requests(app: Flask, card: Cards) -> Iterator[tuple[str, str, str]]:
    """Yield those that are not for everybody, as (policy, method, address)."""
    for rule, method, path in sidebar_requests(app, card):
        policy = str(policy_of(app.view_functions[rule.endpoint]))
        if policy != "public":
            yield policy, method, path


def answers_to(browser: Browser, method: str, path: str, token: str) -> list[TestResponse]:
    """Ask, a page also as htmx does."""
    if method == "GET":
        return [browser.get(path), browser.get(path, htmx=True)]
    return [browser.post(path, token=token, data={})]


def expected(
    asks: Person, refusal: str, method: str, outcomes: list[tuple[int, str | None]]
) -> list[tuple[int, str | None]]:
    """Return what must come; who is let in gets whatever the view answers to such a request.

    `refusal`: the problem that says no to him; "" where he is let in.
    """
    if not asks.is_signed_in:
        fragment = (401, "sign_in_expired")
        return [(302, None), fragment] if method == "GET" else [fragment]
    if refusal:
        return [(404, refusal)] * len(outcomes)
    turned_away = {"sign_in_expired", "outside_wecom", "server_error", *NOT_HIS.values()}
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
    app: Flask, own_cards: Cards, zhaoyi: Browser, token: str
) -> None:
    zhaoyi.sign_in()
    for _, method, path in sidebar_requests(app, own_cards):
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


def test_a_form_brings_the_token_in_a_field(app: Flask, own_cards: Cards, zhaoyi: Browser) -> None:
    zhaoyi.sign_in()
    form = {"csrf_token": zhaoyi.csrf_token()}
    path = next(
        p
        for _, m, p in sidebar_requests(app, own_cards)
        if m == "POST" and own_cards.external_userid in p
    )
    assert zhaoyi.post(path, data=form).status_code != 403
