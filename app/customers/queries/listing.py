"""The list of customers (客户): one row a relation, the newest first, at any number of them.

However few are wanted among however many, a page costs about the same: what an index makes few is
read as a whole, everything else is walked through from the newest on for a short while. A walk
that has not found a page by then says how far it got, and goes on from there when asked.
"""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from app.customers.models import (
    Customer,
    CustomerStage,
    FollowTag,
    FollowUp,
    FollowUser,
    MarketingConsent,
    Stage,
)
from app.customers.queries.choosing import (
    CustomerFilter,
    Relation,
    is_of_state,
    narrow_ones,
    relation_conditions,
)
from app.customers.queries.stages import find_default_pipeline
from app.members.models import Member
from app.rows import among

PAGE = 50
# Up to so many relations are read as a whole.
FEW = 2000
# How much of the list a walk looks at in its steps, and for how long at most.
FIRST_STEP, WIDER, LONGEST_STEP = 500, 4, 4000
WALK_SECONDS = 0.04
COUNT_SECONDS, MOST_COUNTED = 1.0, 100_000


@dataclass(frozen=True)
class CustomerRow:
    """A relation, and what the list shows of it. `others`: how many colleagues follow him, too."""

    follow: FollowUser
    name: str
    avatar: str
    type: int | None
    corp_name: str
    member: str
    stage: str
    stage_color: str
    tags: Sequence[tuple[str, str]] = ()
    noted_at: datetime | None = None
    others: int = 0
    consent: str = ""


@dataclass(frozen=True)
class CustomerCount:
    """Relations, and different customers among them; `is_whole` False: there may be more."""

    relations: int
    people: int
    is_whole: bool = True


@dataclass(frozen=True)
class CustomerPage:
    """A page of the list. `next`: the id behind which the next one begins, 0: there is none.

    `is_whole` False: the walk was ended before the page was full; there may be more behind `next`.
    """

    rows: Sequence[CustomerRow] = field(default_factory=list)
    next: int = 0
    is_whole: bool = True


def list_customers(
    session: Session, wanted: CustomerFilter, *, before: int = 0, limit: int = PAGE
) -> CustomerPage:
    """List a page of what is wanted, from behind the relation `before`."""
    place = session.get(FollowUser, before) if before else None
    few = _find_few(session, wanted)
    if few is not None:
        these = among(session, FollowUser.id, few)
        part = select(*_LOOKED_AT).where(these, *_behind(place)).limit(FEW)
        ids = _matching(session, wanted, part, limit + 1)
        next_id = ids[limit - 1] if len(ids) > limit else 0
        return CustomerPage(read_customers(session, ids[:limit]), next_id)
    ids, reached, is_whole = _walk(session, wanted, place, limit + 1)
    next_id = ids[limit - 1] if len(ids) > limit else reached
    return CustomerPage(read_customers(session, ids[:limit]), next_id, is_whole)


def count_customers(
    session: Session, wanted: CustomerFilter, *, seconds: float = COUNT_SECONDS
) -> CustomerCount:
    """Count what is wanted, for as long as somebody waits, and up to MOST_COUNTED."""
    ends, relations, people = time.perf_counter() + seconds, 0, set[str]()
    is_enough = False
    for piece in read_relations(session, wanted):
        # Only another piece shows that there is more.
        if is_enough:
            return CustomerCount(relations, len(people), is_whole=False)
        relations += len(piece)
        people.update(external_userid for _id, external_userid in piece)
        is_enough = relations >= MOST_COUNTED or time.perf_counter() > ends
    return CustomerCount(relations, len(people))


def read_relations(session: Session, wanted: CustomerFilter) -> Iterator[Sequence[tuple[int, str]]]:
    """Read all that is wanted, ids and customers alone, piece by piece, the newest first."""
    few, place = _find_few(session, wanted), None
    while True:
        here = (*_along(wanted), *_behind(place))
        part = select(*_LOOKED_AT)
        if few is not None:
            part = part.where(among(session, FollowUser.id, few)).limit(FEW)
        else:
            part = part.where(*here).order_by(*_newest_first(FollowUser)).limit(LONGEST_STEP)
        follow = aliased(FollowUser, part.subquery())
        found = select(follow.id, follow.external_userid)
        chosen = found.where(*relation_conditions(session, wanted, follow))
        rows = session.execute(chosen.order_by(*_newest_first(follow))).all()
        yield [(row[0], row[1]) for row in rows]
        place = _last_of(session, here, LONGEST_STEP) if few is None else None
        if place is None:
            return


def read_customers(session: Session, ids: Sequence[int]) -> list[CustomerRow]:
    """Read the rows of these relations, in this order."""
    place = and_(
        CustomerStage.external_userid == FollowUser.external_userid,
        CustomerStage.pipeline_id == find_default_pipeline(session),
    )
    found = session.execute(
        select(
            FollowUser,
            Customer,
            Member.name.label("member"),
            Stage.name.label("stage"),
            Stage.color,
            MarketingConsent.state.label("consent"),
        )
        .outerjoin(Customer, Customer.external_userid == FollowUser.external_userid)
        .outerjoin(Member, Member.userid == FollowUser.userid)
        .outerjoin(MarketingConsent, MarketingConsent.external_userid == FollowUser.external_userid)
        .outerjoin(CustomerStage, place)
        .outerjoin(Stage, Stage.id == CustomerStage.stage_id)
        .where(FollowUser.id.in_(ids))
    ).all()
    people = {row.FollowUser.external_userid for row in found}
    tags, noted, others = _tags(session, ids), _noted(session, people), _followers(session, people)
    rows = {
        row.FollowUser.id: CustomerRow(
            follow=row.FollowUser,
            name=row.Customer.name if row.Customer else "",
            avatar=row.Customer.avatar if row.Customer else "",
            type=row.Customer.type if row.Customer else None,
            corp_name=row.Customer.corp_name if row.Customer else "",
            member=row.member or row.FollowUser.userid,
            stage=row.stage or "",
            stage_color=row.color or "",
            consent=row.consent or "",
            tags=tags.get(row.FollowUser.id, ()),
            noted_at=noted.get(row.FollowUser.external_userid),
            others=len(others.get(row.FollowUser.external_userid, set()) - {row.FollowUser.userid}),
        )
        for row in found
    }
    return [rows[row_id] for row_id in ids if row_id in rows]


