"""What is told of a sending is believed if it was prepared, by whom and where it is told of."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from app import clock
from app.customers.models import TimelineEntry
from app.db import Database
from app.library.actions import DraftPart
from app.library.models import LibraryUse
from app.library.typed import NAMES
from app.materials.models import Material
from sidebar.panels.library import sending
from tests.sidebar.browser import problem_in
from tests.sidebar.cards import card_of, make_app
from tests.sidebar.library_pages import GROUP, Shelf, beside, job_in, of
from tests.sidebar.shelves import picture_of

REFUSED = HTTPStatus.UNPROCESSABLE_ENTITY


@pytest.fixture
def app(tmp_path: Path, db: Database) -> Iterator[Flask]:
    made = make_app(tmp_path, db)
    yield made
    made.extensions["banke_runtime"].db.close()


@pytest.fixture
def shelf(app: Flask, db: Database) -> Shelf:
    """Give the scripts beside the card of the member who follows her."""
    return Shelf(card_of(app, db, "zhaoyi"))


@pytest.fixture
def item(shelf: Shelf) -> int:
    return shelf.keep("开场白", "您好", "请问")


def key_of(shelf: Shelf, item: int, **more: int) -> str:
    """Prepare the item and return the key of this sending."""
    return str(job_in(shelf.post("prepare", item=item, **more))["key"])


def picture(shelf: Shelf) -> DraftPart:
    with shelf.db.write() as session:
        return picture_of(session, owner="zhaoyi")


def recorded(shelf: Shelf) -> int:
    """Count what was written down of it, anywhere."""
    sent = (
        select(func.count()).select_from(TimelineEntry).where(TimelineEntry.kind.like("library%"))
    )
    with shelf.db.read() as session:
        uses = session.scalar(select(func.count()).select_from(LibraryUse)) or 0
        return uses + (session.scalar(sent) or 0)


def test_a_sending_that_was_never_prepared_is_not_recorded(shelf: Shelf, item: int) -> None:
    key = key_of(shelf, item)
    for invented in ("12345678", key[:-1] + ("0" if key[-1] != "0" else "1"), "9" + key[1:]):
        assert shelf.post("sent", item=item, key=invented, parts=1).status_code == REFUSED
    assert recorded(shelf) == 0


def test_a_sending_is_of_its_item_alone(shelf: Shelf, item: int) -> None:
    other = shelf.keep("另一条", "再见")
    key = key_of(shelf, item)
    assert shelf.post("sent", item=other, key=key, parts=1).status_code == REFUSED
    assert recorded(shelf) == 0


def test_a_sending_is_into_its_chat_alone_and_his_who_prepared_it(shelf: Shelf, item: int) -> None:
    key = key_of(shelf, item)
    for other in (of(shelf, "sunsan"), beside(shelf, f"{GROUP}/scripts")):
        assert other.post("sent", item=item, key=key, parts=1).status_code == REFUSED
    assert recorded(shelf) == 0


@pytest.mark.parametrize(("n", "parts"), [(0, 0), (0, 3), (1, 2)])
def test_no_more_was_sent_than_was_prepared(shelf: Shelf, item: int, n: int, parts: int) -> None:
    key = key_of(shelf, item, n=n)
    assert shelf.post("sent", item=item, key=key, parts=parts).status_code == REFUSED
    assert recorded(shelf) == 0


def test_less_was_sent_than_was_prepared(shelf: Shelf, item: int) -> None:
    key = key_of(shelf, item)
    assert shelf.post("sent", item=item, key=key, parts=1).status_code == HTTPStatus.OK
    with shelf.db.read() as session:
        assert session.scalars(select(LibraryUse.parts)).all() == [1]


def test_what_was_prepared_long_ago_is_not_recorded(
    shelf: Shelf, item: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, now = key_of(shelf, item), clock.utcnow()
    statuses = []
    for hours in (12.1, 11.9):
        at = now + timedelta(hours=hours)
        monkeypatch.setattr(clock, "utcnow", lambda at=at: at)
        # He has signed in again meanwhile.
        again = Shelf(card_of(shelf.card.client.application, shelf.db, "zhaoyi"))
        statuses.append(again.post("sent", item=item, key=key, parts=1).status_code)
    assert statuses == [REFUSED, HTTPStatus.OK]


def test_who_waits_for_files_keeps_nobody_from_sending_words(shelf: Shelf, item: int) -> None:
    pictured = shelf.keep("图", picture(shelf), owner="zhaoyi")
    with ExitStack() as crowd:
        for n in range(8):
            crowd.enter_context(sending.SEATS.taken(f"member-{n}"))
        busy = shelf.post("prepare", item=pictured)
        assert (busy.status_code, problem_in(busy)) == (503, "server_busy")
        assert shelf.post("prepare", item=item).status_code == HTTPStatus.OK
        with shelf.db.write() as session:
            material = session.scalars(select(Material)).one()
            material.media_id, material.media_expires_at = "m", clock.utcnow() + timedelta(days=2)
        assert shelf.post("prepare", item=pictured).status_code == HTTPStatus.OK


def test_one_member_waits_for_few_files_at_a_time(shelf: Shelf) -> None:
    pictured = shelf.keep("图", picture(shelf), owner="zhaoyi")
    with sending.SEATS.taken("zhaoyi"), sending.SEATS.taken("zhaoyi"):
        assert shelf.post("prepare", item=pictured).status_code == 503
    # There is no WeCom here.
    assert shelf.post("prepare", item=pictured).status_code == REFUSED


def test_no_field_of_a_form_is_too_long_for_us(shelf: Shelf) -> None:
    usual: dict[str, int | str] = {
        "item": shelf.keep("自己的", "您好", owner="zhaoyi"),
        "n": 1,
        "msgtype": "text",
        "content": "您好",
        "kind": "file",
        "filename": "a.pdf",
        "size": 700,
    }
    actions = ("prepare", "sent", "favourite", "save", "draft", "discard", "piece", "finish")
    for name in {*usual, *NAMES, "stale", "key", "parts", "on", "typed"}:
        long = usual | {name: "9" * 600}
        statuses = {action: shelf.post(action, **long).status_code for action in actions}
        assert (name, max(statuses.values())) <= (name, 422)
