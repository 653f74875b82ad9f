"""Data keys: a box opens in its own place under the keys at hand, and nowhere else."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.data_keys import BoxShut, DataKeys, KeysMissing, open_json, place_of, seal_json
from app.db import Database

OLD = DataKeys({"server": "the secret of the server"}, current="server", index="an index")
NEW = DataKeys(
    {"server": "the secret of the server", "y2027": "a secret of next year"},
    current="y2027",
    index="an index",
)
PLACE = place_of("field_values", "box", "wmWang", 7)


@given(st.text(max_size=60))
def test_what_was_sealed_comes_back(text: str) -> None:
    assert NEW.open(NEW.seal(text, place=PLACE), place=PLACE) == text


def test_a_box_tells_of_its_key_and_of_nothing_that_is_in_it() -> None:
    box = NEW.seal("13800001234", place=PLACE)
    assert box.startswith("y2027:")
    assert "13800001234" not in box
    assert box != NEW.seal("13800001234", place=PLACE)


@pytest.mark.parametrize(
    "place",
    [
        place_of("field_values", "box", "wmLi", 7),
        place_of("field_values", "box", "wmWang", 8),
        place_of("field_values", "text", "wmWang", 7),
        place_of("field_changes", "box", "wmWang", 7),
    ],
)
def test_a_box_that_was_moved_does_not_open(place: str) -> None:
    box = NEW.seal("13800001234", place=PLACE)
    with pytest.raises(BoxShut):
        NEW.open(box, place=place)


def test_an_older_key_still_opens_and_a_newer_one_is_missed() -> None:
    assert NEW.open(OLD.seal("x", place=PLACE), place=PLACE) == "x"
    with pytest.raises(BoxShut, match="y2027"):
        OLD.open(NEW.seal("x", place=PLACE), place=PLACE)


@pytest.mark.parametrize("harm", ["y2027:", "y2027:%%%", "y2027:AAAA", "nonsense", ""])
def test_what_is_no_box_is_refused(harm: str) -> None:
    with pytest.raises(BoxShut):
        NEW.open(harm, place=PLACE)


def test_a_digest_outlives_the_keys_and_is_for_one_purpose() -> None:
    digests = {keys.digest("138", purpose=what) for keys, what in product((OLD, NEW), ("a", "b"))}
    assert len(digests) == 2
    assert OLD.digest("138", purpose="a") == NEW.digest("138", purpose="a")


def test_a_session_of_no_runtime_seals_nothing_and_leaves_nothing_in_clear(db: Database) -> None:
    db.info.clear()
    with db.read() as session:
        assert seal_json(session, [], place=PLACE) == []
        assert open_json(session, ["138"], place=PLACE) == ["138"]
        with pytest.raises(KeysMissing):
            seal_json(session, ["138"], place=PLACE)
