"""The house of the admin web with more to steal: cards, notes, groups and items of two members.

Whatever is one member's own has his canary in it, so that an answer to anybody else shows whether
it was given away. Everybody walks through what his own pages offer him.
"""

from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app import clock
from app.customers.actions import Wish, create_reminder
from app.customers.actions.follow_ups import Box, record_follow_up, save_draft
from app.customers.models import Customer
from sidebar.panels import BOARDS
from tests.admin.board import SUBJECTS, TARGETS
from tests.admin.conftest import SAME_SITE
from tests.admin.house import CUSTOMER, FOREIGN, KEPT, OWN, SEATS, House, open_house
from tests.attack.offers import Asking, offers_of
from tests.sidebar.browser import Browser
from tests.sidebar.cards import unhurried
from tests.sidebar.shelves import keep, picture_of, text

CANARY = "canary-{userid}-{what}"
# Of all that is somebody's.
MARK = "canary-{userid}-"
MOST_SHAPES = 600
# What ends the walk, or only leads out.
LEFT_OUT = ("/admin/sign-out", "/admin/sign-in", "/admin/prove", "/sidebar/signed-in")
# Who asks, and at which door.
Seat = tuple[str, str]
SIDEBAR, ADMIN = "sidebar", "admin"


def canary(userid: str, what: str) -> str:
    """Return what shows that this of a member's was given away."""
    return CANARY.format(userid=userid, what=what)


@dataclass(frozen=True)
class Walk:
    """What somebody was offered on his way: each request once, and every value by its name."""

    askings: list[Asking]
    values: dict[str, set[str]]


