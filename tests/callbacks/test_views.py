"""The door: what is WeCom's is stored once and answered 200, everything else is refused."""

import random
import string
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from app.db import Database
from app.inbox.models import InboxEvent
from app.wecom.crypto import sign
from tests import settings
from tests.callbacks.letters import Letter, altered, encrypt, seal, xml

MUTATIONS = 20_000


def post(door: FlaskClient, letter: Letter, receiver: str = "app") -> int:
    url = f"/callbacks/{receiver}"
    return door.post(url, query_string=letter.query, data=letter.body).status_code


def rows(db: Database) -> list[InboxEvent]:
    with db.read() as session:
        return list(session.scalars(select(InboxEvent)))


def count(db: Database) -> int:
    with db.read() as session:
        return session.scalar(select(func.count()).select_from(InboxEvent)) or 0


def test_the_check_of_the_address_is_answered_to_the_byte(door: FlaskClient) -> None:
    echo = encrypt(b"1616140317555161061")
    query = {
        "msg_signature": sign(settings.TOKEN, "1700000000", "n1", echo),
        "timestamp": "1700000000",
        "nonce": "n1",
        "echostr": echo,
    }
    answer = door.get("/callbacks/app", query_string=query)
    assert (answer.status_code, answer.data) == (200, b"1616140317555161061")
    assert answer.mimetype == "text/plain"


def test_an_event_is_stored_and_answered_empty(door: FlaskClient, db: Database) -> None:
    letter = seal(xml())
    answer = door.post("/callbacks/app", query_string=letter.query, data=letter.body)
    assert (answer.status_code, answer.data) == (200, b"")
    (row,) = rows(db)
    assert (row.event, row.change_type) == ("change_external_contact", "add_external_contact")
    assert (row.userid, row.lane, row.fate) == ("zhaoyi", "urgent", None)


def test_an_event_without_a_code_is_not_urgent(door: FlaskClient, db: Database) -> None:
    post(door, seal(xml(ChangeType="del_follow_user", WelcomeCode="")))
    assert [row.lane for row in rows(db)] == ["events"]


def test_a_retry_under_new_encryption_is_a_duplicate(door: FlaskClient, db: Database) -> None:
    plaintext = xml()
    first, second = seal(plaintext), seal(plaintext)
    assert [post(door, first), post(door, second)] == [200, 200]
    (row,) = rows(db)
    assert row.duplicates == 1
    assert (row.msg_signature, row.last_msg_signature) == (
        first.msg_signature,
        second.msg_signature,
    )


def test_twins_of_one_second_are_two(door: FlaskClient, db: Database) -> None:
    for external_userid in ("wm1", "wm2"):
        post(door, seal(xml(ExternalUserID=external_userid, CreateTime="1700000000")))
    assert count(db) == 2


def test_ids_that_differ_in_case_are_two(door: FlaskClient, db: Database) -> None:
    for external_userid in ("wmAbC", "wmabc"):
        post(door, seal(xml(ExternalUserID=external_userid)))
    assert count(db) == 2


def test_the_body_is_not_readable_in_the_database(door: FlaskClient, db: Database) -> None:
    post(door, seal(xml(WelcomeCode="CANARY_CODE")))
    (row,) = rows(db)
    assert row.body is not None
    assert b"CANARY_CODE" not in row.body


def test_what_cannot_be_read_is_kept_and_said(door: FlaskClient, db: Database) -> None:
    assert post(door, seal(b"no xml at all")) == 200
    assert [row.fate for row in rows(db)] == ["unreadable"]


def test_an_unknown_receiver_is_not_found(door: FlaskClient) -> None:
    assert post(door, seal(xml()), receiver="other") == 404


def test_a_parameter_given_twice_is_refused(door: FlaskClient) -> None:
    letter = seal(xml())
    query = [*letter.query.items(), ("nonce", letter.nonce)]
    url = "/callbacks/app?" + "&".join(f"{k}={v}" for k, v in query)
    assert door.post(url, data=letter.body).status_code == 400


