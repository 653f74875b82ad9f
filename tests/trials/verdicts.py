"""What must be so after a trial: the sandbox's ledger against the database, as sets and counts."""

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy import func, or_, select, text

from app import clock
from app.churn.models import Loss
from app.customers.models import FollowUser
from app.deliveries.models import Delivery
from app.inbox.models import InboxEvent
from tests.deployment import Deployment, wait_until

PATIENCE = 300.0
SHOWN = 5
ADD, LOSS = "add_external_contact", "del_follow_user"


@dataclass(frozen=True)
class Verdict:
    """How many there are of something; `must`: None may be any number. `which`: some of them."""

    what: str
    count: int
    must: int | None = 0
    which: Sequence[str] = ()

    @property
    def holds(self) -> bool:
        """Tell whether it is as it must be."""
        return self.must is None or self.count == self.must


def judge(deployment: Deployment) -> list[Verdict]:
    """Wait until all is quiet, then compare."""
    seconds_to_catch_up(deployment)
    # WeCom takes so many messages a minute to one member: what is above is told later.
    with suppress(TimeoutError):
        wait_until(lambda: _count_unsent(deployment) == 0, PATIENCE)
    return [
        *_judge_events(deployment),
        *_judge_welcomes(deployment),
        *_judge_losses(deployment),
        *_judge_relations(deployment),
        Verdict("rows that are stuck", count_open(deployment)),
        *_judge_file(deployment),
    ]


def seconds_to_catch_up(deployment: Deployment, patience: float = PATIENCE) -> float:
    """Wait until every callback is through and nothing is due any more; return how long it took.

    What is due even after `patience` seconds will be counted as stuck.
    """
    began = time.monotonic()
    with suppress(TimeoutError):
        deployment.box.delivery.wait_idle(patience)
        wait_until(lambda: count_open(deployment) == 0, patience)
    return time.monotonic() - began


def count_open(deployment: Deployment) -> int:
    """Count the events and messages that want to be worked, or are held by somebody, now."""
    now = clock.utcnow()
    with deployment.db.read() as session:
        return sum(
            session.scalar(
                select(func.count()).where(
                    table.due_at.is_not(None),
                    or_(table.due_at <= now, table.claimed_by.is_not(None)),
                )
            )
            or 0
            for table in (InboxEvent, Delivery)
        )


def _count_unsent(deployment: Deployment) -> int:
    """Count the alerts of losses that were neither sent nor went along with a digest."""
    is_sent = (Delivery.outcome == "sent") | (Delivery.reason == "in_digest")
    rest = select(func.count()).where(
        Delivery.kind == "loss", Delivery.outcome.is_(None) | ~is_sent
    )
    with deployment.db.read() as session:
        return session.scalar(rest) or 0


def _judge_events(deployment: Deployment) -> Iterator[Verdict]:
    ledger = deployment.box.ledger
    # Two edits of one relation in one second are the same event word for word.
    acked = {
        (event.change_type, event.userid, event.external_userid, event.create_time)
        for event in ledger.events(outcome="acked")
        if event.external_userid
    }
    kinds = InboxEvent.change_type, InboxEvent.userid, InboxEvent.external_userid
    with deployment.db.read() as session:
        rows = session.execute(select(*kinds, InboxEvent.create_time))
        stored = {(*row[:3], round(row[3].timestamp()) if row[3] else 0) for row in rows}
        dead = select(func.count()).where(InboxEvent.fate.in_(("dead", "unreadable")))
        given_up = session.scalar(dead) or 0
    statuses = Counter(attempt.status for attempt in ledger.attempts())
    yield Verdict("events that WeCom made", ledger.count("event"), None)
    yield Verdict("acknowledged events", len(ledger.event_ids("acked")), None)
    yield Verdict("acknowledged events that are missing", len(acked - stored))
    yield Verdict("events that WeCom gave up", len(ledger.event_ids("given_up")), None)
    yield Verdict("attempts that found nobody", statuses[None], None)
    yield Verdict(
        "attempts answered with 5xx", sum(statuses[one] for one in statuses if one and one >= 500)
    )
    yield Verdict("events that ended as dead or unreadable", given_up)


