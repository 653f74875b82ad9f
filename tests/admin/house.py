"""An admin web for a whole module of tests, whose database each of them finds as it was at first.

A member of the manager's shop and one of another have lost a customer each; everybody with a role
is signed in, in two places.
"""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app import clock
from app.accounts.actions import grant_role, open_session
from app.accounts.models import AdminSession
from app.accounts.queries import digest_of
from app.admin.auth import COOKIE
from app.admin.pages.sessions.page import SHORT
from app.batches.actions import begin_batch
from app.batches.imports import add_rows, begin_import, end_reading
from app.batches.models import ImportRow
from app.churn.models import MassLoss
from app.customers.actions import Wish, create_reminder
from app.customers.actions.sealing import set_mobiles
from app.customers.models import Stage, Tag, TagGroup
from app.deliveries.actions import record_intent, record_outcome
from app.factory import create_app
from app.members.jobs import sync_members
from app.members.models import Member
from app.members.queries import find_member
from app.runtime import Runtime
from app.sandbox.server import Sandbox, SandboxServer
from app.sandbox.world import Member as SandboxMember
from app.sheet_files import SheetRow
from sidebar.session import MEMBER_COOKIE
from tests import settings
from tests.admin.conftest import SAME_SITE, Desk
from tests.churn.people import add, lose
from tests.sidebar.browser import Browser
from tests.sidebar.conftest import configure
from tests.sidebar.shelves import keep

# Who has which role, and a member without one, who is signed in beside his chats.
SEATS = {"owner": "qianer", "admin": "zhouwu", "manager": "sunsan", "auditor": "lisi"}
MEMBER = "zhaoyi"
# A member of the shop that the manager leads, and one of another.
OWN, FOREIGN = "chensi", "fengliu"
STAFF = (SandboxMember(OWN, "陈四明", [3]), SandboxMember(FOREIGN, "冯六一", [2]))
# What a page shows of them: the customer, by his name and as WeCom calls him; where one is signed
# in besides.
CUSTOMER, ELSEWHERE = "wm-{userid}-customer", "另一处 {userid}"
# A customer whom he still follows.
KEPT = "wm-{userid}-kept"


class House:
    """The application, a browser for everybody, and what is there to be reached.

    `ids`: by member, what his loss and his alarm are called; `sessions`: by member, his other one;
    `box`: the WeCom behind it.
    """

    def __init__(self, app: Flask, runtime: Runtime, database: Path, box: Sandbox) -> None:
        self.app = app
        self.box = box
        self.runtime = runtime
        self.ids: dict[str, dict[str, int]] = {}
        self.sessions: dict[str, str] = {}
        self.desks = {"nobody": Desk(app, ""), "member": Desk(app, MEMBER)}
        self._raw = sqlite3.connect(database, isolation_level=None)
        self._kept = sqlite3.connect(":memory:")
        with self.runtime.db.write() as session:
            self._fill(session)
        self._sign_member_in()
        self._cookies = {role: self.desks[role].cookie() for role in SEATS}
        self._tokens = {role: self.desks[role].token() for role in SEATS}
        self.keep()

    def ask(
        self,
        visitor: str,
        method: str,
        path: str,
        fields: Mapping[str, str] | None = None,
        *,
        headers: Mapping[str, str] = SAME_SITE,
        token: str | None = None,
    ) -> TestResponse:
        """Ask as somebody, a POST with the token of his pages unless one is given.

        What `fields` hold stands in the address, and for a POST in its form too: as the pages do it
        that say in their address what they are about.
        """
        desk, given = self.desks[visitor], dict(fields or {})
        address = f"{path}?{urlencode(given)}" if given else path
        if method == "GET":
            return desk.get(address)
        good = self.token_of(visitor) if token is None else token
        return desk.post(address, given | {"csrf_token": good}, dict(headers))

    def token_of(self, visitor: str) -> str:
        """Return the CSRF token of his pages; whoever has none brings somebody else's."""
        return self._tokens.get(visitor, self._tokens["owner"])

    def cookie_of(self, role: str) -> str:
        """Return the cookie with which this role is signed in."""
        return self._cookies[role]

    def has_changed(self) -> bool:
        """Tell whether anything was written since it was last put back."""
        return self.version() != self._version

    def keep(self) -> None:
        """Take the database as it is now for what every test finds."""
        self._raw.backup(self._kept)
        self._version = self.version()

    def put_back(self) -> None:
        """Make the database and the browsers what they were before the test."""
        for role, cookie in self._cookies.items():
            self.desks[role].take_cookie(cookie)
        if self.has_changed():
            self._kept.backup(self._raw)
            self._version = self.version()

    def close(self) -> None:
        """Let go of everything."""
        self._raw.close()
        self._kept.close()
        self.runtime.db.close()
        self.runtime.wecom.close()

    def version(self) -> int:
        """Return a number that every write changes."""
        version: int = self._raw.execute("PRAGMA data_version").fetchone()[0]
        return version

    def _fill(self, session: Session) -> None:
        for role, userid in SEATS.items():
            grant_role(session, userid, role)
            member = find_member(session, userid)
            assert member
            self.desks[role] = Desk(self.app, userid)
            self.desks[role].take_cookie(_open_session(session, member, "Chrome"))
            other = _open_session(session, member, ELSEWHERE.format(userid=userid))
            self.sessions[userid] = digest_of(other)[:SHORT]
        # So that its use is not noted while the tests ask.
        session.execute(update(AdminSession).values(seen_at=clock.utcnow() + timedelta(days=1)))
        for userid in (OWN, FOREIGN):
            self.ids[userid] = _lose_customer(session, userid)
        keep(session, "门店", "您好")

    def _sign_member_in(self) -> None:
        beside_chats = Browser(self.app, MEMBER)
        assert beside_chats.sign_in().status_code == 200
        cookie = beside_chats.cookie(MEMBER_COOKIE)
        assert cookie
        for name in (MEMBER_COOKIE, COOKIE):
            self.desks["member"].take_cookie(cookie, name)


