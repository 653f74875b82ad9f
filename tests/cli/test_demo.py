"""`flask demo`: what a stranger finds when it is READY, and that Ctrl-C leaves nothing running."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests
from sqlalchemy import select

from app import clock
from app.churn.models import Loss
from app.cli.demo.notebook import NOTEBOOK
from app.cli.demo.people import NEWCOMERS, REGULARS
from app.cli.demo.plot import customer_id
from app.customers.models import (
    ConsentChange,
    Customer,
    CustomerStage,
    CustomField,
    FieldValue,
    FollowUp,
    FollowUser,
    MarketingConsent,
    Reminder,
    Stage,
    StageChange,
    TimelineEntry,
)
from app.db import Database
from app.deliveries.models import Delivery
from app.groups.models import GroupChat, GroupMember
from app.inbox.models import InboxEvent
from app.library.actions import FORMS
from app.library.queries import find_picture, list_items
from tests.deployment import ROOT, free_port

END_SECONDS = 40.0
ON_TO_STAGE = StageChange.to_stage_id == Stage.id
STAGES = {"新客户": 12, "初步沟通": 10, "意向": 9, "成交": 6, "无意向": 3}
# Of those who have bought something.
SERVICE = {"可取件": 1, "已完成": 2}
LATER = ("意向", "成交")


@dataclass
class World:
    """What was there when the demo was ready; `left`: processes that outlived Ctrl-C."""

    folder: Path
    said: list[str] = field(default_factory=list)
    state: dict[str, Any] = field(default_factory=dict)
    history: dict[str, Any] = field(default_factory=dict)
    left: list[psutil.Process] = field(default_factory=list)
    exit_code: int | None = None


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Run the demo until it is ready, look, and press Ctrl-C."""
    world = World(tmp_path_factory.mktemp("demo"))
    port = free_port()
    with _demo(world.folder, port) as process:
        assert process.stdout
        for line in process.stdout:
            world.said.append(line.strip())
            if line.startswith("READY"):
                break
        world.state = requests.get(f"http://127.0.0.1:{port}/sandbox/api/state", timeout=5).json()
        world.history = json.loads((world.folder / "var/demo/history.log").read_text())
        world.left = _interrupt(process)
        world.exit_code = process.returncode
    # The next start makes the folder anew.
    shutil.copytree(world.folder / "var/demo", world.folder / "seen")
    return world


@pytest.fixture(scope="module")
def db(world: World) -> Iterator[Database]:
    """Give the server's database as it was then."""
    database = Database(f"sqlite:///{world.folder / 'seen' / 'banke.db'}")
    yield database
    database.close()


def test_the_demo_says_ready_with_its_address(world: World) -> None:
    assert world.said[-1].startswith("READY http://127.0.0.1:"), world.said


def test_the_library_has_something_of_every_kind(db: Database) -> None:
    with db.read() as session:
        items = [
            item
            for shelf in ("scripts", "materials")
            for item in list_items(session, "zhaoyi", shelf, tab="corp")[0]
        ]
        frequent, _more = list_items(session, "zhaoyi", "scripts", tab="frequent")
        own, _more = list_items(session, "zhaoyi", "scripts", tab="own")
        parts = [part for item in items for part in item.parts]
        pictures = [
            find_picture(session, "zhaoyi", part.material.id)
            for part in parts
            if part.material and part.msgtype == "image"
        ]
    assert {part.msgtype for part in parts} == set(FORMS)
    assert pictures
    assert all(pictures)
    assert [item.is_favourite for item in frequent[:5]] == [True, True, False, False, False]
    assert len(own) == 2


def test_history_is_whole_and_the_clock_is_right_again(world: World) -> None:
    assert world.history["ticks"] == world.history["planned"]
    assert not world.history["faults"], world.history
    assert world.state["clock_offset"] == 0


