"""What reports say: as a plain count does, in the corp's own days, and only of the scope."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from app.customers.actions import change_stage
from app.customers.models import Customer, FollowUser, StageChange
from app.customers.queries import list_default_stages
from app.db import Database
from app.deliveries.models import Delivery
from app.members.queries import WHOLE_CORP, Scope, find_scope
from app.reports.asked import Asked
from app.reports.busy_hours import read_busy_hours
from app.reports.funnel import read_funnel
from app.reports.growth import read_growth
from app.reports.top_members import read_top_members
from app.reports.totals import read_totals
from app.reports.welcomes import read_welcomes
from tests.churn.people import add, at, lose, make_corp

ZONE = ZoneInfo("Asia/Shanghai")
# A Tuesday.
NOW = at("2026-03-10 15:00")
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.fixture
def corp(any_db: Database) -> Database:
    """Give a corp of members without a customer."""
    with any_db.write() as session:
        make_corp(session)
    return any_db


def asked(scope: Scope = WHOLE_CORP, now: datetime = NOW, zone: ZoneInfo = ZONE) -> Asked:
    return Asked(now, zone, scope)


def test_a_customer_counts_once_and_each_of_his_relations_too(corp: Database) -> None:
    with corp.write() as session:
        add(session, "wm1", at=NOW - 5 * DAY)
        add(session, "wm1", userid="lisi", at=NOW - 4 * DAY)
        add(session, "wm2", at=NOW - 3 * DAY)
        lose(session, "wm3", at=NOW - 2 * DAY)
        totals = read_totals(session, asked())
    assert (totals["customers"], totals["relations"]) == ([2, 2], [3, 3])


def test_what_happened_today_is_told_beside_yesterday(corp: Database) -> None:
    with corp.write() as session:
        add(session, "wm1", at=at("2026-03-10 00:00"))
        add(session, "wm2", at=at("2026-03-09 23:59"))
        lose(session, "wm3", at=NOW - HOUR, days=9)
        lose(session, "wm4", at=NOW - HOUR, days=9, kind="member")
        lose(session, "wm5", at=NOW - DAY, days=9)
        # He came and went today: he was never there at a midnight.
        lose(session, "wm6", at=NOW - HOUR, days=0.1)
        totals = read_totals(session, asked())
    assert totals == {
        "customers": [2, 3],
        "relations": [2, 3],
        "new": [2, 1],
        "lost": [2, 1],
        "net": [-1, 0],
    }


def test_whom_a_colleague_follows_on_is_not_gone(corp: Database) -> None:
    with corp.write() as session:
        add(session, "wm1", userid="lisi", at=NOW - 9 * DAY)
        lose(session, "wm1", at=NOW - HOUR)
        lose(session, "wm2", kind="transfer", at=NOW - HOUR)
        add(session, "wm2", userid="lisi", at=NOW - HOUR)
        totals = read_totals(session, asked())
    assert (totals["customers"], totals["relations"]) == ([2, 2], [2, 3])


def test_growth_is_counted_by_the_corps_days_weeks_and_months(corp: Database) -> None:
    with corp.write() as session:
        add(session, "wm1", at=at("2026-03-10 00:00"))
        add(session, "wm2", at=at("2026-03-09 23:59"))
        add(session, "wm3", at=at("2026-03-08 23:59"))
        add(session, "wm4", at=at("2026-02-28 23:59"))
        lose(session, "wm5", at=at("2026-03-09 00:00"), days=300)
        lose(session, "wm6", at=at("2026-03-09 01:00"), days=300, kind="member")
        lose(session, "wm7", at=at("2026-03-09 01:00"), days=300, kind="transfer")
        growth = read_growth(session, asked())
    assert [len(growth[unit]) for unit in ("day", "week", "month")] == [30, 13, 12]
    assert [row["new"] for row in growth["day"][-3:]] == [1, 1, 1]
    assert growth["day"][-2] == _row("2026-03-09", new=1, lost=1, deleted=1, moved=1)
    assert growth["week"][-2:] == [
        _row("2026-03-02", new=1),
        _row("2026-03-09", new=2, lost=1, deleted=1, moved=1),
    ]
    assert growth["month"][-2:] == [
        _row("2026-02-01", new=1),
        _row("2026-03-01", new=3, lost=1, deleted=1, moved=1),
    ]
    assert growth["month"][0]["begins"] == "2025-04-01"


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "Asia/Kathmandu", "America/St_Johns", "UTC"])
def test_days_and_hours_are_exact_in_zones_of_every_kind(corp: Database, zone: str) -> None:
    there = ZoneInfo(zone)
    times = [NOW - timedelta(minutes=37 * number) for number in range(400)]
    with corp.write() as session:
        _customers(session, len(times))
        session.add_all(_bare(f"wm{number}", when) for number, when in enumerate(times))
        session.flush()
        growth = read_growth(session, asked(zone=there))
        busy = read_busy_hours(session, asked(zone=there))
    days = Counter(when.astimezone(there).date().isoformat() for when in times)
    assert {row["begins"]: row["new"] for row in growth["day"] if row["new"]} == days
    local = [when.astimezone(there) for when in times]
    hours = Counter((when.weekday(), when.hour) for when in local)
    assert busy["hours"] == [[hours[day, hour] for hour in range(24)] for day in range(7)]


def test_members_are_told_by_how_many_they_won(corp: Database) -> None:
    with corp.write() as session:
        for number in range(3):
            add(session, f"wm{number}", userid="lisi", at=NOW - number * DAY)
        lose(session, "wm8", at=NOW - DAY)
        add(session, "wm9", at=NOW - 60 * DAY, userid="qianer")
        top = read_top_members(session, asked())
    assert [(row["name"], row["new"], row["lost"]) for row in top["rows"]] == [
        ("李思远", 3, 0),
        ("赵忆南", 1, 1),
    ]


def test_the_funnel_counts_whom_somebody_follows_and_how_long_they_stayed(corp: Database) -> None:
    with corp.write() as session:
        stages = {name: stage_id for stage_id, name in list_default_stages(session)}
        for number, days in enumerate((2, 4, 9)):
            add(session, f"wm{number}", at=NOW - 20 * DAY)
            _move(session, f"wm{number}", stages["意向"], NOW - (20 - days) * DAY)
        _move(session, "wm0", stages["成交"], NOW - 13 * DAY)
        lose(session, "wm5", at=NOW - DAY)
        funnel = read_funnel(session, asked())
    rows = {row["name"]: row for row in funnel["rows"]}
    assert list(rows) == ["新客户", "初步沟通", "意向", "成交", "无意向"]
    assert {name: row["count"] for name, row in rows.items()} == {
        "新客户": 0,
        "初步沟通": 0,
        "意向": 2,
        "成交": 1,
        "无意向": 0,
    }
    assert (rows["新客户"]["median_days"], rows["新客户"]["moves"]) == (4, 3)
    assert (rows["意向"]["median_days"], rows["意向"]["moves"]) == (5, 1)
    assert rows["成交"]["median_days"] is None


def test_welcomes_that_were_not_due_do_not_count_against_the_rate(corp: Database) -> None:
    ends = [("sent", "")] * 7 + [("missed", "expired")] * 2 + [("skipped", "no_code_console")] * 4
    with corp.write() as session:
        for number, (outcome, reason) in enumerate([*ends, ("failed", "permission")]):
            _welcome(session, number, outcome, reason)
        _welcome(session, 99, None, "")
        _welcome(session, 100, "missed", "expired", at=NOW - 60 * DAY)
        welcomes = read_welcomes(session, asked())
    assert (welcomes["due"], welcomes["sent"], welcomes["not_due"]) == (10, 7, 4)
    assert [(one["reason"], one["count"]) for one in welcomes["missed"]] == [
        ("expired", 2),
        ("permission", 1),
    ]


def test_a_manager_reads_of_his_people_alone(corp: Database) -> None:
    with corp.write() as session:
        stages = {name: stage_id for stage_id, name in list_default_stages(session)}
        add(session, "wm1", at=NOW - HOUR)
        add(session, "wm2", userid="lisi", at=NOW - HOUR)
        lose(session, "wm3", userid="lisi", at=NOW - HOUR)
        _move(session, "wm2", stages["意向"], NOW - HOUR / 2)
        _welcome(session, 1, "sent", "", userid="lisi")
        south = asked(find_scope(session, "sunsan"))
        assert read_totals(session, south) == {
            "customers": [1, 0],
            "relations": [1, 0],
            "new": [1, 0],
            "lost": [0, 0],
            "net": [1, 0],
        }
        assert read_growth(session, south)["day"][-1] == _row("2026-03-10", new=1)
        assert [row["userid"] for row in read_top_members(session, south)["rows"]] == ["zhaoyi"]
        assert read_welcomes(session, south)["due"] == 0
        assert sum(map(sum, read_busy_hours(session, south)["hours"])) == 1
        funnel = read_funnel(session, south)["rows"]
    assert [row["count"] for row in funnel] == [1, 0, 0, 0, 0]
    assert [row["moves"] for row in funnel] == [0, 0, 0, 0, 0]


def _row(begins: str, **counts: int) -> dict[str, Any]:
    return {"begins": begins, "new": 0, "lost": 0, "deleted": 0, "moved": 0} | counts


def _bare(external_userid: str, when: datetime) -> FollowUser:
    return FollowUser(
        userid="zhaoyi",
        external_userid=external_userid,
        period=1,
        remark_mobiles=[],
        added_at=when,
    )


def _customers(session: Session, count: int) -> None:
    rows = [{"external_userid": f"wm{n}", "created_at": NOW} for n in range(count)]
    session.execute(insert(Customer), rows)


def _move(session: Session, external_userid: str, stage_id: int, when: datetime) -> None:
    last = session.scalar(
        select(StageChange.id)
        .where(StageChange.external_userid == external_userid)
        .order_by(StageChange.id.desc())
        .limit(1)
    )
    moved = change_stage(
        session, external_userid, to_stage_id=stage_id, userid="zhaoyi", seen=last or 0
    )
    session.get_one(StageChange, moved.change_id).changed_at = when
    session.flush()


def _welcome(
    session: Session,
    number: int,
    outcome: str | None,
    reason: str,
    *,
    userid: str = "zhaoyi",
    at: datetime = NOW,
) -> None:
    session.add(
        Delivery(
            kind="welcome",
            dedupe_key=f"welcome:{number}",
            recipient=f"wm{number}",
            userid=userid,
            created_at=at,
            wanted_at=at.astimezone(UTC),
            outcome=outcome,
            reason=reason,
            detail={},
        )
    )
    session.flush()
