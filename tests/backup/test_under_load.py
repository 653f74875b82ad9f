"""A machine dies under load; another one goes on from the backup, and greets nobody again."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import select

from app.deliveries.models import Delivery
from app.deliveries.queries import word_outcome
from app.sandbox.server import Sandbox
from app.sync.models import SyncRun
from tests import settings
from tests.conftest import database_kinds
from tests.deployment import Deployment, wait_until
from tests.faults import invariants
from tests.sync.walks import ours, wecoms

WELCOME = "externalcontact/send_welcome_msg"
KINDS = [kind for kind in database_kinds() if kind != "mariadb"]


@contextmanager
def customers_coming(box: Sandbox) -> Iterator[None]:
    """Have customers come all the time, some in two steps; now and then a remark is changed."""
    enough = threading.Event()

    def come() -> None:
        number = 0
        while not enough.wait(0.08):
            number += 1
            half = number % 7 == 0
            event = box.people.customer_scans("zhaoyi", name=f"来客{number}", half=half)
            if half:
                box.people.member_adds_back("zhaoyi", event.external_userid)
            if number % 5 == 0:
                box.people.member_edits_remark("zhaoyi", event.external_userid, remark="老客")

    thread = threading.Thread(target=come)
    thread.start()
    try:
        yield
    finally:
        enough.set()
        thread.join()


def greeted(box: Sandbox, more: int) -> None:
    """Wait until so many customers more have been greeted."""
    count = len(box.ledger.accepted_welcomes()) + more
    box.ledger.wait_for(lambda ledger: len(ledger.accepted_welcomes()) >= count, timeout=20)


def back_up_and_die(old: Deployment, file: Path) -> str:
    """Take a backup while welcomes hang between WeCom and us; then much happens, and all ends.

    Return a customer who was greeted then, and whom the member has not added back yet.
    """
    leaver = old.box.people.customer_scans("zhaoyi", name="要走的")
    with customers_coming(old.box):
        greeted(old.box, 10)
        hanging = old.box.faults.hold(WELCOME, "after", times=2)
        hanging.wait_reached(10)
        old.command("backup", str(file))
        hanging.release()
        half = old.box.people.customer_scans("zhaoyi", name="半路的", half=True).external_userid
        greeted(old.box, 10)
        old.box.people.customer_deletes_member("zhaoyi", leaver.external_userid)
        greeted(old.box, 3)
        old.kill_all()
        came = len(old.box.world.customers)
        wait_until(lambda: len(old.box.world.customers) > came + 3)
    old.box.delivery.wait_idle(30)
    return half


def walked(shop: Deployment) -> SyncRun | None:
    """Return the walk that the restore asked for, once it is done."""
    with shop.db.read() as session:
        run = session.scalars(select(SyncRun).where(SyncRun.why == "restored")).one()
    if run.phase == "look" and run.outcome is None:
        # Who is missing is looked at again after half a minute.
        shop.box.clock.move(31)
    return run if run.outcome else None


@pytest.mark.parametrize("kind", KINDS)
def test_who_was_greeted_is_not_greeted_again_and_what_was_missed_is_made_up_for(
    tmp_path: Path, kind: str
) -> None:
    for name in ("one", "two", "old", "new"):
        (tmp_path / name).mkdir()
    file = tmp_path / "backup.zip"
    with (
        settings.fresh_database(kind, tmp_path / "one") as one,
        settings.fresh_database(kind, tmp_path / "two") as two,
        Deployment(tmp_path / "old", database_url=one) as old,
    ):
        old.greet_with("您好")
        old.box.delivery.retry_seconds = 0.5
        old.serve().command("sync")
        half = back_up_and_die(old, file)
        box, calls = old.box, len(old.box.ledger.welcome_posts())
        with Deployment(tmp_path / "new", database_url=two, beside=old) as new:
            assert "已恢复" in new.command("restore", str(file)).stdout
            new.serve()
            run = wait_until(lambda: walked(new), 60)
            assert (run.outcome, run.is_first) == ("done", False)
            assert len(box.ledger.welcome_posts()) == calls
            box.people.member_adds_back("zhaoyi", half)
            event = box.people.customer_scans("zhaoyi", name="后来的")
            box.ledger.wait_for(
                lambda ledger: ledger.accepted_welcomes(external_userid=event.external_userid)
            )
            new.wait_worked()
            assert ours(new) == wecoms(box)
            invariants.nobody_is_greeted_twice(new)
            invariants.the_file_is_sound(new)
            assert unsure(new) >= 2


def unsure(shop: Deployment) -> int:
    """Count the welcomes of which the record says that nobody knows."""
    with shop.db.read() as session:
        rows = session.scalars(select(Delivery).where(Delivery.reason == "restored")).all()
    assert {row.kind for row in rows} == {"welcome"}
    assert all("不再发送" in word_outcome(row) for row in rows)
    return len(rows)
