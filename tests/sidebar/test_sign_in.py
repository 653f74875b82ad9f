"""Signing in: one silent round trip, good for one browser and one time."""

from contextlib import ExitStack
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask

from app.clock import monotonic, utcnow
from app.members.actions import record_departed
from app.members.jobs import sync_member
from app.members.sign_in import GETUSERINFO
from app.runtime import Runtime
from app.sandbox.server import Sandbox
from tests.sidebar.browser import CLIENT, Browser, problem_in
from tests.sidebar.conftest import WAYS_OUT, Build, Wait

MEMBER = "banke_member"
OTHER_PLACES = [
    "//evil.example/x",
    "/sidebar//evil.example",
    "/sidebar/../admin/",
    "/sidebar/%2e%2e/admin/",
    "/sidebar/\\evil.example",
    "/sidebar/customers/wm1/profile?next=https://evil.example",
]


def test_a_member_is_led_through_wecom_to_the_page_that_he_wanted(
    zhaoyi: Browser, customer: str
) -> None:
    path = f"/sidebar/customers/{customer}/profile"
    answer = zhaoyi.get(zhaoyi.answer(zhaoyi.begin(path)))
    assert (answer.status_code, answer.headers["Location"]) == (303, path)
    assert zhaoyi.get(path).status_code == 200


def test_the_way_to_wecom_is_the_documented_one(zhaoyi: Browser, box: Sandbox, wecom: str) -> None:
    parts = urlsplit(zhaoyi.begin())
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    assert (f"{parts.scheme}://{parts.netloc}", parts.path) == (wecom, "/connect/oauth2/authorize")
    assert list(query) == ["appid", "redirect_uri", "response_type", "scope", "state", "agentid"]
    assert (query["appid"], query["agentid"]) == (box.corp_id, str(box.agent_id))
    assert query["redirect_uri"] == "http://127.0.0.1:8000/sidebar/signed-in"
    assert query["state"].isalnum()
    assert len(query["state"]) <= 128
    assert parts.fragment == "wechat_redirect"


def test_neither_code_nor_state_is_in_the_page(zhaoyi: Browser) -> None:
    back = zhaoyi.answer(zhaoyi.begin())
    query = parse_qs(urlsplit(back).query)
    answers = [zhaoyi.get(back), zhaoyi.get(back), zhaoyi.get("/sidebar/")]
    for secret in (query["code"][0], query["state"][0]):
        assert not any(secret in answer.text + str(answer.headers) for answer in answers)


def test_the_session_cookie_of_plain_http_is_for_this_machine(zhaoyi: Browser) -> None:
    answer = zhaoyi.get(zhaoyi.answer(zhaoyi.begin()))
    (cookie,) = [one for one in answer.headers.getlist("Set-Cookie") if one.startswith(MEMBER)]
    attributes = {part.strip() for part in cookie.split(";")[1:]}
    assert {"HttpOnly", "Path=/", "SameSite=Lax", "Max-Age=43200"} <= attributes
    assert not {"Secure"} & attributes
    assert "Domain" not in cookie


def test_the_cookies_of_https_are_secure_and_of_this_host_alone(build: Build) -> None:
    browser = Browser(build(base_url="https://scrm.example.com"), "zhaoyi")
    first = browser.get("/sidebar/")
    second = browser.get(browser.answer(first.headers["Location"]))
    cookies = first.headers.getlist("Set-Cookie") + second.headers.getlist("Set-Cookie")
    assert len(cookies) == 3
    for cookie in cookies:
        attributes = {part.strip() for part in cookie.split(";")[1:]}
        assert cookie.startswith("__Host-banke_")
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= attributes
    assert browser.get("/sidebar/").status_code == 200


def test_an_answer_signs_nobody_in_elsewhere(app: Flask, zhaoyi: Browser) -> None:
    back = zhaoyi.answer(zhaoyi.begin())
    other = Browser(app)
    refused = other.get(back)
    assert (refused.status_code, problem_in(refused)) == (400, "sign_in_failed")
    assert other.cookie(MEMBER) is None
    assert zhaoyi.get(back).status_code == 303


