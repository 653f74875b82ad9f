"""Reading all that a filter wants: the same relations as the list, in the same order."""

from datetime import timedelta
from typing import Any

import pytest

from app.customers.queries import CustomerFilter, FieldTest, listing, read_relations
from app.db import Database
from app.members.queries import Scope
from tests.customers.people import NOW, TAGS, World, make_world

FILTERS: list[dict[str, Any]] = [
    {},
    {"standing": "all"},
    {"standing": "lost"},
    {"name": "张"},
    {"userid": "lisi"},
    {"state": "poster", "standing": "all"},
    {"tags_any": TAGS[:2]},
    {"tags_none": TAGS[:1]},
    {"shared": True},
    {"quiet_since": NOW - timedelta(days=10)},
    {"scope": Scope("zhaoyi", frozenset({1}))},
]


@pytest.fixture
def world(any_db: Database) -> World:
    return make_world(any_db)


@pytest.mark.parametrize("step", [7, listing.LONGEST_STEP])
def test_what_is_taken_along_is_the_list(
    world: World, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    filters = [*FILTERS, {"stage_id": world.stages[0]}]
    vip = FieldTest(field_id=world.fields["t_vip"], how="yes")
    for one in [*filters, {"fields": (vip,)}]:
        wanted = CustomerFilter(**one)
        listed = world.ids(wanted)
        with monkeypatch.context() as small:
            small.setattr(listing, "LONGEST_STEP", step)
            # So that even these few are walked through.
            small.setattr(listing, "FEW", step)
            with world.db.read() as session:
                pieces = list(read_relations(session, wanted))
        assert [id_ for piece in pieces for id_, _whom in piece] == listed, one
