"""No document at the door is believed, fetches anything, or is kept as an event of WeCom's."""

import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.db import Database
from app.inbox.models import InboxEvent
from app.wecom.crypto import sign
from tests import settings
from tests.attack.corpora.entities import READ_OVER, list_documents
from tests.callbacks.conftest import door
from tests.callbacks.letters import Letter, altered, encrypt, seal, xml

__all__ = ["door"]

SAID = "what-lies-in-a-file-of-ours"
ENCRYPTED = encrypt(xml())


class Trap:
    """A port at which nobody may knock, and a file that nobody may read."""

    def __init__(self, folder: Path) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.settimeout(0)
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/x.dtd"
        self.file = folder / "secret"
        self.file.write_text(SAID)

    @property
    def is_untouched(self) -> bool:
        """Tell whether nobody has come."""
        try:
            visitor, _address = self._socket.accept()
        except BlockingIOError:
            return True
        visitor.close()
        return False

    def close(self) -> None:
        """End listening."""
        self._socket.close()


@pytest.fixture
def trap(tmp_path: Path) -> Iterator[Trap]:
    with closing(Trap(tmp_path)) as made:
        yield made


def post(door: FlaskClient, letter: Letter) -> int:
    return door.post("/callbacks/app", query_string=letter.query, data=letter.body).status_code


def kept(db: Database) -> list[InboxEvent]:
    with db.read() as session:
        return list(session.scalars(select(InboxEvent)))


def documents(trap: Trap, field: str, value: str) -> dict[str, bytes]:
    return list_documents(field, value, url=trap.url, file=str(trap.file))


def test_a_trap_tells_who_comes(trap: Trap) -> None:
    assert trap.is_untouched
    with socket.create_connection(("127.0.0.1", int(trap.url.split(":")[2].split("/")[0]))):
        assert not trap.is_untouched


@pytest.mark.parametrize("is_signed", [True, False])
def test_an_envelope_that_no_parser_should_believe_is_refused(
    door: FlaskClient, db: Database, trap: Trap, *, is_signed: bool
) -> None:
    token = settings.TOKEN if is_signed else "a-token-of-others"
    signature = sign(token, "1700000000", "n1", ENCRYPTED)
    bodies = documents(trap, "Encrypt", ENCRYPTED)
    said = {
        name: post(door, Letter(signature, "1700000000", "n1", body))
        for name, body in bodies.items()
    }
    assert len(said) >= 60
    assert {name: status for name, status in said.items() if status not in {400, 403, 413}} == {}
    assert kept(db) == []
    assert trap.is_untouched


def test_an_event_that_our_secrets_signed_is_kept_as_unreadable_at_most(
    door: FlaskClient, db: Database, trap: Trap
) -> None:
    bodies = documents(trap, "UserID", "zhaoyi")
    for name in bodies.keys() - READ_OVER:
        assert post(door, seal(bodies[name])) in {200, 413}
    rows = kept(db)
    assert len(rows) >= 60
    assert {(row.fate, row.userid, row.event) for row in rows} == {("unreadable", "", "")}
    assert trap.is_untouched


def test_what_an_event_only_mentions_is_not_fetched(
    door: FlaskClient, db: Database, trap: Trap
) -> None:
    bodies = documents(trap, "UserID", "zhaoyi")
    for name in READ_OVER:
        assert post(door, seal(bodies[name])) in {200, 413}
    assert {row.userid for row in kept(db)} == {"", "zhaoyi"}
    assert trap.is_untouched


def test_the_same_events_under_a_signature_of_others_are_not_kept(
    door: FlaskClient, db: Database, trap: Trap
) -> None:
    for body in documents(trap, "UserID", "zhaoyi").values():
        letter = altered(seal(body), msg_signature="0" * 40)
        assert post(door, letter) in {403, 413}
    assert kept(db) == []
    assert trap.is_untouched
