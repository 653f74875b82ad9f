"""The variables of a text have the values of whoever sends it, for whom he sends it to."""

from zoneinfo import ZoneInfo

import pytest

from app import clock
from app.customers.actions.profile import ensure_customer
from app.customers.models import Customer, FollowUser
from app.db import Database
from app.library.queries import find_values
from app.members.models import Department, Member, MemberDepartment
from tests.library.shelves import LI, ZHAO

WANG = "wmWang"
ZONE = ZoneInfo("Asia/Shanghai")


@pytest.fixture(autouse=True)
def shop(db: Database) -> None:
    """Have two members in a shop, one of whom a customer has added."""
    now = clock.utcnow()
    with db.write() as session:
        ensure_customer(session, WANG)
        session.flush()
        session.get_one(Customer, WANG).name = "王女士"
        session.add(Department(id=1, name="示例企业", parentid=0))
        session.add(Department(id=3, name="南山门店", parentid=1))
        for userid, name, alias in ((ZHAO, "赵忆南", "小赵"), (LI, "李思", "")):
            session.add(
                Member(
                    userid=userid,
                    folded=userid,
                    name=name,
                    alias=alias,
                    direct_leader=[],
                    seen_at=now,
                )
            )
            session.flush()
            session.add(MemberDepartment(userid=userid, department_id=3))
        session.add(
            FollowUser(
                userid=ZHAO,
                external_userid=WANG,
                period=1,
                remark="王姐",
                remark_mobiles=[],
                state="门店海报",
                added_at=clock.from_unix(1767193800),
            )
        )


def values(db: Database, userid: str = ZHAO, customer: str = WANG) -> dict[str, str]:
    with db.read() as session:
        return find_values(session, userid, customer, ZONE)


def test_before_his_customer_everything_has_a_value(db: Database) -> None:
    assert values(db) == {
        "客户昵称": "王女士",
        "客户称呼": "王姐",
        "员工姓名": "赵忆南",
        "员工别名": "小赵",
        "部门": "南山门店",
        "企业名称": "示例企业",
        "渠道": "门店海报",
        "添加时间": "2025-12-31 23:10",
    }


def test_who_has_no_relation_with_him_has_nothing_to_say_of_it(db: Database) -> None:
    assert values(db, LI) == {
        "客户昵称": "王女士",
        "客户称呼": "王女士",
        "员工姓名": "李思",
        "员工别名": "李思",
        "部门": "南山门店",
        "企业名称": "示例企业",
    }


def test_in_a_group_only_the_member_has_values(db: Database) -> None:
    assert set(values(db, customer="")) == {"员工姓名", "员工别名", "部门", "企业名称"}
