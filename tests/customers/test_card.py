"""What a card reads: one customer before one member, bounded however long the history is."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from app.customers.actions import Change, record_change, record_timeline
from app.customers.actions.profile import ensure_customer
from app.customers.models import FollowUser
from app.customers.queries import (
    day_of_cursor,
    find_follow,
    get_card,
    get_timeline_page,
    list_colleagues,
    list_latest_periods,
    word_add_way,
)
from app.customers.queries.card import ADD_WAYS, Card
from app.db import Database
from app.i18n import speaking
from app.members.models import Member

START = datetime(2026, 1, 1, tzinfo=UTC)
WANG = "wmWang"


def record(db: Database, userid: str, kind: str, day: int) -> FollowUser:
    change = Change(userid=userid, external_userid=WANG, kind=kind, at=START + timedelta(days=day))
    return db.commit(lambda session: record_change(session, change))


def add_member(db: Database, userid: str, name: str) -> None:
    with db.write() as session:
        session.add(
            Member(userid=userid, folded=userid, name=name, direct_leader=[], seen_at=START)
        )


def card_of(db: Database, userid: str = "zhaoyi") -> Card:
    with db.read() as session:
        follow = find_follow(session, userid, WANG)
        assert follow is not None
        return get_card(session, follow)


def write_timeline(db: Database, count: int, *, same_time: int = 1) -> None:
    with db.write() as session:
        for number in range(count):
            at = START + timedelta(minutes=number // same_time)
            record_timeline(session, external_userid=WANG, kind="added", at=at, key=f"k{number}")


def test_days_are_counted_from_the_first_time_they_met(any_db: Database) -> None:
    for kind, day in (("add", 0), ("customer", 5), ("add", 40)):
        record(any_db, "zhaoyi", kind, day)
    card = card_of(any_db)
    assert card.first_added_at == START
    assert card.count == 2


def test_other_members_who_follow_him_now_are_counted(any_db: Database) -> None:
    for userid in ("zhaoyi", "lisi", "unknown", "sunsan"):
        record(any_db, userid, "add", 0)
    record(any_db, "sunsan", "member", 1)
    assert card_of(any_db).colleagues == 2


def follow_of(db: Database, userid: str = "zhaoyi") -> FollowUser:
    with db.read() as session:
        follow = find_follow(session, userid, WANG)
    assert follow is not None
    return follow


def test_a_colleague_is_named_with_the_last_time_he_followed_up(any_db: Database) -> None:
    add_member(any_db, "lisi", "李思远")
    for day, userid in enumerate(("zhaoyi", "lisi", "unknown")):
        record(any_db, userid, "add", day)
    with any_db.write() as session:
        for day, kind in enumerate(("stage_changed", "noted", "group_joined"), 5):
            at = START + timedelta(days=day)
            record_timeline(
                session, external_userid=WANG, userid="lisi", kind=kind, at=at, key=kind
            )
    with any_db.read() as session:
        found = list_colleagues(session, follow_of(any_db), limit=5)
    assert [(one.name, one.added_at, one.followed_up_at) for one in found] == [
        ("unknown", START + timedelta(days=2), None),
        ("李思远", START + timedelta(days=1), START + timedelta(days=6)),
    ]


def test_periods_are_read_in_pages_the_latest_first(any_db: Database) -> None:
    for kind, day in (("add", 0), ("customer", 5), ("add", 40)):
        record(any_db, "zhaoyi", kind, day)
    with any_db.read() as session:
        pages = [
            list_latest_periods(session, follow_of(any_db), limit=1, offset=n) for n in range(3)
        ]
    assert [[(one.period, one.removed_by) for one in page] for page in pages] == [
        [(2, None)],
        [(1, "customer")],
        [],
    ]


def test_a_card_is_bounded(db: Database) -> None:
    for turn in range(13):
        record(db, "zhaoyi", "add", 2 * turn)
        record(db, "zhaoyi", "customer", 2 * turn + 1)
    for number in range(11):
        record(db, f"m{number}", "add", 0)
    card = card_of(db)
    assert (card.colleagues, card.count, card.first_added_at) == (11, 13, START)


def test_the_pages_of_a_timeline_hold_everything_once(any_db: Database) -> None:
    with any_db.write() as session:
        ensure_customer(session, WANG)
    write_timeline(any_db, 95, same_time=30)
    seen, before, pages = [], "", 0
    while pages == 0 or before:
        with any_db.read() as session:
            page = get_timeline_page(session, WANG, before=before)
        seen += [line.entry.dedupe_key for line in page.lines]
        before, pages = page.older, pages + 1
    assert seen == [f"k{number}" for number in reversed(range(95))]
    assert pages == 5


def test_a_page_that_was_read_does_not_move_when_something_happens(any_db: Database) -> None:
    write_timeline(any_db, 40)
    with any_db.read() as session:
        older = get_timeline_page(session, WANG).older
    at = START + timedelta(days=9)
    with any_db.write() as session:
        record_timeline(session, external_userid=WANG, kind="added", at=at, key="new")
    with any_db.read() as session:
        page = get_timeline_page(session, WANG, before=older)
    assert [line.entry.dedupe_key for line in page.lines] == [f"k{n}" for n in range(19, -1, -1)]


def test_a_cursor_of_nobody_begins_at_the_newest(any_db: Database) -> None:
    write_timeline(any_db, 1)
    for cursor in ("", "x", "1-", "-1--1", "9" * 40 + "-1", "９-９", "1-1;DROP TABLE timeline"):
        with any_db.read() as session:
            assert len(get_timeline_page(session, WANG, before=cursor).lines) == 1
    with any_db.read() as session:
        far = get_timeline_page(session, WANG, before="9" * 17 + "-" + "9" * 18)
    assert len(far.lines) == 1


def test_the_day_of_a_cursor_is_the_day_in_the_corps_time_zone(db: Database) -> None:
    write_timeline(db, 40)
    with db.read() as session:
        older = get_timeline_page(session, WANG).older
    assert str(day_of_cursor(older, ZoneInfo("Asia/Shanghai"))) == "2026-01-01"
    assert str(day_of_cursor(older, ZoneInfo("America/New_York"))) == "2025-12-31"


def test_every_way_of_adding_has_its_words_in_both_languages() -> None:
    assert word_add_way(1) == "扫描二维码"
    assert word_add_way(99) == "其他方式"
    assert word_add_way(0) == word_add_way(None) == ""
    with speaking("en"):
        assert all(word_add_way(way).isascii() for way in ADD_WAYS)