def test_an_answer_that_somebody_else_began_is_not_taken(app: Flask, zhaoyi: Browser) -> None:
    stranger = Browser(app, "lisi")
    theirs = stranger.answer(stranger.begin())
    zhaoyi.begin()
    assert problem_in(zhaoyi.get(theirs)) == "sign_in_failed"
    assert zhaoyi.cookie(MEMBER) is None


def test_a_used_answer_is_of_no_use(app: Flask, zhaoyi: Browser) -> None:
    pending = zhaoyi.begin()
    kept = zhaoyi.cookie("banke_sign_in")
    back = zhaoyi.answer(pending)
    assert zhaoyi.get(back).status_code == 303
    thief = Browser(app)
    thief.set_cookie("banke_sign_in", kept or "")
    refused = thief.get(back)
    assert (refused.status_code, problem_in(refused)) == (400, "sign_in_failed")
    assert thief.cookie(MEMBER) is None


def test_going_back_to_the_answer_leads_to_the_frame(zhaoyi: Browser) -> None:
    back = zhaoyi.answer(zhaoyi.begin())
    zhaoyi.get(back)
    again = zhaoyi.get(back)
    assert (again.status_code, again.headers["Location"]) == (303, "/sidebar/")


def test_a_sign_in_ends_after_ten_minutes(wait: Wait, zhaoyi: Browser) -> None:
    pending = zhaoyi.begin()
    wait(601)
    assert problem_in(zhaoyi.get(zhaoyi.answer(pending))) == "sign_in_failed"


def test_four_web_views_sign_in_at_a_time(zhaoyi: Browser) -> None:
    views = [zhaoyi.begin() for _ in range(4)]
    answers = [zhaoyi.get(zhaoyi.answer(view)).status_code for view in views]
    assert answers == [303] * 4


def test_the_oldest_of_five_has_to_begin_again(zhaoyi: Browser) -> None:
    views = [zhaoyi.begin() for _ in range(5)]
    assert problem_in(zhaoyi.get(zhaoyi.answer(views[0]))) == "sign_in_failed"
    assert zhaoyi.get(zhaoyi.answer(views[4])).status_code == 303


def test_a_second_web_view_leaves_the_first_its_csrf_token(zhaoyi: Browser) -> None:
    second = zhaoyi.begin()
    zhaoyi.sign_in()
    token = zhaoyi.csrf_token()
    zhaoyi.get(zhaoyi.answer(second))
    assert zhaoyi.csrf_token() == token


@pytest.mark.parametrize("path", OTHER_PLACES)
def test_nobody_is_led_out_of_the_sidebar(zhaoyi: Browser, path: str) -> None:
    response = zhaoyi.get(path)
    if response.status_code == 302:
        led = zhaoyi.get(zhaoyi.answer(response.headers["Location"])).headers["Location"]
        assert led in {"/sidebar/", "/sidebar/customers/wm1/profile"}
    else:
        assert response.status_code in {308, 404}
        assert "evil" not in urlsplit(response.headers.get("Location", "")).netloc


@pytest.mark.parametrize("cut", [slice(0, -1), slice(1, None), slice(0, 20)])
def test_a_cookie_that_was_touched_signs_nobody_in(app: Flask, zhaoyi: Browser, cut: slice) -> None:
    zhaoyi.sign_in()
    other = Browser(app)
    other.set_cookie(MEMBER, (zhaoyi.cookie(MEMBER) or "")[cut])
    assert other.get("/sidebar/").status_code == 302


def test_the_sign_in_cookie_is_no_session(app: Flask, zhaoyi: Browser) -> None:
    zhaoyi.begin()
    other = Browser(app)
    other.set_cookie(MEMBER, zhaoyi.cookie("banke_sign_in") or "")
    assert other.get("/sidebar/").status_code == 302


def test_a_session_of_another_key_is_none(build: Build, zhaoyi: Browser) -> None:
    zhaoyi.sign_in()
    other = Browser(build(secret_key="another key for tests only"))
    other.set_cookie(MEMBER, zhaoyi.cookie(MEMBER) or "")
    assert other.get("/sidebar/").status_code == 302


