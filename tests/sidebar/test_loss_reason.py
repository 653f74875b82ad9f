"""The bar of a customer who has left: reasons by one tap, of the member or his manager alone."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.customers.actions import record_change
from app.db import Database
from tests.sidebar.browser import problem_in
from tests.sidebar.cards import Card, Page, card_of, change, make_app


@pytest.fixture
def card(tmp_path: Path, db: Database) -> Iterator[Card]:
    """Give the browser of the member whom she has deleted."""
    app = make_app(tmp_path, db)
    with db.write() as session:
        record_change(session, change("customer", 0.1))
    yield card_of(app, db, "zhaoyi")
    app.extensions["banke_runtime"].db.close()


def of(card: Card, userid: str) -> Card:
    return card_of(card.client.application, card.db, userid)


def chosen(card: Card) -> list[str]:
    """Return the reasons that are pressed on a card."""
    return re.findall(r'id="loss-(\w+)"[^>]* aria-pressed="true"', card.get().text)


def test_one_tap_puts_it_down_and_the_same_tap_clears_it(card: Card) -> None:
    answer = card.post("loss-reason", reason="price")
    assert "流失原因：价格" in answer.text
    assert chosen(card) == ["price"]
    assert 'id="loss-price" type="submit" name="reason" value=""' in answer.text
    assert "已清除流失原因" in card.post("loss-reason", reason="").text
    assert chosen(card) == []


def test_undo_brings_back_what_stood_there(card: Card) -> None:
    card.post("loss-reason", reason="other", note="搬家了")
    card.post("loss-reason", reason="price")
    undone = card.post("loss-reason", reason="other", note="搬家了", was="price", undo=1)
    assert (undone.status_code, chosen(card)) == (200, ["other"])
    assert 'value="搬家了"' in card.get().text


def test_undo_that_came_too_late_overwrites_nothing(card: Card) -> None:
    card.post("loss-reason", reason="price")
    of(card, "sunsan").post("loss-reason", reason="service")
    late = card.post("loss-reason", reason="", was="price", undo=1)
    assert (late.status_code, chosen(card)) == (409, ["service"])
    assert "孙叁木 刚把原因改成「服务」" in late.text


def test_a_first_tap_on_what_a_colleague_changed_overwrites_it_only_when_he_says_so(
    card: Card,
) -> None:
    assert 'name="was" value=""' in card.get().text
    of(card, "sunsan").post("loss-reason", reason="service", was="")
    late = card.post("loss-reason", reason="price", was="")
    assert (late.status_code, chosen(card)) == (409, ["service"])
    assert "仍要改为「价格」" in late.text
    assert 'name="was" value="service"' in late.text
    again = card.post("loss-reason", reason="price", was="service", note="")
    assert (again.status_code, chosen(card)) == (200, ["price"])
    assert "撤销" in again.text


def test_the_manager_may_say_it_too_and_is_named(card: Card) -> None:
    assert of(card, "sunsan").post("loss-reason", reason="mistake").status_code == 200
    assert chosen(card) == ["mistake"]
    assert "由 孙叁木 填写" in Page(card.get().text).text
    assert "由 孙叁木" not in Page(of(card, "sunsan").get().text).text


def test_a_stranger_may_not(card: Card) -> None:
    # He asks for a customer who is not his, and WeCom is away.
    refused = of(card, "wangqiang").post("loss-reason", reason="price")
    assert refused.status_code in {404, 503}
    assert problem_in(refused)
    assert chosen(card) == []


def test_other_takes_a_line_of_words(card: Card) -> None:
    assert 'name="note"' not in card.get().text
    assert 'name="note"' in card.post("loss-reason", reason="other").text
    noted = card.post("loss-reason", reason="other", note=" 孩子\u202e转学 ")
    assert "已补充" in noted.text
    assert "流失原因：其他（孩子转学）" in noted.text


def test_it_works_without_javascript(card: Card) -> None:
    page = card.send_form("loss-reason", reason="rival")
    assert page.text.startswith("<!doctype html>")
    assert "流失原因：竞品" in Page(page.text).text


@pytest.mark.parametrize("reason", ["", "price"])
def test_a_customer_who_has_not_left_has_no_reasons(
    tmp_path: Path, db: Database, reason: str
) -> None:
    living = card_of(make_app(tmp_path, db), db, "zhaoyi")
    assert "loss-reason" not in living.get().text
    assert living.post("loss-reason", reason=reason).status_code == 422