def _find_few(session: Session, wanted: CustomerFilter) -> list[int] | None:
    """Read the first of the narrow choices that holds few; None: none of them does."""
    for choices in narrow_ones(session, wanted, few=FEW):
        ids: set[int] = set()
        for chosen in choices:
            ids.update(session.scalars(chosen.limit(FEW + 1)))
        if len(ids) <= FEW:
            return list(ids)
    return None


def _matching(
    session: Session, wanted: CustomerFilter, part: Select[*tuple[Any, ...]], limit: int
) -> list[int]:
    """Choose among a part of the relations, which has a limit, the newest that are wanted.

    The part is read first, whatever else an index offers: a database that may choose for itself
    takes all who are followed for few.
    """
    follow = aliased(FollowUser, part.subquery())
    found = (
        select(follow.id)
        .where(*relation_conditions(session, wanted, follow))
        .order_by(*_newest_first(follow))
        .limit(limit)
    )
    return list(session.scalars(found))


def _walk(
    session: Session, wanted: CustomerFilter, place: FollowUser | None, limit: int
) -> tuple[list[int], int, bool]:
    """Look for what is wanted from the newest on, in ever longer steps.

    Returns the ids, the relation that was reached (0: the end), and whether it went far enough.
    """
    ends = time.perf_counter() + WALK_SECONDS
    found: list[int] = []
    step = FIRST_STEP
    while True:
        here = (*_along(wanted), *_behind(place))
        part = select(*_LOOKED_AT).where(*here).order_by(*_newest_first(FollowUser)).limit(step)
        found += _matching(session, wanted, part, limit - len(found))
        if len(found) >= limit:
            return found, 0, True
        last = _last_of(session, here, step)
        if last is None:
            return found, 0, True
        if time.perf_counter() > ends:
            return found, last.id, False
        place, step = last, min(step * WIDER, LONGEST_STEP)


def _last_of(session: Session, here: Sequence[ColumnElement[bool]], step: int) -> FollowUser | None:
    """Find the last relation of a step; None: it ends before."""
    ordered = select(FollowUser).where(*here).order_by(*_newest_first(FollowUser))
    return session.scalars(ordered.offset(step - 1).limit(1)).one_or_none()


# What filters look at of a relation.
_LOOKED_AT = (
    FollowUser.id,
    FollowUser.userid,
    FollowUser.external_userid,
    FollowUser.remark,
    FollowUser.state,
    FollowUser.added_at,
    FollowUser.removed_at,
)


def _along(wanted: CustomerFilter) -> list[ColumnElement[bool]]:
    """Say along which index the walk goes: a step is so many rows of it."""
    along: list[ColumnElement[bool]] = []
    if wanted.userid:
        along.append(FollowUser.userid == wanted.userid)
    elif wanted.state:
        along += is_of_state(FollowUser, wanted.state)
    if wanted.added_since:
        along.append(FollowUser.added_at >= wanted.added_since)
    if wanted.added_until:
        along.append(FollowUser.added_at < wanted.added_until)
    return along


def _newest_first(follow: Relation) -> tuple[ColumnElement[Any], ...]:
    """Order as the index goes: (added_at, userid), and behind it the id."""
    return follow.added_at.desc(), follow.userid.desc(), follow.id.desc()


def _behind(place: FollowUser | None) -> list[ColumnElement[bool]]:
    if place is None:
        return []
    return [
        # For the index alone; MariaDB would not see it in what follows.
        FollowUser.added_at <= place.added_at,
        or_(
            FollowUser.added_at < place.added_at,
            and_(FollowUser.added_at == place.added_at, FollowUser.userid < place.userid),
            and_(
                FollowUser.added_at == place.added_at,
                FollowUser.userid == place.userid,
                FollowUser.id < place.id,
            ),
        ),
    ]


def _tags(session: Session, ids: Sequence[int]) -> Mapping[int, list[tuple[str, str]]]:
    marks = session.execute(
        select(FollowTag.follow_id, FollowTag.group_name, FollowTag.tag_name)
        .where(FollowTag.follow_id.in_(ids))
        .order_by(FollowTag.group_name, FollowTag.tag_name)
    )
    found: dict[int, list[tuple[str, str]]] = {}
    for follow_id, group, name in marks:
        found.setdefault(follow_id, []).append((group, name))
    return found


def _noted(session: Session, people: Iterable[str]) -> Mapping[str, datetime]:
    notes = session.execute(
        select(FollowUp.external_userid, func.max(FollowUp.created_at).label("at"))
        .where(FollowUp.external_userid.in_(list(people)), FollowUp.removed_at.is_(None))
        .group_by(FollowUp.external_userid)
    )
    return {row.external_userid: row.at for row in notes}


def _followers(session: Session, people: Iterable[str]) -> Mapping[str, set[str]]:
    other = aliased(FollowUser)
    living = session.execute(
        select(other.external_userid, other.userid).where(
            other.external_userid.in_(list(people)), other.removed_at.is_(None)
        )
    )
    found: dict[str, set[str]] = {}
    for external_userid, userid in living:
        found.setdefault(external_userid, set()).add(userid)
    return found
