"""Customers made at random, always the same, and what the test remembers of them."""

import random
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.customers.actions import import_fields, record_tags
from app.customers.models import (
    Customer,
    CustomerStage,
    CustomField,
    FieldChoice,
    FieldValue,
    FollowTag,
    FollowUp,
    FollowUser,
    MarketingConsent,
    Stage,
)
from app.customers.queries import (
    CustomerFilter,
    list_customers,
)
from app.db import Database
from app.members.models import Member, MemberDepartment
from tests.customers.test_tags import group, tag

NOW = datetime(2026, 11, 1, tzinfo=UTC)
MEMBERS = ("zhaoyi", "lisi", "wangwu")
DEPARTMENTS = {"zhaoyi": 1, "lisi": 2, "wangwu": 2}
STATES = ("", "poster", "Poster", "shop")
TAGS = ("etA", "etB", "etC")
NAMES = ("张三", "张小三", "李四", "li%", "Li_", "")
FIELDS = """
[[field]]
key = "t_way"
name = "试来店"
kind = "choice"
options = ["自己来", "朋友带"]
[[field]]
key = "t_vip"
name = "试会员"
kind = "yes_no"
[[field]]
key = "t_money"
name = "试预算"
kind = "money"
[[field]]
key = "t_day"
name = "试生日"
kind = "date"
[[field]]
key = "t_corp"
name = "试公司"
kind = "text"
"""
SEED = 20261130


@dataclass
class Fact:
    """A relation as the test remembers it."""

    id: int
    userid: str
    external_userid: str
    name: str
    remark: str
    state: str
    added_at: datetime
    removed_at: datetime | None
    stage: int
    tags: set[str]
    noted_at: datetime | None
    consent: str
    fields: dict[str, Any] = field(default_factory=dict)


@dataclass
class World:
    """What was made, and how to look at it."""

    db: Database
    facts: list[Fact]
    stages: list[int]
    fields: dict[str, int]
    option: str

    def ids(self, wanted: CustomerFilter) -> list[int]:
        """Read all pages."""
        found: list[int] = []
        before = 0
        with self.db.read() as session:
            while True:
                page = list_customers(session, wanted, before=before, limit=19)
                found += [row.follow.id for row in page.rows]
                before = page.next
                if not before:
                    return found


def make_world(db: Database, *, customers: int = 60) -> World:
    """Make people at random, always the same."""
    chooser = random.Random(SEED)
    facts: list[Fact] = []
    with db.write() as session:
        for userid, department in DEPARTMENTS.items():
            session.add(
                Member(userid=userid, folded=userid, name=userid, direct_leader=[], seen_at=NOW)
            )
            session.flush()
            session.add(MemberDepartment(userid=userid, department_id=department))
        record_tags(session, [group("等级", *(tag(one[2:]) for one in TAGS))])
        import_fields(session, FIELDS)
        session.flush()
        stages = list(session.scalars(select(Stage.id).order_by(Stage.id).limit(3)))
        pipeline = session.get_one(Stage, stages[0]).pipeline_id
        fields = {one.key: one for one in session.scalars(select(CustomField))}
        option = str(fields["t_way"].options[0]["id"])
        for number in range(customers):
            person = Person(f"wm{number:03}", chooser, option)
            person.write(session, stages, pipeline, {key: one.id for key, one in fields.items()})
            userids = chooser.sample(MEMBERS, chooser.choice((1, 1, 2)))
            facts.extend(person.follow(session, userid) for userid in userids)
    mine = {key: one.id for key, one in fields.items() if key.startswith("t_")}
    return World(db, facts, stages, mine, option)


class Person:
    """A customer made at random."""

    def __init__(self, external_userid: str, chooser: random.Random, option: str) -> None:
        self.external_userid, self.chooser = external_userid, chooser
        self.name = chooser.choice(NAMES)
        self.stage = 0
        self.noted_at = chooser.choice((None, NOW - timedelta(days=3), NOW - timedelta(days=40)))
        self.fields: dict[str, Any] = {
            "t_way": chooser.choice((None, option)),
            "t_vip": chooser.choice((None, True, False)),
            "t_money": chooser.choice((None, Decimal(100), Decimal("2500.50"))),
            "t_day": chooser.choice((None, date(1990, 5, 1), date(2001, 1, 31))),
            "t_corp": chooser.choice((None, "示例商贸")),
        }
        # None: no row; "": what was written down was taken back.
        self.consent = chooser.choice((None, "", "agreed", "refused"))

    def write(
        self, session: Session, stages: list[int], pipeline: int, fields: dict[str, int]
    ) -> None:
        """Write everything that is the customer's own."""
        chooser, his = self.chooser, {"external_userid": self.external_userid}
        session.add(Customer(**his, name=self.name, created_at=NOW))
        session.flush()
        self.stage = chooser.choice((0, *stages))
        if self.stage:
            place = {"pipeline_id": pipeline, "stage_id": self.stage, "changed_at": NOW}
            session.add(CustomerStage(**his, **place))
        if self.consent is not None:
            said = {"state": self.consent, "change_id": 1, "changed_at": NOW}
            session.add(MarketingConsent(**his, **said))
        if self.noted_at:
            key = f"note-{self.external_userid}"
            note = {
                "userid": "zhaoyi",
                "form_key": key,
                "text": "聊过",
                "created_at": self.noted_at,
            }
            session.add(FollowUp(**his, **note))
        columns = {"t_vip": "flag", "t_money": "number", "t_day": "day", "t_corp": "text"}
        for key, value in self.fields.items():
            if value is None:
                continue
            stands = {columns[key]: value} if key in columns else {}
            row = FieldValue(
                **his, field_id=fields[key], userid="zhaoyi", changed_at=NOW, version=1, **stands
            )
            session.add(row)
            session.flush()
            if key == "t_way":
                session.add(FieldChoice(value_id=row.id, option=value))

    def follow(self, session: Session, userid: str) -> Fact:
        """Write a relation."""
        chooser = self.chooser
        added = NOW - timedelta(days=chooser.randrange(20))
        removed = chooser.choice((None, None, added + timedelta(days=2)))
        row = FollowUser(
            userid=userid,
            external_userid=self.external_userid,
            period=1,
            remark=chooser.choice(NAMES),
            remark_mobiles=[],
            state=chooser.choice(STATES),
            added_at=added,
            removed_at=removed,
            removed_by="customer" if removed else None,
        )
        session.add(row)
        session.flush()
        tags = set(chooser.sample(TAGS, chooser.randrange(3)))
        for one in tags:
            mark = {"group_name": "等级", "tag_name": one[2:], "tag_id": one, "type": 1}
            session.add(FollowTag(follow_id=row.id, **mark))
        return Fact(
            id=row.id,
            userid=userid,
            external_userid=self.external_userid,
            name=self.name,
            remark=row.remark,
            state=row.state,
            added_at=added,
            removed_at=removed,
            stage=self.stage,
            tags=tags,
            noted_at=self.noted_at,
            consent=self.consent or "",
            fields=self.fields,
        )
