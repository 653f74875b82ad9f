"""Beginning a run, recording its pieces, each with how far it has come, and ending it."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, delete, func, insert, literal, select, update
from sqlalchemy.orm import Session

from app import clock
from app.claims import Claim, next_try
from app.customers.actions.listed import Asking, record_listed
from app.customers.actions.listed_tags import TagNames
from app.customers.models import FollowUser
from app.db import UtcDateTime, fit, wake_after_commit
from app.errors import Refused
from app.i18n import N_
from app.members.models import Member
from app.rows import among, insert_rows, upsert
from app.sync.losses import bring_into_line
from app.sync.models import FAULT_LENGTH, SyncMember, SyncRun, SyncSeen, SyncSuspect
from app.wecom.errors import WeComError
from app.wecom.external_contact import CustomerRow

LANE = "sync"
# WeCom takes so many members in one call.
GROUP = 100
CLOSED_AT_ONCE = 10
FORGOTTEN_AT_ONCE = 20_000
KEPT_RUNS = 60
# A relation of which WeCom knows: not one that only the customer has begun.
IS_MUTUAL = FollowUser.mutual_at.is_not(None) | FollowUser.add_way.is_not(None)
LOOSE = {"synchronize_session": False}
UNDER_WAY = N_("正在同步，请等它结束，或者先取消它")


class Lost(Exception):
    """The run has another claimer, or has gone on without this one."""


def begin_run(session: Session, *, why: str, userid: str = "", phase: str = "members") -> SyncRun:
    """Begin a walk.

    Raises:
        Refused: there is one under way.
    """
    if session.scalar(select(SyncRun.id).where(SyncRun.open_key == 1)) is not None:
        raise Refused(UNDER_WAY)
    now = clock.utcnow()
    run = SyncRun(
        why=why,
        userid=userid,
        is_first=find_since(session) is None,
        phase=phase,
        created_at=now,
        walking=[],
        open_key=1,
        due_at=now,
        attempts=0,
    )
    session.add(run)
    session.flush()
    wake_after_commit(session, LANE)
    return run


def cancel_run(session: Session, *, userid: str) -> SyncRun | None:
    """Stop the run that is under way: what it has taken over stays. None: there is none."""
    run = session.scalar(
        select(SyncRun).where(SyncRun.open_key == 1, SyncRun.cancelled_by == "").with_for_update()
    )
    if run is not None:
        run.cancelled_by = userid
        end_run(session, run, "cancelled")
    return run


def release_held(session: Session, member: str, *, userid: str) -> int:
    """Have the missing customers of a member looked at, however many; return how many they are."""
    mine = SyncSuspect.userid == member, SyncSuspect.is_held.is_(True)
    count = session.scalar(select(func.count()).select_from(SyncSuspect).where(*mine)) or 0
    if not count:
        return 0
    released = update(SyncSuspect).where(*mine).values(is_held=False, released_by=userid)
    session.execute(released.execution_options(**LOOSE))
    run = session.scalar(select(SyncRun).where(SyncRun.open_key == 1).with_for_update())
    if run is None:
        begin_run(session, why="released", userid=userid, phase="look")
    else:
        run.reached = 0
    return count


def find_since(session: Session) -> datetime | None:
    """Return when the first walk that came to its end had begun; None: there is none.

    What began later should have been told by an event.
    """
    done = SyncRun.outcome == "done", SyncRun.members > 0
    return session.scalar(select(func.min(SyncRun.created_at)).where(*done))


def hold_run(session: Session, claim: Claim) -> SyncRun:
    """Return the run, for its claimer alone to change.

    Raises:
        Lost: it is not his any more.
    """
    run = session.get(SyncRun, claim.id, with_for_update=True)
    if run is None or run.outcome is not None or run.claimed_by != claim.token:
        raise Lost
    return run


def plan_members(session: Session, claim: Claim, userids: Iterable[str]) -> None:
    """Note whom the run goes through: the members who may have customers."""
    run = hold_run(session, claim)
    by_folded = {userid.casefold(): userid for userid in userids}
    known = session.execute(
        select(Member.folded, Member.userid).where(among(session, Member.folded, list(by_folded)))
    )
    names = by_folded | {row.folded: row.userid for row in known}
    blank = {"run_id": run.id, "is_alone": False, "had": 0, "missing": 0, "fault": ""}
    session.execute(delete(SyncMember).where(SyncMember.run_id == run.id))
    rows = [blank | {"userid": userid} for userid in sorted(names.values())]
    insert_rows(session, SyncMember, rows)
    # Of whoever has left or may have no customers any more WeCom lists none: that is no loss.
    planned = select(SyncMember.userid).where(SyncMember.run_id == run.id)
    not_planned = delete(SyncSuspect).where(SyncSuspect.userid.not_in(planned))
    session.execute(not_planned.execution_options(**LOOSE))
    run.members, run.phase, run.walked_at = len(rows), "walk", clock.utcnow()
    run.errcode, run.fault = None, ""


def begin_group(session: Session, claim: Claim) -> None:
    """Choose whom to list next; nobody is left: the customer groups come."""
    run = hold_run(session, claim)
    left = (
        select(SyncMember)
        .where(SyncMember.run_id == run.id, SyncMember.outcome.is_(None))
        .order_by(SyncMember.is_alone, SyncMember.userid)
        .limit(GROUP)
    )
    members = session.scalars(left).all()
    together = [one.userid for one in members if not one.is_alone]
    run.walking = together or [one.userid for one in members[:1]]
    run.cursor, run.asked_at = "", clock.utcnow()
    if not members:
        run.phase, run.asked_at = "chats", None


def record_page(
    session: Session,
    claim: Claim,
    *,
    at: str,
    rows: Sequence[CustomerRow],
    next_cursor: str,
    asked_at: datetime,
    tags: TagNames,
) -> None:
    """Take over what WeCom listed from the cursor `at` on, and go on behind it."""
    run = hold_run(session, claim)
    if run.cursor != at:
        raise Lost
    userids = {userid.casefold(): userid for userid in run.walking}
    since = None if run.is_first else find_since(session)
    asking = Asking(asked_at=asked_at, since=since, userids=userids, tags=tags)
    listed = record_listed(session, rows, asking)
    _note_seen(session, run.id, listed.follow_ids)
    bring_into_line(session, listed.turned)
    run.listed += len(listed.follow_ids)
    run.new += listed.new
    run.changed += listed.changed
    run.missed_new += listed.missed
    run.cursor, run.errcode, run.fault = next_cursor, None, ""
    if not next_cursor:
        run.phase = "close"


def close_members(session: Session, claim: Claim, *, held_percent: int) -> None:
    """Find who of some members' customers is missing; after the last of the group, go on."""
    run = hold_run(session, claim)
    members = session.scalars(
        select(SyncMember)
        .where(
            SyncMember.run_id == run.id,
            SyncMember.userid.in_(run.walking),
            SyncMember.outcome.is_(None),
        )
        .order_by(SyncMember.userid)
        .limit(CLOSED_AT_ONCE)
    ).all()
    if members:
        _close(session, run, members, held_percent=held_percent)
    elif not _forget_seen(session, run.id):
        run.walking, run.phase = [], "walk"


