"""Very many customers, made by the database, with everything that a card shows of them.

Stages in two pipelines, relations, tags, fields, notes, groups, a history.
"""

import warnings
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    JSON,
    ColumnElement,
    Integer,
    String,
    Subquery,
    cast,
    insert,
    literal,
    select,
    text,
    union_all,
)
from sqlalchemy.orm import Session

from app import clock
from app.customers.actions import import_fields
from app.customers.models import (
    Customer,
    CustomerStage,
    CustomField,
    FieldValue,
    FollowTag,
    FollowUp,
    FollowUser,
    Pipeline,
    Stage,
    Tag,
    TagGroup,
    TimelineEntry,
)
from app.db import Base, Database, UtcDateTime
from app.groups.models import GroupChat, GroupMember
from app.members.models import Member
from app.money import Money

MEMBERS = 200
CHUNK = 100_000
TAGS, ENTRIES = 3, 3
SHARED_BY = 5
BUSY_ENTRIES = 5_000
GROUP_SIZE = 200
TAG_GROUPS, TAGS_IN_GROUP = 6, 20
STAGES = ("待下单", "已下单", "已发货", "已签收")
FIELDS = "".join(
    f'[[field]]\nkey = "{kind}"\nname = "资料{kind}"\nkind = "{kind}"\n'
    for kind in ("text", "number", "money", "date", "phone", "address", "link", "yes_no")
)


def external_userid_of(number: int) -> str:
    """Return the id of the customer of this number."""
    return f"wmBench{10**9 + number}"


def userid_of(number: int) -> str:
    """Return who follows the customer of this number."""
    return f"member{number % MEMBERS}"