def _judge_welcomes(deployment: Deployment) -> Iterator[Verdict]:
    ledger = deployment.box.ledger
    counts = ledger.welcome_counts()
    added = {
        (event.userid, event.external_userid)
        for event in ledger.events(change_type=ADD, outcome="acked")
    }
    with deployment.db.read() as session:
        rows = session.execute(
            select(Delivery.userid, Delivery.external_userid, Delivery.outcome).where(
                Delivery.kind == "welcome"
            )
        )
        ours = {(row.userid, row.external_userid): row.outcome for row in rows}
    missed = added - counts.keys()
    silent = {pair for pair in missed if ours.get(pair) not in {"missed", "failed", "unknown"}}
    yield Verdict("customers added", len(added), None)
    yield Verdict("customers greeted", len(counts), None)
    yield Verdict("customers greeted twice", sum(1 for count in counts.values() if count > 1))
    yield Verdict("customers not greeted, which the member was told", len(missed - silent), None)
    which = _describe(deployment, silent)
    yield Verdict("customers not greeted, and nobody knows", len(silent), which=which)


def _describe(deployment: Deployment, pairs: Iterable[tuple[str, str]]) -> list[str]:
    """Say of some customers how their events and welcomes stand."""
    found = []
    with deployment.db.read() as session:
        for pair in sorted(pairs)[:SHOWN]:
            for table, more in ((InboxEvent, InboxEvent.fate), (Delivery, Delivery.outcome)):
                rows = session.execute(
                    select(table.id, more, table.attempts, table.due_at, table.claimed_by).where(
                        table.userid == pair[0], table.external_userid == pair[1]
                    )
                )
                found += [f"{pair} {table.__tablename__} {tuple(row)}" for row in rows]
    return found


def _judge_losses(deployment: Deployment) -> Iterator[Verdict]:
    lost = {
        (event.userid, event.external_userid)
        for event in deployment.box.ledger.events(change_type=LOSS, outcome="acked")
    }
    with deployment.db.read() as session:
        known = {
            (row.userid, row.external_userid): row.id
            for row in session.execute(select(Loss.id, Loss.userid, Loss.external_userid))
        }
        keys = session.scalars(select(Delivery.dedupe_key).where(Delivery.kind == "loss"))
        told = {int(key.split(":")[1]) for key in keys}
    yield Verdict("customers who left", len(lost), None)
    yield Verdict("losses that are missing", len(lost - known.keys()))
    yield Verdict("losses of which nobody was to be told", len(set(known.values()) - told))
    yield Verdict("alerts that were not sent", _count_unsent(deployment))


def _judge_relations(deployment: Deployment) -> Iterator[Verdict]:
    """Compare who has whom, of those who came in the trial and of whom WeCom gave up no event."""
    box = deployment.box
    events = [event for event in box.ledger.events() if event.external_userid]
    heard = {(event.userid, event.external_userid) for event in events}
    heard -= {(event.userid, event.external_userid) for event in events if event.outcome != "acked"}
    with box.world.lock:
        truth = {
            (userid, one.external_userid)
            for userid in box.world.members
            for one in box.world.relations_from(userid)
            if one.bond == "both"
        }
    with deployment.db.read() as session:
        rows = session.execute(
            select(FollowUser.userid, FollowUser.external_userid).where(
                FollowUser.removed_at.is_(None)
            )
        )
        ours = {(row.userid, row.external_userid) for row in rows}
    yield Verdict("relations", len(truth), None)
    yield Verdict("relations that differ", len((truth ^ ours) & heard))


def _judge_file(deployment: Deployment) -> Iterator[Verdict]:
    if deployment.db.url.get_backend_name() == "sqlite":
        with deployment.db.read() as session:
            said = session.scalar(text("PRAGMA integrity_check"))
        yield Verdict("damages in the file", int(said != "ok"))
