"""Very many customers, made by the database: with a stage, relations, tags and a history."""

import warnings
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
from app.customers.models import (
    Customer,
    CustomerStage,
    FollowTag,
    FollowUser,
    Stage,
    TimelineEntry,
)
from app.db import Base, Database, UtcDateTime
from app.members.models import Member

MEMBERS = 200
CHUNK = 100_000
TAGS, ENTRIES = 3, 3
SHARED_BY = 5
BUSY_ENTRIES = 5_000


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
        stages = session.scalars(select(Stage.id).order_by(Stage.position)).all()
    for first in range(0, size, CHUNK):
        with db.write() as session:
            numbers = _numbers(first, min(CHUNK, size - first))
            _fill_customers(session, numbers, now - timedelta(minutes=first // 10), stages[0])
            _fill_relations(session, numbers, now - timedelta(minutes=first // 10), size)
    with db.write() as session:
        _fill_busy(session, now)
        if db.url.get_backend_name() == "postgresql":
            # The server does so by itself, within a minute.
            session.execute(text("ANALYZE"))


def _fill_customers(session: Session, numbers: Subquery, at: datetime, stage_id: int) -> None:
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
    _insert(
        session,
        CustomerStage,
        numbers,
        external_userid=who,
        pipeline_id=literal(1),
        stage_id=literal(stage_id),
        changed_at=when,
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
