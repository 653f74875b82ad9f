"""The list of losses (流失): which are chosen, and what is shown of each, newest first."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Select, and_, exists, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from app.churn.models import Loss
from app.churn.queries.returns import came_back_at
from app.customers.models import Customer, CustomerStage, FollowUser, Stage, TimelineEntry
from app.customers.queries import find_default_pipeline
from app.i18n import N_
from app.members.models import Member, MemberDepartment
from app.members.queries import WHOLE_CORP, Scope

# Where the winning back of a customer can stand; a transfer has none.
WIN_BACKS = {"open": N_("未处理"), "contacted": N_("已联系"), "back": N_("已回流")}
PAGE = 50
CHUNK, MOST_EXPORTED = 1000, 50_000
MOST_CHANNELS = 200


@dataclass(frozen=True, kw_only=True)
class LossFilter:
    """Which losses are wanted, of those that `scope` holds; "", 0 and None of a kind: all.

    From `since` to before `until`; `departments` with those below them already among them.
    """

    since: datetime
    until: datetime
    scope: Scope = WHOLE_CORP
    kind: str = ""
    userid: str = ""
    departments: frozenset[int] | None = None
    state: str | None = None
    stage_id: int = 0
    win_back: str = ""


@dataclass(frozen=True)
class LossRow:
    """A loss, and what is known of it. `last`: what happened last before it, if anything."""

    loss: Loss
    name: str
    remark: str
    state: str
    added_at: datetime
    stage: str
    stage_color: str
    member: str
    assigned: str
    back_at: datetime | None
    last: TimelineEntry | None

    @property
    def win_back(self) -> str:
        """Where winning him back stands: one of WIN_BACKS, "" where there is nothing to do."""
        if self.loss.kind == "transfer":
            return ""
        if self.back_at is not None:
            return "back"
        return "contacted" if self.loss.contacted_at else "open"


def list_losses(
    session: Session, wanted: LossFilter, *, before: int = 0, limit: int = PAGE
) -> tuple[list[LossRow], int]:
    """List a page of them, from behind the loss `before`; and the last one's id if more follow."""
    chosen = _chosen(session).where(*loss_conditions(wanted))
    place = session.get(Loss, before) if before else None
    if place is not None:
        # The first is there for the index alone; MariaDB would not see it in the second.
        chosen = chosen.where(
            Loss.lost_at <= place.lost_at,
            or_(Loss.lost_at < place.lost_at, Loss.id < place.id),
        )
    ordered = chosen.order_by(Loss.lost_at.desc(), Loss.id.desc()).limit(limit + 1)
    found = session.execute(ordered).all()
    return _rows(session, found[:limit]), found[limit - 1].Loss.id if len(found) > limit else 0


def read_losses(session: Session, wanted: LossFilter) -> Iterator[LossRow]:
    """Read all of them, the newest MOST_EXPORTED, without holding more than a few at once."""
    left, before = MOST_EXPORTED, 0
    while left > 0:
        rows, before = list_losses(session, wanted, before=before, limit=min(CHUNK, left))
        yield from rows
        if not before:
            return
        left -= len(rows)
        session.expunge_all()


def read_rows(session: Session, ids: Sequence[int]) -> list[LossRow]:
    """Read these alone, in no order."""
    return _rows(session, session.execute(_chosen(session).where(Loss.id.in_(ids))).all())


def find_loss(session: Session, loss_id: int, scope: Scope) -> Loss | None:
    """Find a loss that the scope holds."""
    return next(iter(find_losses(session, [loss_id], scope)), None)


def find_losses(session: Session, ids: Sequence[int], scope: Scope) -> Sequence[Loss]:
    """Find those of these losses that the scope holds."""
    return session.scalars(select(Loss).where(Loss.id.in_(ids), scope.holds(Loss.userid))).all()


def list_channels(session: Session, wanted: LossFilter) -> Sequence[str]:
    """List the channels that the losses of a time came through: to choose from."""
    return session.scalars(
        select(FollowUser.state)
        .join(Loss, Loss.follow_id == FollowUser.id)
        .where(
            Loss.lost_at >= wanted.since,
            Loss.lost_at < wanted.until,
            wanted.scope.holds(Loss.userid),
            FollowUser.state != "",
        )
        .distinct()
        .order_by(FollowUser.state)
        .limit(MOST_CHANNELS)
    ).all()


