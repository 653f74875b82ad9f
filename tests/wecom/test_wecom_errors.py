"""Errors: a number raises the class that says what to do, with words for people."""

import pytest

from app.i18n import use_language
from app.wecom.codes import CODES, error_for
from app.wecom.errors import (
    BadMedia,
    BadRequest,
    MissingPermission,
    NoSuchRelation,
    TokenRejected,
    TryAgainLater,
    WeComError,
    WelcomeBeingSent,
    WelcomeCodeSpent,
)

HINT = (
    "not allow to access from your ip, hint: [1636945471_206_fab41b73942e87ef6f2e803d8d28d006], "
    "from ip: 203.0.113.7, more info at https://open.work.weixin.qq.com/devtool/query?e=60020"
)
EXPECTED = {
    TokenRejected: [40014, 42001],
    TryAgainLater: [-1, 6000, 41063, 41079, 45009, 45033],
    WelcomeCodeSpent: [41050, 41051],
    WelcomeBeingSent: [41096],
    BadMedia: [40007],
    MissingPermission: [
        *(40001, 40013, 40056, 48001, 48002, 48006, 48009, 50001, 50002, 50003, 60011, 60020),
        *(60021, 60031, 85005, 85008, 301002, 301007),
    ],
    NoSuchRelation: [40003, 40096, 46004, 49008, 60111, 84061, 84084, 86003],
    BadRequest: [40029, 40033, 40058, 41049, 41064, 41065, 45001, 45002, 81017, 82001, 99999999],
}


@pytest.mark.parametrize(
    ("errcode", "error"), [(code, kind) for kind, codes in EXPECTED.items() for code in codes]
)
def test_a_number_raises_what_says_what_to_do(errcode: int, error: type[WeComError]) -> None:
    assert type(error_for(errcode, "x", api="user/get")) is error


@pytest.mark.parametrize("errcode", CODES)
def test_every_number_has_a_sentence_that_can_be_shown(errcode: int) -> None:
    error = error_for(errcode, HINT, api="user/get")
    assert any("一" <= letter <= "鿿" for letter in error.plain)
    assert "{" not in error.plain + (error.console or "")
    assert "devtool" not in str(error)


@pytest.mark.parametrize(
    "errcode", [code for code, row in CODES.items() if row.error is MissingPermission]
)
def test_what_an_admin_must_do_names_the_page(errcode: int) -> None:
    assert "管理后台 →" in (error_for(errcode, "", api="user/get").console or "")


def test_an_untrusted_ip_is_named() -> None:
    error = error_for(60020, HINT, api="user/get")
    assert error.plain == "本服务器的 IP（203.0.113.7）不在企业可信 IP 里"
    assert "企业可信IP" in (error.console or "")


def test_an_untrusted_ip_that_is_not_told_is_not_made_up() -> None:
    assert error_for(60020, "not allowed", api="x").plain == "本服务器的 IP 不在企业可信 IP 里"


def test_an_unknown_number_is_shown_as_it_is() -> None:
    assert "99999999" in error_for(99999999, "what {is} this", api="x").plain


def test_an_expired_and_a_used_welcome_code_are_told_apart() -> None:
    expired, used = error_for(41050, "", api="x"), error_for(41051, "", api="x")
    assert isinstance(expired, WelcomeCodeSpent)
    assert isinstance(used, WelcomeCodeSpent)
    assert (expired.expired, used.expired) == (True, False)


@pytest.mark.parametrize(("errcode", "seconds"), [(-1, 1), (45033, 1), (41096, 1), (45009, 60)])
def test_what_may_be_tried_again_says_when(errcode: int, seconds: float) -> None:
    error = error_for(errcode, "", api="x")
    assert isinstance(error, TryAgainLater)
    assert error.retry_after == seconds


def test_an_error_is_read_in_the_readers_language() -> None:
    error = error_for(48002, "", api="x")
    use_language("en")
    try:
        assert error.plain
    finally:
        use_language("zh")


def test_a_long_errmsg_is_cut() -> None:
    assert len(error_for(40058, "x" * 10_000, api="x").errmsg) == 300
