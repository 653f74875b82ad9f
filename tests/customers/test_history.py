"""Everything that happened: two sources in one order, page by page, each thing once."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert

from app.customers.actions import record_timeline
from app.customers.actions.profile import ensure_customer
from app.customers.models import TimelineEntry
from app.customers.queries import FILTERS, HistoryLine, get_history_page, word_entry
from app.db import Database
from app.deliveries.actions import record_intent, record_outcome
from app.deliveries.models import Delivery
from app.deliveries.queries import word_delivery

WANG = "wmWang"
START = datetime(2026, 3, 1, 9, tzinfo=UTC)
SECOND = timedelta(seconds=1)
# A page took 1 to 9 ms, on whichever database, with another test on the machine.
QUICK = 0.03


def fill(db: Database, count: int, *, same_time: bool = False) -> None:
    """Have so many entries and as many deliveries, in turns or all in one microsecond."""
    with db.write() as session:
        ensure_customer(session, WANG)
        session.flush()
        times = [
            START + (timedelta(0) if same_time else number * SECOND) for number in range(count)
        ]
        entries = [
            {
                "dedupe_key": f"e{number}",
                "external_userid": WANG,
                "userid": "zhaoyi",
                "kind": "group_joined" if number % 2 else "stage_changed",
                "at": at,
                "data": {"group_name": "群", "from_stage": "甲", "to_stage": "乙"},
            }
            for number, at in enumerate(times)
        ]
        deliveries = [
            {
                "kind": "loss",
                "dedupe_key": f"d{number}",
                "recipient": "zhaoyi",
                "external_userid": WANG,
                "created_at": at,
                "wanted_at": at,
                "outcome": "sent",
                "detail": {},
            }
            for number, at in enumerate(times)
        ]
        session.execute(insert(TimelineEntry), entries)
        session.execute(insert(Delivery), deliveries)


def key(line: HistoryLine) -> str:
    if line.line:
        return line.line.entry.dedupe_key
    assert line.delivery
    return line.delivery.dedupe_key


def pages(db: Database, wanted: str = "") -> list[list[str]]:
    """Walk all pages."""
    found, before = [], ""
    while True:
        with db.read() as session:
            page = get_history_page(session, WANG, wanted=wanted, before=before)
        found.append([key(line) for line in page.lines])
        if not page.older:
            return found
        before = page.older


def said(db: Database, wanted: str = "") -> list[str]:
    with db.read() as session:
        lines = get_history_page(session, WANG, wanted=wanted).lines
        return [
            word_entry(line.line.entry)
            if line.line
            else word_delivery(line.delivery, line.recipient)
            if line.delivery
            else ""
            for line in lines
        ]


@pytest.mark.parametrize("same_time", [False, True], ids=["in turns", "in one microsecond"])
def test_walking_the_pages_meets_everything_once_in_order(
    any_db: Database, *, same_time: bool
) -> None:
    fill(any_db, 45, same_time=same_time)
    found = pages(any_db)
    keys = [one for page in found for one in page]
    assert [len(page) for page in found] == [20, 20, 20, 20, 10]
    newest_first = [f"e{n}" for n in reversed(range(45))], [f"d{n}" for n in reversed(range(45))]
    if same_time:
        assert keys == newest_first[0] + newest_first[1]
    else:
        assert keys == [one for pair in zip(*newest_first, strict=True) for one in pair]


def test_what_happens_while_one_reads_on_moves_nothing(any_db: Database) -> None:
    fill(any_db, 30)
    with any_db.read() as session:
        first = get_history_page(session, WANG)
    with any_db.write() as session:
        record_timeline(
            session, external_userid=WANG, kind="added", at=START + 99 * SECOND, key="n"
        )
    with any_db.read() as session:
        second = get_history_page(session, WANG, before=first.older)
    assert key(second.lines[0]) == "e19"


def test_each_filter_shows_its_own_and_together_they_are_all(any_db: Database) -> None:
    fill(any_db, 6)
    found = {name: {one for page in pages(any_db, name) for one in page} for name in FILTERS}
    assert found["notes"] == {"e0", "e2", "e4"}
    assert found["customer"] == {"e1", "e3", "e5"}
    assert found["system"] == {f"d{number}" for number in range(6)}
    assert found[""] == found["notes"] | found["customer"] | found["system"]


@pytest.mark.parametrize("cursor", ["", "x", "1-e", "9" * 18 + "-e-1", "1-z-1", "' or 1=1"])
def test_a_cursor_of_nobodys_begins_at_the_newest(db: Database, cursor: str) -> None:
    fill(db, 2)
    with db.read() as session:
        page = get_history_page(session, WANG, before=cursor)
    assert [key(line) for line in page.lines] == ["e1", "d1", "e0", "d0"]


def deliver(
    db: Database, kind: str, outcome: str, *, reason: str = "", ms: int | None = None
) -> None:
    with db.write() as session:
        ensure_customer(session, WANG)
        row = record_intent(
            session,
            kind=kind,
            dedupe_key=f"{kind}{outcome}{reason}",
            recipient="zhaoyi",
            external_userid=WANG,
        )
        assert row
        record_outcome(session, row.id, outcome=outcome, reason=reason, took_ms=ms)


@pytest.mark.parametrize(
    ("kind", "outcome", "reason", "line"),
    [
        ("welcome", "sent", "", "欢迎语 0.4 秒送达"),
        (
            "welcome",
            "skipped",
            "no_code_console",
            "未发送欢迎语：企业微信后台已配置欢迎语，或双方已开始聊天",
        ),
        ("loss", "sent", "", "已向 zhaoyi 发送客户流失提醒"),
        ("loss", "cancelled", "returned", "给 zhaoyi 的客户流失提醒：已取消：客户已经回来"),
        ("reminder", "sent", "", "已向 zhaoyi 发送跟进提醒"),
    ],
)
def test_what_the_system_sent_is_said_in_words(
    db: Database, kind: str, outcome: str, reason: str, line: str
) -> None:
    deliver(db, kind, outcome, reason=reason, ms=400 if kind == "welcome" else None)
    assert said(db) == [line]


def test_what_is_yet_to_come_and_what_was_called_off_did_not_happen(db: Database) -> None:
    deliver(db, "reminder", "cancelled", reason="reminder_over")
    deliver(db, "unheard_of", "sent")
    with db.write() as session:
        record_intent(
            session, kind="reminder", dedupe_key="r", recipient="zhaoyi", external_userid=WANG
        )
    assert said(db) == []


@pytest.mark.parametrize("wanted", FILTERS)
def test_a_page_in_the_middle_of_five_thousand_is_read_at_once(
    any_db: Database, wanted: str
) -> None:
    fill(any_db, 2500)
    assert min(_seconds(any_db, wanted) for _ in range(5)) < QUICK


def _seconds(db: Database, wanted: str) -> float:
    """Measure a page in the middle."""
    place = f"{int((START + 1200 * SECOND).timestamp()) * 1_000_000}-e-1"
    with db.read() as session:
        began = time.perf_counter()
        page = get_history_page(session, WANG, wanted=wanted, before=place)
        took = time.perf_counter() - began
    assert len(page.lines) == 20
    return took
