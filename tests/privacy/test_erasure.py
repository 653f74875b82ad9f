"""Somebody in every table is read out, and erased: nothing of him is left, and nothing returns."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from functools import partial
from zipfile import ZipFile

import pytest
import redis
import structlog
from sqlalchemy import select

from app import clock
from app.audit.queries import verify_chain
from app.claims import claim_due
from app.customers.jobs import read_customer
from app.customers.models import Customer, FollowTag, FollowUp, FollowUser, TimelineEntry
from app.customers.queries import digest_number
from app.db import Words as DatabaseWords
from app.deliveries.models import Delivery
from app.erased import ErasedPerson, count_erased, is_erased
from app.errors import NotFound
from app.groups.jobs import sync_group
from app.groups.models import GroupChange, GroupMember
from app.inbox.actions import Received, record_received
from app.inbox.models import BODY_PURPOSE, InboxEvent
from app.log import configure_logging
from app.members.jobs import sync_members
from app.privacy.actions import erase_person
from app.privacy.board import HOLDINGS
from app.privacy.package import write_package
from app.privacy.reading import build_reader, count_held
from app.sandbox.events import event_xml
from app.sandbox.records import EventRecord
from app.wecom.envelope import event_key, read_event
from callbacks.jobs import work_event
from tests.groups.corp import Corp
from tests.privacy.people import dump, make_guest, make_person, make_shared
from tests.privacy.words import Words
from tests.servers import OwnRedis

OTHER = Words("wmOther", "别的客户", "旁人")
GUEST = Words("wmGuest", "来宾", "来宾")
# Rows of these stay, without him.
STAY = {
    "inbox_events",
    "audit_log",
    "audit_head",
    "erased_people",
    "deliveries",
    "batches",
    "sync_runs",
}


@pytest.fixture
def canary(corp: Corp) -> Words:
    """Make everybody: another customer first, then whom this is about; WeCom knows him too."""
    sync_members(corp.runtime)
    with corp.runtime.db.write() as session:
        make_shared(session)
        make_person(session, corp.runtime, OTHER)
    scanned = corp.box.people.customer_scans("zhaoyi", name="金丝雀名字")
    return Words(scanned.external_userid, "金丝雀名字", "金丝雀")


def add(corp: Corp, who: Words) -> None:
    with corp.runtime.db.write() as session:
        make_person(session, corp.runtime, who)
        make_guest(session, who, GUEST)


def erase(corp: Corp, who: Words) -> int:
    work = partial(
        erase_person,
        runtime=corp.runtime,
        external_userid=who.external_userid,
        userid="qianer",
        origin="127.0.0.1",
    )
    return corp.runtime.db.commit(work)


def receive(corp: Corp, record: EventRecord) -> int:
    """Store what WeCom sent as the door does, and work it to its end."""
    plain = event_xml(record.fields, corp.box.faults.callbacks).encode()
    event = read_event(plain)
    callback = Received(
        corp_id=corp.runtime.corp_id,
        dedupe_key=event_key(event),
        receiver="app",
        lane="urgent" if event.welcome_code else "events",
        event=event.event,
        change_type=event.change_type,
        userid=event.userid,
        external_userid=event.external_userid,
        chat_id=event.chat_id,
        create_time=event.create_time,
        body=corp.runtime.sealer.seal(plain, purpose=BODY_PURPOSE),
        msg_signature="",
        received_at=clock.utcnow(),
    )
    corp.runtime.db.commit(partial(record_received, callbacks=[callback]))
    for _try in range(10):
        with corp.runtime.db.write() as session:
            claims = claim_due(session, InboxEvent, limit=10, lease=60)
        for claim in claims:
            work_event(corp.runtime, claim)
        corp.wait(4)
    with corp.runtime.db.read() as session:
        wanted = select(InboxEvent.id).where(InboxEvent.dedupe_key == callback.dedupe_key)
        return session.scalars(wanted).one()


def text_of(corp: Corp) -> str:
    tables = dump(corp.runtime.db, corp.runtime)
    return "\n".join(line for lines in tables.values() for line in lines)


def package_of(corp: Corp, who: Words) -> dict[str, str]:
    with corp.runtime.db.read() as session:
        customer = session.get_one(Customer, who.external_userid)
        made = write_package(build_reader(corp.runtime, session), customer)
    with made, ZipFile(made) as package:
        return {name: package.read(name).decode() for name in package.namelist()}


def test_whoever_is_in_every_table_of_the_board_is_read_out(corp: Corp, canary: Words) -> None:
    add(corp, canary)
    with corp.runtime.db.read() as session:
        reader = build_reader(corp.runtime, session)
        missing = [
            (one.table.__tablename__, one.title)
            for one in HOLDINGS
            if not one.count(reader, canary.external_userid)
        ]
        # A new holding has its row in `make_person`, so that what follows is about it too.
        assert missing == []
        assert len(count_held(reader, canary.external_userid)) == len(HOLDINGS)
    page, data = package_of(corp, canary).values()
    assert [word for word in canary.read() if word not in page or word not in data] == []
    assert all(word in page for word in ("朋友介绍", "初步沟通", "重要", "夏日团购群", "门店地址"))
    # Of others nothing is told, not even by a message that was about several.
    assert "另一位" not in page + data
    assert OTHER.mark not in page + data
    told = json.loads(data)
    assert told["customer"]["external_userid"] == canary.external_userid
    assert all(one["rows"] for one in told["holdings"])
    assert "<script" not in page


def test_every_word_that_is_kept_about_him_is_in_the_package(corp: Corp, canary: Words) -> None:
    add(corp, canary)
    page, data = package_of(corp, canary).values()
    kept = set()
    with corp.runtime.db.read() as session:
        reader = build_reader(corp.runtime, session)
        for holding in HOLDINGS:
            words = [
                column.name
                for column in holding.table.__table__.columns
                # What people are called and wrote, and no ids.
                if type(column.type) is DatabaseWords
            ]
            if holding.is_cleared:
                continue
            for row in holding.read(reader, canary.external_userid):
                kept |= {getattr(row, name) for name in words} - {"", None}
    assert len(kept) > 15
    assert [word for word in kept if word not in page or word not in data] == []


def test_somebody_with_very_much_is_read_out_to_the_end(corp: Corp, canary: Words) -> None:
    add(corp, canary)
    with corp.runtime.db.write() as session:
        follow = session.scalars(
            select(FollowUser).where(FollowUser.external_userid == canary.external_userid)
        ).one()
        for number in range(450):
            session.add(FollowTag(follow_id=follow.id, group_name="多", tag_name=f"{number:04}签"))
            session.add(
                FollowUp(
                    external_userid=canary.external_userid,
                    userid="zhaoyi",
                    form_key=f"many-{number}",
                    text=f"{number:04}次回访",
                    created_at=clock.utcnow(),
                )
            )
    page, _data = package_of(corp, canary).values()
    assert [one for one in range(450) if f"{one:04}签" not in page] == []
    assert [one for one in range(450) if page.count(f"{one:04}次回访") != 1] == []


def test_a_hostile_name_runs_nowhere_in_the_package(corp: Corp, canary: Words) -> None:
    add(corp, canary)
    with corp.runtime.db.write() as session:
        session.get_one(Customer, canary.external_userid).name = "</style><script>alert(1)</script>"
    page, data = package_of(corp, canary).values()
    assert "<script" not in page
    assert json.loads(data)["customer"]["name"].startswith("</style>")


@pytest.fixture
def log(capfd: pytest.CaptureFixture[str]) -> Iterator[Callable[[], str]]:
    """Have the log be written as a server does; give what it says."""
    configure_logging()
    yield lambda: "".join(capfd.readouterr())
    structlog.reset_defaults()


def test_nothing_of_the_erased_is_left(
    corp: Corp, canary: Words, own_redis: OwnRedis, log: Callable[[], str]
) -> None:
    before = dump(corp.runtime.db, corp.runtime)
    add(corp, canary)
    with corp.runtime.db.read() as session:
        # The number itself lies sealed; this is what it is found by.
        found_by = digest_number(session, canary.mobile)
    traces = [*canary.canaries(), found_by]
    assert [word for word in traces if word not in text_of(corp)] == [canary.mobile]
    assert erase(corp, canary) > len(HOLDINGS)
    everything = text_of(corp) + redis_text(own_redis) + log()
    assert [word for word in traces if word in everything] == []
    after = dump(corp.runtime.db, corp.runtime)
    for table, rows in before.items():
        if table == "audit_head":
            continue
        # What others have is as it was, to the letter.
        assert [row for row in rows if row not in after[table]] == [], table
        left = [row for row in after[table] if row not in rows]
        assert not left or table in STAY or all(GUEST.external_userid in row for row in left), table
    with corp.runtime.db.read() as session:
        assert is_erased(session, canary.external_userid)
        assert not is_erased(session, OTHER.external_userid)
        (stone,) = session.scalars(select(ErasedPerson))
        assert stone.erased_by == "qianer"
        verdict = verify_chain(session)
        assert verdict.is_whole
        assert verdict.checked == 3
        guest = session.scalars(select(GroupMember).filter_by(userid=GUEST.external_userid)).one()
        entry = session.scalars(
            select(TimelineEntry).filter_by(external_userid=GUEST.external_userid)
        ).one()
        assert (guest.invitor, entry.userid, entry.data["invitor"]) == ("", "", "")


def redis_text(server: OwnRedis) -> str:
    """Return every key of a Redis with what it holds."""
    connection = redis.Redis.from_url(server.url)
    keys = list(connection.scan_iter())
    return repr([(key, connection.dump(key)) for key in keys])


def test_nobody_is_erased_twice(corp: Corp, canary: Words) -> None:
    add(corp, canary)
    erase(corp, canary)
    with pytest.raises(NotFound):
        erase(corp, canary)
    with corp.runtime.db.read() as session:
        assert count_erased(session) == 1


def test_what_fails_half_way_erases_nothing(corp: Corp, canary: Words) -> None:
    add(corp, canary)
    before = dump(corp.runtime.db, corp.runtime)

    def fail(session: object) -> None:
        erase_person(
            session,  # type: ignore[arg-type]  # what commit hands in
            corp.runtime,
            canary.external_userid,
            userid="qianer",
            origin="",
        )
        raise RuntimeError

    with pytest.raises(RuntimeError):
        corp.runtime.db.commit(fail)
    assert dump(corp.runtime.db, corp.runtime) == before


def scan_again(corp: Corp, who: Words) -> EventRecord:
    return corp.box.people.customer_scans("lisi", who.external_userid)


def tag_again(corp: Corp, who: Words) -> EventRecord:
    return corp.box.people.member_edits_remark("zhaoyi", who.external_userid, remark="金丝雀备注")


def leave_again(corp: Corp, who: Words) -> EventRecord:
    return corp.box.people.customer_deletes_member("zhaoyi", who.external_userid)


@pytest.mark.parametrize("act", [scan_again, tag_again, leave_again])
def test_no_later_event_brings_him_back(
    corp: Corp, canary: Words, act: Callable[[Corp, Words], EventRecord]
) -> None:
    add(corp, canary)
    erase(corp, canary)
    sent = len(corp.box.ledger.messages())
    event_id = receive(corp, act(corp, canary))
    with corp.runtime.db.read() as session:
        event = session.get_one(InboxEvent, event_id)
        assert (event.fate, event.body, event.external_userid) == ("erased", None, "")
        assert event.due_at is None
        # The other's alone.
        assert {one.external_userid for one in session.scalars(select(Delivery))} <= {
            "",
            OTHER.external_userid,
        }
    assert [word for word in canary.canaries() if word in text_of(corp)] == []
    assert len(corp.box.ledger.messages()) == sent
    assert corp.box.ledger.welcome_posts() == []


def test_no_group_brings_him_back(corp: Corp, canary: Words) -> None:
    add(corp, canary)
    erase(corp, canary)
    group = corp.box.people.group_created("zhaoyi", "秋日团购群")
    corp.wait(20)
    friend = corp.box.people.customer_scans("zhaoyi", name="同来的")
    joined = corp.box.people.group_joined(
        group.chat_id, [canary.external_userid, friend.external_userid]
    )
    event_id = receive(corp, joined)
    sync_group(corp.runtime, group.chat_id)
    with corp.runtime.db.read() as session:
        event = session.get_one(InboxEvent, event_id)
        assert (event.fate, event.body) == ("erased", None)
        people = select(GroupChange.userid).where(GroupChange.chat_id == group.chat_id)
        assert friend.external_userid in set(session.scalars(people))
    assert [word for word in canary.canaries() if word in text_of(corp)] == []


def test_no_look_at_wecom_brings_him_back(corp: Corp, canary: Words) -> None:
    add(corp, canary)
    record = read_customer(corp.runtime, canary.external_userid)
    erase(corp, canary)
    # One that was on its way, and one that begins now.
    for one in (record, read_customer(corp.runtime, canary.external_userid)):
        assert one is not None
        corp.runtime.db.commit(one)
    assert [word for word in canary.canaries() if word in text_of(corp)] == []


def test_whoever_writes_about_him_at_that_moment_does_not_keep_him(
    corp: Corp, canary: Words
) -> None:
    people = [corp.box.people.customer_scans("zhaoyi", name=canary.name) for _n in range(8)]
    ids = [one.external_userid for one in people]
    for one in ids:
        record = read_customer(corp.runtime, one)
        assert record
        corp.runtime.db.commit(record)
    whos = [Words(one, canary.name, canary.mark) for one in ids]
    records = [read_customer(corp.runtime, one) for one in ids]
    with ThreadPoolExecutor(8) as pool:
        writing = [pool.submit(corp.runtime.db.commit, one) for one in records * 3 if one]
        erasing = [pool.submit(erase, corp, who) for who in whos]
        # One who writes may be refused because of whom he writes about; his event comes again.
        wait(writing)
        wait(erasing)
    assert [one.exception() for one in erasing] == [None] * len(whos)
    for record in filter(None, records):
        corp.runtime.db.commit(record)
    everything = text_of(corp)
    assert [one for one in ids if one in everything] == []
    with corp.runtime.db.read() as session:
        assert verify_chain(session).is_whole
