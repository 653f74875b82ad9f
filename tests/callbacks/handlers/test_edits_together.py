"""One reading of a customer serves all of his edits that wait, and none that came after it."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from app import clock
from app.churn.models import Loss
from app.claims import Claim, claim_due
from app.db import Database
from app.inbox.actions import record_received
from app.inbox.models import InboxEvent
from app.runtime import Runtime, build_runtime
from app.sandbox.server import Sandbox, SandboxServer
from callbacks.handlers.change_external_contact.edit_external_contact import ALONG
from callbacks.jobs import work_event
from tests.callbacks.letters import received_of
from tests.settings import make_config

GET = "externalcontact/get"
EDIT, LEFT = "edit_external_contact", "del_follow_user"
A, B = "zhaoyi", "qianer"


class Shop:
    """A customer whom two members have, and the events about him in our inbox."""

    def __init__(self, box: Sandbox, runtime: Runtime) -> None:
        self.box = box
        self.runtime = runtime
        self.customer = box.people.customer_scans(A).external_userid
        box.people.customer_scans(B, self.customer)
        self._second = 0

    def comes(
        self,
        userid: str = A,
        *,
        change: str = EDIT,
        customer: str = "",
        ago: float = 60.0,
    ) -> int:
        """Store an event, each a second later by WeCom's clock; return its id."""
        self._second += 1
        at = round(clock.utcnow().timestamp()) - 100 + self._second
        received = received_of(
            self.runtime,
            ChangeType=change,
            UserID=userid,
            ExternalUserID=customer or self.customer,
            WelcomeCode="",
            CreateTime=str(at),
        )
        received = replace(
            received,
            received_at=clock.utcnow() - timedelta(seconds=ago) + timedelta(microseconds=1),
        )
        self.runtime.db.commit(lambda session: record_received(session, [received]))
        with self.runtime.db.read() as session:
            return session.scalars(
                select(InboxEvent.id).where(InboxEvent.dedupe_key == received.dedupe_key)
            ).one()

    def claim(self, limit: int = 1) -> list[Claim]:
        with self.runtime.db.write() as session:
            return claim_due(session, InboxEvent, limit=limit, lease=60)

    def work(self) -> None:
        """Work the event that has been due for longest."""
        for claim in self.claim():
            work_event(self.runtime, claim)

    def row(self, event_id: int) -> InboxEvent:
        with self.runtime.db.read() as session:
            return session.get_one(InboxEvent, event_id)

    def fates(self) -> list[str | None]:
        with self.runtime.db.read() as session:
            return list(session.scalars(select(InboxEvent.fate).order_by(InboxEvent.id)))

    @property
    def readings(self) -> int:
        return len(self.box.ledger.calls(GET))


@contextmanager
def opened(folder: Path, db: Database) -> Iterator[Shop]:
    box = Sandbox(seed=True)
    with SandboxServer(box) as address:
        wecom = {"api_base": address, "secret": box.secret}
        runtime = build_runtime(
            make_config(
                folder, database={"url": db.url.render_as_string(hide_password=False)}, wecom=wecom
            )
        )
        yield Shop(box, runtime)
        runtime.db.close()
    box.close()


@pytest.fixture
def shop(tmp_path: Path, db: Database) -> Iterator[Shop]:
    with opened(tmp_path, db) as shop:
        yield shop


def during_a_reading(shop: Shop, act: Callable[[], object]) -> None:
    """Work an event, and do something while WeCom has been asked and has not answered."""
    hold = shop.box.faults.hold(GET, "before")
    at_it = threading.Thread(target=shop.work)
    at_it.start()
    hold.wait_reached()
    act()
    hold.release()
    at_it.join()


def test_one_reading_serves_every_edit_that_waits(tmp_path: Path, any_db: Database) -> None:
    with opened(tmp_path, any_db) as shop:
        for userid in (A, B, A, A):
            shop.comes(userid)
        shop.work()
        assert (shop.fates(), shop.readings) == (["done"] * 4, 1)


def test_an_edit_that_was_taken_along_says_so(shop: Shop) -> None:
    shop.comes()
    other = shop.comes()
    shop.work()
    row = shop.row(other)
    assert (row.ticked, row.note, row.attempts) == (["settle", "refresh"], ALONG, 0)
    assert row.finished_at is not None


