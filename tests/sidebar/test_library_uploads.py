"""Files of members take their time, and few at once: the others' cards are there all the while."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from app import clock
from app.db import Database
from app.materials.actions import pictures
from app.materials.models import Material
from sidebar.panels.library import uploading
from tests.sidebar.browser import problem_in
from tests.sidebar.cards import Card, card_of, make_app
from tests.sidebar.library_forms import png, post, send, value

KEY = "upload-0001"


class Counting(ThreadPoolExecutor):
    """Draws pictures, and counts them."""

    drawn = 0

    def submit(self, *args: Any, **kwargs: Any) -> Future[Any]:
        """Draw one more."""
        self.drawn += 1
        return super().submit(*args, **kwargs)


@pytest.fixture
def app(tmp_path: Path, db: Database) -> Iterator[Flask]:
    made = make_app(tmp_path, db)
    yield made
    made.extensions["banke_runtime"].db.close()


@pytest.fixture
def card(app: Flask, db: Database) -> Card:
    """Give zhaoyi's browser."""
    return card_of(app, db, "zhaoyi")


def test_one_upload_is_drawn_once_however_often_it_is_finished(
    app: Flask, card: Card, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(card, png())
    with Counting(1) as drawing, ThreadPoolExecutor(8) as crowd:
        monkeypatch.setattr(pictures, "DRAWING", drawing)
        windows = [card_of(app, db, "zhaoyi") for _ in range(8)]
        answers = list(crowd.map(lambda window: post(window, "finish", key=KEY), windows))
    assert {answer.status_code for answer in answers} <= {200, 503}
    assert drawing.drawn == 1
    made = {value(one.text, "material") for one in answers if one.status_code == 200}
    assert made == {value(post(card, "finish", key=KEY).text, "material")}


def test_a_member_has_few_files_finished_at_a_time_and_others_theirs(
    app: Flask, card: Card, db: Database
) -> None:
    other = card_of(app, db, "sunsan")
    for one in (card, other):
        send(one, png())
    with uploading.SEATS.taken("zhaoyi"), uploading.SEATS.taken("zhaoyi"):
        busy = post(card, "finish", key=KEY)
        assert (busy.status_code, problem_in(busy)) == (503, "server_busy")
        assert post(other, "finish", key=KEY).status_code == 200
    assert post(card, "finish", key=KEY).status_code == 200


def test_whoever_finds_too_many_files_before_his_is_told_so_and_it_is_not_lost(
    card: Card, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(card, png())
    monkeypatch.setattr(uploading, "PATIENCE", 0.0)
    with ExitStack() as others:
        for _ in range(2):
            others.enter_context(uploading.FINISHES.awaited(clock.monotonic()))
        assert post(card, "finish", key=KEY).status_code == 503
    with card.db.read() as session:
        assert session.query(Material).count() == 0
    monkeypatch.undo()
    assert post(card, "finish", key=KEY).status_code == 200
