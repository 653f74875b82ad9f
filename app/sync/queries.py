"""How runs get on, what they found, and whose customers are held back."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import clock
from app.customers.models import FollowUser
from app.members.models import Member
from app.sync.models import SyncMember, SyncRun, SyncSuspect

LISTED_RUNS, LISTED_MEMBERS = 20, 200


@dataclass(frozen=True)
class Progress:
    """How far a run is. `share` of it, between 0 and 1; `per_second`: relations; `left`: seconds.

    The last two are None before anything can be said.
    """

    members: Counter[str]
    share: float
    per_second: float | None
    left: float | None

    @property
    def gone_through(self) -> int:
        """Count the members who are done."""
        return sum(self.members.values()) - self.members[""]


@dataclass(frozen=True)
class Held:
    """A member too many of whose customers were missing at once, and of how many."""

    userid: str
    missing: int
    had: int


@dataclass(frozen=True)
class Unasked:
    """A member of whose customers, so many, WeCom tells nothing: he may not have any."""

    userid: str
    customers: int


def find_open_run(session: Session) -> SyncRun | None:
    """Find the run that is under way."""
    return session.scalar(select(SyncRun).where(SyncRun.open_key == 1))


def find_run(session: Session, run_id: int) -> SyncRun | None:
    """Find a run."""
    return session.get(SyncRun, run_id)


def last_done_at(session: Session) -> datetime | None:
    """Return when the last run that was done to its end ended."""
    return session.scalar(
        select(SyncRun.ended_at)
        .where(SyncRun.outcome == "done")
        .order_by(SyncRun.id.desc())
        .limit(1)
    )


def list_ended_runs(session: Session) -> Sequence[SyncRun]:
    """List the latest runs that have ended, the newest first."""
    ended = select(SyncRun).where(SyncRun.outcome.is_not(None))
    return session.scalars(ended.order_by(SyncRun.id.desc()).limit(LISTED_RUNS)).all()


def measure_progress(session: Session, run: SyncRun) -> Progress:
    """Measure how far a run is, by customers if we know how many there are, else by members."""
    rows = session.execute(
        select(SyncMember.outcome, func.count())
        .where(SyncMember.run_id == run.id)
        .group_by(SyncMember.outcome)
    )
    members = Counter({outcome or "": count for outcome, count in rows})
    expected = 0 if run.is_first else _count_living(session)
    gone_through = sum(members.values()) - members[""]
    if expected:
        share = min(1.0, run.listed / expected)
    else:
        share = gone_through / run.members if run.members else 0.0
    seconds = _seconds(run)
    per_second = run.listed / seconds if seconds and run.listed else None
    left = seconds * (1 - share) / share if seconds and share else None
    return Progress(members, share, per_second, left)


def list_held(session: Session) -> list[Held]:
    """List the members whose missing customers are held back, the most of them first."""
    count = func.count().label("count")
    rows = session.execute(
        select(SyncSuspect.userid, count)
        .where(SyncSuspect.is_held.is_(True))
        .group_by(SyncSuspect.userid)
        .order_by(count.desc(), SyncSuspect.userid)
        .limit(LISTED_MEMBERS)
    ).all()
    had = session.execute(
        select(FollowUser.userid, func.count())
        .where(
            FollowUser.userid.in_([userid for userid, _count in rows]),
            FollowUser.removed_at.is_(None),
        )
        .group_by(FollowUser.userid)
    )
    totals = {row[0]: row[1] for row in had}
    return [Held(userid, missing, totals.get(userid, missing)) for userid, missing in rows]


def list_unasked(session: Session) -> list[Unasked]:
    """List the members who are here and have customers, and whom the last walk could not ask for.

    They stand not in WeCom's list of who may have customers (get_follow_user_list).
    """
    run_id = session.scalar(select(func.max(SyncRun.id)).where(SyncRun.members > 0))
    if run_id is None:
        return []
    planned = select(SyncMember.userid).where(SyncMember.run_id == run_id)
    living = FollowUser.userid == Member.userid, FollowUser.removed_at.is_(None)
    members = session.scalars(
        select(Member.userid)
        .where(
            Member.away_at.is_(None),
            Member.userid.not_in(planned),
            select(FollowUser.id).where(*living).exists(),
        )
        .order_by(Member.userid)
        .limit(LISTED_MEMBERS)
    ).all()
    rows = session.execute(
        select(FollowUser.userid, func.count())
        .where(FollowUser.userid.in_(members), FollowUser.removed_at.is_(None))
        .group_by(FollowUser.userid)
        .order_by(func.count().desc(), FollowUser.userid)
    )
    return [Unasked(userid, count) for userid, count in rows]


def list_refused(session: Session, run_id: int) -> Sequence[SyncMember]:
    """List the members whom WeCom would not list in a run."""
    return session.scalars(
        select(SyncMember)
        .where(SyncMember.run_id == run_id, SyncMember.outcome == "refused")
        .order_by(SyncMember.userid)
        .limit(LISTED_MEMBERS)
    ).all()


def count_outcomes(session: Session, run_id: int) -> Counter[str]:
    """Count how it ended with the members of a run."""
    rows = session.execute(
        select(SyncMember.outcome, func.count())
        .where(SyncMember.run_id == run_id)
        .group_by(SyncMember.outcome)
    )
    return Counter({outcome or "": count for outcome, count in rows})


def _count_living(session: Session) -> int:
    living = select(func.count()).select_from(FollowUser).where(FollowUser.removed_at.is_(None))
    return session.scalar(living) or 0


def _seconds(run: SyncRun) -> float:
    """Return for how long it has walked."""
    if run.walked_at is None:
        return 0.0
    return ((run.ended_at or clock.utcnow()) - run.walked_at) / timedelta(seconds=1)