def loss_conditions(wanted: LossFilter) -> list[ColumnElement[bool]]:
    """Say in SQL which losses these are."""
    conditions = [
        Loss.lost_at >= wanted.since,
        Loss.lost_at < wanted.until,
        *people_conditions(wanted, Loss.userid, Loss.external_userid),
    ]
    if wanted.kind:
        conditions.append(Loss.kind == wanted.kind)
    if wanted.state is not None:
        period = aliased(FollowUser)
        came = exists().where(period.id == Loss.follow_id, period.state == wanted.state)
        conditions.append(came)
    if wanted.win_back:
        conditions.append(_stands_at(wanted.win_back))
    return conditions


def people_conditions(
    wanted: LossFilter,
    userid: InstrumentedAttribute[str],
    external_userid: InstrumentedAttribute[str],
) -> list[ColumnElement[bool]]:
    """Say in SQL whose relations these are, as far as it depends on the two people."""
    conditions = [wanted.scope.holds(userid)]
    if wanted.userid:
        conditions.append(userid == wanted.userid)
    if wanted.departments is not None:
        people = MemberDepartment.department_id.in_(wanted.departments)
        conditions.append(userid.in_(select(MemberDepartment.userid).where(people)))
    if wanted.stage_id:
        place = aliased(CustomerStage)
        stands = place.external_userid == external_userid, place.stage_id == wanted.stage_id
        conditions.append(exists().where(*stands))
    return conditions


def _stands_at(win_back: str) -> ColumnElement[bool]:
    is_back = came_back_at().is_not(None)
    if win_back == "back":
        return and_(Loss.kind != "transfer", is_back)
    contacted = Loss.contacted_at.is_not(None)
    return and_(
        Loss.kind != "transfer", ~is_back, contacted if win_back == "contacted" else ~contacted
    )


def _chosen(session: Session) -> Select[*tuple[Any, ...]]:
    """Select losses with what stands beside them in other tables."""
    other = aliased(Member)
    place = and_(
        CustomerStage.external_userid == Loss.external_userid,
        CustomerStage.pipeline_id == find_default_pipeline(session),
    )
    return (
        select(
            Loss,
            Customer.name,
            FollowUser.remark,
            FollowUser.state,
            FollowUser.added_at,
            Stage.name.label("stage"),
            Stage.color.label("stage_color"),
            Member.name.label("member"),
            other.name.label("assigned"),
            came_back_at().label("back_at"),
            _last_entry().label("last_id"),
        )
        .join(FollowUser, FollowUser.id == Loss.follow_id)
        .outerjoin(Customer, Customer.external_userid == Loss.external_userid)
        .outerjoin(CustomerStage, place)
        .outerjoin(Stage, Stage.id == CustomerStage.stage_id)
        .outerjoin(Member, Member.userid == Loss.userid)
        .outerjoin(other, other.userid == Loss.assigned_to)
    )


def _last_entry() -> ScalarSelect[int]:
    """Say in SQL what happened last before a loss: the id of its entry in the timeline."""
    return (
        select(TimelineEntry.id)
        .where(
            TimelineEntry.external_userid == Loss.external_userid,
            TimelineEntry.at < Loss.lost_at,
        )
        .order_by(TimelineEntry.at.desc(), TimelineEntry.id.desc())
        .limit(1)
        .correlate(Loss)
        .scalar_subquery()
    )


def _rows(session: Session, found: Sequence[Any]) -> list[LossRow]:
    entries = _entries(session, [row.last_id for row in found if row.last_id])
    return [
        LossRow(
            loss=row.Loss,
            name=row.name or "",
            remark=row.remark,
            state=row.state,
            added_at=row.added_at,
            stage=row.stage or "",
            stage_color=row.stage_color or "",
            member=row.member or row.Loss.userid,
            assigned=row.assigned or row.Loss.assigned_to,
            back_at=row.back_at,
            last=entries.get(row.last_id),
        )
        for row in found
    ]


def _entries(session: Session, ids: Sequence[int]) -> Mapping[int, TimelineEntry]:
    entries = session.scalars(select(TimelineEntry).where(TimelineEntry.id.in_(ids)))
    return {entry.id: entry for entry in entries}
