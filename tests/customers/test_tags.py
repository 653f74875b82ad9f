"""Tags: the corp's own follow WeCom, and a member changes those of his own customers alone."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from app.customers.actions import Change, mark_tag, record_change, record_tags, retry_tags
from app.customers.models import FollowTag, Tag
from app.customers.queries import find_follow, list_marked, list_marks, list_tag_board
from app.customers.queries.tags import MARKS
from app.db import Database
from app.errors import NotFound, Refused
from app.pushes.actions import end_pushes
from app.pushes.models import Push
from app.wecom.external_contact import CorpTag, TagGroupInfo

START = datetime(2026, 1, 1, tzinfo=UTC)
LI = "wmLi"


def tag(name: str, order: int = 0) -> CorpTag:
    return CorpTag(id=f"et{name}", name=name, order=order, create_time=START)


def group(name: str, *tags: CorpTag, order: int = 0) -> TagGroupInfo:
    return TagGroupInfo(
        group_id=f"etg{name}", group_name=name, order=order, create_time=START, tags=tags
    )


def pull(db: Database, *groups: TagGroupInfo) -> None:
    with db.write() as session:
        record_tags(session, groups)


def board(db: Database) -> list[tuple[str, list[str]]]:
    with db.read() as session:
        return [(one.name, [tag.name for tag in one.tags]) for one in list_tag_board(session)]


def key_of(db: Database, tag_id: str) -> int:
    with db.read() as session:
        return session.scalars(select(Tag.id).where(Tag.tag_id == tag_id)).one()


def follow(db: Database, kind: str = "add", day: int = 0) -> None:
    change = Change(userid="zhaoyi", external_userid=LI, kind=kind, at=START + timedelta(days=day))
    db.commit(lambda session: record_change(session, change))


def tap(db: Database, key: int, *, on: bool = True, userid: str = "zhaoyi") -> bool:
    with db.write() as session:
        return mark_tag(session, LI, userid=userid, tag_key=key, on=on).changed


def has(db: Database) -> set[str]:
    with db.read() as session:
        found = find_follow(session, "zhaoyi", LI)
        assert found
        return list_marked(session, found)


def pushes(db: Database) -> list[tuple[str, str, str | None]]:
    with db.read() as session:
        rows = session.scalars(select(Push).order_by(Push.id))
        return [(push.subject, push.value, push.outcome) for push in rows]


def test_tags_stand_in_wecoms_order(any_db: Database) -> None:
    pull(
        any_db,
        group("来源", tag("地铁"), tag("朋友", 9), order=1),
        group("等级", tag("重要"), order=4_294_967_295),
    )
    assert board(any_db) == [("等级", ["重要"]), ("来源", ["朋友", "地铁"])]


def test_a_pull_renames_moves_and_takes_away_and_the_row_stays(any_db: Database) -> None:
    pull(any_db, group("来源", tag("地铁"), tag("朋友")), group("等级", tag("重要")))
    metro = key_of(any_db, "et地铁")
    renamed = CorpTag(id="et地铁", name="地铁广告", order=0, create_time=START)
    pull(any_db, group("来源", renamed))
    assert board(any_db) == [("来源", ["地铁广告"])]
    assert key_of(any_db, "et地铁") == metro
    assert key_of(any_db, "et重要")
    pull(any_db, group("来源", renamed), group("等级", tag("重要")))
    assert board(any_db) == [("来源", ["地铁广告"]), ("等级", ["重要"])]


def test_a_tap_gives_a_tag_and_has_wecom_told_and_another_takes_it(any_db: Database) -> None:
    pull(any_db, group("等级", tag("重要")))
    follow(any_db)
    key = key_of(any_db, "et重要")
    assert tap(any_db, key)
    assert has(any_db) == {"et重要"}
    assert tap(any_db, key, on=False)
    assert has(any_db) == set()
    assert pushes(any_db) == [
        ("et重要", "add", "superseded"),
        ("et重要", "remove", None),
    ]


def test_a_tap_for_what_is_so_already_does_nothing(db: Database) -> None:
    pull(db, group("等级", tag("重要")))
    follow(db)
    key = key_of(db, "et重要")
    assert not tap(db, key, on=False)
    tap(db, key)
    assert not tap(db, key)
    assert len(pushes(db)) == 1


def test_a_tag_that_was_deleted_stays_on_the_customer_and_can_be_changed_no_more(
    any_db: Database,
) -> None:
    pull(any_db, group("等级", tag("重要")))
    follow(any_db)
    key = key_of(any_db, "et重要")
    tap(any_db, key)
    pull(any_db)
    with pytest.raises(Refused, match="已经删除"):
        tap(any_db, key, on=False)
    with any_db.read() as session:
        found = find_follow(session, "zhaoyi", LI)
        assert found
        assert [(mark.name, mark.is_gone) for mark in list_marks(session, found)] == [
            ("重要", True)
        ]


def test_the_tags_of_a_card_are_the_members_own_and_bounded(any_db: Database) -> None:
    follow(any_db)
    theirs = Change(userid="lisi", external_userid=LI, kind="add", at=START)
    with any_db.write() as session:
        other = record_change(session, theirs)
        session.add(FollowTag(follow_id=other.id, group_name="等级", tag_name="别人的"))
        mine = find_follow(session, "zhaoyi", LI)
        assert mine
        for number in range(MARKS + 3):
            session.add(FollowTag(follow_id=mine.id, group_name="", tag_name=f"标签{number}"))
    with any_db.read() as session:
        names = {mark.name for mark in list_marks(session, mine)}
    assert len(names) == MARKS
    assert "别人的" not in names


def test_nobody_changes_what_is_not_his(db: Database) -> None:
    pull(db, group("等级", tag("重要")))
    follow(db)
    key = key_of(db, "et重要")
    with pytest.raises(NotFound, match="没有这个标签"):
        tap(db, 10**17)
    with pytest.raises(NotFound, match="不是好友"):
        tap(db, key, userid="lisi")
    follow(db, "customer", 3)
    with pytest.raises(NotFound, match="不是好友"):
        tap(db, key)
    assert pushes(db) == []


def test_what_failed_is_told_again_when_he_asks_for_it(any_db: Database) -> None:
    pull(any_db, group("等级", tag("重要"), tag("普通")))
    follow(any_db)
    tap(any_db, key_of(any_db, "et重要"))
    with any_db.write() as session:
        ids = list(session.scalars(select(Push.id)))
        end_pushes(session, ids, outcome="failed", reason="refused")
    tap(any_db, key_of(any_db, "et普通"))
    with any_db.write() as session:
        assert retry_tags(session, LI, userid="zhaoyi") == 1
    assert [push[2] for push in pushes(any_db)] == ["failed", None, None]
