"""Pulling members and departments from WeCom: all of them, or one.

No transaction is open across a call, and none holds more than `CHUNK` members.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from sqlalchemy import select

from app import clock
from app.i18n import _
from app.log import get_logger
from app.members.actions import (
    record_departed,
    record_departments,
    record_member,
    record_members,
)
from app.members.models import Member
from app.runtime import Runtime
from app.wecom import department, user
from app.wecom.department import DepartmentInfo
from app.wecom.errors import MissingPermission, NoSuchRelation, TryAgainLater, WeComError
from app.wecom.user import UserDetail

CHUNK = 200
OUT_OF_RANGE = 60011

log = get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class SyncReport:
    """What a pull brought. With `faults` it was not complete, and nobody was removed for it."""

    departments: int
    members: int
    departed: int
    faults: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """Whether WeCom answered everything."""
        return not self.faults


def sync_members(runtime: Runtime) -> SyncReport:
    """Pull every department and every member whom the app sees.

    A member whom no department lists is asked for by himself before he counts as departed: the
    visible range may name him without his department.

    Raises:
        WeComError: not even the departments could be read.
    """
    pull = _Pull(runtime, started=clock.utcnow())
    departments = sync_departments(runtime)
    for one in departments:
        if not pull.read_department(one):
            break
    if not pull.seen:
        pull.faults.append(_("企业微信没有列出任何成员：请检查应用的可见范围"))
    if not pull.faults:
        pull.look_for_missing()
    report = SyncReport(
        departments=len(departments),
        members=len(pull.seen),
        departed=pull.departed,
        faults=tuple(pull.faults),
    )
    log.info(
        "members_synced",
        departments=report.departments,
        members=report.members,
        departed=report.departed,
        faults=len(report.faults),
    )
    return report


def sync_departments(runtime: Runtime) -> Sequence[DepartmentInfo]:
    """Pull every department that the app sees."""
    departments = department.list_all(runtime.wecom)
    with runtime.db.write() as session:
        record_departments(session, departments)
    return departments


def sync_member(
    runtime: Runtime, userid: str, *, within: float | None = None, at: datetime | None = None
) -> bool:
    """Read one member, in `within` seconds; False when WeCom does not show him.

    If we know him he has departed then: at the time `at`, or now.
    """
    try:
        detail = user.get(runtime.wecom, userid, within=within)
    except NoSuchRelation:
        return _depart(runtime, userid, at)
    except MissingPermission as error:
        if error.errcode != OUT_OF_RANGE:
            raise
        return _depart(runtime, userid, at)
    runtime.db.commit(lambda session: record_member(session, detail))
    return True


def _depart(runtime: Runtime, userid: str, at: datetime | None) -> bool:
    left_at = at or clock.utcnow()
    runtime.db.commit(lambda session: record_departed(session, userid, left_at))
    return False


@dataclass
class _Pull:
    """The course of one pull: whom it has seen, and what went wrong."""

    runtime: Runtime
    started: datetime
    seen: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)
    departed: int = 0

    def read_department(self, one: DepartmentInfo) -> bool:
        """Record a department's members; False when there is no sense in asking on."""
        try:
            details = user.list_in_department(self.runtime.wecom, one.id)
        except WeComError as error:
            self.faults.append(f"{one.name}: {error.plain}")
            return not isinstance(error, TryAgainLater)
        for chunk in _chunks(self._unseen(details)):
            with self.runtime.db.write() as session:
                record_members(session, chunk)
        return True

    def look_for_missing(self) -> None:
        """Ask for everybody whom we hold for present and no department listed."""
        with self.runtime.db.read() as session:
            missing = session.scalars(
                select(Member.userid).where(
                    Member.removed_at.is_(None), Member.seen_at < self.started
                )
            ).all()
        for userid in missing:
            try:
                self.departed += not sync_member(self.runtime, userid)
            except WeComError as error:
                self.faults.append(error.plain)
                return

    def _unseen(self, details: Iterable[UserDetail]) -> Iterator[UserDetail]:
        """Skip who came with another of his departments already."""
        for detail in details:
            if (folded := detail.userid.casefold()) not in self.seen:
                self.seen.add(folded)
                yield detail


def _chunks(details: Iterator[UserDetail]) -> Iterator[list[UserDetail]]:
    while chunk := list(islice(details, CHUNK)):
        yield chunk