def refusals() -> Iterator[tuple[str, Letter, int]]:
    letter = seal(xml())
    yield "a wrong signature", altered(letter, msg_signature="0" * 40), 403
    yield "another corp", seal(xml(), receiveid="wwsandbox000000002"), 403
    yield "no parameters", Letter("", "", "", letter.body), 400
    yield "64 KiB and a byte", altered(letter, body=b"<xml>" + b"x" * 64 * 1024), 413
    yield "10 MB", altered(letter, body=b"x" * 10_000_000), 413
    yield "deep nesting", altered(letter, body=b"<xml>" + b"<a>" * 20_000), 400
    yield "many siblings", altered(letter, body=b"<xml>" + b"<a/>" * 16_000 + b"</xml>"), 400
    yield "a DOCTYPE", altered(letter, body=b'<!DOCTYPE x SYSTEM "y">' + letter.body), 400
    yield "JSON", altered(letter, body=b'{"encrypt": "AAAA"}'), 400
    yield "nothing", altered(letter, body=b""), 400


@pytest.mark.parametrize(
    ("letter", "status"),
    [pytest.param(letter, status, id=name) for name, letter, status in refusals()],
)
def test_what_is_not_wecoms_is_refused_and_not_stored(
    door: FlaskClient, db: Database, letter: Letter, status: int
) -> None:
    assert post(door, letter) == status
    assert count(db) == 0


def test_refusals_of_a_proof_look_all_the_same(door: FlaskClient) -> None:
    letter = seal(xml())
    bad = [altered(letter, msg_signature="0" * 40), seal(xml(), receiveid="wwother")]
    answers = [door.post("/callbacks/app", query_string=b.query, data=b.body) for b in bad]
    assert len({(a.status_code, a.data, tuple(sorted(a.headers.keys()))) for a in answers}) == 1


@pytest.mark.timeout(300)
def test_no_mutation_or_resplit_of_a_request_has_an_effect(door: FlaskClient, db: Database) -> None:
    letter = seal(xml())
    assert post(door, letter) == 200
    wrong = []
    for mutant in mutants(letter):
        status = post(door, mutant)
        if not 400 <= status < 500 and signed_bytes(mutant) != signed_bytes(letter):
            wrong.append((mutant, status))
    assert wrong == []
    assert count(db) == 1


def signed_bytes(letter: Letter) -> str:
    """What WeCom's signature covers: the four strings, sorted and joined."""
    start, end = letter.body.find(b"<Encrypt>"), letter.body.find(b"</Encrypt>")
    encrypted = letter.body[start + 9 : end].decode("latin-1")
    return "".join(sorted([settings.TOKEN, letter.timestamp, letter.nonce, encrypted]))


def mutants(letter: Letter) -> Iterator[Letter]:
    """Every re-split and swap of timestamp and nonce, then single changes anywhere."""
    digits = letter.timestamp + letter.nonce
    for joined in (digits, letter.nonce + letter.timestamp):
        for cut in range(len(joined) + 1):
            yield altered(letter, timestamp=joined[:cut], nonce=joined[cut:])
            yield altered(letter, timestamp=joined[cut:], nonce=joined[:cut])
    chance = random.Random(7)
    for _ in range(MUTATIONS):
        part = chance.choice(["msg_signature", "timestamp", "nonce", "body", "body", "body"])
        yield altered(letter, **{part: _changed(getattr(letter, part), chance)})


def _changed(value: str | bytes, chance: random.Random) -> str | bytes:
    if isinstance(value, bytes):
        return _changed(value.decode("latin-1"), chance).encode("latin-1")  # type: ignore[union-attr]  # a str comes back as str
    at = chance.randrange(len(value))
    new = chance.choice(string.printable)
    return chance.choice(
        [
            value[:at] + new + value[at + 1 :],
            value[:at] + value[at + 1 :],
            value[:at] + new + value[at:],
        ]
    )
