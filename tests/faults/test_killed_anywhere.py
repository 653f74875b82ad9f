"""Killed before and after every single commit: one welcome, one alert, and everything done."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from app.db import Database
from app.members.jobs import sync_members
from app.runtime import Runtime
from app.sandbox.server import Sandbox
from app.welcome.actions import set_default
from tests.conftest import database_kinds
from tests.faults.lives import live, running, work_what_is_due
from tests.faults.shop import (
    MEMBER,
    alerts,
    come,
    configured,
    count_rows,
    count_undone,
    finish,
    hear,
    take,
)

FEWEST_POINTS = 20


@pytest.fixture
def config(tmp_path: Path, any_db: Database, box: Sandbox) -> Iterator[Path]:
    url = any_db.url.render_as_string(hide_password=False)
    with configured(tmp_path, url, box) as path:
        yield path


def test_killed_at_any_commit_of_a_worker(config: Path, box: Sandbox) -> None:
    with running(config) as runtime:
        sync_members(runtime)
        with runtime.db.write() as session:
            set_default(session, "您好")
        before = come(runtime, box)
        finish(runtime, box)
        # The databases share the points among them.
        kinds = database_kinds()
        step = len(kinds)
        assert live(nothing, config, point=0)  # whoever is first waits until all is loaded
        point, is_over = 1 + kinds.index(kind_of(runtime)), False
        while not is_over:
            leaves = box.people.customer_deletes_member(MEMBER, before.external_userid)
            hear(runtime, leaves)
            comes = come(runtime, box)
            is_over = live(work_what_is_due, config, point=point)
            finish(runtime, box)
            assert box.ledger.welcome_counts()[MEMBER, comes.external_userid] == 1, point
            assert alerts(runtime, box, before) == (1, 1), point
            point, before = point + step, comes
        assert point > FEWEST_POINTS
        assert count_undone(runtime) == 0


def test_killed_at_the_commit_of_the_door(config: Path, box: Sandbox) -> None:
    with running(config) as runtime:
        stored = []
        for point in (1, 2):
            event = box.people.customer_scans(MEMBER, name="钱多")
            is_over = live(partial(take, event.fields), config, point=point)
            before = count_rows(runtime, event)
            take(event.fields, runtime)  # nobody was answered, and so WeCom sends it again
            stored.append((is_over, before, count_rows(runtime, event)))
    assert stored == [(False, 0, 1), (False, 1, 1)]


def kind_of(runtime: Runtime) -> str:
    """Return the kind of its database as the tests call it."""
    name = runtime.db.url.get_backend_name()
    return "mariadb" if name == "mysql" else name


def nothing(_runtime: Runtime) -> None:
    """Come to the end at once."""
