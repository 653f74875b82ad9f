"""Some thousand sealed values of every kind, and what can be read and found of them."""

import random
from collections.abc import Sequence
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.batches.imports import add_rows
from app.batches.models import Batch, ImportRow
from app.batches.sealed import read_cells
from app.customers.actions import read_number
from app.customers.actions.sealing import (
    columns_of,
    keep_before,
    note_mobiles,
    seal_mobiles,
    set_mobiles,
)
from app.customers.models import (
    Customer,
    CustomerView,
    FieldChange,
    FieldValue,
    FollowMobile,
    FollowUser,
)
from app.customers.queries import digest_number, read_mobiles
from app.customers.queries.fields import Value, field_of
from app.customers.queries.sealed import read_before, read_choices
from app.customers.queries.values import value_of
from app.data_keys import keys_of
from app.db import Base
from app.privacy.sealing import SEALED
from app.pushes.mobiles import SUBJECT, unpack_mobiles
from app.pushes.models import Push
from app.rows import insert_rows
from app.runtime import Runtime
from app.sheet_files import SheetRow
from tests.privacy.sealed import ZHAO, keep
from tests.privacy.sealed import field_of as field_named

MANY, FEW = 750, 5

Row = TypeVar("Row", bound=Base)


def fill(runtime: Runtime) -> None:
    """Have somebody with everything, and so many with a number noted, one typed, and a table."""
    with runtime.db.write() as session:
        keep(session)
        session.flush()
        people = [_name(number) for number in range(MANY)]
        now = clock.utcnow()
        insert_rows(
            session,
            Customer,
            [
                {"external_userid": who, "name": who, "avatar": "", "type": 1, "created_at": now}
                | {"corp_name": "", "position": ""}
                for who in people
            ],
        )
        _fill_relations(session, people)
        _fill_fields(session, people)
        batch_id = session.scalars(select(Batch.id)).one()
        table = (SheetRow(number + 3, (_number(number, 5), "x")) for number in range(MANY))
        add_rows(session, batch_id, table)


def write_some(runtime: Runtime, chance: random.Random) -> None:
    """Have some numbers be noted anew, under the key that this process knows as the current one."""
    with runtime.db.write() as session:
        people = [_name(number) for number in chance.sample(range(MANY), FEW)]
        theirs = select(FollowUser).where(FollowUser.external_userid.in_(people))
        for follow in session.scalars(theirs.order_by(FollowUser.id)).all():
            set_mobiles(session, follow, [_number(chance.randrange(MANY), 6)])


def read_all(runtime: Runtime) -> dict[tuple[str, int], Any]:
    """Read whatever lies sealed, by its place.

    Raises:
        BoxShut: a key is missing.
    """
    with runtime.db.read() as session:
        keys, kept = keys_of(session), dict[tuple[str, int], Any]()
        for follow in _all(session, FollowUser):
            kept["mobiles", follow.id] = read_mobiles(session, follow)
        for value in _all(session, FieldValue):
            kept["value", value.id] = value_of(session, value)
        for change in _all(session, FieldChange):
            kept["change", change.id] = read_before(session, change)
        for view in _all(session, CustomerView):
            kept["view", view.id] = read_choices(session, view)
        for row in _all(session, ImportRow):
            kept["cells", row.number] = read_cells(session, row)
        for push in _all(session, Push):
            if push.subject == SUBJECT:
                kept["push", push.id] = unpack_mobiles(keys, push)
    return kept


def count_off(runtime: Runtime) -> int:
    """Count the rows that are not sealed under the current key."""
    with runtime.db.read() as session:
        return sum(
            rows.is_off(session, row) for rows in SEALED for row in _all(session, rows.table)
        )


def list_unfound(runtime: Runtime) -> list[tuple[str, int]]:
    """List the noted and the typed numbers that are not found by their digests, by their rows."""
    with runtime.db.read() as session:
        index = {(one.follow_id, one.digest) for one in _all(session, FollowMobile)}
        noted = {
            (one.id, digest_number(session, read_number(text)))
            for one in _all(session, FollowUser)
            for text in read_mobiles(session, one)
        }
        typed = [
            one.id
            for one in _all(session, FieldValue)
            if one.field_id == field_named(session, "手机").id
            and one.digest != digest_number(session, value_of(session, one).text)
        ]
    return [*(("noted", one) for one, _digest in noted ^ index), *(("typed", one) for one in typed)]


def _fill_relations(session: Session, people: list[str]) -> None:
    session.add_all(
        FollowUser(
            userid=ZHAO,
            external_userid=who,
            period=1,
            remark_mobiles=seal_mobiles(
                session, [_number(number, 3)], external_userid=who, userid=ZHAO, period=1
            ),
            added_at=clock.utcnow(),
        )
        for number, who in enumerate(people)
    )
    session.flush()
    follows = session.scalars(select(FollowUser).where(FollowUser.external_userid.in_(people)))
    mobiles = {follow.id: read_mobiles(session, follow) for follow in follows}
    note_mobiles(session, mobiles, are_new=True)


def _fill_fields(session: Session, people: list[str]) -> None:
    """Have a number typed, and another one before it."""
    row = field_named(session, "手机")
    field, shared = field_of(row), {"userid": ZHAO, "changed_at": clock.utcnow()}
    for number, who in enumerate(people):
        value = Value(text=_number(number, 4))
        columns = columns_of(session, field, value, external_userid=who)
        whose = {"external_userid": who, "field_id": field.id, "version": 1}
        session.add(FieldValue(**whose, **shared, **columns))
        change = FieldChange(**whose, **shared)
        keep_before(session, field, change, Value(text=_number(number, 7)))
        session.add(change)
    session.flush()


def _name(number: int) -> str:
    return f"wmRotated{number}"


def _number(number: int, kind: int) -> str:
    return f"1{kind}7{number:08}"


def _all(session: Session, table: type[Row]) -> Sequence[Row]:
    return session.scalars(select(table)).all()