def test_a_session_ends_after_twelve_hours(wait: Wait, zhaoyi: Browser) -> None:
    assert zhaoyi.sign_in().status_code == 200
    wait(timedelta(hours=12).total_seconds() - 5)
    assert zhaoyi.get("/sidebar/").status_code == 200
    wait(10)
    assert zhaoyi.get("/sidebar/").status_code == 302


@pytest.mark.parametrize("way", WAYS_OUT)
def test_who_may_not_use_wecom_any_more_is_out_at_his_next_request(
    box: Sandbox, runtime: Runtime, zhaoyi: Browser, way: str
) -> None:
    zhaoyi.sign_in()
    WAYS_OUT[way](box, runtime, "zhaoyi")
    assert zhaoyi.get("/sidebar/").status_code == 302
    assert zhaoyi.get("/sidebar/", htmx=True).status_code == 401


@pytest.mark.parametrize("way", WAYS_OUT)
def test_who_may_not_use_wecom_any_more_does_not_sign_in_again(
    box: Sandbox, runtime: Runtime, zhaoyi: Browser, way: str
) -> None:
    pending = zhaoyi.begin()
    back = zhaoyi.answer(pending)
    WAYS_OUT[way](box, runtime, "zhaoyi")
    answer = zhaoyi.get(back)
    assert (answer.status_code, problem_in(answer)) == (403, "not_a_member")
    assert zhaoyi.cookie(MEMBER) is None


def test_a_session_does_not_outlive_his_leaving_though_the_userid_comes_back(
    runtime: Runtime, zhaoyi: Browser
) -> None:
    zhaoyi.sign_in()
    with runtime.db.write() as session:
        record_departed(session, "zhaoyi", utcnow())
    sync_member(runtime, "zhaoyi")
    assert zhaoyi.get("/sidebar/", htmx=True).status_code == 401
    assert zhaoyi.sign_in().status_code == 200


def test_a_session_outlives_a_pull_of_the_members(runtime: Runtime, zhaoyi: Browser) -> None:
    zhaoyi.sign_in()
    sync_member(runtime, "zhaoyi")
    assert zhaoyi.get("/sidebar/").status_code == 200


def test_a_member_who_is_new_is_read_from_wecom(box: Sandbox, app: Flask) -> None:
    box.people.member_joins("wangwu", "王五", department=[3])
    assert Browser(app, "wangwu").sign_in().status_code == 200


def test_who_is_no_member_is_told_so(app: Flask, customer: str) -> None:
    visitor = Browser(app, customer)
    answer = visitor.sign_in()
    assert (answer.status_code, problem_in(answer)) == (403, "not_a_member")
    assert visitor.cookie(MEMBER) is None


def test_outside_wecom_a_page_says_where_to_open_it(app: Flask) -> None:
    answer = Browser(app, agent="Mozilla/5.0 Firefox/140.0").get("/sidebar/")
    assert (answer.status_code, problem_in(answer)) == (403, "outside_wecom")


def test_with_a_session_any_browser_will_do(app: Flask, zhaoyi: Browser) -> None:
    zhaoyi.sign_in()
    other = Browser(app, agent="Mozilla/5.0 Firefox/140.0")
    other.set_cookie(MEMBER, zhaoyi.cookie(MEMBER) or "")
    assert other.get("/sidebar/").status_code == 200


def test_while_wecom_is_busy_the_same_answer_stays_good(box: Sandbox, zhaoyi: Browser) -> None:
    back = zhaoyi.answer(zhaoyi.begin())
    box.faults.errcode("auth/getuserinfo", -1)
    busy = zhaoyi.get(back)
    assert (busy.status_code, problem_in(busy)) == (503, "wecom_busy")
    assert zhaoyi.get(back).status_code == 303


def exchanges(box: Sandbox) -> int:
    return sum(call.api == GETUSERINFO for call in box.ledger.calls())


def test_an_answer_is_tried_three_times_while_wecom_is_busy(box: Sandbox, zhaoyi: Browser) -> None:
    back = zhaoyi.answer(zhaoyi.begin())
    box.faults.errcode(GETUSERINFO, -1, times=None)
    told = [problem_in(zhaoyi.get(back)) for _ in range(5)]
    assert told == ["wecom_busy"] * 3 + ["sign_in_failed"] * 2
    assert exchanges(box) == 3


