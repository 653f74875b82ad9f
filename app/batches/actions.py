"""Beginning a batch, doing it piece by piece, and stopping it."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, and_, delete, select, update
from sqlalchemy.orm import Session

from app import clock
from app.batches.consents import answer_for
from app.batches.importing import IMPORT, LANE, step_import
from app.batches.imports import delete_rows, delete_waiting
from app.batches.models import Batch, BatchItem
from app.batches.queries import became
from app.claims import Claim
from app.customers.actions import (
    Wish,
    change_stage,
    create_reminder,
    find_living_tag,
    mark_many,
    take_back_marks,
)
from app.customers.models import Customer, FollowUser
from app.customers.queries import find_stage_now
from app.db import need_not_last, wake_after_commit
from app.errors import NotFound, Refused
from app.i18n import N_, _
from app.pushes.actions import end_pushes, record_bulk_pushes
from app.pushes.models import Push
from app.pushes.queries import list_waiting_of_batch
from app.rows import among, insert_numbers

KINDS = ("tag_add", "tag_remove", "stage", "consent", "reminder")
TAG_KINDS = frozenset(KINDS[:2])
# What is the customer's, whoever follows him.
OF_CUSTOMERS = frozenset({"stage", "consent"})
MOST = 100_000
# Reminders are messages: nobody wants a thousand of them in the morning.
MOST_REMINDERS = 500
# So much in one transaction: others want to write, too.
TAGGED_AT_ONCE, MOVED_AT_ONCE, TAKEN_BACK_AT_ONCE = 2000, 50, 500
LOOK_AGAIN_SECONDS = 3.0
DELETED_AT_ONCE = 5000

Step = Callable[[Session, Batch, list[int]], None]
Half = Literal["lower", "upper"]
HALVES: tuple[Half, Half] = ("lower", "upper")


class ClaimLost(Exception):
    """Raised at the end of a piece whose batch somebody else goes on with: nothing of it stays."""


def begin_batch(
    session: Session,
    *,
    kind: str,
    userid: str,
    what: dict[str, Any],
    chosen: Sequence[tuple[int, str]],
) -> Batch:
    """Begin to do something to relations: their ids and customers; what is the customer's, once.

    Raises:
        Refused: nobody is chosen, or too many are.
    """
    most = MOST_REMINDERS if kind == "reminder" else MOST
    if kind in OF_CUSTOMERS:
        ids = sorted({external_userid: id_ for id_, external_userid in chosen}.values())
    else:
        ids = sorted({id_ for id_, _external_userid in chosen})
    if not ids:
        raise Refused(N_("没有选中任何客户"))
    if len(ids) > most:
        raise Refused(_("一次最多 {most} 位，请再加些筛选条件", most=f"{most:,}"))
    now = clock.utcnow()
    middle = ids[(len(ids) - 1) // 2] if kind in TAG_KINDS else 0
    batch = Batch(
        kind=kind,
        userid=userid,
        what=what,
        created_at=now,
        due_at=now,
        attempts=0,
        total=len(ids),
        middle=middle,
        reached=middle,
    )
    session.add(batch)
    session.flush()
    insert_numbers(session, BatchItem.follow_id, ids, batch_id=batch.id)
    wake_after_commit(session, LANE)
    return batch


def cancel_batch(session: Session, batch: Batch, *, userid: str) -> bool:
    """Stop a batch: what is done stays, what WeCom was not told of yet is taken back.

    False: it had ended already.
    """
    if batch.ended_at is not None or batch.cancelled_by:
        return False
    batch.cancelled_by = userid
    batch.due_at, batch.claimed_by = clock.utcnow(), None
    wake_after_commit(session, LANE)
    return True


def delete_ended(session: Session, *, before: datetime) -> int:
    """Delete what is left of a batch that ended before then, a few thousand rows.

    Returns how many went; 0: there is none any more.
    """
    batch = session.scalars(
        select(Batch).where(Batch.ended_at < before).order_by(Batch.id).limit(1)
    ).one_or_none()
    if batch is None:
        return delete_waiting(session)
    if batch.kind == IMPORT:
        return delete_rows(session, batch)
    mine = select(BatchItem.follow_id).where(BatchItem.batch_id == batch.id)
    ids = session.scalars(mine.order_by(BatchItem.follow_id).limit(DELETED_AT_ONCE)).all()
    if not ids:
        session.delete(batch)
        return 1
    gone = BatchItem.follow_id.between(ids[0], ids[-1])
    session.execute(delete(BatchItem).where(BatchItem.batch_id == batch.id, gone))
    return len(ids)


def step_batch(session: Session, claim: Claim) -> datetime | None:
    """Do the next piece, of whichever half; return when the one after it may be done.

    None: it is over, or somebody else does it. Raises: ClaimLost.
    """
    batch = find_claimed(session, claim)
    if batch is None:
        return None
    if batch.kind == IMPORT:
        # Its page changes what is to be done with it, and waits for a piece.
        hold_batch(session, batch, claim)
        session.refresh(batch)
        return step_import(session, batch)
    if batch.cancelled_by:
        goes_on = _take_back(session, batch)
    else:
        at_once = TAGGED_AT_ONCE if batch.kind in TAG_KINDS else MOVED_AT_ONCE
        goes_on = any(_go_on(session, batch, half, at_once) for half in HALVES)
    if not goes_on and batch.kind in TAG_KINDS and _has_open_push(session, batch.id):
        # WeCom is being told, at its pace.
        return clock.later(LOOK_AGAIN_SECONDS)
    hold_batch(session, batch, claim)
    if goes_on:
        return clock.utcnow()
    batch.ended_at, batch.due_at, batch.claimed_by = clock.utcnow(), None, None
    return None


def step_half(session: Session, claim: Claim, half: Half) -> bool:
    """Do the next piece of one half of a batch of tags, while another one does the other's.

    False: there is none, or it is not to be done so. Raises: ClaimLost.
    """
    batch = find_claimed(session, claim)
    if batch is None or batch.kind not in TAG_KINDS or batch.cancelled_by:
        return False
    if not _go_on(session, batch, half, TAGGED_AT_ONCE // len(HALVES)):
        return False
    hold_batch(session, batch, claim)
    return True


def find_claimed(session: Session, claim: Claim) -> Batch | None:
    """Find the batch of a claim; None: somebody else goes on with it, or it is over."""
    batch = session.get(Batch, claim.id)
    if batch is None or batch.ended_at is not None or batch.claimed_by != claim.token:
        return None
    return batch


def hold_batch(session: Session, batch: Batch, claim: Claim) -> None:
    """Hold the batch's row to the end of the transaction, if it still is as it was found.

    Raises: ClaimLost: it is not.

    After a piece, and so for a moment: neither the other half nor who stops it waits for that, and
    whoever has customers locked takes the batch last.
    """
    is_so = Batch.claimed_by == claim.token, Batch.cancelled_by == batch.cancelled_by
    held = select(Batch.id).where(Batch.id == claim.id, *is_so).with_for_update()
    if session.scalar(held) is None:
        raise ClaimLost


def _go_on(session: Session, batch: Batch, half: Half, at_once: int) -> bool:
    """Do the next piece of a half; False: it has gone through all of that."""
    follow_id = BatchItem.follow_id
    is_next = (
        and_(follow_id > batch.reached_below, follow_id <= batch.middle)
        if half == "lower"
        else follow_id > batch.reached
    )
    ids = session.scalars(
        select(follow_id)
        .where(BatchItem.batch_id == batch.id, is_next)
        .order_by(follow_id)
        .limit(at_once)
    ).all()
    if not ids:
        return False
    # How far it came is written with it: what is lost is not reached either.
    need_not_last(session)
    STEPS[batch.kind](session, batch, list(ids))
    if half == "lower":
        batch.reached_below = ids[-1]
    else:
        batch.reached = ids[-1]
    return True


def _has_open_push(session: Session, batch_id: int) -> bool:
    is_open = select(Push.id).where(Push.batch_id == batch_id, Push.outcome.is_(None))
    return session.scalar(is_open.limit(1)) is not None


def _mark(session: Session, batch: Batch, ids: list[int]) -> None:
    """Change the tag of these relations, and have WeCom told.

    By their ids alone: how many there are of what, a database does not know yet.
    """
    is_on = batch.kind == "tag_add"
    these = among(session, FollowUser.id, ids)
    _lock(session, these)
    tag = find_living_tag(session, str(batch.what["tag_id"]))
    if tag is None:
        _end(session, batch, ids, outcome="refused")
        return
    # Not asked for in SQL: SQLite would go through all that last, along their index.
    found = session.execute(select(FollowUser.id, FollowUser.removed_at).where(these))
    living = {row.id for row in found if row.removed_at is None}
    key = timeline_key(batch.id)
    changed = mark_many(session, living, tag, on=is_on, userid=batch.userid, key=key)
    _end(session, batch, set(ids) - living, outcome="gone")
    _end(session, batch, living - changed, outcome="same")
    if not changed:
        return
    pairs = select(FollowUser.userid, FollowUser.external_userid)
    record_bulk_pushes(
        session,
        pairs.where(among(session, FollowUser.id, changed)).subquery(),
        kind="tags",
        subject=tag.tag_id,
        value="add" if is_on else "remove",
        batch_id=batch.id,
    )


def _move(session: Session, batch: Batch, ids: list[int]) -> None:
    """Move these customers to the stage, each as if by hand."""
    for follow in _relations(session, batch, ids):
        try:
            _lock(session, FollowUser.id == follow.id)
            now = find_stage_now(session, follow.external_userid, int(batch.what["pipeline_id"]))
            move = change_stage(
                session,
                follow.external_userid,
                to_stage_id=int(batch.what["stage_id"]),
                userid=batch.userid,
                seen=now.change_id,
            )
        except NotFound:
            _end(session, batch, [follow.id], outcome="refused")
        else:
            if not move.changed:
                _end(session, batch, [follow.id], outcome="same")


def _answer(session: Session, batch: Batch, ids: list[int]) -> None:
    """Write down what these customers said of offers, each as if by hand."""
    fates: dict[str, list[int]] = {}
    follows = _relations(session, batch, ids)
    _lock(session, FollowUser.id.in_([one.id for one in follows]))
    for one in follows:
        fate = answer_for(session, one.external_userid, batch.what, userid=batch.userid)
        fates.setdefault(fate, []).append(one.id)
    for fate in fates.keys() - {"done"}:
        _end(session, batch, fates[fate], outcome=fate)


def _remind(session: Session, batch: Batch, ids: list[int]) -> None:
    """Set a reminder for whoever follows these customers."""
    for follow in _relations(session, batch, ids):
        if follow.removed_at is not None:
            _end(session, batch, [follow.id], outcome="gone")
            continue
        wish = Wish(
            userid=follow.userid,
            external_userid=follow.external_userid,
            key=f"batch:{batch.id}:{follow.id}",
            due_at=datetime.fromisoformat(str(batch.what["at"])),
            text=str(batch.what["text"]),
        )
        try:
            create_reminder(session, wish)
        except Refused:
            _end(session, batch, [follow.id], outcome="refused")


STEPS: dict[str, Step] = {
    "tag_add": _mark,
    "tag_remove": _mark,
    "stage": _move,
    "consent": _answer,
    "reminder": _remind,
}


def timeline_key(batch_id: int) -> str:
    """Return how the keys of its entries in the timeline begin."""
    return f"batch:{batch_id}"


def _relations(session: Session, batch: Batch, ids: list[int]) -> list[FollowUser]:
    """Read these relations; those that are not there any more end as gone."""
    rows = select(FollowUser).where(FollowUser.id.in_(ids)).order_by(FollowUser.id)
    found = list(session.scalars(rows))
    _end(session, batch, set(ids) - {one.id for one in found}, outcome="gone")
    return found


def _lock(session: Session, these: ColumnElement[bool]) -> None:
    """Hold the rows of these relations' customers, in one order."""
    people = select(FollowUser.external_userid).where(these)
    held = session.execute(
        select(Customer.external_userid)
        .where(Customer.external_userid.in_(people))
        .order_by(Customer.external_userid)
        .with_for_update()
    )
    # They are held by now; nobody wants to read who they are.
    held.close()