def test_forty_customers_and_three_groups_are_known_to_the_server(
    world: World, db: Database
) -> None:
    assert world.state["customers"] == REGULARS + len(NEWCOMERS) == 40
    with db.read() as session:
        customers = session.scalars(select(Customer)).all()
        groups = session.scalars(select(GroupChat.name)).all()
        left = session.scalars(select(GroupMember).where(GroupMember.left_at.is_not(None))).all()
    assert len(customers) == 40
    # WeCom tells nothing about somebody whom the member has not added back.
    assert [customer.name for customer in customers].count("") == 1
    assert sorted(groups) == sorted(["南山会员群", "新品体验群", "周末团购群"])
    assert len(left) == 3


def test_every_scan_of_history_got_its_welcome(world: World, db: Database) -> None:
    scans = len(NEWCOMERS) + sum(
        (one.back is not None) + (one.also is not None) for one in NEWCOMERS
    )
    transfers = sum(one.moved is not None for one in NEWCOMERS)
    with db.read() as session:
        fates = Counter(session.scalars(select(Delivery.outcome).where(Delivery.kind == "welcome")))
    assert fates == {"sent": scans + transfers}
    assert world.history["greeted"] == world.history["to_greet"] == scans + transfers


def test_losses_are_as_scripted_and_told_within_seconds(db: Database) -> None:
    lost = sum(one.lost is not None for one in NEWCOMERS)
    back = sum(one.back is not None for one in NEWCOMERS)
    with db.read() as session:
        losses = session.scalars(select(Loss)).all()
        alerts = session.scalars(select(Delivery).where(Delivery.kind == "loss")).all()
    kinds = Counter((loss.kind, loss.returned_at is not None) for loss in losses)
    assert kinds == {
        ("customer", False): lost - back,
        ("customer", True): back,
        ("transfer", False): 1,
    }
    # The member's, and the admin's.
    assert Counter(alert.outcome for alert in alerts) == {"sent": 2 * lost}
    lost_at = {str(loss.id): loss.lost_at for loss in losses}
    waits = [alert.sent_at - lost_at[alert.ref] for alert in alerts if alert.sent_at]
    assert max(waits) < timedelta(minutes=1)


def test_today_somebody_has_come_and_somebody_has_gone(db: Database) -> None:
    yesterday = clock.utcnow() - timedelta(days=1)
    with db.read() as session:
        losses = session.scalars(select(Loss).where(Loss.lost_at > yesterday)).all()
        added = session.scalars(select(FollowUser).where(FollowUser.added_at > yesterday)).all()
    assert len(losses) >= 1
    assert len(added) >= 1


def test_stages_are_spread_as_scripted_by_members_in_the_sidebar(db: Database) -> None:
    with db.read() as session:
        names = session.scalars(
            select(Stage.name).join(CustomerStage, CustomerStage.stage_id == Stage.id)
        ).all()
        moves = session.scalars(
            select(TimelineEntry.userid).where(TimelineEntry.kind == "stage_changed")
        ).all()
    assert Counter(names) == STAGES | SERVICE
    assert set(moves) == {"zhaoyi", "lisi", "sunsan"}


def test_most_customers_in_later_stages_have_values_of_every_kind(db: Database) -> None:
    with db.read() as session:
        filled = session.execute(
            select(FieldValue.external_userid, CustomField.kind).join(
                CustomField, CustomField.id == FieldValue.field_id
            )
        ).all()
        later = session.scalars(
            select(CustomerStage.external_userid).join(Stage).where(Stage.name.in_(LATER))
        ).all()
    known = {external_userid for external_userid, _kind in filled}
    assert len(known & set(later)) > 0.9 * len(later)
    kinds = {kind for _external_userid, kind in filled}
    assert kinds == {"text", "phone", "date", "address", "money", "choice", "choices", "yes_no"}


def test_every_member_has_written_notes_and_not_one_is_lost(db: Database) -> None:
    with db.read() as session:
        notes = session.scalars(select(FollowUp)).all()
    wanted = [note.text for page in NOTEBOOK.values() for note in page.notes]
    assert Counter(note.text for note in notes) == Counter(wanted)
    assert {note.userid for note in notes} == {"zhaoyi", "lisi", "sunsan"}


