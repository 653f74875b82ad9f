"""The row behind a welcome: opened before the call, ended after it, one for a pair in ten minutes.

WeCom may hand out several codes for one friendship (half-add, add, archive consent). The first
event opens the row; a later one is done when the first succeeded or may have, waits while it is at
it, and takes the row over, with its own code, when it failed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from app import clock
from app.claims import Later
from app.deliveries.actions import RESTORED, record_intent, record_outcome
from app.deliveries.models import Delivery

KIND = "welcome"
ONE_FRIENDSHIP = timedelta(minutes=10)
WAIT_FOR_OTHER = timedelta(seconds=1)
AFTER_RECEIPT = timedelta(seconds=18)
AFTER_CREATION = timedelta(seconds=19)
MAX_SKEW_SECONDS = 2.0
# How many rows back an event may look for its own; a replay comes late.
LOOK_BACK = 5
# WeCom takes the same code once, and says nothing of what another one of the friendship did.
GREETED_MAYBE = frozenset({"sent", "unknown"})
MEMBER_MUST_KNOW = frozenset({"missed", "failed", "unknown"})

ROWS = (
    select(Delivery)
    .where(
        Delivery.external_userid == bindparam("external_userid"),
        Delivery.kind == KIND,
        Delivery.userid == bindparam("userid"),
    )
    .order_by(Delivery.id.desc())
    .limit(LOOK_BACK)
    .with_for_update()
    .execution_options(populate_existing=True)
)


@dataclass(frozen=True, kw_only=True)
class Greeting:
    """One event that asks for a welcome; `welcome_code` "" when WeCom gave none.

    `is_first`: no other event of this friendship can have brought a code before it.
    """

    event_id: int
    userid: str
    external_userid: str
    state: str
    welcome_code: str
    received_at: datetime
    create_time: datetime | None
    stale: bool
    returning: bool
    is_first: bool = False


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """How a welcome ended."""

    outcome: str
    reason: str = ""
    errcode: int | None = None
    certain: bool = True


@dataclass(frozen=True, kw_only=True)
class Turn:
    """The right to call WeCom once now.

    `unknown`: earlier calls that got no answer, and may have greeted; `maybe`: any such call,
    also one whose answer was not WeCom's; `busy`: how often WeCom said -1.
    """

    delivery_id: int
    attempts: int
    unknown: int = 0
    maybe: bool = False
    busy: int = 0
    detail: dict[str, Any] = field(default_factory=dict)


def build_deadline(greeting: Greeting, *, skew: float | None) -> datetime:
    """Tell until when a call makes sense; WeCom's 20 seconds begin at its own CreateTime.

    That time counts only while our clock and WeCom's agree; `skew` None: nobody knows.
    """
    deadline = greeting.received_at + AFTER_RECEIPT
    if greeting.create_time is None or skew is None or abs(skew) > MAX_SKEW_SECONDS:
        return deadline
    return min(deadline, greeting.create_time + AFTER_CREATION)


def take_turn(
    session: Session,
    greeting: Greeting,
    *,
    verdict: Verdict | None,
    version_id: int | None,
    deadline: datetime,
) -> Turn | Verdict | None:
    """Open the row of this greeting, or join the one that is there.

    Returns the turn to call WeCom; or how the welcome has ended just now, because of `verdict` or
    the deadline; or None when there is nothing to do.

    Raises:
        Later: another event is greeting at this moment.
    """
    now = clock.utcnow()
    late = Verdict(outcome="missed", reason="missed") if now >= deadline else None
    verdict = verdict or late
    row = _find_or_open(session, greeting, now)
    if row.event_id != greeting.event_id:
        if verdict is not None or not _may_take_over(row, greeting, now, deadline):
            return None
        _take_over(row, greeting)
    if row.outcome is not None:
        return None
    return _begin(session, greeting, row, verdict=verdict, version_id=version_id)


def end_turn(session: Session, greeting: Greeting, turn: Turn, verdict: Verdict) -> Verdict:
    """Write down how the welcome ended and have the member told if the customer got none.

    After a call that may have greeted, a failure proves nothing: the outcome is `unknown` then.
    """
    if turn.maybe and verdict.outcome != "sent":
        verdict = Verdict(outcome="unknown", reason="unanswered", errcode=verdict.errcode)
    now = clock.utcnow()
    detail = {**turn.detail}
    if verdict.errcode is not None:
        detail["errcode"] = verdict.errcode
    if not verdict.certain:
        detail["certain"] = False
    ended = record_outcome(
        session,
        turn.delivery_id,
        outcome=verdict.outcome,
        reason=verdict.reason,
        took_ms=max(0, round((now - greeting.received_at) / timedelta(milliseconds=1))),
        detail=detail,
        event_id=greeting.event_id,
    )
    # Most of those of before a restore were greeted, and their members have long heard of it.
    is_told = verdict.outcome in MEMBER_MUST_KNOW and verdict.reason != RESTORED
    if ended and is_told:
        record_intent(
            session,
            kind="welcome_missed",
            dedupe_key=f"welcome_missed:{greeting.event_id}",
            recipient=greeting.userid,
            userid=greeting.userid,
            external_userid=greeting.external_userid,
            ref=str(turn.delivery_id),
            event_id=greeting.event_id,
            due_at=now,
        )
    return verdict


def put_off(session: Session, greeting: Greeting, turn: Turn, *, answered: bool) -> None:
    """Leave the row open for another try.

    A row that is open with `tried_at` set is a call that nobody knows the end of; where WeCom
    answered, it is taken away.
    """
    values: dict[str, Any] = {"detail": turn.detail}
    if answered:
        values["tried_at"] = None
    session.execute(
        update(Delivery)
        .where(
            Delivery.id == turn.delivery_id,
            Delivery.event_id == greeting.event_id,
            Delivery.outcome.is_(None),
        )
        .values(**values)
    )


def _find_or_open(session: Session, greeting: Greeting, now: datetime) -> Delivery:
    rows = _rows(session, greeting)
    row = _pick(rows, greeting, now) or _open(session, greeting, newest=next(iter(rows), None))
    if row is None:
        # Another worker opened it this instant: look again.
        row = _pick(_rows(session, greeting), greeting, now)
    if row is None:
        raise Later(now + WAIT_FOR_OTHER)
    return row


def _rows(session: Session, greeting: Greeting) -> Sequence[Delivery]:
    pair = {"userid": greeting.userid, "external_userid": greeting.external_userid}
    return session.scalars(ROWS, pair).all()


def _pick(rows: Sequence[Delivery], greeting: Greeting, now: datetime) -> Delivery | None:
    """Pick this event's own row, however old, or else the pair's newest of the last ten minutes."""
    for row in rows:
        if greeting.event_id in {row.event_id, *_earlier_events(row)}:
            return row
    if rows and rows[0].created_at >= now - ONE_FRIENDSHIP:
        return rows[0]
    return None


def _open(session: Session, greeting: Greeting, *, newest: Delivery | None) -> Delivery | None:
    """Insert the pair's next row: two workers that race pick one number, and one of them loses."""
    number = int(newest.dedupe_key.rsplit(":", 1)[1]) + 1 if newest else 1
    return record_intent(
        session,
        kind=KIND,
        dedupe_key=f"{KIND}:{greeting.userid}:{greeting.external_userid}:{number}",
        recipient=greeting.external_userid,
        userid=greeting.userid,
        external_userid=greeting.external_userid,
        state=greeting.state,
        event_id=greeting.event_id,
    )


