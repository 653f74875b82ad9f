"""The search at the end of a run finds what is planted, and says where but not what."""

import zlib
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import redis

from tests import settings
from tests.leaks import Leak, find_leaks, keep, keep_redis, note
from tests.servers import OwnRedis

CANARIES = {
    "name": ["金丝雀客户", "客户7"],
    "phone": ["13800001111"],
    "welcome_code": ["CODE-that-is-secret"],
    "external_userid": ["wmAbCdEfGhIjKlMnOpQrStUvWxYz12345"],
}


@pytest.fixture
def run() -> Iterator[Path]:
    """Give a folder as a run leaves it, with nothing wrong yet; elsewhere than this run's own."""
    with TemporaryDirectory() as base:
        folder = Path(base, "popen-gw0", "test_something0")
        folder.mkdir(parents=True)
        _leave(folder)
        yield folder


def _leave(folder: Path) -> None:
    note(folder, CANARIES)
    keep(folder, "serve.log", '{"event": "welcome_ended", "outcome": "sent"}')
    # The configuration holds secrets, and is no log.
    keep(folder, "config.toml", f'secret = "{settings.SECRET}"')


def found(run: Path) -> list[Leak]:
    return find_leaks(run.parent.parent)


def test_nothing_is_found_where_nothing_is(run: Path) -> None:
    assert found(run) == []


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("name", "hello 金丝雀客户!"),
        ("phone", "tel:13800001111"),
        ("welcome_code", '{"code": "CODE-that-is-secret"}'),
        ("external_userid", "GET /x/wmAbCdEfGhIjKlMnOpQrStUvWxYz12345"),
        ("secret", f"corpsecret={settings.SECRET}&"),
        ("secret_key", settings.SECRET_KEY),
    ],
)
def test_a_planted_leak_is_found_with_its_file_line_and_kind(
    run: Path, kind: str, text: str
) -> None:
    keep(run, "serve.log", text)
    assert found(run) == [Leak("popen-gw0/test_something0/serve.log", 2, kind)]


def test_what_could_be_a_word_of_ours_is_nobodys_name(run: Path) -> None:
    keep(run, "commands.said", "客户7 位")
    assert found(run) == []


def test_a_form_may_show_somebody_what_he_typed_and_no_secret(run: Path) -> None:
    keep(run, "forms.shown", "金丝雀客户")
    assert found(run) == []
    keep(run, "forms.shown", "CODE-that-is-secret")
    assert [leak.kind for leak in found(run)] == ["welcome_code"]


def test_what_lies_in_redis_is_found_packed_or_not(run: Path) -> None:
    own = OwnRedis(run)
    try:
        server = redis.Redis.from_url(own.url)
        server.hset("rq:job:1", "data", zlib.compress("金丝雀客户".encode()))
        server.lpush("some list", "13800001111")
        keep_redis(run, own.url)
    finally:
        own.end()
    assert {leak.kind for leak in found(run)} == {"name", "phone"}
