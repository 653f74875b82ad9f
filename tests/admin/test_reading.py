"""What pages read of addresses and how they say times."""

from datetime import UTC, datetime
from unittest.mock import ANY
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from app.admin.reading import CHOICES, Times, asked, query, read_place, span, write_place
from app.runtime import Runtime

NOON = datetime(2026, 11, 18, 4, 0, 0, 123456, tzinfo=UTC)
TIMES = Times(ZoneInfo("Asia/Shanghai"), NOON)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.0, "不到 0.1 秒"),
        (0.4, "0.4 秒"),
        (9.94, "9.9 秒"),
        (12.4, "12 秒"),
        (200, "3 分 20 秒"),
        (7500, "2 小时 5 分"),
        (90_000, "25 小时 0 分"),
        (400_000, "4 天"),
    ],
)
def test_a_span_is_said_as_exactly_as_one_wants_to_know(seconds: float, words: str) -> None:
    assert span(seconds) == words


def test_a_place_is_read_as_it_was_written() -> None:
    assert read_place(write_place(NOON, 77)) == (NOON, 77)


@pytest.mark.parametrize(
    "text", [None, "", "7", "-1-2", "1-2-3", "9" * 18 + "-1", "１-２", "1-" + "9" * 19]
)
def test_what_is_no_place_is_none(text: str | None) -> None:
    assert read_place(text) is None


def test_a_day_begins_at_midnight_where_the_corp_is() -> None:
    assert TIMES.day("2026-11-18") == datetime(2026, 11, 17, 16, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "soon", "2026-13-01", "0001-01-01", "9999-12-31", "20261118"])
def test_what_is_no_day_is_none(text: str) -> None:
    assert TIMES.day(text) is None


def test_an_address_holds_what_is_not_empty(runtime: Runtime) -> None:
    assert (
        query(runtime, {"state": "门 店", "kind": ""}, before="1-2")
        == "?state=%E9%97%A8+%E5%BA%97&before=1-2"
    )
    assert query(runtime, {"kind": ""}) == ""


def test_whoever_is_named_stands_in_an_address_sealed(app: Flask, runtime: Runtime) -> None:
    given = {"userid": "zhaoyi", "external_userid": "wmSomebody", "kind": "welcome"}
    address = query(runtime, given, before="1-2")
    assert "zhaoyi" not in address
    assert "wmSomebody" not in address
    with app.test_request_context(f"/admin/deliveries{address}"):
        assert dict(asked(runtime)) == {**given, "before": "1-2", CHOICES: ANY}
