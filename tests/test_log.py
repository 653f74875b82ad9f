"""The log: one line an event, without secrets, with people as hashes."""

import json
import logging
from contextlib import suppress
from pathlib import Path

import pytest
import structlog
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from app.db import Database
from app.log import Tally, configure_logging, get_logger, hashed, redact, scrub


def line(**values: object) -> dict[str, object]:
    return dict(redact(None, "info", dict(values)))


@pytest.mark.parametrize(
    "key",
    [
        "access_token",
        "secret",
        "welcome_code",
        "name",
        "remark",
        "mobile",
        "aes_key",
        "text",
        "url",
    ],
)
def test_a_value_under_a_telling_key_is_masked(key: str) -> None:
    assert line(**{key: "canary"})[key] == "…"


def test_ids_of_people_are_hashed_so_that_lines_can_be_joined() -> None:
    assert line(external_userid="wm1")["external_userid"] == hashed("wm1")
    assert line(userids=["a", "b"])["userids"] == [hashed("a"), hashed("b")]


@pytest.mark.parametrize(
    "text",
    [
        "https://x/cgi-bin/y?access_token=canary&z=1",
        '{"welcome_code": "canary"}',
        "corpsecret=canary",
        "'secret': 'canary'",
    ],
)
def test_secrets_in_free_text_are_scrubbed(text: str) -> None:
    assert "canary" not in scrub(text)


def test_an_event_stays_on_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging()
    get_logger("here").info("happened", why="first\nsecond")
    structlog.reset_defaults()
    (one,) = capsys.readouterr().err.splitlines()
    assert json.loads(one)["why"] == "first\\nsecond"


def test_what_strangers_cause_is_counted_and_not_logged_each_time(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logging()
    tally = Tally("refused", every=60.0)
    for _ in range(100):
        tally.note("signature")
    structlog.reset_defaults()
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_with_no_room_for_its_line_nobody_who_logs_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    with Path("/dev/full").open("w", buffering=1) as full:
        monkeypatch.setattr("sys.stderr", full)
        configure_logging()
        get_logger("test").warning("something_happened")
        logging.getLogger("test").warning("something else")
        structlog.reset_defaults()
        with suppress(OSError):
            full.close()


def test_an_exceptions_own_text_stays_out(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging()
    try:
        int("canary")
    except ValueError as error:
        get_logger("here").warning("failed", exc_info=error)
    structlog.reset_defaults()
    said = capsys.readouterr().err
    assert "canary" not in said
    assert "test_log.py" in said


def test_a_failed_statement_does_not_tell_its_values(db: Database) -> None:
    with pytest.raises(IntegrityError) as caught, db.write() as session:
        session.execute(
            text("INSERT INTO departments (id, name) VALUES (1, :name)"), {"name": "canary"}
        )
    assert "canary" not in str(caught.value)
