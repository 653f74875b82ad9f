"""Every kind of data goes when its time is over and not a day before; its purge tells of it."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import pytest
from sqlalchemy import func, select

from app import clock
from app.accounts.models import AdminSession, LoginLink
from app.batches.models import Batch
from app.churn.models import Loss
from app.config import Config
from app.customers.actions import Answer, ensure_customer, set_consent
from app.customers.models import Customer, Draft, FollowUp, FollowUser, Reminder, TimelineEntry
from app.db import Base, Database
from app.deliveries.models import Delivery
from app.erased import count_erased
from app.groups.models import GroupChat, GroupMember
from app.inbox.models import InboxEvent
from app.library.models import LibraryImport, LibraryItem
from app.materials.models import Upload
from app.privacy import retention as purging
from app.privacy.models import RetentionRun
from app.privacy.retention import Retention, purge
from app.privacy.retentions import RETENTIONS
from app.pushes.models import Push
from app.runtime import Runtime, build_runtime
from app.schedule import SCHEDULE, run_if_due
from app.schedule_runs import ScheduleRun
from app.sections import Retention as Days
from app.sync.models import SyncRun
from tests.settings import make_config

HIS = {"external_userid": "wmA", "userid": "zhaoyi"}
BY_KIND = {one.kind: one for one in RETENTIONS}
PURGED = [one for one in RETENTIONS if one.key or one.days is not None]
# Longer than any default, so that each kind has an end.
DAYS = dict.fromkeys(Days.model_fields, 400) | {"inbox_failed_days": 300}


def follow(at: datetime, removed_at: datetime | None = None) -> FollowUser:
    return FollowUser(
        **HIS, period=1, remark_mobiles=[], added_at=at, removed_at=removed_at, removed_by="member"
    )


def loss(at: datetime) -> list[Base]:
    one = follow(at, at)
    one.id = 7
    note = {"reason": "other", "reason_note": "嫌贵"}
    return [one, Loss(**HIS, follow_id=7, kind="customer", lost_at=at, days_known=1, **note)]


def event(at: datetime, fate: str) -> InboxEvent:
    return InboxEvent(
        corp_id="ww",
        dedupe_key="k",
        receiver="app",
        lane="events",
        event="e",
        change_type="c",
        msg_signature="",
        last_msg_signature="",
        received_at=at,
        finished_at=at,
        ticked=[],
        fate=fate,
    )


def delivery(at: datetime, payload: bytes | None) -> Delivery:
    return Delivery(
        kind="loss",
        dedupe_key="k",
        recipient="zhaoyi",
        payload=payload,
        created_at=at,
        wanted_at=at,
        outcome="sent",
        detail={},
    )


def push(at: datetime) -> Push:
    return Push(**HIS, kind="remark", value="v", created_at=at, ended_at=at, outcome="done")


def runs(at: datetime) -> list[Base]:
    """An old one and the last one, which stays."""
    ended: dict[str, Any] = {"why": "nightly", "walking": [], "outcome": "done"}
    now = clock.utcnow()
    return [
        SyncRun(**ended, created_at=at, ended_at=at),
        SyncRun(**ended, created_at=now, ended_at=now),
    ]


def note(at: datetime, **values: Any) -> FollowUp:
    return FollowUp(**HIS, form_key="k", text="聊过了", created_at=at, **values)


def reminder(at: datetime) -> Reminder:
    return Reminder(**HIS, form_key="k", due_at=at, created_at=at, state="done", ended_at=at)


def item(at: datetime) -> LibraryItem:
    said = {"shelf": "scripts", "key": "k", "title": "t", "words": "t", "sounds": "t"}
    times = {"created_at": at, "updated_at": at, "removed_at": at}
    return LibraryItem(**said, **times, owner="zhaoyi")


def session_of(at: datetime) -> AdminSession:
    times = {"begun_at": at, "seen_at": at, "proved_at": at, "ends_at": at}
    return AdminSession(digest="d", userid="qianer", stay=1, **times)


def upload(at: datetime) -> Upload:
    return Upload(userid="zhaoyi", key="k", kind="file", filename="f", size=1, moved_at=at)


# What makes a row of each kind whose time began then.
MAKERS: dict[str, Callable[[datetime], Base | list[Base]]] = {
    "customers": lambda at: follow(at, at),
    "timeline": lambda at: TimelineEntry(**HIS, dedupe_key="k", kind="added", at=at, data={}),
    "notes": note,
    "removed_notes": lambda at: note(clock.utcnow(), removed_at=at),
    "drafts": lambda at: Draft(**HIS, place="follow_ups", form_key="k", text="t", saved_at=at),
    "reminders": reminder,
    "loss_notes": loss,
    "inbox": lambda at: event(at, "done"),
    "inbox_failed": lambda at: event(at, "dead"),
    "delivery_texts": lambda at: delivery(at, b"sealed"),
    "deliveries": lambda at: delivery(at, None),
    "pushes": push,
    "batches": lambda at: Batch(kind="stage", userid="q", what={}, created_at=at, ended_at=at),
    "sync_runs": runs,
    "library": item,
    "library_imports": lambda at: LibraryImport(userid="q", filename="f", data=b"d", made_at=at),
    "uploads": upload,
    "sessions": session_of,
    "login_links": lambda at: LoginLink(digest="d", userid="q", made_at=at, ends_at=at),
}


class Build(Protocol):
    """Makes a runtime on a database, which is closed with the test."""

    def __call__(self, db: Database, **sections: Any) -> Runtime: ...


@pytest.fixture
def build(tmp_path: Path) -> Iterator[Build]:
    """Give what makes runtimes where every kind has an end, unless `sections` say more."""
    made: list[Runtime] = []

    def build_one(db: Database, **sections: Any) -> Runtime:
        url = db.url.render_as_string(hide_password=False)
        sections = {"retention": DAYS} | sections
        made.append(build_runtime(make_config(tmp_path, database={"url": url}, **sections)))
        return made[-1]

    yield build_one
    for runtime in made:
        runtime.db.close()
        runtime.wecom.close()


def make(runtime: Runtime, one: Retention, age: timedelta) -> None:
    at = clock.utcnow() - age
    made = MAKERS[one.kind](at)
    with runtime.db.write() as session:
        session.add(Customer(external_userid="wmA", created_at=at))
        session.flush()
        for row in made if isinstance(made, list) else [made]:
            session.add(row)
            session.flush()


def count(runtime: Runtime, one: Retention) -> int:
    counted = select(func.count()).select_from(one.table)
    with runtime.db.read() as session:
        return session.scalar(counted if one.of is None else counted.where(one.of)) or 0


def lifetime(one: Retention, config: Config) -> timedelta:
    days = one.days_in(config)
    assert days is not None
    # Of a file of which not all came, only a day is left.
    return timedelta(days=1 if one.kind == "uploads" else days)


def check(runtime: Runtime, one: Retention) -> None:
    """Have a row a day too young stay and one a day too old go."""
    life, day = lifetime(one, runtime.config), timedelta(days=1)
    make(runtime, one, max(life - day, -day) + timedelta(minutes=5))
    before = count(runtime, one)
    assert purge(runtime, one)
    assert count(runtime, one) == before
    later = clock.utcnow() + 2 * day
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "utcnow", lambda: later)
        assert purge(runtime, one)
    assert count(runtime, one) == before - 1
    with runtime.db.read() as session:
        run = session.get_one(RetentionRun, one.kind)
        assert (run.purged, run.purged_ever, run.held) == (1, 1, before - 1)
        assert run.purged_at == run.ran_at == later


@pytest.mark.parametrize("one", PURGED, ids=lambda one: one.kind)
def test_what_is_a_day_too_old_goes_and_what_is_a_day_younger_stays(
    build: Build, db: Database, one: Retention
) -> None:
    check(build(db), one)


def test_so_it_is_on_every_database(build: Build, any_db: Database) -> None:
    runtime = build(any_db)
    for kind in ("drafts", "sync_runs", "delivery_texts"):
        check(runtime, BY_KIND[kind])
        with any_db.write() as session:
            session.query(Customer).delete()


def test_customers_go_on_every_database(build: Build, any_db: Database) -> None:
    check(build(any_db), BY_KIND["customers"])


def test_every_kind_has_its_job_and_its_key() -> None:
    assert {one.key for one in RETENTIONS if one.key} == set(Days.model_fields)
    assert {one.job for one in RETENTIONS} <= {job.name for job in SCHEDULE}
    assert MAKERS.keys() == {one.kind for one in PURGED}


def test_what_has_no_end_stays(build: Build, db: Database) -> None:
    runtime = build(db, retention={})
    for kind in ("customers", "timeline", "notes"):
        assert BY_KIND[kind].days_in(runtime.config) is None
    make(runtime, BY_KIND["timeline"], timedelta(days=9000))
    assert purge(runtime, BY_KIND["timeline"])
    with db.read() as session:
        run = session.get_one(RetentionRun, "timeline")
    assert (run.held, run.purged_ever) == (1, 0)
    assert run.oldest_at is not None
    assert run.oldest_at < clock.utcnow() - timedelta(days=8999)


def make_drafts(runtime: Runtime, count: int) -> None:
    at = clock.utcnow() - timedelta(days=500)
    with runtime.db.write() as session:
        session.add(Customer(external_userid="wmA", created_at=at))
        session.flush()
        drafts = [
            Draft(**HIS, place=f"p{n}", form_key="k", text="t", saved_at=at) for n in range(count)
        ]
        session.add_all(drafts)


def test_many_go_in_short_transactions(
    build: Build, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = build(db)
    make_drafts(runtime, 25)
    monkeypatch.setattr(purging, "AT_ONCE", 10)
    sizes: list[int] = []
    some = purging.purge_some

    def counted(*arguments: Any) -> int:
        sizes.append(some(*arguments))
        return sizes[-1]

    monkeypatch.setattr(purging, "purge_some", counted)
    assert purge(runtime, BY_KIND["drafts"])
    assert sizes == [10, 10, 5, 0]
    with db.read() as session:
        assert session.get_one(RetentionRun, "drafts").purged == 25


def test_one_whose_time_is_over_goes_on_in_a_minute(
    build: Build, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = build(db)
    make_drafts(runtime, 25)
    monkeypatch.setattr(purging, "AT_ONCE", 10)
    monkeypatch.setattr(purging, "SECONDS", -1.0)
    (job,) = [job for job in SCHEDULE if job.name == "retention.drafts"]
    run_if_due(runtime, job)
    assert count(runtime, BY_KIND["drafts"]) == 15
    with db.read() as session:
        due_at = session.get_one(ScheduleRun, job.name).due_at
    assert due_at is not None
    assert due_at - clock.utcnow() <= timedelta(minutes=1)


def test_a_customer_who_is_gone_may_come_back(build: Build, db: Database) -> None:
    runtime, customers = build(db), BY_KIND["customers"]
    make(runtime, customers, timedelta(days=500))
    assert purge(runtime, customers)
    with db.write() as session:
        assert count_erased(session) == 0
        ensure_customer(session, "wmA")
    assert count(runtime, customers) == 1


def test_a_customer_in_a_group_stays(build: Build, db: Database) -> None:
    runtime, customers = build(db), BY_KIND["customers"]
    make(runtime, customers, timedelta(days=500))
    with db.write() as session:
        chat = GroupChat(chat_id="wr", name="g", owner="zhaoyi", notice="", member_version="")
        session.add(chat)
        session.flush()
        joined = {"joined_at": clock.utcnow(), "type": 2, "period": 1}
        session.add(GroupMember(chat_id="wr", userid="wmA", name="", invitor="", **joined))
    assert purge(runtime, customers)
    assert count(runtime, customers) == 1


@pytest.mark.parametrize("unasked_allowed", [True, False])
def test_a_refusal_is_not_forgotten_where_that_would_allow_offers(
    build: Build, db: Database, *, unasked_allowed: bool
) -> None:
    runtime = build(db, marketing={"unasked_allowed": unasked_allowed})
    make(runtime, BY_KIND["customers"], timedelta(days=500))
    refusal = Answer(state="refused", way="own")
    with db.write() as session:
        set_consent(session, "wmA", said=refusal, userid="zhaoyi", seen=None)
    assert purge(runtime, BY_KIND["customers"])
    assert count(runtime, BY_KIND["customers"]) == unasked_allowed
