"""Marketing consent on the card: one tap, with undo; a no is not tapped away by chance."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from app.db import Database
from tests.sidebar.cards import Card, Page, card_of, make_app


@pytest.fixture
def card(tmp_path: Path, db: Database) -> Iterator[Card]:
    """Give the browser of the member who follows her."""
    app = make_app(tmp_path, db)
    yield card_of(app, db, "zhaoyi")
    app.extensions["banke_runtime"].db.close()


def chosen(card: Card) -> list[str]:
    return re.findall(r'id="consent-(\w+)"[^>]* aria-pressed="true"', card.get().text)


def seen(card: Card) -> str:
    form = card.get().text.partition('id="consent-form"')[2]
    return str(re.findall(r'name="seen" value="(\d+)"', form)[0])


def tap(card: Card, state: str, **more: int | str) -> TestResponse:
    return card.post("consent", state=state, **{"seen": seen(card), **more})


def test_one_tap_writes_it_down_and_undo_takes_it_back(card: Card) -> None:
    assert "未询问" in Page(card.get().text).text
    answer = tap(card, "agreed")
    assert "营销意愿：未询问 → 同意" in answer.text
    assert chosen(card) == ["agreed"]
    (change,) = re.findall(r'/consent-undo".*?name="change" value="(\d+)"', answer.text, re.DOTALL)
    assert card.post("consent-undo", change=change).status_code == 200
    assert chosen(card) == []


def test_a_refusal_asks_before_it_is_lifted(card: Card) -> None:
    tap(card, "refused")
    late = tap(card, "agreed")
    assert (late.status_code, chosen(card)) == (409, ["refused"])
    assert "他本人重新同意了" in late.text
    assert tap(card, "agreed", again=1).status_code == 200
    assert chosen(card) == ["agreed"]


def test_a_tap_beside_a_colleagues_says_so(card: Card) -> None:
    before = seen(card)
    card_of(card.client.application, card.db, "sunsan").post("consent", state="agreed", seen=before)
    late = tap(card, "refused", seen=before)
    assert late.status_code == 409
    assert "仍要改为「拒绝」" in late.text


def test_how_it_is_known_is_added_after_the_tap(card: Card) -> None:
    answer = tap(card, "agreed")
    (change,) = re.findall(r'id="consent-after-(\d+)"', answer.text)
    said = card.post("consent-note", change=change, way="form", note="门店登记表")
    assert "客户填写的表单 · 门店登记表" in said.text
    assert card.post("consent-note", change=change, way="import", note="").status_code == 422