@contextmanager
def open_house(folder: Path) -> Iterator[House]:
    """Open a house whose files lie in this folder."""
    box = Sandbox(clock_file=folder / "clock", seed=True)
    box.world.members.update({one.userid: one for one in STAFF})
    file = folder / "banke.db"
    with SandboxServer(box) as wecom, closing(settings.new_file(file)) as db:
        app = create_app(configure(folder, db, box, wecom))
        runtime = app.extensions["banke_runtime"]
        sync_members(runtime)
        with closing(House(app, runtime, file, box)) as house:
            yield house
    clock.follow(None)


@pytest.fixture(scope="module")
def shared_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Open the house of a module."""
    with open_house(tmp_path_factory.mktemp("house")) as made:
        yield made


@pytest.fixture
def house(shared_house: House) -> Iterator[House]:
    """Give the house as every test of this module finds it."""
    yield shared_house
    shared_house.put_back()


def _open_session(session: Session, member: Member, agent: str) -> str:
    return open_session(session, member, origin="127.0.0.1", agent=agent, way="wecom")


def _lose_customer(session: Session, userid: str) -> dict[str, int]:
    """Have a member lose a customer whom he welcomed and is to win back, and an alarm be given."""
    now, customer = clock.utcnow(), CUSTOMER.format(userid=userid)
    loss = lose(session, customer, userid=userid, at=now, name=customer)
    loss.assigned_to, loss.assigned_at = userid, now
    alarm = MassLoss(userid=userid, day=now.date(), count=11, minutes=60, last_at=now)
    session.add(alarm)
    delivery = record_intent(
        session,
        kind="welcome",
        dedupe_key=userid,
        recipient=customer,
        userid=userid,
        external_userid=customer,
    )
    assert delivery
    record_outcome(session, delivery.id, outcome="sent")
    session.flush()
    return {"loss": loss.id, "alarm": alarm.id, **_keep_customer(session, userid)}


def _keep_customer(session: Session, userid: str) -> dict[str, int]:
    """Have a member follow a customer, with a number and a reminder."""
    customer = KEPT.format(userid=userid)
    follow = add(session, customer, userid=userid, name=customer)
    set_mobiles(session, follow, ["13800001234"])
    wish = Wish(
        userid=userid,
        external_userid=customer,
        key=f"kept-{userid}",
        due_at=clock.utcnow() + timedelta(days=1),
        text=customer,
    )
    reminder = create_reminder(session, wish)
    stages = select(Stage.id).order_by(Stage.pipeline_id, Stage.position)
    tag = session.scalars(select(Tag.id)).first()
    if tag is None:
        session.add(TagGroup(group_id="etg", name="等级", position=1))
        session.flush()
        row = Tag(tag_id="et", group_id="etg", name="重要", position=1)
        session.add(row)
        session.flush()
        tag = row.id
    session.flush()
    # A manager sees his own batches alone.
    begun_by = SEATS["manager" if userid == OWN else "owner"]
    what = {"text": "回访", "at": wish.due_at.isoformat()}
    batch = begin_batch(
        session, kind="reminder", userid=begun_by, what=what, chosen=[(follow.id, customer)]
    )
    return {
        **_hand_tables_in(session, begun_by),
        "batch": batch.id,
        "follow": follow.id,
        "reminder": reminder.id,
        "stage": session.scalars(stages).all()[1],
        "tag": tag,
    }


def _hand_tables_in(session: Session, userid: str) -> dict[str, int]:
    """Have somebody import tables, one at each step."""
    found = {}
    for name, phase, outcome in (
        ("import", "mapping", None),
        ("checked", "checked", "ready"),
        ("moving", "working", "ready"),
        ("imported", "done", "partly"),
    ):
        heading = SheetRow(1, ("external_userid", "跟进"))
        batch = begin_import(
            session, userid=userid, filename="表.csv", heading=heading, is_manager=False
        )
        end_reading(batch, total=add_rows(session, batch.id, [SheetRow(2, ("wm", "说"))]))
        batch.what = batch.what | {"phase": phase}
        batch.due_at = clock.utcnow() if phase == "working" else None
        row = session.scalars(select(ImportRow).where(ImportRow.batch_id == batch.id)).one()
        row.outcome = outcome
        row.faults = [["跟进", "没有覆盖"]] if phase == "done" else []
        found[name] = batch.id
    session.flush()
    return found