def test_an_edit_of_another_customer_is_read_by_itself(shop: Shop) -> None:
    shop.comes()
    shop.comes(customer=shop.box.people.customer_scans(A).external_userid)
    shop.work()
    assert shop.fates() == ["done", None]
    shop.work()
    assert (shop.fates(), shop.readings) == (["done", "done"], 2)


def test_an_edit_that_came_after_the_reading_had_begun_is_read_again(shop: Shop) -> None:
    shop.comes()
    # By its clock it was there before: another machine's may be behind.
    during_a_reading(shop, lambda: shop.comes(ago=30))
    assert shop.fates() == ["done", None]
    shop.work()
    assert (shop.fates(), shop.readings) == (["done", "done"], 2)


def test_an_edit_whose_second_is_not_over_is_not_taken_along(shop: Shop) -> None:
    shop.comes()
    shop.comes(ago=0)
    shop.work()
    assert shop.fates() == ["done", None]


def test_an_edit_that_somebody_else_holds_is_left_to_him(shop: Shop) -> None:
    for _ in range(2):
        shop.comes()
    ours, others = shop.claim(2)
    work_event(shop.runtime, ours)
    row = shop.row(others.id)
    assert (row.fate, row.claimed_by) == (None, others.token)


def test_while_one_is_read_another_gives_its_claim_back_and_is_taken_along(shop: Shop) -> None:
    shop.comes()
    other = shop.comes()
    ours, others = shop.claim(2)
    hold = shop.box.faults.hold(GET, "before")
    at_it = threading.Thread(target=work_event, args=(shop.runtime, ours))
    at_it.start()
    hold.wait_reached()
    assert work_event(shop.runtime, others) == shop.row(other).due_at
    assert (shop.row(other).claimed_by, shop.row(other).attempts) == (None, 0)
    hold.release()
    at_it.join()
    assert (shop.fates(), shop.readings) == (["done", "done"], 1)


def test_a_reading_that_fails_leaves_them_all_to_be_read(shop: Shop) -> None:
    for _ in range(3):
        shop.comes()
    shop.box.faults.errcode(GET, 48002)
    shop.work()
    assert shop.fates() == [None] * 3
    shop.work()
    # The first one waits for its next try, and is before the one that was worked.
    assert shop.fates() == [None, "done", "done"]


def test_one_that_waits_for_its_next_try_is_taken_along_too(shop: Shop) -> None:
    shop.comes()
    late = shop.comes()
    shop.runtime.db.commit(
        lambda session: setattr(
            session.get_one(InboxEvent, late), "due_at", clock.utcnow() + timedelta(seconds=300)
        )
    )
    shop.work()
    assert shop.fates() == ["done", "done"]


def test_where_wecom_shows_no_relation_it_need_not_be_asked_again(shop: Shop) -> None:
    for _ in range(3):
        shop.comes(customer="wmNobody")
    shop.work()
    assert (shop.fates(), shop.readings) == (["done"] * 3, 1)


def test_what_happened_between_two_edits_is_worked_by_itself(shop: Shop) -> None:
    shop.comes()
    left = shop.comes(B, change=LEFT)
    shop.comes()
    shop.work()
    assert shop.fates() == ["done", None, "done"]
    shop.work()
    with shop.runtime.db.read() as session:
        loss = session.scalars(select(Loss)).one()
    assert (loss.userid, loss.kind, loss.lost_at) == (B, "customer", shop.row(left).create_time)


def test_every_member_whose_edit_is_taken_along_has_his_losses_on_record(shop: Shop) -> None:
    relation = shop.box.world.find_relation(B, shop.customer)
    assert relation is not None
    began_again_at, relation.createtime = relation.createtime, relation.createtime - 1000
    shop.comes()
    shop.work()
    # He left B and came again, and no event told.
    relation.createtime = began_again_at
    for userid in (A, B):
        shop.comes(userid)
    shop.work()
    with shop.runtime.db.read() as session:
        assert session.scalars(select(Loss.userid)).all() == [B]
