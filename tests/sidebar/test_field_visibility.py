"""A field for managers alone: a member's card does not know it, his manager's does."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from app.customers.actions import FieldDraft, edit_field, set_field
from app.customers.models import CustomField
from app.customers.queries import find_field_row, find_field_state, word_value
from app.db import Database
from tests.sidebar.cards import LI, card_of, make_app

BUDGET, AMOUNT = "预算", "¥56,789"


@pytest.fixture
def app(tmp_path: Path, db: Database) -> Iterator[Flask]:
    """Give the application, where a budget was written before it became a manager's matter."""
    made = make_app(tmp_path, db)
    one = field_id(db)
    with db.write() as session:
        today = date(2026, 11, 22)
        set_field(session, LI, field_id=one, typed=["56789"], userid="zhaoyi", seen=0, today=today)
        row = find_field_row(session, one)
        assert row
        edit_field(session, one, FieldDraft(name=BUDGET, visible_to="managers"), seen=row.mark)
    yield made
    made.extensions["banke_runtime"].db.close()


def field_id(db: Database) -> int:
    with db.read() as session:
        return session.scalars(select(CustomField.id).where(CustomField.key == "budget")).one()


def stands(db: Database) -> str:
    with db.read() as session:
        state = find_field_state(session, LI, field_id(db))
    assert state
    return word_value(state.field, state.value)


def test_the_member_neither_sees_the_field_nor_what_he_once_wrote(app: Flask, db: Database) -> None:
    page = card_of(app, db, "zhaoyi").get().text
    assert f'id="field-{field_id(db)}"' not in page
    assert AMOUNT not in page
    assert f"修改了「{BUDGET}」" in page
    history = card_of(app, db, "zhaoyi").client.get(f"/sidebar/customers/{LI}/profile/history")
    assert AMOUNT not in history.text


def test_the_member_cannot_ask_for_it_change_it_or_take_a_change_back(
    app: Flask, db: Database
) -> None:
    card, one = card_of(app, db, "zhaoyi"), field_id(db)
    assert AMOUNT not in card.client.get(f"/sidebar/customers/{LI}/profile/field?field={one}").text
    assert card.post("field", field=one, seen=1, text="1").status_code == 422
    assert card.post("field-undo", field=one, change=1).status_code == 422
    assert stands(db) == AMOUNT


def test_his_manager_sees_and_changes_it(app: Flask, db: Database) -> None:
    card, one = card_of(app, db, "sunsan"), field_id(db)
    assert AMOUNT in card.get().text
    assert card.post("field", field=one, seen=1, text="60000").status_code == 200
    assert stands(db) == "¥60,000"
