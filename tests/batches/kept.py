"""A corp whose customers are imported, and what then stands there."""

from typing import Any

import pytest
from sqlalchemy import func, select

from app.customers.actions import (
    import_fields,
    set_field,
)
from app.customers.models import (
    CustomerStage,
    CustomField,
    FieldChange,
    FieldValue,
    FollowUp,
    Stage,
    TimelineEntry,
)
from app.customers.queries import find_field_state, find_stage_now
from app.customers.queries.timeline import word_entry
from app.db import Base, Database
from tests.batches.tables import TODAY
from tests.churn.people import add, make_corp

FIELDS = """
[[field]]
key = "t_money"
name = "试预算"
kind = "money"
[[field]]
key = "t_day"
name = "试生日"
kind = "date"
[[field]]
key = "t_way"
name = "试渠道"
kind = "choices"
options = ["路过", "朋友、亲戚", "网上"]
[[field]]
key = "t_phone"
name = "试电话"
kind = "phone"
[[field]]
key = "t_vip"
name = "试会员"
kind = "yes_no"
"""
HEAD = ["external_userid", "试预算", "试生日", "试渠道", "试会员", "阶段", "跟进"]
LI = ["wmLi", "3000", "1990-05-01", "朋友、亲戚、网上", "是", "意向", "老客户"]
WANG = ["wmWang", "", "", "", "", "", "第二位"]


@pytest.fixture
def base(any_db: Database) -> Database:
    """Give two shops with three customers, one of whom has the same name as another."""
    with any_db.write() as session:
        make_corp(session)
        import_fields(session, FIELDS)
        add(session, "wmLi", name="李晓雯")
        add(session, "wmWang", name="王建国").remark = "老王"
        add(session, "wmOther", userid="qianer", name="李晓雯")
    return any_db


def field_id(db: Database, key: str) -> int:
    with db.read() as session:
        return session.scalars(select(CustomField.id).where(CustomField.key == key)).one()


def value(db: Database, key: str, external_userid: str = "wmLi") -> Any:
    with db.read() as session:
        state = find_field_state(session, external_userid, field_id(db, key))
        assert state
        return state.value


def stage(db: Database, external_userid: str = "wmLi") -> str:
    with db.read() as session:
        pipeline = session.scalars(select(Stage.pipeline_id).order_by(Stage.id)).first()
        assert pipeline
        return find_stage_now(session, external_userid, pipeline).name


def notes(db: Database) -> list[tuple[str, str, str]]:
    with db.read() as session:
        chosen = select(FollowUp).where(FollowUp.removed_at.is_(None)).order_by(FollowUp.id)
        return [(one.external_userid, one.userid, one.text) for one in session.scalars(chosen)]


def told(db: Database, external_userid: str = "wmLi") -> list[str]:
    with db.read() as session:
        rows = session.scalars(
            select(TimelineEntry)
            .where(
                TimelineEntry.external_userid == external_userid, TimelineEntry.userid == "qianer"
            )
            .order_by(TimelineEntry.id)
        )
        return [word_entry(one) for one in rows]


def written(db: Database) -> dict[str, int]:
    """Count what an import could write."""
    tables: list[type[Base]] = [FieldValue, FieldChange, CustomerStage, FollowUp, TimelineEntry]
    with db.read() as session:
        return {
            one.__tablename__: session.scalar(select(func.count()).select_from(one)) or 0
            for one in tables
        }


def type_in(db: Database, key: str, text: str, external_userid: str = "wmLi") -> None:
    """Have a member change a field beside his chat."""
    with db.write() as session:
        state = find_field_state(session, external_userid, field_id(db, key))
        assert state
        set_field(
            session,
            external_userid,
            field_id=state.field.id,
            typed=[text],
            userid="zhaoyi",
            seen=state.version,
            today=TODAY,
        )