def begin_group_again(session: Session, claim: Claim) -> None:
    """List the group from the start: WeCom does not know the cursor any more."""
    run = hold_run(session, claim)
    run.cursor, run.asked_at = "", clock.utcnow()
    session.execute(delete(SyncSeen).where(SyncSeen.run_id == run.id))


def refuse_group(session: Session, claim: Claim, error: WeComError) -> None:
    """Ask for each of the group by himself, since WeCom refused somebody; leave out one alone."""
    run = hold_run(session, claim)
    mine = SyncMember.run_id == run.id, SyncMember.userid.in_(run.walking)
    if len(run.walking) > 1:
        changed: dict[str, object] = {"is_alone": True}
    else:
        fault = fit(error.sentence, FAULT_LENGTH)
        now = clock.utcnow()
        changed = {"outcome": "refused", "errcode": error.errcode, "fault": fault, "ended_at": now}
    session.execute(update(SyncMember).where(*mine).values(**changed))
    session.execute(delete(SyncSeen).where(SyncSeen.run_id == run.id))
    run.walking, run.cursor = [], ""


def stumble(
    session: Session, claim: Claim, *, error: WeComError | None = None, seconds: float = 0.0
) -> datetime | None:
    """Have it gone on with later, in so many seconds at least. It is never forgotten."""
    run = hold_run(session, claim)
    if error is not None:
        run.errcode, run.fault = error.errcode, fit(error.sentence, FAULT_LENGTH)
    run.due_at = max(next_try(run.attempts) or clock.later(3600), clock.later(seconds))
    run.claimed_by = None
    return run.due_at


def postpone(session: Session, claim: Claim, at: datetime) -> datetime:
    """Have it gone on with at a time; what has got on so far has not failed."""
    run = hold_run(session, claim)
    run.due_at, run.claimed_by, run.attempts = at, None, 0
    return at


def refuse_run(session: Session, claim: Claim, error: WeComError) -> None:
    """End the run: WeCom will not have it before an admin has changed something."""
    run = hold_run(session, claim)
    run.errcode, run.fault = error.errcode, fit(error.sentence, FAULT_LENGTH)
    end_run(session, run, "refused")


def end_run(session: Session, run: SyncRun, outcome: str) -> None:
    """End a run, and forget those of long ago."""
    run.outcome, run.ended_at, run.open_key = outcome, clock.utcnow(), None
    run.due_at = run.claimed_by = None
    session.flush()
    session.execute(delete(SyncSeen).where(SyncSeen.run_id == run.id))
    first = select(func.min(SyncRun.id)).where(SyncRun.outcome == "done", SyncRun.members > 0)
    kept = {session.scalar(first), run.id}
    old = select(SyncRun.id).where(SyncRun.id.not_in([one for one in kept if one]))
    ids = session.scalars(old.order_by(SyncRun.id.desc()).offset(KEPT_RUNS).limit(KEPT_RUNS)).all()
    session.execute(delete(SyncRun).where(SyncRun.id.in_(ids)).execution_options(**LOOSE))