def test_reminders_are_done_or_wait_and_came_on_their_morning(db: Database) -> None:
    with db.read() as session:
        states = Counter(session.scalars(select(Reminder.state)))
        told = session.scalars(
            select(Delivery).where(Delivery.kind == "reminder", Delivery.outcome.is_not(None))
        ).all()
    assert states == {"done": 2, "open": 2}
    assert {delivery.outcome for delivery in told} == {"sent"}
    waits = [delivery.sent_at - delivery.wanted_at for delivery in told if delivery.sent_at]
    assert max(waits) < timedelta(minutes=1)


def test_somebody_is_followed_by_two_members_and_a_group_has_a_notice(db: Database) -> None:
    with db.read() as session:
        followers = Counter(
            session.scalars(
                select(FollowUser.external_userid).where(FollowUser.removed_at.is_(None))
            )
        )
        notices = session.scalars(select(GroupChat.notice)).all()
    both = [customer_id(number) for number, one in enumerate(NEWCOMERS, REGULARS) if one.also]
    assert [followers[who] for who in both] == [2]
    assert any(notices)


def test_who_has_bought_says_for_how_much_and_who_has_not_why(db: Database) -> None:
    with db.read() as session:
        changes = session.execute(select(Stage.asks, StageChange).join(Stage, ON_TO_STAGE)).all()
        losses = session.scalars(select(Loss.reason)).all()
    amounts = [change.amount for asks, change in changes if asks == "amount"]
    reasons = [change.reason for asks, change in changes if asks == "reason"]
    assert (len(amounts), all(amounts)) == (6, True)
    assert (len(reasons), all(reasons)) == (3, True)
    assert {"other", "price", "no_need"} <= set(losses)


def test_some_have_agreed_to_offers_some_refused_and_most_were_not_asked(db: Database) -> None:
    with db.read() as session:
        said = Counter(session.scalars(select(MarketingConsent.state)))
        ways = set(session.scalars(select(ConsentChange.way)))
    assert said == {"agreed": 5, "refused": 2}
    assert ways == {"chat", "form", "own"}


def test_what_is_sensitive_is_filled_in_and_lies_sealed(db: Database) -> None:
    with db.read() as session:
        rows = session.execute(
            select(FieldValue.box, FieldValue.text).join(
                CustomField, (CustomField.id == FieldValue.field_id) & CustomField.sensitive
            )
        ).all()
    assert len(rows) == 2
    assert all(box and text is None for box, text in rows)


def test_no_event_is_open_or_dead(db: Database) -> None:
    with db.read() as session:
        events = session.scalars(select(InboxEvent)).all()
    assert [event.id for event in events if event.due_at or event.fate != "done"] == []


def test_ctrl_c_ends_every_process(world: World) -> None:
    assert world.left == []
    assert world.exit_code == 0


def test_a_second_start_that_is_interrupted_in_its_history_leaves_nothing(world: World) -> None:
    with _demo(world.folder, free_port()) as process:
        assert process.stdout
        # One line for the start, one for the history that begins.
        begun = [process.stdout.readline() for _ in range(2)]
        assert all(begun), begun
        left = _interrupt(process)
    assert left == []
    assert process.returncode == 0


def _demo(folder: Path, port: int) -> subprocess.Popen[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("BANKE_")}
    return subprocess.Popen(
        [sys.executable, "-m", "flask", "demo", "--port", str(port)],
        cwd=folder,
        env=environment | {"PYTHONPATH": str(ROOT), "FLASK_APP": f"{ROOT / 'wsgi.py'}:app"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _interrupt(process: subprocess.Popen[str]) -> list[psutil.Process]:
    """Press Ctrl-C; return which of its processes are there when it has ended."""
    tree = psutil.Process(process.pid).children(recursive=True)
    assert tree
    process.send_signal(signal.SIGINT)
    process.wait(END_SECONDS)
    return [one for one in tree if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]
