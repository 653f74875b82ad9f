"""How the sidebar answers: pages and fragments, their headers, what is never in them."""

import re
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app.sandbox.server import Sandbox
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
    assert {"no_bridge", "wrong_entry", "signature_refused", "network_gone"} <= set(carried)
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
    app.extensions["banke_assets"].add({"vendor": tmp_path})
    answer = zhaoyi.sign_in()
    assert (answer.status_code, problem_in(answer)) == (503, "not_ready")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_other_methods_are_refused(zhaoyi: Browser, method: str) -> None:
    zhaoyi.sign_in()
    assert zhaoyi.ask(method, "/sidebar/", {}).status_code == 405


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
    assert refused.status_code == 413


def test_a_name_is_text_and_never_markup(box: Sandbox, zhaoyi: Browser) -> None:
    hostile = box.people.customer_scans("zhaoyi", name="<img src=x onerror=alert(1)>")
    zhaoyi.sign_in()
    page = zhaoyi.get(f"/sidebar/customers/{hostile.external_userid}/profile")
    assert "<img src=x" not in page.text
    assert "&lt;img src=x" in page.text
