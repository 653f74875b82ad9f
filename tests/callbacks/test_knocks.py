"""Who knocks at a receiver's address is noted with the verdict, and nothing of what he brought."""

from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from app import clock
from app.arrivals import OWN_CHECK, Arrival, Came, list_arrivals, record_arrivals
from app.db import Database
from app.wecom.crypto import sign
from callbacks.knocks import Knocks
from tests import settings
from tests.callbacks.letters import altered, encrypt, seal, xml
from tests.deployment import wait_until

OTHER_KEY = settings.AES_KEY[::-1]


def check(
    door: FlaskClient,
    *,
    token: str = settings.TOKEN,
    aes_key: str = settings.AES_KEY,
    receiveid: str = settings.CORP_ID,
    **headers: str,
) -> int:
    """Ask as WeCom does when the console's page is saved."""
    echo = encrypt(b"1616140317555161061", aes_key=aes_key, receiveid=receiveid)
    query = {
        "msg_signature": sign(token, "1700000000", "n1", echo),
        "timestamp": "1700000000",
        "nonce": "n1",
        "echostr": echo,
    }
    return door.get("/callbacks/app", query_string=query, headers=headers).status_code


def came(db: Database, receiver: str = "app") -> set[tuple[str, str]]:
    with db.read() as session:
        return {(one.kind, one.verdict) for one in list_arrivals(session, receiver)}


def test_a_check_that_was_answered_is_noted(door: FlaskClient, db: Database) -> None:
    assert check(door) == 200
    wait_until(lambda: came(db) == {("check", "answered")})


@pytest.mark.parametrize(
    ("changes", "verdicts"),
    [
        ({"token": "AnotherToken"}, {"signature"}),
        ({"receiveid": "wwsandbox000000002"}, {"receiveid"}),
        # What a wrong key makes of it is chance.
        ({"aes_key": OTHER_KEY}, {"padding", "length", "receiveid"}),
    ],
)
def test_a_check_that_was_refused_is_noted_with_its_reason(
    door: FlaskClient, db: Database, changes: dict[str, str], verdicts: set[str]
) -> None:
    assert check(door, **changes) == 403
    [(kind, verdict)] = wait_until(lambda: came(db))
    assert kind == "check"
    assert verdict in verdicts


def test_an_address_of_nobody_is_noted_without_its_name(door: FlaskClient, db: Database) -> None:
    assert door.get("/callbacks/secret-name").status_code == 404
    assert wait_until(lambda: came(db, "")) == {("check", "unknown")}


def test_an_event_that_was_refused_is_noted(door: FlaskClient, db: Database) -> None:
    letter = altered(seal(xml()), msg_signature="0" * 40)
    door.post("/callbacks/app", query_string=letter.query, data=letter.body)
    assert wait_until(lambda: came(db)) == {("event", "signature")}


def test_our_own_examination_is_no_check_of_wecoms(door: FlaskClient, db: Database) -> None:
    assert check(door, **{OWN_CHECK: "1"}) == 200
    assert check(door, token="Another", **{OWN_CHECK: "1"}) == 403
    # What is noted after it is there: so what came before it was not noted.
    assert check(door) == 200
    assert wait_until(lambda: came(db)) == {("check", "answered")}


def test_however_many_knock_the_rows_are_few(any_db: Database) -> None:
    knocks = Knocks(any_db)
    for number in range(500):
        knocks.note(Came("app", "check", "signature" if number % 2 else "parameters"))
    wait_until(lambda: len(came(any_db)) == 2)
    with any_db.read() as session:
        assert session.scalar(select(func.count()).select_from(Arrival)) == 2


def test_the_last_of_several_counts(any_db: Database) -> None:
    now, one = clock.utcnow(), Came("app", "check", "answered")
    for at in (now - timedelta(minutes=5), now):
        with any_db.write() as session:
            record_arrivals(session, {one: at})
    with any_db.read() as session:
        assert [row.at for row in list_arrivals(session, "app")] == [now]


def test_nothing_that_was_brought_is_kept(door: FlaskClient, db: Database, tmp_path: Path) -> None:
    echo = "CANARYCANARYCANARYCANARYCANARY"
    query = {"msg_signature": "a" * 40, "timestamp": "1700000000", "nonce": "n", "echostr": echo}
    door.get("/callbacks/app", query_string=query)
    wait_until(lambda: came(db))
    db.close()
    kept = b"".join(path.read_bytes() for path in tmp_path.glob("banke.db*"))
    assert echo.encode() not in kept
