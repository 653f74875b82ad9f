"""Follow relations (跟进关系): facts in, periods out.

WeCom repeats, reorders and loses events, so no event changes a relation directly. It adds a fact,
and the periods are folded anew from all facts of the pair: the same facts in any order give the
same periods.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.customers.actions.profile import ensure_customer, lock_customer
from app.customers.models import FollowChange, FollowUser
from app.db import fit
from app.rows import upsert

# Facts of one second, which is all that WeCom's clock tells apart, in the order people act in.
ORDER = {
    "half": 0,
    "add": 1,
    "seen": 2,
    "customer": 3,
    "member": 4,
    "transfer": 5,
    "reconcile": 6,
}
BEGINNINGS = frozenset({"half", "add", "seen"})
STATE_LENGTH = 128
# An event and the API may differ by so much about when the same relation began.
SLACK = timedelta(seconds=10)


@dataclass(frozen=True, kw_only=True)
class Change:
    """A fact: from `at` on, `userid` and `external_userid` are together, or no longer are."""

    userid: str
    external_userid: str
    kind: str
    at: datetime
    state: str = ""


@dataclass(frozen=True)
class Period:
    """A stretch of a relation, as folded."""

    added_at: datetime
    mutual_at: datetime | None = None
    state: str = ""
    removed_at: datetime | None = None
    removed_by: str | None = None
    gave_up_at: datetime | None = None


def record_change(session: Session, change: Change) -> FollowUser:
    """Add a fact and fold the pair's periods anew; return the latest one.

    Locks the customer's row, so that two facts about one customer are folded one after the other.
    """
    ensure_customer(session, change.external_userid)
    lock_customer(session, change.external_userid)
    return add_change(session, change)


def add_change(session: Session, change: Change) -> FollowUser:
    """Do as `record_change` does, of a customer who is on record and whose row is locked."""
    known = select(FollowChange).where(
        FollowChange.external_userid == change.external_userid,
        FollowChange.userid == change.userid,
    )
    facts = session.scalars(known).all()
    # Most often WeCom says once more what it said before.
    if not any(fact.kind == change.kind and fact.at == change.at for fact in facts):
        fact = asdict(change) | {"state": fit(change.state, STATE_LENGTH)}
        upsert(session, FollowChange, [fact], key=["external_userid", "userid", "kind", "at"])
        facts = session.scalars(known).all()
    return _write(session, change, fold(facts))


def take_back_reconciled(session: Session, userid: str, external_userid: str) -> FollowUser:
    """Have the pair's last period, which reconciliation ended, go on: WeCom lists it again.

    The customer's row is locked.
    """
    pair = FollowChange.external_userid == external_userid, FollowChange.userid == userid
    facts = session.scalars(select(FollowChange).where(*pair)).all()
    last = max(fact.at for fact in facts if fact.kind == "reconcile")
    kept = [fact for fact in facts if not (fact.kind == "reconcile" and fact.at == last)]
    gone = FollowChange.kind == "reconcile", FollowChange.at == last
    session.execute(delete(FollowChange).where(*pair, *gone))
    told = Change(userid=userid, external_userid=external_userid, kind="seen", at=last)
    return _write(session, told, fold(kept))


def fold(facts: Iterable[FollowChange | Change]) -> list[Period]:
    """Turn the facts of one pair into its periods, oldest first. Pure."""
    periods: list[Period] = []
    for fact in sorted(facts, key=lambda fact: (fact.at, ORDER[fact.kind])):
        if fact.kind in BEGINNINGS:
            _begin(periods, fact)
        else:
            _end(periods, fact)
    return periods


def is_another(added_at: datetime, mutual_at: datetime | None, seen_at: datetime) -> bool:
    """Tell whether a relation that WeCom says began at `seen_at` is a later one than this period.

    WeCom shows the latest alone: then the earlier ended, and no event told. One-sided ones may be
    shown from when they became mutual on.
    """
    return mutual_at is not None and seen_at - max(added_at, mutual_at) > SLACK


def _begin(periods: list[Period], fact: FollowChange | Change) -> None:
    is_open = bool(periods) and periods[-1].removed_at is None
    if is_open and fact.kind == "seen":
        last = periods[-1]
        if is_another(last.added_at, last.mutual_at, fact.at):
            periods[-1] = replace(last, removed_at=fact.at, removed_by="reconcile")
            is_open = False
    if not is_open:
        mutual_at = None if fact.kind == "half" else fact.at
        periods.append(Period(fact.at, mutual_at, fact.state))
        return
    last = periods[-1]
    mutual_at = last.mutual_at or (fact.at if fact.kind == "add" else None)
    periods[-1] = replace(last, mutual_at=mutual_at, state=last.state or fact.state)


def _end(periods: list[Period], fact: FollowChange | Change) -> None:
    if not periods:
        # It began before we listened; a later look at WeCom may tell when.
        periods.append(Period(fact.at, fact.at))
    last = periods[-1]
    # Reconciliation only saw that it had ended; an event says when, and by whom.
    is_surer = last.removed_by == "reconcile" and fact.kind != "reconcile"
    if last.removed_at is None or is_surer:
        periods[-1] = replace(last, removed_at=fact.at, removed_by=fact.kind)
    elif fact.kind == "member" and last.removed_by == "customer" and last.gave_up_at is None:
        periods[-1] = replace(last, gave_up_at=fact.at)


def _write(session: Session, pair: Change, periods: list[Period]) -> FollowUser:
    rows = {
        row.period: row
        for row in session.scalars(
            select(FollowUser).where(
                FollowUser.external_userid == pair.external_userid,
                FollowUser.userid == pair.userid,
            )
        )
    }
    for number, period in enumerate(periods, start=1):
        row = rows.get(number) or _new_row(session, pair, number)
        rows[number] = row
        _take_over(row, period)
    session.flush()
    return rows[len(periods)]


def _new_row(session: Session, pair: Change, number: int) -> FollowUser:
    row = FollowUser(
        userid=pair.userid,
        external_userid=pair.external_userid,
        period=number,
        remark_mobiles=[],
        state="",
    )
    session.add(row)
    return row


def _take_over(row: FollowUser, period: Period) -> None:
    values: dict[str, Any] = asdict(period)
    values["state"] = period.state or row.state
    for name, value in values.items():
        setattr(row, name, value)
