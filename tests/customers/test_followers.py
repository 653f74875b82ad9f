"""Who follows a customer or did, as the corp's side sees it: in a scope, on every database."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.customers.actions import Wish, create_reminder, mark_tag, record_tags
from app.customers.models import Tag
from app.customers.queries import (
    find_customer,
    find_relation,
    list_all_periods,
    list_followers,
    list_reminders_about,
    list_timeline,
    word_entry,
)
from app.db import Database
from app.deliveries.actions import record_intent
from app.deliveries.queries import list_welcomes
from app.members.queries import WHOLE_CORP, Scope, find_scope
from app.wecom.external_contact import CorpTag, TagGroupInfo
from tests.churn.people import add, lose, make_corp

START = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)
LI, QIAN = "wmLi", "wmQian"


@pytest.fixture
def shop(any_db: Database) -> Database:
    """Give a corp: 李 left zhaoyi, came back, left again, and is qianer's; 钱 is qianer's alone."""
    with any_db.write() as session:
        make_corp(session)
        lose(session, LI, at=START + 5 * DAY, days=5)
        lose(session, LI, at=START + 20 * DAY, days=10)
        add(session, LI, userid="qianer", at=START + DAY)
        add(session, QIAN, userid="qianer", at=START)
    return any_db


def sunsan(session: Session) -> Scope:
    return find_scope(session, "sunsan")


def test_a_scope_knows_whom_its_people_follow_or_followed(shop: Database) -> None:
    with shop.read() as session:
        found = [find_customer(session, who, sunsan(session)) for who in (LI, QIAN, "wmNobody")]
        assert [one is not None for one in found] == [True, False, False]
        assert find_customer(session, QIAN, WHOLE_CORP)


def test_who_still_follows_comes_first_each_with_his_last_period(shop: Database) -> None:
    with shop.read() as session:
        shown = [
            (one.name, one.is_current, one.follow.period, one.is_within, one.sees_him)
            for one in list_followers(session, LI, sunsan(session))
        ]
    assert shown == [("钱尔雅", True, 1, False, True), ("赵忆南", False, 2, True, True)]


def test_all_periods_are_listed_the_latest_first(shop: Database) -> None:
    with shop.read() as session:
        periods = list_all_periods(session, LI, ["zhaoyi", "qianer"], limit=10)
        assert [(one.userid, one.period) for one in periods] == [
            ("zhaoyi", 2),
            ("qianer", 1),
            ("zhaoyi", 1),
        ]
        assert len(list_all_periods(session, LI, ["zhaoyi"], limit=1)) == 1


def test_a_relation_is_found_by_its_id_in_its_scope_alone(shop: Database) -> None:
    with shop.read() as session:
        theirs = {
            one.follow.userid: one.follow.id for one in list_followers(session, LI, WHOLE_CORP)
        }
        scope = sunsan(session)
        assert find_relation(session, LI, theirs["zhaoyi"], scope)
        assert not find_relation(session, LI, theirs["qianer"], scope)
        assert not find_relation(session, QIAN, theirs["zhaoyi"], WHOLE_CORP)
        assert not find_relation(session, LI, 0, WHOLE_CORP)


def test_reminders_are_listed_of_the_scope_the_next_one_first(shop: Database) -> None:
    with shop.write() as session:
        for days, userid in ((3, "zhaoyi"), (1, "qianer"), (2, "zhaoyi")):
            due_at = clock.utcnow() + days * DAY
            wish = Wish(
                userid=userid, external_userid=LI, key=f"key-{days}-{userid}", due_at=due_at
            )
            create_reminder(session, wish)
    with shop.read() as session:
        everybody = list_reminders_about(session, LI, WHOLE_CORP, limit=10)
        assert [one.userid for one in everybody] == ["qianer", "zhaoyi", "zhaoyi"]
        assert len(list_reminders_about(session, LI, sunsan(session), limit=10)) == 2


def test_the_newest_welcome_of_each_member_counts(shop: Database) -> None:
    with shop.write() as session:
        for key, userid in (("1", "zhaoyi"), ("2", "zhaoyi"), ("3", "qianer")):
            record_intent(
                session,
                kind="welcome",
                dedupe_key=f"w{key}",
                recipient=LI,
                userid=userid,
                external_userid=LI,
                ref=key,
            )
    with shop.read() as session:
        found = list_welcomes(session, LI, ["zhaoyi"])
    assert {userid: one.ref for userid, one in found.items()} == {"zhaoyi": "2"}


def test_what_somebody_tags_for_others_is_told_of_him_and_of_each_relation(shop: Database) -> None:
    now = clock.utcnow()
    tags = tuple(
        CorpTag(id=f"et{name}", name=name, order=0, create_time=now) for name in ("高意向", "礼盒")
    )
    group = TagGroupInfo(group_id="etg", group_name="状态", order=0, create_time=now, tags=tags)
    with shop.write() as session:
        record_tags(session, [group])
        add(session, LI, userid="lisi", at=START)
        keys = {tag.name: tag.id for tag in session.scalars(select(Tag))}
    for userid, name in (("qianer", "高意向"), ("qianer", "礼盒"), ("lisi", "礼盒")):
        with shop.write() as session:
            mark_tag(session, LI, userid=userid, tag_key=keys[name], on=True, by="sunsan")
    with shop.read() as session:
        told = [(entry.userid, word_entry(entry)) for entry in list_timeline(session, LI)[:2]]
    assert told == [
        ("sunsan", "添加标签「礼盒」 · 李思远 的标签"),
        ("sunsan", "添加标签「高意向、礼盒」 · 钱尔雅 的标签"),
    ]