@dataclass
class Town:
    """A house whose members have cards. `cards`: by member, the customer and the group."""

    house: House
    cards: dict[str, tuple[str, str]] = field(default_factory=dict)
    browsers: dict[str, Browser] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)

    def fill(self) -> None:
        """Have both members come by their cards and items."""
        for userid in (OWN, FOREIGN):
            self.cards[userid] = self._make_cards(userid)
        for userid in (OWN, FOREIGN, SEATS["manager"], SEATS["admin"]):
            browser = Browser(self.house.app, userid)
            assert browser.sign_in().status_code == 200
            self.browsers[userid] = browser
            self.tokens[userid] = browser.csrf_token()
        for userid in (OWN, FOREIGN):
            for path in self.paths_of(userid):
                assert self.browsers[userid].get(path).status_code == 200, path
        with self.house.runtime.db.write() as session:
            for userid in (OWN, FOREIGN):
                _write_down(session, userid, self.cards[userid][0])
                _name_alike(session, userid)
        self.house.keep()

    def paths_of(self, userid: str) -> Iterator[str]:
        """Yield the addresses of the panels of a member's cards."""
        for kind, whom in zip(BOARDS, self.cards[userid], strict=True):
            yield from (f"/sidebar/{kind}/{whom}/{panel.name}" for panel in BOARDS[kind])

    def ask(self, seat: Seat, asking: Asking) -> TestResponse:
        """Send a request as somebody, with the token of his own pages."""
        door, who = seat
        if door == ADMIN:
            return self._ask_admin(who, asking)
        browser = self.browsers[who]
        if asking.method == "GET":
            return browser.get(asking.address, htmx=True)
        return browser.post(asking.address, token=self.tokens[who], data=dict(asking.form))

    def put_back(self) -> None:
        """Make all what it was."""
        self.house.put_back()

    def walk(self, seat: Seat, whose: str) -> Walk:
        """Go wherever his own pages lead, to each shape once, beginning where he begins.

        Reading comes first: what is posted may end what others offer.
        """
        found: dict[object, Asking] = {}
        values: dict[str, set[str]] = defaultdict(set)
        left = deque(self._beginnings(seat, whose))
        later: deque[Asking] = deque()
        while (left or later) and len(found) < MOST_SHAPES:
            asking = left.popleft() if left else later.popleft()
            for name, value in (*asking.query, *asking.form):
                values[name].add(value)
            if asking.shape in found or asking.path.startswith(LEFT_OUT):
                continue
            found[asking.shape] = asking
            for one in self._offered(seat, asking, whose):
                (left if one.method == "GET" else later).append(one)
        self.put_back()
        return Walk(list(found.values()), values)

    def _offered(self, seat: Seat, asking: Asking, whose: str) -> Iterator[Asking]:
        answer = self.ask(seat, asking)
        if answer.mimetype == "text/html":
            for one in offers_of(answer.text, at=asking.address, typed=f"{whose} typed"):
                if one.path.startswith(f"/{seat[0]}/"):
                    yield one

    def values_about(self, role: str, userid: str) -> dict[str, set[str]]:
        """Return what names this member's in the admin web, sealed and not, by its name."""
        values: dict[str, set[str]] = defaultdict(set)
        for asking in self._beginnings((ADMIN, role), userid):
            for name, value in asking.query:
                values[name].add(value)
        return values

    def _beginnings(self, seat: Seat, whose: str) -> Iterator[Asking]:
        if seat[0] == SIDEBAR:
            yield from (Asking("GET", path) for path in self.paths_of(whose))
            return
        yield from (Asking("GET", one.path) for one in TARGETS if one.is_listed)
        for one in TARGETS:
            if one.name in SUBJECTS and one.allows(seat[1]):
                subject = SUBJECTS[one.name]
                about = SEATS[seat[1]] if subject.is_ones_own else whose
                given = tuple(subject.fields(self.house, about).items())
                yield Asking(one.method, one.path, given, given if one.method == "POST" else ())

    def _ask_admin(self, role: str, asking: Asking) -> TestResponse:
        desk = self.house.desks[role]
        if asking.method == "GET":
            return desk.get(asking.address)
        form = dict(asking.form) | {"csrf_token": self.house.token_of(role)}
        return desk.post(asking.address, form, dict(SAME_SITE))

    def _make_cards(self, userid: str) -> tuple[str, str]:
        people = self.house.box.people
        customer = people.customer_scans(
            userid, name=canary(userid, "name"), state="store"
        ).external_userid
        remark, words = canary(userid, "remark"), canary(userid, "words")
        people.member_edits_remark(userid, customer, remark=remark[:20], description=words)
        chat_id = people.group_created(userid, canary(userid, "group"), members=[customer]).chat_id
        self.house.box.world.groups[chat_id].notice = canary(userid, "notice")
        return customer, chat_id


def _name_alike(session: Session, userid: str) -> None:
    """Give the customers of the house names that nobody types."""
    for name in (CUSTOMER, KEPT):
        customer = session.get_one(Customer, name.format(userid=userid))
        customer.name = canary(userid, "name")


def _write_down(session: Session, userid: str, customer: str) -> None:
    """Give a member a note, a draft, a reminder, and items of his own on both shelves."""

    def box(key: str) -> Box:
        return Box(userid=userid, external_userid=customer, key=f"{key}-{userid}-of-the-attack")

    record_follow_up(session, box("note"), text=canary(userid, "note"))
    save_draft(session, box("draft"), text=canary(userid, "draft"), version=1)
    wish = Wish(
        userid=userid,
        external_userid=customer,
        key=f"reminder-{userid}-of-the-attack",
        due_at=clock.utcnow() + timedelta(days=1),
        text=canary(userid, "reminder"),
    )
    create_reminder(session, wish)
    keep(session, canary(userid, "script"), text(canary(userid, "said")), owner=userid)
    picture = picture_of(session, owner=userid, filename=f"{canary(userid, 'file')}.png")
    keep(session, canary(userid, "shelf"), picture, owner=userid, shelf="materials")


@contextmanager
def open_town(folder: Path) -> Iterator[Town]:
    """Open a town whose files lie in this folder; nobody there is in too much of a hurry."""
    with open_house(folder) as house:
        unhurried(house.app)
        town = Town(house)
        town.fill()
        yield town
