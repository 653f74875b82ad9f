"""A member's desk: what he changes here, beside a sandbox that is told of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import select

from app import clock
from app.claims import Claim, claim_due
from app.customers.actions import (
    add_mobile,
    change_description,
    change_remark,
    mark_tag,
    remove_mobile,
)
from app.customers.jobs import read_customer, sync_tags
from app.customers.models import Tag
from app.customers.queries import find_follow, list_marked, read_mobiles
from app.db import Database
from app.pushes.models import Push
from app.pushes.queries import IS_FIRST
from app.pushing import work_push
from app.runtime import Runtime, build_runtime
from app.sandbox.records import CallRecord
from app.sandbox.server import Sandbox, SandboxServer
from app.sandbox.world import Relation
from tests.settings import make_config

REMARK, MARK_TAG = "externalcontact/remark", "externalcontact/mark_tag"


@dataclass
class Desk:
    """A member's desk: his customer in the sandbox, his changes, the lane worked by hand."""

    box: Sandbox
    runtime: Runtime
    customer: str

    @property
    def relation(self) -> Relation:
        found = self.box.world.find_relation("zhaoyi", self.customer)
        assert found
        return found

    def remark(self, text: str) -> None:
        self.runtime.db.commit(
            lambda session: change_remark(session, self.customer, userid="zhaoyi", remark=text)
        )

    def describe(self, text: str) -> None:
        self.runtime.db.commit(
            lambda session: change_description(
                session, self.customer, userid="zhaoyi", description=text
            )
        )

    def note(self, number: str) -> None:
        self.runtime.db.commit(
            lambda session: add_mobile(session, self.customer, userid="zhaoyi", typed=number)
        )

    def unnote(self, number: str) -> None:
        self.runtime.db.commit(
            lambda session: remove_mobile(session, self.customer, userid="zhaoyi", number=number)
        )

    def noted(self) -> tuple[str, list[str]]:
        """Return description and numbers as we have them."""
        with self.runtime.db.read() as session:
            follow = find_follow(session, "zhaoyi", self.customer)
            assert follow
            return follow.description, read_mobiles(session, follow)

    def toggle(self, number: int, *, on: bool = True) -> str:
        """Give or take the corp's tag of this number; return its tag_id."""
        tag = self.tags()[number]
        self.runtime.db.commit(
            lambda session: mark_tag(session, self.customer, userid="zhaoyi", tag_key=tag.id, on=on)
        )
        return tag.tag_id

    def tags(self) -> list[Tag]:
        with self.runtime.db.read() as session:
            return list(session.scalars(select(Tag).order_by(Tag.id)))

    def ours(self) -> tuple[str, set[str]]:
        """Return remark and tags as we have them."""
        with self.runtime.db.read() as session:
            follow = find_follow(session, "zhaoyi", self.customer)
            assert follow
            return follow.remark, list_marked(session, follow)

    def claim(self) -> list[Claim]:
        with self.runtime.db.write() as session:
            return claim_due(session, Push, IS_FIRST, limit=10, lease=20)

    def work(self) -> None:
        """Work the lane until nothing is due."""
        while claims := self.claim():
            for one in claims:
                work_push(self.runtime, one)

    def read(self) -> None:
        """Read the customer from WeCom, as an event has us do."""
        record = read_customer(self.runtime, self.customer)
        assert record
        self.runtime.db.commit(record)

    def pushes(self) -> list[tuple[str | None, str]]:
        with self.runtime.db.read() as session:
            rows = session.scalars(select(Push).order_by(Push.id))
            return [(push.outcome, push.reason) for push in rows]

    def calls(self, api: str) -> list[CallRecord]:
        return self.box.ledger.calls(api)

    def wait(self, seconds: float) -> None:
        self.box.clock.move(seconds)
        while abs(clock.utcnow().timestamp() - self.box.clock.time()) > 0.05:
            pass


@pytest.fixture
def desk(tmp_path: Path, db: Database) -> Iterator[Desk]:
    """Give zhaoyi's desk, with a customer and the corp's tags read."""
    box = Sandbox(tmp_path / "clock", seed=True)
    clock.follow(tmp_path / "clock")
    with SandboxServer(box) as address:
        wecom = {"api_base": address, "secret": box.secret}
        config = make_config(tmp_path, database={"url": str(db.url)}, wecom=wecom)
        runtime = build_runtime(config)
        customer = box.people.customer_scans("zhaoyi", name="李晓雯").external_userid
        made = Desk(box, runtime, customer)
        made.wait(0)
        sync_tags(runtime)
        made.read()
        yield made
        runtime.db.close()
        runtime.wecom.close()
    clock.follow(None)