def _begin(
    session: Session,
    greeting: Greeting,
    row: Delivery,
    *,
    verdict: Verdict | None,
    version_id: int | None,
) -> Turn | Verdict:
    detail = dict(row.detail)
    if version_id is not None:
        row.ref = str(version_id)
        detail["version"] = version_id
    if row.tried_at is not None:
        # This same event called before and never came back: killed, or not answered.
        detail["unknown"] = detail.get("unknown", 0) + 1
        detail["maybe"] = True
    turn = Turn(
        delivery_id=row.id,
        attempts=row.attempts + 1,
        unknown=detail.get("unknown", 0),
        maybe=detail.get("maybe", False),
        busy=detail.get("busy", 0),
        detail=detail,
    )
    if verdict is None and turn.unknown > 1:
        verdict = Verdict(outcome="unknown", reason="unanswered")
    if verdict is not None:
        return end_turn(session, greeting, turn, verdict)
    row.attempts = turn.attempts
    row.tried_at = clock.utcnow()
    row.detail = detail
    return turn


def _earlier_events(row: Delivery) -> tuple[int, ...]:
    """List the events that tried on this row before another one took it over."""
    return tuple(row.detail.get("earlier_events", ()))


def _may_take_over(row: Delivery, greeting: Greeting, now: datetime, deadline: datetime) -> bool:
    """Tell whether this event's code is needed, now that another event has the row.

    Raises:
        Later: the other one is at it.
    """
    if greeting.event_id in _earlier_events(row):
        return False
    if row.outcome in GREETED_MAYBE:
        row.detail = {**row.detail, "later_codes": row.detail.get("later_codes", 0) + 1}
        return False
    if row.outcome is not None:
        return True
    if now + WAIT_FOR_OTHER < deadline:
        raise Later(now + WAIT_FOR_OTHER)
    # Past our own deadline it is the other event's affair alone.
    return False


def _take_over(row: Delivery, greeting: Greeting) -> None:
    """Open an ended row again for this event."""
    row.detail = {"earlier_events": [*_earlier_events(row), row.event_id]}
    row.event_id = greeting.event_id
    row.state = greeting.state or row.state
    row.outcome = None
    row.reason = ""
    row.took_ms = None
    row.tried_at = None
    row.attempts = 0