def _end(session: Session, batch: Batch, ids: Collection[int], *, outcome: str) -> None:
    """Put down what else became of these relations than that they are done."""
    if not ids:
        return
    session.execute(
        update(BatchItem)
        .where(BatchItem.batch_id == batch.id, among(session, BatchItem.follow_id, ids))
        .values(outcome=outcome)
        .execution_options(synchronize_session=False)
    )


def _take_back(session: Session, batch: Batch) -> bool:
    """Take some of the tags back of which WeCom does not know yet; False: there are none left."""
    if batch.kind not in TAG_KINDS:
        return False
    waiting = list_waiting_of_batch(session, batch.id, limit=TAKEN_BACK_AT_ONCE)
    if not waiting:
        return False
    pairs = {(push.userid, push.external_userid) for push in waiting}
    people = {external_userid for _userid, external_userid in pairs}
    mine = select(BatchItem.follow_id).where(
        BatchItem.batch_id == batch.id, became(batch) == "done"
    )
    follows = session.scalars(
        select(FollowUser).where(FollowUser.external_userid.in_(people), FollowUser.id.in_(mine))
    )
    ids = [one.id for one in follows if (one.userid, one.external_userid) in pairs]
    _lock(session, among(session, FollowUser.id, ids))
    take_back_marks(
        session,
        ids,
        tag_id=str(batch.what["tag_id"]),
        was_on=batch.kind == "tag_add",
        key=timeline_key(batch.id),
    )
    end_pushes(session, [push.id for push in waiting], outcome="superseded")
    _end(session, batch, ids, outcome="cancelled")
    return True
