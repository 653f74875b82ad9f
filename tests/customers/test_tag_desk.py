"""Corp tags as admins see them, and what is taken over of a change in WeCom: every database."""

from datetime import UTC, datetime, timedelta

import pytest

from app.customers.actions import Change, mark_tag, record_change, record_tags
from app.customers.actions.corp_tags import (
    checked_names,
    record_deleted,
    record_made_tags,
    record_renamed,
)
from app.customers.queries import find_follow, list_marks
from app.customers.queries.tag_desk import GONE, LIVING, count_holders, list_tag_groups
from app.db import Database
from app.errors import Refused
from tests.customers.test_tags import group, key_of, tag

START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def tagged(any_db: Database) -> Database:
    """Give two groups, in which three customers have tags."""
    with any_db.write() as session:
        record_tags(
            session,
            [
                group("来源", tag("地铁", 2), tag("朋友", 1), order=2),
                group("等级", tag("重要"), order=1),
            ],
        )
    for customer, userid, name in (
        ("wmA", "zhaoyi", "地铁"),
        ("wmA", "lisi", "地铁"),
        ("wmB", "zhaoyi", "地铁"),
        ("wmB", "zhaoyi", "朋友"),
        ("wmC", "lisi", "朋友"),
    ):
        key = key_of(any_db, f"et{name}")
        with any_db.write() as session:
            record_change(
                session, Change(userid=userid, external_userid=customer, kind="add", at=START)
            )
            mark_tag(session, customer, userid=userid, tag_key=key, on=True)
    return any_db


def listed(db: Database, **wanted: str) -> list[tuple[str, int, list[tuple[str, int, bool]]]]:
    with db.read() as session:
        groups, total = list_tag_groups(session, count_holders(session), **wanted)  # type: ignore[arg-type]  # its texts
        assert total == len(groups)
        return [
            (
                one.name,
                one.count,
                [(tag.name, tag.count, tag.removed_at is not None) for tag in one.tags],
            )
            for one in groups
        ]


def test_a_customer_counts_once_and_only_while_somebody_follows_him(tagged: Database) -> None:
    assert listed(tagged) == [
        ("来源", 3, [("地铁", 2, False), ("朋友", 2, False)]),
        ("等级", 0, [("重要", 0, False)]),
    ]
    gone = Change(
        userid="lisi", external_userid="wmC", kind="customer", at=START + timedelta(days=1)
    )
    with tagged.write() as session:
        record_change(session, gone)
    assert listed(tagged)[0] == ("来源", 2, [("地铁", 2, False), ("朋友", 1, False)])


def test_tags_and_groups_are_found_by_their_names(tagged: Database) -> None:
    assert listed(tagged, search="地铁") == [("来源", 3, [("地铁", 2, False)])]
    assert [name for name, _count, _tags in listed(tagged, search="等级")] == ["等级"]
    assert listed(tagged, search="%") == []


def test_what_was_deleted_is_shown_behind_and_the_group_goes_with_its_last(
    tagged: Database,
) -> None:
    with tagged.write() as session:
        record_deleted(session, tag_id="et地铁")
        record_deleted(session, tag_id="et重要")
    assert listed(tagged) == [
        ("来源", 2, [("朋友", 2, False), ("地铁", 2, True)]),
        ("等级", 0, [("重要", 0, True)]),
    ]
    assert [name for name, _count, _tags in listed(tagged, state=LIVING)] == ["来源"]
    assert [name for name, _count, _tags in listed(tagged, state=GONE)] == ["来源", "等级"]
    with tagged.write() as session:
        record_deleted(session, group_id="etg来源")
    assert listed(tagged, state=LIVING) == []


def test_what_wecom_made_and_renamed_is_taken_over_and_the_rest_stays(tagged: Database) -> None:
    with tagged.write() as session:
        record_made_tags(session, group("来源", tag("广播"), order=2))
        record_renamed(session, "et朋友", "朋友介绍")
        record_renamed(session, "etg来源", "怎么来的")
    [(name, _count, tags), _other] = listed(tagged)
    assert name == "怎么来的"
    assert {one for one, _had, _gone in tags} == {"地铁", "朋友介绍", "广播"}


def test_a_renamed_tag_is_called_so_on_the_customers_who_have_it(tagged: Database) -> None:
    with tagged.write() as session:
        record_renamed(session, "et朋友", "朋友介绍")
    with tagged.read() as session:
        found = find_follow(session, "lisi", "wmC")
        assert found
        assert [mark.name for mark in list_marks(session, found)] == ["朋友介绍"]


def test_names_are_each_once_and_short_enough() -> None:
    assert checked_names(["高 ", "", "高", " 中\u202e"]) == ["高", "中"]
    for names in ([], [" "], ["\u200b"], ["长" * 31], [str(n) for n in range(101)]):
        with pytest.raises(Refused):
            checked_names(names)
