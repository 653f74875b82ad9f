"""The connection to a database server is cut, also while a commit passes: nothing is lost."""

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from app.db import DEAD_SECONDS, IDLE_SECONDS, Database
from app.members.jobs import sync_members
from app.sandbox.server import Sandbox
from app.welcome.actions import set_default
from callbacks.store import NotStored
from tests import settings
from tests.conftest import database_kinds
from tests.deployment import Deployment
from tests.faults import invariants
from tests.faults.lives import running, work_what_is_due
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
from tests.wire import Wire

COMMIT = b"COMMIT"
FEWEST_COMMITS = 8


@pytest.fixture(params=[kind for kind in database_kinds() if kind != "sqlite"])
def server_db(
    request: pytest.FixtureRequest, kept_databases: Callable[[str], settings.KeptDatabase]
) -> Iterator[Database]:
    database = kept_databases(request.param).renew()
    yield database
    database.close()


@pytest.fixture
def wire(server_db: Database) -> Iterator[Wire]:
    url = server_db.url
    with Wire((url.host or "127.0.0.1", url.port or 0)) as made:
        yield made


@pytest.fixture
def config(tmp_path: Path, server_db: Database, wire: Wire, box: Sandbox) -> Iterator[Path]:
    with configured(tmp_path, through(server_db, wire), box) as path:
        yield path


def through(db: Database, wire: Wire) -> str:
    """Return the address of a database by way of the wire, in clear so that words can be seen."""
    url = db.url.set(host=wire.host, port=wire.port)
    if url.get_backend_name() == "postgresql":
        url = url.update_query_dict({"sslmode": "disable"})
    return url.render_as_string(hide_password=False)


def test_cut_at_the_commit_of_the_door_a_callback_comes_again(
    config: Path, box: Sandbox, wire: Wire
) -> None:
    stored = []
    with running(config) as runtime:
        for after in (False, True):
            event = box.people.customer_scans(MEMBER, name="钱多")
            wire.cut_at(COMMIT, after=after)
            with pytest.raises(NotStored):
                take(event.fields, runtime)
            before = count_rows(runtime, event)
            take(event.fields, runtime)
            stored.append((before, count_rows(runtime, event)))
    assert stored == [(0, 1), (1, 1)]


def test_cut_at_any_commit_of_a_worker(config: Path, box: Sandbox, wire: Wire) -> None:
    with running(config) as runtime:
        # Every other commit reaches the server: on PostgreSQL these, on MariaDB those.
        turn = int(runtime.db.url.get_backend_name() == "postgresql")
        sync_members(runtime)
        runtime.db.commit(partial(set_default, text="您好"))
        before = come(runtime, box)
        finish(runtime, box)
        nth = 1
        while True:
            hear(runtime, box.people.customer_deletes_member(MEMBER, before.external_userid))
            comes = come(runtime, box)
            wire.cut_at(COMMIT, nth=nth, after=(nth + turn) % 2 == 0)
            with suppress(Exception):  # as whoever drains a lane does
                work_what_is_due(runtime)
            if wire.spare():
                break
            finish(runtime, box)
            assert box.ledger.welcome_counts()[MEMBER, comes.external_userid] == 1, nth
            assert alerts(runtime, box, before) == (1, 1), nth
            nth, before = nth + 1, comes
        finish(runtime, box)
        assert nth > FEWEST_COMMITS
        assert count_undone(runtime) == 0


def test_a_server_that_was_away_is_used_again_without_a_restart(
    tmp_path: Path, server_db: Database, wire: Wire
) -> None:
    url = through(server_db, wire)
    with Deployment(tmp_path, database_url=url) as shop:
        shop.greet_with("您好")
        shop.serve()
        before = [process.pid for process in shop.children("web")]
        shop.box.delivery.retry_seconds = 2.0
        wire.cut()
        shop.db.close()
        events = [shop.box.people.customer_scans(MEMBER, name=f"客户{n}") for n in range(5)]
        shop.box.ledger.wait_for(lambda ledger: len(ledger.attempts()) >= len(events))
        wire.mend()
        shop.wait_ready()
        invariants.check(shop)
        statuses = {attempt.status for attempt in shop.box.ledger.attempts()}
        greeted = shop.box.ledger.welcome_counts()
        assert statuses == {503, 200}
        assert {(event.userid, event.external_userid) for event in events} == set(greeted)
        assert [process.pid for process in shop.children("web")] == before


def test_a_connection_to_a_machine_that_has_gone_is_given_up(server_db: Database) -> None:
    url = make_url(str(server_db.url))
    with closing(server_db.engine.raw_connection()) as connection:
        driver = connection.driver_connection
        assert driver is not None
        number = driver.fileno() if url.drivername.endswith("psycopg") else driver._sock.fileno()  # noqa: SLF001 -- there is no other way to it
        with socket.socket(fileno=os.dup(number)) as ours:
            given_up = ours.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)
            probes = ours.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    assert (given_up, bool(probes)) == (DEAD_SECONDS * 1000, True)


def test_a_transaction_that_nobody_goes_on_with_is_ended_by_the_server(
    server_db: Database,
) -> None:
    is_postgresql = server_db.url.get_backend_name() == "postgresql"
    asked = "SHOW idle_in_transaction_session_timeout"
    with server_db.read() as session:
        said = session.scalar(text(asked if is_postgresql else "SELECT @@idle_transaction_timeout"))
    assert said == ("1min" if is_postgresql else IDLE_SECONDS)
