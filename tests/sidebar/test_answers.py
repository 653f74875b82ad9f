"""How the sidebar answers: pages and fragments, their headers, what is never in them."""

import re
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app.sandbox.server import Sandbox
from sidebar.pages import CSP
from sidebar.problems import KINDS
from tests.sidebar.browser import Browser, problem_in


@pytest.fixture
def page(zhaoyi: Browser) -> TestResponse:
    return zhaoyi.sign_in()


def test_a_page_is_kept_by_nobody_and_trusts_nobody(page: TestResponse) -> None:
    assert page.headers["Cache-Control"] == "no-store"
    assert set(page.headers["Vary"].split(", ")) == {"HX-Request", "Cookie"}
    assert page.headers["Referrer-Policy"] == "no-referrer"
    policy = dict(
        part.split(" ", 1) for part in page.headers["Content-Security-Policy"].split("; ")
    )
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    assert policy["base-uri"] == "'none'"
    assert policy["frame-ancestors"] == "'self'"


def test_no_script_or_style_is_in_the_page_itself(page: TestResponse) -> None:
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", page.text)
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", page.text))


def test_the_frame_carries_the_problems_that_it_must_tell_alone(page: TestResponse) -> None:
    carried = re.findall(r'<template id="problem-(\w+)">', page.text)
    told = {"no_bridge", "wrong_entry", "signature_refused", "network_gone", "server_gone"}
    assert told <= set(carried)
    assert problem_in(page) is None


def test_a_fragment_comes_without_the_frame(zhaoyi: Browser, customer: str) -> None:
    zhaoyi.sign_in()
    path = f"/sidebar/customers/{customer}/profile"
    page, fragment = zhaoyi.get(path), zhaoyi.get(path, htmx=True)
    assert "<html" in page.text
    assert "<html" not in fragment.text
    assert fragment.headers["Content-Security-Policy"] == page.headers["Content-Security-Policy"]


def test_a_problem_stands_where_the_panel_was_asked_for(zhaoyi: Browser) -> None:
    zhaoyi.sign_in()
    path = "/sidebar/customers/wmNobody/profile"
    asked = {"HX-Request": "true", "HX-Target": "main#panel"}
    assert zhaoyi.ask("GET", path, asked).headers["HX-Retarget"] == "#panel"


def test_a_problem_of_a_part_stands_above_the_panel(zhaoyi: Browser) -> None:
    zhaoyi.sign_in()
    refused = zhaoyi.get("/sidebar/customers/wmNobody/profile", htmx=True)
    assert refused.headers["HX-Retarget"] == "#notice"


def test_an_expired_session_offers_one_tap(zhaoyi: Browser) -> None:
    expired = zhaoyi.get("/sidebar/", htmx=True)
    assert (expired.status_code, problem_in(expired)) == (401, "sign_in_expired")
    assert expired.text.count("<a ") == 1
    assert 'href=""' in expired.text


def test_a_page_without_the_front_end_files_says_so(
    app: Flask, zhaoyi: Browser, tmp_path: Path
) -> None:
    app.extensions["banke_assets"].add({"vendor": tmp_path}, {})
    answer = zhaoyi.sign_in()
    assert (answer.status_code, problem_in(answer)) == (503, "not_ready")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_other_methods_are_refused(zhaoyi: Browser, method: str) -> None:
    zhaoyi.sign_in()
    refused = zhaoyi.ask(method, "/sidebar/", {})
    assert (refused.status_code, problem_in(refused)) == (405, "not_accepted")
    assert "GET" in refused.headers["Allow"]
    assert refused.headers["Content-Security-Policy"] == CSP


@pytest.mark.parametrize(
    "path",
    ["/sidebar/no-such-page", "/sidebar/customers/wm1", "/sidebar/customers/wm1/profile/"],
)
def test_an_address_that_leads_nowhere_says_so_in_a_page_of_ours(
    zhaoyi: Browser, path: str
) -> None:
    page, box = zhaoyi.get(path), zhaoyi.get(path, htmx=True)
    assert [problem_in(page), problem_in(box)] == ["no_such_page"] * 2
    assert (page.status_code, page.headers["Content-Security-Policy"]) == (404, CSP)
    assert "<html" in page.text
    assert "<html" not in box.text


def test_elsewhere_an_address_that_leads_nowhere_is_none_of_the_sidebars(zhaoyi: Browser) -> None:
    assert problem_in(zhaoyi.get("/sidebarred")) is None


@pytest.mark.parametrize("body", ["[" * 50_000, "{", "null", "\x00"])
def test_a_body_that_is_no_json_is_refused_in_words(zhaoyi: Browser, body: str) -> None:
    zhaoyi.sign_in()
    refused = zhaoyi.post(
        "/sidebar/jssdk/signatures",
        token=zhaoyi.csrf_token(),
        data=body,
        content_type="application/json",
    )
    assert (refused.status_code, problem_in(refused)) == (400, "signature_refused")


def test_the_address_of_an_action_leads_to_its_panel(zhaoyi: Browser, customer: str) -> None:
    zhaoyi.sign_in()
    path = f"/sidebar/customers/{customer}/profile"
    answer = zhaoyi.get(f"{path}/stage")
    assert (answer.status_code, answer.headers["Location"]) == (303, path)
    assert zhaoyi.get(f"{path}/nothing").status_code == 404


def test_the_address_without_its_slash_names_no_host(zhaoyi: Browser) -> None:
    answer = zhaoyi.get("/sidebar")
    assert (answer.status_code, answer.headers["Location"]) == (308, "/sidebar/")


def test_head_answers_as_get_without_a_body(zhaoyi: Browser) -> None:
    zhaoyi.sign_in()
    answer = zhaoyi.ask("HEAD", "/sidebar/", {})
    assert (answer.status_code, answer.text) == (200, "")


def test_an_unknown_panel_is_as_an_unknown_customer(zhaoyi: Browser, customer: str) -> None:
    zhaoyi.sign_in()
    answer = zhaoyi.get(f"/sidebar/customers/{customer}/secrets", htmx=True)
    assert (answer.status_code, problem_in(answer)) == (404, "no_permission")


def test_a_body_of_any_size_is_not_read(app: Flask, customer: str) -> None:
    browser = Browser(app, "zhaoyi")
    browser.sign_in()
    path = f"/sidebar/customers/{customer}/profile/stage"
    refused = browser.post(path, data={"to": "1" * 100_000})
    assert (refused.status_code, problem_in(refused)) == (413, "not_accepted")


def test_a_name_is_text_and_never_markup(box: Sandbox, zhaoyi: Browser) -> None:
    hostile = box.people.customer_scans("zhaoyi", name="<img src=x onerror=alert(1)>")
    zhaoyi.sign_in()
    page = zhaoyi.get(f"/sidebar/customers/{hostile.external_userid}/profile")
    assert "<img src=x" not in page.text
    assert "&lt;img src=x" in page.text


def test_every_problem_has_a_code_of_its_own() -> None:
    codes = [kind.code for kind in KINDS.values()]
    assert all(codes)
    assert len(codes) == len(set(codes))