def test_a_state_is_good_for_one_code_whatever_the_browser_keeps(
    box: Sandbox, zhaoyi: Browser
) -> None:
    state = parse_qs(urlsplit(zhaoyi.begin()).query)["state"][0]
    kept = zhaoyi.cookie("banke_sign_in") or ""
    for number in range(5):
        zhaoyi.set_cookie("banke_sign_in", kept)
        answer = zhaoyi.get(f"/sidebar/signed-in?code=made-up-{number}&state={state}")
        assert problem_in(answer) == "sign_in_failed"
    assert exchanges(box) == 1


def test_strangers_have_wecom_asked_twenty_times_a_second_at_most(box: Sandbox, app: Flask) -> None:
    told = []
    began = monotonic()
    for number in range(40):
        stranger = Browser(app)
        state = parse_qs(urlsplit(stranger.begin()).query)["state"][0]
        told.append(problem_in(stranger.get(f"/sidebar/signed-in?code=c{number}&state={state}")))
    most = 20 + 20 * (monotonic() - began) + 1
    assert exchanges(box) <= most
    assert exchanges(box) == told.count("sign_in_failed")


def test_the_ninth_who_waits_for_wecom_hears_at_once_that_it_is_busy(
    box: Sandbox, app: Flask, zhaoyi: Browser
) -> None:
    back = zhaoyi.answer(zhaoyi.begin())
    turns = app.extensions["banke_sidebar"].exchanges._turns  # noqa: SLF001 -- nobody else has them
    with ExitStack() as eight:
        for _ in range(8):
            eight.enter_context(turns.taken(GETUSERINFO))
        assert problem_in(zhaoyi.get(back)) == "wecom_busy"
    assert exchanges(box) == 0
    assert zhaoyi.get(back).status_code == 303


def test_a_failed_sign_in_leads_to_a_new_one_and_not_to_the_dead_answer(
    app: Flask, zhaoyi: Browser
) -> None:
    path = "/sidebar/customers/wm1/profile"
    state = parse_qs(urlsplit(zhaoyi.begin(path)).query)["state"][0]
    no_code = zhaoyi.get(f"/sidebar/signed-in?state={state}")
    made_up = zhaoyi.get(f"/sidebar/signed-in?code=made-up&state={state}")
    again = zhaoyi.get(f"/sidebar/signed-in?code=made-up&state={state}")
    assert f'href="{path}"' in no_code.text
    assert f'href="{path}"' in made_up.text
    assert 'href="/sidebar/"' in again.text
    assert 'href="/sidebar/"' in Browser(app).get("/sidebar/signed-in").text


def test_strangers_do_not_fill_the_log(
    app: Flask, box: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    box.faults.errcode(GETUSERINFO, 60020, times=None)
    for number in range(60):
        stranger = Browser(app)
        state = parse_qs(urlsplit(stranger.begin()).query)["state"][0]
        stranger.get(f"/sidebar/signed-in?code=c{number}&state={state}")
    assert capsys.readouterr().err.count("sidebar_problem") <= 40


def test_a_refusal_names_the_page_of_the_console(box: Sandbox, zhaoyi: Browser) -> None:
    box.faults.errcode("auth/getuserinfo", 60020)
    refused = zhaoyi.get(zhaoyi.answer(zhaoyi.begin()))
    assert (refused.status_code, problem_in(refused)) == (502, "wecom_refuses")
    assert "企业可信IP" in refused.text


def test_an_english_client_is_spoken_to_in_english(app: Flask) -> None:
    english = Browser(app, "zhaoyi", agent=CLIENT.replace("Language/zh", "Language/en"))
    page = english.sign_in().text
    assert '<html lang="en">' in page


@pytest.mark.parametrize("scheme", ["Dark", "Light"])
def test_the_theme_is_that_of_the_client(app: Flask, scheme: str) -> None:
    browser = Browser(app, "zhaoyi", agent=CLIENT.replace("Light", scheme))
    assert f'data-weui-theme="{scheme.lower()}"' in browser.sign_in().text
