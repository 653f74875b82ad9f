"""A captured callback is good for the one event that it was, at the one receiver, as it came."""

from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.db import Database
from app.factory import create_app
from app.inbox.models import InboxEvent
from app.wecom.crypto import CallbackError, find_encrypt
from tests import settings
from tests.callbacks.letters import Letter, altered, seal, xml

OTHER = {"token": "AnotherToken0002", "aes_key": "GFEDCBA9876543210zyxwvutsrqponmlkjihgfedcba"}
RECEIVERS = {"app": {"token": settings.TOKEN, "aes_key": settings.AES_KEY}, "contacts": OTHER}
PARAMETERS = ("msg_signature", "timestamp", "nonce")
REPLAYS = 1000


@pytest.fixture
def door(tmp_path: Path, db: Database) -> FlaskClient:
    """Give a client of a door with two receivers."""
    config = settings.make_config(tmp_path, database={"url": str(db.url)}, callbacks=RECEIVERS)
    return create_app(config).test_client()


def post(door: FlaskClient, letter: Letter, query: str | None = None, receiver: str = "app") -> int:
    address = f"/callbacks/{receiver}?{urlencode(letter.query) if query is None else query}"
    return door.post(address, data=letter.body).status_code


def kept(db: Database) -> list[tuple[str, str, str, int]]:
    with db.read() as session:
        rows = session.scalars(select(InboxEvent))
        return [(row.receiver, row.userid, row.event, row.duplicates) for row in rows]


def flipped(letter: Letter) -> Iterator[Letter]:
    """Yield the letter with one bit of one field the other way, for every bit there is."""
    for name in (*PARAMETERS, "body"):
        value = getattr(letter, name)
        data = value if isinstance(value, bytes) else value.encode()
        for at, bit in product(range(len(data)), range(8)):
            bent = data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :]
            yield altered(letter, **{name: bent if name == "body" else bent.decode("latin-1")})


def is_as_signed(letter: Letter, signed: Letter) -> bool:
    """Tell whether what the signature covers is still what it was."""
    if letter.query != signed.query:
        return False
    try:
        return find_encrypt(letter.body) == find_encrypt(signed.body)
    except CallbackError:
        return False


def test_no_bit_turned_round_has_an_effect(door: FlaskClient, db: Database) -> None:
    letter = seal(xml())
    assert post(door, letter) == 200
    [first] = kept(db)
    taken, count = [], 0
    for count, one in enumerate(flipped(letter), 1):  # noqa: B007 -- it is how many there were
        if post(door, one) not in {400, 403, 413} and not is_as_signed(one, letter):
            taken.append(one)
    assert count > 4000
    assert taken == []
    assert [row[:3] for row in kept(db)] == [first[:3]]


def test_the_same_letter_a_thousand_times_is_one_event(door: FlaskClient, db: Database) -> None:
    letter = seal(xml())
    assert {post(door, letter) for _ in range(REPLAYS)} == {200}
    assert [row[3] for row in kept(db)] == [REPLAYS - 1]


def test_a_letter_to_one_receiver_is_none_to_another(door: FlaskClient, db: Database) -> None:
    told = {}
    for sent_to, token, key in product(RECEIVERS, RECEIVERS, RECEIVERS):
        secrets = {"token": RECEIVERS[token]["token"], "aes_key": RECEIVERS[key]["aes_key"]}
        letter = seal(xml(UserID=f"{sent_to}-{token}-{key}"), **secrets)
        told[sent_to, token, key] = post(door, letter, receiver=sent_to)
    ours = {(name, name, name) for name in RECEIVERS}
    assert {names for names, status in told.items() if status == 200} == ours
    assert set(told.values()) == {200, 403}
    assert [(row[0], row[1]) for row in kept(db)] == [
        (name, f"{name}-{name}-{name}") for name in RECEIVERS
    ]


def test_a_letter_that_one_receiver_took_is_refused_by_the_other(
    door: FlaskClient, db: Database
) -> None:
    letter = seal(xml())
    assert post(door, letter) == 200
    assert post(door, letter, receiver="contacts") == 403
    assert len(kept(db)) == 1


def bent_queries(letter: Letter) -> Iterator[str]:
    """Yield the query with parameters missing, doubled, empty, renamed and exchanged."""
    ways: dict[str, Callable[[str, str], list[tuple[str, str]]]] = {
        "there": lambda name, value: [(name, value)],
        "missing": lambda _name, _value: [],
        "twice": lambda name, value: [(name, value), (name, value)],
        "twice, one wrong": lambda name, value: [(name, value), (name, value[::-1])],
        "empty": lambda name, _value: [(name, "")],
    }
    whole = list(letter.query.items())
    for states in product(ways, repeat=3):
        if set(states) != {"there"}:
            bent = [ways[how](*pair) for pair, how in zip(whole, states, strict=True)]
            yield urlencode([one for some in bent for one in some])
    for way, renamed in product(("{}[]", "{}[0]", " {}", "{}%00", "X-{}", "{}.x"), PARAMETERS):
        names = [way.format(name) if name == renamed else name for name, _ in whole]
        yield urlencode([(name, value) for name, (_, value) in zip(names, whole, strict=True)])
    yield urlencode([(name.upper(), value) for name, value in whole])
    yield urlencode(letter.query | {"nonce": letter.msg_signature, "msg_signature": letter.nonce})


def test_parameters_missing_doubled_or_exchanged_are_refused(
    door: FlaskClient, db: Database
) -> None:
    letter = seal(xml())
    queries = list(bent_queries(letter))
    told = {query: post(door, letter, query) for query in queries}
    exchanged = [query for query, status in told.items() if status == 200]
    assert len(queries) > 140
    assert exchanged == []
    assert kept(db) == []


def test_a_time_and_a_nonce_that_change_places_are_the_same_event_still(
    door: FlaskClient, db: Database
) -> None:
    letter = seal(xml())
    assert post(door, letter) == 200
    # What is signed is sorted first: WeCom's own proof holds for both.
    post(door, altered(letter, timestamp=letter.nonce, nonce=letter.timestamp))
    assert len(kept(db)) == 1


def test_parameters_in_the_body_are_none(door: FlaskClient, db: Database) -> None:
    letter = seal(xml())
    assert door.post("/callbacks/app", data=letter.query).status_code == 400
    assert kept(db) == []
