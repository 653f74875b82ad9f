"""The card of a customer as an English reader has it, where the names in it are Chinese."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select, update

from app.customers.models import CustomField, Stage
from app.db import Database
from tests.sidebar.cards import AGENT, LI, Card, Page, card_of, make_app


@pytest.fixture
def card(tmp_path: Path, db: Database) -> Iterator[Card]:
    """Give the browser of the member who follows her, in English."""
    app = make_app(tmp_path, db)
    yield replace(card_of(app, db, "zhaoyi"), language="en")
    app.extensions["banke_runtime"].db.close()


def shown(card: Card, query: str = "") -> str:
    return " ".join(Page(card.get(query).text).text.split())


def field(card: Card, key: str) -> int:
    with card.db.read() as session:
        return session.scalars(select(CustomField.id).where(CustomField.key == key)).one()


def test_the_first_stages_and_fields_are_in_english(card: Card) -> None:
    for words in ("New In touch Keen Won Not keen", "Mobile", "Birthday", "Budget"):
        assert words in shown(card)


def test_a_move_is_told_in_english_in_toast_timeline_and_history(card: Card) -> None:
    answer = card.post("stage", to=card.stage("意向"), seen=0)
    assert "Keen" in Page(answer.text).text
    for place in (shown(card), shown(card, "/history")):
        assert "New → Keen" in place
        assert "意向" not in place


def test_a_colleagues_move_is_told_in_english(card: Card) -> None:
    card.move_as("wangqiang", "成交")
    answer = card.post("stage", to=card.stage("意向"), seen=0)
    assert answer.status_code == 409
    assert "Won" in Page(answer.text).text
    assert "成交" not in answer.text


@pytest.mark.parametrize("writer", ["zh", "en"])
def test_chosen_options_read_in_each_readers_language_whoever_chose_them(
    card: Card, writer: str
) -> None:
    chosen = {"option-1": "new", "option-2": "gift"}
    replace(card, language=writer).post("field", field=field(card, "interests"), seen=0, **chosen)
    row_and_timeline = shown(card).split("Interested in")
    assert len(row_and_timeline) == 3
    assert all("New arrivals, Gift boxes" in place for place in row_and_timeline[1:])
    assert "感兴趣的商品：新品、礼盒" in shown(replace(card, language="zh"))


def test_the_input_of_a_field_offers_its_options_in_english(card: Card) -> None:
    form = shown(card, f"/field-form?field={field(card, 'visit')}")
    assert "Friend's referral" in form


def test_a_renamed_row_stays_as_the_admin_wrote_it(card: Card) -> None:
    with card.db.write() as session:
        session.execute(update(Stage).where(Stage.key == "won").values(name="已买单"))
        session.execute(update(CustomField).where(CustomField.key == "budget").values(name="心价"))
    for words in ("Keen 已买单 Not keen", "心价"):
        assert words in shown(card)


def test_the_variables_of_a_script_are_labelled_in_english_and_put_in_as_they_are(
    card: Card,
) -> None:
    headers = {"User-Agent": AGENT.format("en"), "HX-Request": "true"}
    form = card.client.get(f"/sidebar/customers/{LI}/scripts/edit", headers=headers).text
    assert 'data-insert="{{客户昵称}}"' in form
    assert "Customer nickname" in Page(form).text
    assert "客户昵称" not in Page(form).text