def fill(db: Database, size: int) -> None:
    """Make `size` customers. Every fifth has two followers, number 0 a very long history."""
    now = clock.utcnow()
    with db.write() as session:
        session.add_all(
            Member(
                userid=f"member{n}",
                folded=f"member{n}",
                name=f"成员{n}",
                direct_leader=[],
                seen_at=now,
            )
            for n in range(MEMBERS)
        )
        _add_pipeline(session)
        import_fields(session, FIELDS)
        _add_tags(session)
        _add_groups(session, size, now)
        session.flush()
        stages = session.execute(
            select(Stage.pipeline_id, Stage.id).where(Stage.position == 0)
        ).all()
        fields = {row.kind: row.id for row in session.scalars(select(CustomField))}
    for first in range(0, size, CHUNK):
        with db.write() as session:
            numbers = _numbers(first, min(CHUNK, size - first))
            at = now - timedelta(minutes=first // 10)
            _fill_customers(session, numbers, at)
            for pipeline_id, stage_id in stages:
                _fill_stages(session, numbers, at, pipeline_id, stage_id)
            _fill_relations(session, numbers, at, size)
            _fill_kept(session, numbers, at, fields)
    with db.write() as session:
        _fill_busy(session, now)
        if db.url.get_backend_name() == "postgresql":
            # The server does so by itself, within a minute.
            session.execute(text("ANALYZE"))


def _fill_customers(session: Session, numbers: Subquery, at: datetime) -> None:
    n = numbers.c.n
    who, when, none = _id(n), _time(at), literal("")
    _insert(
        session,
        Customer,
        numbers,
        external_userid=who,
        name=_named("客户", n),
        avatar=none,
        type=literal(1),
        corp_name=none,
        position=none,
        created_at=when,
        fetched_at=when,
    )
    for entry in range(ENTRIES):
        _insert(
            session,
            TimelineEntry,
            numbers,
            dedupe_key=who + literal(f":{entry}"),
            external_userid=who,
            userid=_member(n),
            kind=literal("group_joined"),
            at=_time(at - timedelta(hours=30 * entry)),
            data=literal({"group_name": "南山会员群"}, JSON()),
        )


def _fill_stages(
    session: Session, numbers: Subquery, at: datetime, pipeline_id: int, stage_id: int
) -> None:
    _insert(
        session,
        CustomerStage,
        numbers,
        external_userid=_id(numbers.c.n),
        pipeline_id=literal(pipeline_id),
        stage_id=literal(stage_id),
        changed_at=_time(at),
    )


def _fill_kept(
    session: Session, numbers: Subquery, at: datetime, fields: Mapping[str, int]
) -> None:
    """Fill three fields, write a note, and put everybody into a group."""
    n, when = numbers.c.n, _time(at)
    who, member = _id(n), _member(n)
    shared: dict[str, Any] = {
        "external_userid": who,
        "version": literal(1),
        "userid": member,
        "changed_at": when,
    }
    values: dict[str, dict[str, Any]] = {
        "phone": {"text": literal("1") + cast(n + literal(3_000_000_000), String())},
        "money": {"number": cast(literal("1250.00"), Money())},
        "address": {"text": literal("南山区示例路 8 号")},
    }
    for kind, value in values.items():
        field_id = literal(fields[kind])
        _insert(session, FieldValue, numbers, field_id=field_id, **shared, **value)
    _insert(
        session,
        FollowUp,
        numbers,
        external_userid=who,
        userid=member,
        form_key=_named("form", n),
        text=literal("周末来看样品，先发报价"),
        created_at=when,
    )
    none = literal("")
    _insert(
        session,
        GroupMember,
        numbers,
        chat_id=_named("wrBench", n // literal(GROUP_SIZE)),
        userid=who,
        period=literal(1),
        type=literal(2),
        name=_named("客户", n),
        group_nickname=none,
        invitor=none,
        state=none,
        joined_at=when,
    )


def _add_pipeline(session: Session) -> None:
    pipeline = Pipeline(key="orders", name="订单", position=1)
    session.add(pipeline)
    session.flush()
    for position, name in enumerate(STAGES):
        session.add(
            Stage(pipeline_id=pipeline.id, key=f"order{position}", name=name, position=position)
        )


def _add_tags(session: Session) -> None:
    for group in range(TAG_GROUPS):
        session.add(TagGroup(group_id=f"eg{group}", name=f"标签组{group}", position=group))
        for number in range(TAGS_IN_GROUP):
            tag = group * TAGS_IN_GROUP + number
            session.add(
                Tag(tag_id=f"et{tag}", group_id=f"eg{group}", name=f"标签{tag}", position=number)
            )


def _add_groups(session: Session, size: int, now: datetime) -> None:
    """Make the groups; each is one member's, and the next one's too."""
    for group in range(-(-size // GROUP_SIZE)):
        chat_id = f"wrBench{group}"
        session.add(
            GroupChat(
                chat_id=chat_id, name=f"会员群{group}", owner=userid_of(group), fetched_at=now
            )
        )
        for userid in (userid_of(group), userid_of(group + 1)):
            session.add(
                GroupMember(chat_id=chat_id, userid=userid, period=1, type=1, joined_at=now)
            )


def _fill_relations(session: Session, numbers: Subquery, at: datetime, size: int) -> None:
    n, none = numbers.c.n, literal("")
    relation: dict[str, Any] = {
        "external_userid": _id(n),
        "period": literal(1),
        "remark": _named("备注", n),
        "description": none,
        "remark_mobiles": literal([], JSON()),
        "add_way": literal(1),
        "state": literal("门店海报"),
        "oper_userid": none,
        "added_at": _time(at),
        "mutual_at": _time(at),
    }
    _insert(session, FollowUser, numbers, id=n + literal(1), userid=_member(n), **relation)
    shared = numbers.c.n % SHARED_BY == 0
    _insert(
        session,
        FollowUser,
        numbers,
        shared,
        id=n + literal(size + 1),
        userid=_member(n + literal(7)),
        **relation,
    )
    for tag in range(TAGS):
        _insert(
            session,
            FollowTag,
            numbers,
            follow_id=n + literal(1),
            group_name=literal("等级"),
            tag_name=literal(f"标签{tag}"),
            tag_id=literal(f"et{tag}"),
            type=literal(1),
        )


def _fill_busy(session: Session, now: datetime) -> None:
    session.execute(
        insert(TimelineEntry),
        [
            {
                "dedupe_key": f"busy:{n}",
                "external_userid": external_userid_of(0),
                "userid": userid_of(n),
                "kind": "group_joined",
                "at": now - timedelta(minutes=n),
                "data": {"group_name": f"群{n}"},
            }
            for n in range(BUSY_ENTRIES)
        ],
    )


def _numbers(first: int, count: int) -> Subquery:
    """Select `count` numbers from `first` on: every digit joined with every other."""
    digits = [
        union_all(*[select(literal(digit, Integer()).label("d")) for digit in range(10)]).subquery()
        for _place in range(len(str(CHUNK - 1)))
    ]
    n: ColumnElement[int] = literal(0, Integer())
    for place, digit in enumerate(digits):
        n = n + digit.c.d * literal(10**place)
    source: Any = digits[0]
    for digit in digits[1:]:
        source = source.join(digit, literal(value=True))
    every = select(n.label("n")).select_from(source).subquery()
    return select((every.c.n + literal(first)).label("n")).where(every.c.n < count).subquery()


def _insert(
    session: Session,
    model: type[Base],
    numbers: Subquery,
    *only: ColumnElement[bool],
    **columns: ColumnElement[Any],
) -> None:
    rows = select(*columns.values()).select_from(numbers).where(*only).order_by(numbers.c.n)
    with warnings.catch_warnings():
        # Every digit with every other is what makes the numbers.
        warnings.filterwarnings("ignore", "SELECT statement has a cartesian product")
        session.execute(insert(model).from_select(list(columns), rows, include_defaults=False))


def _id(n: ColumnElement[int]) -> ColumnElement[str]:
    return literal("wmBench") + cast(n + literal(10**9), String(20))


def _member(n: ColumnElement[int]) -> ColumnElement[str]:
    return literal("member") + cast(n % literal(MEMBERS), String(20))


def _named(word: str, n: ColumnElement[int]) -> ColumnElement[str]:
    return literal(word) + cast(n, String(20))


def _time(at: datetime) -> ColumnElement[datetime]:
    return literal(at, UtcDateTime())