def _note_seen(session: Session, run_id: int, follow_ids: Collection[int]) -> None:
    """Note them, those of an earlier try included: one page may show whom another did."""
    rows = [{"run_id": run_id, "follow_id": one} for one in sorted(set(follow_ids))]
    upsert(session, SyncSeen, rows, key=["run_id", "follow_id"], are_distinct=True)


def _close(
    session: Session, run: SyncRun, members: Sequence[SyncMember], *, held_percent: int
) -> None:
    userids = [member.userid for member in members]
    here = _held_for_alive(run, userids)
    seen = _is_seen(run.id)
    missing = func.sum(case((seen, 0), else_=1))
    counted = select(FollowUser.userid, func.count(), missing).where(*here)
    rows = session.execute(counted.group_by(FollowUser.userid)).all()
    counts = {userid: (had, int(gone)) for userid, had, gone in rows}
    _clear_suspects(session, run.id, userids)
    for member in members:
        member.had, member.missing = counts.get(member.userid, (0, 0))
        # One is no mishap of WeCom's: it is looked at by itself.
        is_held = member.missing > 1 and member.missing * 100 > member.had * held_percent
        if member.missing:
            mine = (*_held_for_alive(run, [member.userid]), ~seen)
            _suspect(session, run, member, mine=mine, is_held=is_held)
        member.outcome, member.ended_at = "held" if is_held else "done", clock.utcnow()


def _held_for_alive(run: SyncRun, userids: Sequence[str]) -> tuple[ColumnElement[bool], ...]:
    """Test for relations of these members that WeCom should have listed."""
    return (
        FollowUser.userid.in_(userids),
        FollowUser.removed_at.is_(None),
        IS_MUTUAL,
        FollowUser.added_at < run.asked_at,
    )


def _is_seen(run_id: int) -> ColumnElement[bool]:
    seen = select(SyncSeen.follow_id).where(
        SyncSeen.run_id == run_id, SyncSeen.follow_id == FollowUser.id
    )
    return seen.exists()


def _clear_suspects(session: Session, run_id: int, userids: Sequence[str]) -> None:
    """Clear those of whom WeCom shows again that they are there, or of whom an event told."""
    seen = select(SyncSeen.follow_id).where(
        SyncSeen.run_id == run_id, SyncSeen.follow_id == SyncSuspect.follow_id
    )
    gone = select(FollowUser.id).where(
        FollowUser.id == SyncSuspect.follow_id, FollowUser.removed_at.is_not(None)
    )
    for these in (seen, gone):
        session.execute(
            delete(SyncSuspect)
            .where(SyncSuspect.userid.in_(userids), these.exists())
            .execution_options(**LOOSE)
        )


def _suspect(
    session: Session,
    run: SyncRun,
    member: SyncMember,
    *,
    mine: Sequence[ColumnElement[bool]],
    is_held: bool,
) -> None:
    last = session.scalar(
        select(func.max(SyncMember.ended_at)).where(
            SyncMember.userid == member.userid,
            SyncMember.outcome.in_(("done", "held")),
            SyncMember.run_id < run.id,
        )
    )
    now, time = clock.utcnow(), UtcDateTime()
    known: Any = FollowUser.added_at
    if last is not None:
        then = literal(last, time)
        known = case((FollowUser.added_at > then, FollowUser.added_at), else_=then)
    is_new = ~select(SyncSuspect.follow_id).where(SyncSuspect.follow_id == FollowUser.id).exists()
    session.execute(
        update(SyncSuspect)
        .where(SyncSuspect.userid == member.userid, SyncSuspect.released_by == "")
        .values(is_held=is_held)
        .execution_options(**LOOSE)
    )
    rows = select(
        FollowUser.id,
        FollowUser.userid,
        FollowUser.external_userid,
        literal(run.id),
        literal(now, time),
        known,
        literal(is_held),
        literal(""),
    ).where(*mine, is_new)
    names = ["follow_id", "userid", "external_userid", "run_id", "missed_at", "known_at"]
    session.execute(insert(SyncSuspect).from_select([*names, "is_held", "released_by"], rows))


def _forget_seen(session: Session, run_id: int) -> bool:
    """Delete some of what was seen; False: there is none."""
    some = (
        select(SyncSeen.follow_id)
        .where(SyncSeen.run_id == run_id)
        .order_by(SyncSeen.follow_id)
        .offset(FORGOTTEN_AT_ONCE)
        .limit(1)
    )
    last = session.scalar(some)
    these = delete(SyncSeen).where(SyncSeen.run_id == run_id)
    if last is not None:
        these = these.where(SyncSeen.follow_id < last)
    session.execute(these.execution_options(**LOOSE))
    return last is not None
