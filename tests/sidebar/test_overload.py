"""The sidebar under load: it holds few threads, and waits for a locked database not for long."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from sqlalchemy import select

from app.clock import monotonic
from app.customers.models import Stage
from app.customers.queries import find_stage_name
from app.runtime import Runtime
from sidebar.paces import CHANGES_AT_ONCE
from sidebar.views import MOST_AT_ONCE, Door
from tests.sidebar.browser import Browser, problem_in


@pytest.fixture
def door(app: Flask) -> Door:
    door: Door = app.extensions["banke_sidebar"]
    return door


@contextmanager
def crowd(door: Door) -> Iterator[None]:
    """Be as many requests as the sidebar takes at a time."""
    for _ in range(MOST_AT_ONCE):
        assert door.seats.take()
    try:
        yield
    finally:
        for _ in range(MOST_AT_ONCE):
            door.seats.give_back()


@contextmanager
def locked(runtime: Runtime) -> Iterator[None]:
    """Hold SQLite's write lock from outside."""
    connection = sqlite3.connect(str(runtime.db.url.database), isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")
        connection.close()


def test_beyond_its_part_the_sidebar_says_at_once_that_it_is_busy(
    door: Door, app: Flask, zhaoyi: Browser
) -> None:
    zhaoyi.sign_in()
    with crowd(door):
        page, box = zhaoyi.get("/sidebar/"), zhaoyi.get("/sidebar/", htmx=True)
        assert app.test_client().get("/healthz").status_code == 200
        assert app.test_client().post("/callbacks/app").status_code == 400
    assert [page.status_code, problem_in(page), problem_in(box)] == [503, *["server_busy"] * 2]
    assert page.headers["Retry-After"]
    assert zhaoyi.get("/sidebar/").status_code == 200


def test_a_member_makes_so_many_changes_and_no_more_and_sends_files_apart_from_them(
    app: Flask, customer: str, zhaoyi: Browser
) -> None:
    path = "/sidebar/jssdk/signatures"
    other = Browser(app, "lisi")
    for browser in (zhaoyi, other):
        browser.sign_in()
    token = zhaoyi.csrf_token()
    answers = (zhaoyi.post(path, token=token) for _ in range(2 * CHANGES_AT_ONCE))
    answer = next(answer for answer in answers if answer.status_code != 400)
    assert (answer.status_code, problem_in(answer)) == (429, "too_many")
    piece = zhaoyi.post(f"/sidebar/customers/{customer}/scripts/piece", token=token)
    assert piece.status_code == 422
    assert other.post(path, token=other.csrf_token()).status_code == 400


def test_every_request_gives_its_place_back_however_it_ends(zhaoyi: Browser, door: Door) -> None:
    zhaoyi.sign_in()
    for path in ("/sidebar/", "/sidebar", "/sidebar/signed-in", "/sidebar/customers/wm1/x") * 8:
        zhaoyi.get(path)
    with crowd(door):
        assert not door.seats.take()


def test_a_change_that_finds_the_database_locked_is_told_so_in_time_and_not_done(
    runtime: Runtime, zhaoyi: Browser, customer: str
) -> None:
    path = f"/sidebar/customers/{customer}/profile"
    assert zhaoyi.sign_in(path).status_code == 200
    token = zhaoyi.csrf_token()
    with runtime.db.read() as session:
        before = find_stage_name(session, customer)
        stages = session.execute(select(Stage.id, Stage.name).order_by(Stage.position)).all()
    other = next(stage for stage in stages if stage.name != before)
    with locked(runtime):
        began = monotonic()
        answer = zhaoyi.post(f"{path}/stage", token=token, data={"to": other.id, "seen": 0})
        waited = monotonic() - began
    assert (answer.status_code, problem_in(answer)) == (503, "server_busy")
    assert waited < 6
    with runtime.db.read() as session:
        assert find_stage_name(session, customer) == before
