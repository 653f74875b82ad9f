"""A customer of whom everything is kept that lies sealed, and looks at what lies in the tables."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app import clock
from app.batches.imports import add_rows, begin_import, end_reading
from app.customers.actions import (
    FieldDraft,
    add_field,
    read_number,
    save_view,
    set_field,
)
from app.customers.actions.sealing import set_mobiles
from app.customers.models import (
    Customer,
    CustomField,
    FieldChange,
    FieldValue,
    FollowMobile,
    FollowUser,
)
from app.customers.queries import (
    CustomerFilter,
    digest_number,
    list_customers,
    read_mobiles,
)
from app.data_keys import DataKeys, keys_of
from app.db import Database
from app.pushes.actions import record_push
from app.pushes.mobiles import SUBJECT, Mobiles, pack_mobiles
from app.runtime import Runtime, build_runtime
from app.sheet_files import SheetRow
from app.tables import metadata
from tests.settings import make_config

WANG, ZHAO, DAY = "wmWang", "zhaoyi", date(2026, 11, 30)
NOTED, TYPED, BEFORE, SECRET = "13912340001", "13712340002", "13612340003", "南山区机密路8号"
IN_TABLE, LOOKED_FOR, TOLD = "13512340004", "13412340005", "13312340006"
CANARIES = (NOTED, TYPED, BEFORE, SECRET, IN_TABLE, LOOKED_FOR, TOLD)
NEW_KEYS = DataKeys(
    {"server": "a secret key for tests only", "y2027": "a secret of next year"},
    current="y2027",
    index="a secret key for tests only",
)


@pytest.fixture
def kept(tmp_path: Path, any_db: Database) -> Any:
    """Give a runtime on every database, with a customer of whom all of these are kept."""
    url = any_db.url.render_as_string(hide_password=False)
    runtime = build_runtime(make_config(tmp_path, database={"url": url}))
    with runtime.db.write() as session:
        keep(session)
    yield runtime
    runtime.db.close()


def keep(session: Session) -> None:
    now = clock.utcnow()
    session.add(Customer(external_userid=WANG, name="王", created_at=now))
    session.flush()
    follow = FollowUser(
        userid=ZHAO, external_userid=WANG, period=1, remark_mobiles=[], added_at=now
    )
    session.add(follow)
    session.flush()
    set_mobiles(session, follow, [f"+86 {NOTED[:3]}-{NOTED[3:]}"])
    add_field(session, FieldDraft(name="试证件", sensitive=True), kind="text")
    for seen, (name, typed) in enumerate((("手机", BEFORE), ("手机", TYPED))):
        type_in(session, name, typed, seen=seen)
    type_in(session, "试证件", SECRET)
    batch = begin_import(
        session,
        userid=ZHAO,
        filename="a.csv",
        heading=SheetRow(1, ("电话", "跟进")),
        is_manager=False,
    )
    end_reading(batch, total=add_rows(session, batch.id, [SheetRow(2, (IN_TABLE, "你好"))]))
    pair = {"userid": ZHAO, "external_userid": WANG}
    value = pack_mobiles(keys_of(session), Mobiles((NOTED,), (NOTED, TOLD)), **pair)
    record_push(session, **pair, kind="remark", subject=SUBJECT, value=value)
    save_view(session, userid=ZHAO, name="找", choices=[["name", LOOKED_FOR]], shared=False)


def type_in(session: Session, name: str, text: str, *, seen: int = 0) -> None:
    field = session.scalars(select(CustomField).where(CustomField.name == name)).one()
    set_field(session, WANG, field_id=field.id, typed=[text], userid=ZHAO, seen=seen, today=DAY)


def field_of(session: Session, name: str) -> CustomField:
    return session.scalars(select(CustomField).where(CustomField.name == name)).one()


def dump_all(runtime: Runtime) -> str:
    with runtime.db.read() as session:
        rows = [row for table in metadata.sorted_tables for row in session.execute(select(table))]
    return repr(rows)


def lie_in(runtime: Runtime) -> list[str]:
    """List what lies in clear in the file of the database and in those beside it."""
    path = Path(str(runtime.db.url.database))
    files = b"".join(one.read_bytes() for one in path.parent.glob(f"{path.name}*"))
    assert WANG.encode() in files
    return [one for one in (*CANARIES, NOTED[3:]) if one.encode() in files]


def lie_in_clear(session: Session) -> None:
    """Have everything lie there as the version before wrote it."""
    follow = session.scalars(select(FollowUser)).one()
    follow.remark_mobiles = read_mobiles(session, follow)
    session.execute(delete(FollowMobile))
    field = field_of(session, "手机")
    value = session.scalars(select(FieldValue).where(FieldValue.field_id == field.id)).one()
    value.text, value.box, value.digest = TYPED, None, None


def count_found(runtime: Runtime, number: str) -> int:
    with runtime.db.read() as session:
        mark = digest_number(session, read_number(number)) if read_number(number) else ""
        wanted = CustomerFilter(name=number, number=mark)
        return len(list_customers(session, wanted).rows)


def keys_used(runtime: Runtime) -> set[str]:
    with runtime.db.read() as session:
        boxes = [
            *session.scalars(select(FollowUser.remark_mobiles)),
            *session.scalars(select(FieldValue.box)),
            *session.scalars(select(FieldChange.before)),
        ]
    return {str(box).partition(":")[0] for box in boxes}
