"""Which relations an admin wants to see: the filters of the list of customers, in SQL."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    exists,
    func,
    literal,
    literal_column,
    or_,
    select,
)
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased
from sqlalchemy.orm.util import AliasedClass

from app.customers.models import (
    Customer,
    CustomerStage,
    FieldChoice,
    FieldValue,
    FollowMobile,
    FollowTag,
    FollowUp,
    FollowUser,
    MarketingConsent,
    Stage,
)
from app.customers.queries.consent import consent_is
from app.customers.queries.finding import phone_fields
from app.members.models import Member, MemberDepartment
from app.members.queries import WHOLE_CORP, Scope

# `follow_users`, or a part of it under another name.
Relation = type[FollowUser] | AliasedClass[FollowUser]
# Whether a relation lasts; waiting: it does, and its member is away (待交接).
STANDINGS = ("with", "lost", "all", "waiting")
# The add_way of a customer whom an admin gave to a member.
ASSIGNED = 202
MOST_STATES = 200
RARE = 20_000


@dataclass(frozen=True, kw_only=True)
class FieldTest:
    """What is wanted of a field: `how` one of filled, empty, option, yes, no, least, most, equal.

    `option`: the option's id; `bound` for least and most: a number or a day, itself included;
    `digest` for equal, which alone can be told of a sealed field: what it is found by.
    """

    field_id: int
    how: str
    option: str = ""
    digest: str = ""
    bound: Decimal | date | None = None


@dataclass(frozen=True, kw_only=True)
class CustomerFilter:
    """Which relations are wanted, of those that `scope` holds; "", 0, () and None: all.

    Times are from `…since` to before `…until`. `departments` with those below them already among
    them. `name` is how the customer's name or the remark begins. Tags by their WeCom ids.
    `number`: what the phone number in `name`, if it is a whole one, is found by instead.
    `quiet_since`: nobody has noted anything about the customer since. `shared`: others follow him,
    too. `consent`: what he said of offers, "" nothing yet.
    """

    scope: Scope = WHOLE_CORP
    standing: str = "with"
    name: str = ""
    number: str = ""
    userid: str = ""
    departments: frozenset[int] | None = None
    state: str = ""
    stage_id: int = 0
    tags_any: tuple[str, ...] = ()
    tags_all: tuple[str, ...] = ()
    tags_none: tuple[str, ...] = ()
    added_since: datetime | None = None
    added_until: datetime | None = None
    lost_since: datetime | None = None
    lost_until: datetime | None = None
    quiet_since: datetime | None = None
    shared: bool = False
    consent: str | None = None
    fields: tuple[FieldTest, ...] = ()


def is_of_state(follow: Relation, state: str) -> tuple[ColumnElement[bool], ...]:
    """Test for relations that began in a channel (state), which is not ""."""
    return follow.state == state, _has_state(follow)


def _has_state(follow: Relation) -> ColumnElement[bool]:
    """Test for a state, in the words of the index that holds no others."""
    return follow.state > literal_column("''")


def list_states(session: Session) -> list[str]:
    """List the channels (state) that anybody ever came through, however many came.

    From one to the next along the index: counting them all would take as long as they are many.
    """
    first = select(func.min(FollowUser.state).label("state")).where(_has_state(FollowUser))
    walk = first.cte("states", recursive=True)
    # In this order: SQLite looks the index up by the first of them.
    behind = FollowUser.state > walk.c.state, _has_state(FollowUser)
    after = select(func.min(FollowUser.state)).where(*behind)
    following = select(after.correlate(walk).scalar_subquery()).where(walk.c.state.is_not(None))
    states = walk.union_all(following)
    found = select(states.c.state).where(states.c.state.is_not(None)).limit(MOST_STATES)
    return list(session.scalars(found))


def relation_conditions(
    session: Session, wanted: CustomerFilter, follow: Relation = FollowUser
) -> list[ColumnElement[bool]]:
    """Say in SQL which relations these are: of the table, or of `follow`, a part of it."""
    return [
        wanted.scope.holds(follow.userid),
        *_of_relation(wanted, follow),
        *_of_tags(wanted, follow),
        *_of_customer(session, wanted, follow),
    ]


def waits_for_handover(follow: Relation = FollowUser) -> ColumnElement[bool]:
    """Say in SQL that a relation waits for somebody to take over: its member is away, nobody has.

    WeCom tells nothing of a relation that a leaver's customer was given away from. So a colleague
    has taken over who came to him after the member had gone; or whom an admin gave him, also in the
    hour in which we did not know of the going.
    """
    other, gone = aliased(FollowUser), aliased(Member)
    taken_over = _has(
        other.external_userid == follow.external_userid,
        other.userid != follow.userid,
        other.removed_at.is_(None),
        other.userid.not_in(_list_away()),
        gone.userid == follow.userid,
        or_(
            other.added_at >= gone.away_at,
            and_(other.add_way == ASSIGNED, other.added_at > follow.added_at),
        ),
    )
    return and_(follow.removed_at.is_(None), follow.userid.in_(_list_away()), ~taken_over)


def narrow_ones(
    session: Session, wanted: CustomerFilter, *, few: int
) -> Iterator[Sequence[Select[int]]]:
    """List what could be few: choices of relations that an index leads to, together one filter."""
    if wanted.name:
        yield _named(session, wanted)
    for chosen in _narrow_alone(session, wanted, few):
        yield [chosen]


def _narrow_alone(session: Session, wanted: CustomerFilter, few: int) -> Iterator[Select[int]]:
    if wanted.userid:
        yield _relations().where(FollowUser.userid == wanted.userid)
    if wanted.standing == "waiting":
        yield _relations().where(FollowUser.userid.in_(_list_away()))
    if wanted.state:
        yield _relations().where(*is_of_state(FollowUser, wanted.state))
    yield from _marked(wanted)
    if wanted.lost_since or wanted.lost_until:
        lost = _between(FollowUser.removed_at, wanted.lost_since, wanted.lost_until)
        yield _relations().where(*lost)
    yield from _standing(session, wanted, few)
    his = FollowUser.external_userid
    for test in wanted.fields:
        # An index leads to what is equal alone; where a field is rarely filled, all of it is read.
        written = select(FieldValue.id).where(FieldValue.field_id == test.field_id)
        if test.how == "equal" or (test.how != "empty" and _are_at_most(session, RARE, written)):
            having = _stands(FieldValue, test)
            yield _relations().join(FieldValue, FieldValue.external_userid == his).where(*having)


def _standing(session: Session, wanted: CustomerFilter, few: int) -> Iterator[Select[int]]:
    his = FollowUser.external_userid
    at_it = CustomerStage.stage_id == wanted.stage_id
    # Their relations lie far apart: they are looked for only where few stand there.
    if wanted.stage_id and _are_at_most(session, few, select(CustomerStage.stage_id).where(at_it)):
        yield _relations().join(CustomerStage, CustomerStage.external_userid == his).where(at_it)
    said = MarketingConsent.state == wanted.consent
    if wanted.consent and _are_at_most(
        session, few, select(MarketingConsent.change_id).where(said)
    ):
        consents = MarketingConsent.external_userid == his
        yield _relations().join(MarketingConsent, consents).where(said)


def _are_at_most(session: Session, most: int, chosen: Select[int]) -> bool:
    """Tell whether so many rows are chosen, without looking at more."""
    counted = select(func.count()).select_from(chosen.limit(most + 1).subquery())
    return (session.scalar(counted) or 0) <= most


def _named(session: Session, wanted: CustomerFilter) -> list[Select[int]]:
    his = Customer.external_userid == FollowUser.external_userid
    choices = [
        _relations().join(Customer, his).where(_begins(session, Customer.name, wanted)),
        _relations().where(_begins(session, FollowUser.remark, wanted)),
    ]
    if wanted.number:
        mine = FieldValue.external_userid == FollowUser.external_userid
        choices += [
            select(FollowMobile.follow_id).where(FollowMobile.digest == wanted.number),
            _relations().join(FieldValue, mine).where(*_has_number(FieldValue, wanted)),
        ]
    return choices


def _has_number(value: Any, wanted: CustomerFilter) -> list[ColumnElement[bool]]:
    return [value.digest == wanted.number, value.field_id.in_(phone_fields())]


def _marked(wanted: CustomerFilter) -> Iterator[Select[int]]:
    for tag_id in wanted.tags_all:
        yield select(FollowTag.follow_id).where(FollowTag.tag_id == tag_id)
    if wanted.tags_any:
        yield select(FollowTag.follow_id).where(FollowTag.tag_id.in_(wanted.tags_any)).distinct()


def _list_away() -> Select[str]:
    return select(Member.userid).where(Member.away_at.is_not(None))


def _relations() -> Select[int]:
    return select(FollowUser.id)


def _of_relation(wanted: CustomerFilter, follow: Relation) -> Iterator[ColumnElement[bool]]:
    if wanted.standing == "with":
        yield follow.removed_at.is_(None)
    elif wanted.standing == "lost":
        yield follow.removed_at.is_not(None)
    elif wanted.standing == "waiting":
        yield waits_for_handover(follow)
    if wanted.userid:
        yield follow.userid == wanted.userid
    if wanted.departments is not None:
        inside = MemberDepartment.department_id.in_(wanted.departments)
        yield follow.userid.in_(select(MemberDepartment.userid).where(inside))
    if wanted.state:
        yield from is_of_state(follow, wanted.state)
    yield from _between(follow.added_at, wanted.added_since, wanted.added_until)
    yield from _between(follow.removed_at, wanted.lost_since, wanted.lost_until)


def _of_tags(wanted: CustomerFilter, follow: Relation) -> Iterator[ColumnElement[bool]]:
    mark = aliased(FollowTag)
    if wanted.tags_any:
        yield _has(mark.follow_id == follow.id, mark.tag_id.in_(wanted.tags_any))
    for tag_id in wanted.tags_all:
        yield _has(mark.follow_id == follow.id, mark.tag_id == tag_id)
    if wanted.tags_none:
        yield ~_has(mark.follow_id == follow.id, mark.tag_id.in_(wanted.tags_none))


def _of_customer(
    session: Session, wanted: CustomerFilter, follow: Relation
) -> Iterator[ColumnElement[bool]]:
    his = follow.external_userid
    if wanted.name:
        customer = aliased(Customer)
        named = _has(customer.external_userid == his, _begins(session, customer.name, wanted))
        noted, value = aliased(FollowMobile), aliased(FieldValue)
        numbered = [
            _has(noted.follow_id == follow.id, noted.digest == wanted.number),
            _has(value.external_userid == his, *_has_number(value, wanted)),
        ]
        begins = [named, _begins(session, follow.remark, wanted)]
        yield or_(*begins, *(numbered if wanted.number else ()))
    if wanted.stage_id:
        place = aliased(CustomerStage)
        # With its pipeline it is the one row that there can be; by the stage alone, some databases
        # would begin with all who stand there.
        pipeline = select(Stage.pipeline_id).where(Stage.id == wanted.stage_id).scalar_subquery()
        yield _has(
            place.external_userid == his,
            place.pipeline_id == pipeline,
            place.stage_id == wanted.stage_id,
        )
    if wanted.quiet_since:
        note = aliased(FollowUp)
        yield ~_has(
            note.external_userid == his,
            note.created_at >= wanted.quiet_since,
            note.removed_at.is_(None),
        )
    if wanted.shared:
        other = aliased(FollowUser)
        yield _has(
            other.external_userid == his,
            other.userid != follow.userid,
            other.removed_at.is_(None),
        )
    if wanted.consent is not None:
        yield consent_is(his, wanted.consent)
    for test in wanted.fields:
        value = aliased(FieldValue)
        found = _has(value.external_userid == his, *_stands(value, test))
        yield ~found if test.how == "empty" else found


def _has(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """Say that there is such a row, looked for by itself for each relation.

    Not with EXISTS: of that some databases make a join, and read the whole of a large table for the
    few relations that are looked at.
    """
    return select(literal(1)).where(*conditions).limit(1).scalar_subquery().is_not(None)


def _begins(
    session: Session, column: InstrumentedAttribute[str], wanted: CustomerFilter
) -> ColumnElement[bool]:
    begins = column.startswith(wanted.name, autoescape=True)
    if session.get_bind().dialect.name != "sqlite":
        return begins
    # SQLite's LIKE does not look at our index, since it makes A and a the same.
    return and_(column >= wanted.name, column < wanted.name + "\U0010ffff", begins)


def _between(
    column: InstrumentedAttribute[Any], since: datetime | None, until: datetime | None
) -> Iterator[ColumnElement[bool]]:
    if since is not None:
        yield column >= since
    if until is not None:
        yield column < until


def _stands(value: Any, test: FieldTest) -> list[ColumnElement[bool]]:
    """Say that the field has what is wanted, or for empty that it has anything."""
    own: ColumnElement[bool] = value.field_id == test.field_id
    if test.how == "option":
        choice = aliased(FieldChoice)
        return [own, exists().where(choice.value_id == value.id, choice.option == test.option)]
    if test.how == "equal":
        return [own, value.digest == test.digest]
    if test.how in {"yes", "no"}:
        return [own, value.flag.is_(test.how == "yes")]
    if test.how in {"least", "most"}:
        column = value.day if isinstance(test.bound, date) else value.number
        return [own, column >= test.bound if test.how == "least" else column <= test.bound]
    any_option = aliased(FieldChoice)
    has_any = or_(
        value.text.is_not(None),
        value.number.is_not(None),
        value.day.is_not(None),
        value.flag.is_not(None),
        value.box.is_not(None),
        exists().where(any_option.value_id == value.id),
    )
    return [own, has_any]
