"""An id that no database could hold is an id of nothing."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.db import Database
from tests.sidebar.cards import LI, Card, card_of, make_app
from tests.sidebar.library_forms import headers

CARD = f"/sidebar/customers/{LI}"
HIGHEST = "9" * 18
READ = {
    "scripts/item?item={}": 200,
    "scripts/list?group={0}&page={0}": 200,
    "scripts/edit?item={}": 200,
    "scripts/picture?material={}": 404,
    "profile/history?pipeline={0}&before={0}": 200,
}
IMAGE = {"item_title": "图", "msgtype": "image", "material": HIGHEST, "version": HIGHEST}
SENT = {
    "scripts/prepare": ({}, 422),
    "scripts/favourite": ({}, 422),
    "scripts/draft": ({"typed": "1763800000000"}, 200),
    "scripts/remove": ({}, 422),
    "materials/save": (IMAGE, 422),
}


@pytest.fixture
def card(tmp_path: Path, any_db: Database) -> Iterator[Card]:
    app = make_app(tmp_path, any_db)
    yield card_of(app, any_db, "zhaoyi")
    app.extensions["banke_runtime"].db.close()


def test_it_is_answered_like_any_other_that_is_not_there(card: Card) -> None:
    told = headers(htmx=True)
    read = {
        place: card.client.get(f"{CARD}/{place.format(HIGHEST)}", headers=told).status_code
        for place in READ
    }
    assert read == READ
    for place, (form, status) in SENT.items():
        data = {"csrf_token": card.csrf, "item": HIGHEST, **form}
        answer = card.client.post(f"{CARD}/{place}", data=data, headers=told)
        assert (place, answer.status_code) == (place, status)
