"""A sandbox, a runtime beside it, and people who come and go: for tests of what is told of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from app import clock
from app.churn.actions import record_losses, tell_of_losses
from app.claims import claim_due
from app.customers.actions import Change, put_into_first_stage, record_change
from app.db import Database
from app.deliveries.models import Delivery
from app.members.jobs import sync_members
from app.messages import work_message
from app.runtime import Runtime, build_runtime
from app.sandbox.server import Sandbox, SandboxServer
from tests.settings import make_config


@dataclass
class Shop:
    """A sandbox, a runtime beside it, and the verbs of these tests."""

    box: Sandbox
    runtime: Runtime

    def lose(self, external_userid: str, *, userid: str = "lisi", kind: str = "customer") -> None:
        """Have a customer come three days ago, and go now."""
        now = clock.utcnow()
        with self.runtime.db.write() as session:
            for what, at in (("add", now - timedelta(days=3)), (kind, now)):
                record_change(
                    session,
                    Change(userid=userid, external_userid=external_userid, kind=what, at=at),
                )
            put_into_first_stage(session, external_userid)
            losses = record_losses(session, userid, external_userid)
            tell_of_losses(session, losses, self.runtime.config)

    def come_back(self, external_userid: str) -> None:
        again = Change(
            userid="lisi", external_userid=external_userid, kind="add", at=clock.utcnow()
        )
        with self.runtime.db.write() as session:
            record_change(session, again)
            record_losses(session, "lisi", external_userid)

    def wait(self, seconds: float) -> None:
        """Let time pass, for WeCom and for us."""
        self.box.clock.move(seconds)
        # We would look again a moment later.
        clock.follow(self.box.clock.file)

    def send(self) -> list[datetime | None]:
        """Work everything that is due, as the lane does."""
        with self.runtime.db.write() as session:
            claims = claim_due(session, Delivery, limit=500, lease=60)
        return [work_message(self.runtime, claim) for claim in claims]

    def cards(self, userid: str = "lisi") -> list[dict[str, Any]]:
        return [row.body["template_card"] for row in self.box.ledger.messages(userid)]

    def titles(self, userid: str = "lisi") -> list[str]:
        return [card["main_title"]["title"] for card in self.cards(userid)]

    def deliveries(self) -> list[Delivery]:
        with self.runtime.db.read() as session:
            return list(session.scalars(select(Delivery).order_by(Delivery.id)))

    def outcomes(self) -> list[tuple[str | None, str]]:
        return [(row.outcome, row.reason) for row in self.deliveries()]


@contextmanager
def standing(tmp_path: Path, db: Database, alerts: dict[str, Any]) -> Iterator[Shop]:
    """Let a sandbox stand beside a runtime."""
    box = Sandbox(tmp_path / "clock", seed=True)
    clock.follow(tmp_path / "clock")
    with SandboxServer(box) as address:
        wecom = {"api_base": address, "secret": box.secret}
        config = make_config(
            tmp_path,
            database={"url": db.url.render_as_string(hide_password=False)},
            wecom=wecom,
            alerts=alerts,
        )
        runtime = build_runtime(config)
        sync_members(runtime)
        yield Shop(box, runtime)
        runtime.db.close()
    box.close()
    clock.follow(None)
