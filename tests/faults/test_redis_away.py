"""Redis is stopped, flushed or frozen while customers come: every one is greeted in time."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from tests.deployment import Deployment, deployed, wait_until
from tests.faults import invariants
from tests.servers import OwnRedis

CUSTOMERS = 20


@pytest.fixture
def outside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnRedis]:
    server = OwnRedis(tmp_path_factory.mktemp("r"))
    yield server
    server.end()


@pytest.fixture
def shop(tmp_path: Path, outside: OwnRedis) -> Iterator[Deployment]:
    with deployed(tmp_path, redis={"url": outside.url}) as deployment:
        deployment.greet_with("您好")
        yield deployment


def everybody_is_greeted_in_time(shop: Deployment) -> None:
    """Have customers come; all are greeted in their time, and WeCom sends nothing a second time."""
    events = [shop.box.people.customer_scans("zhaoyi", name=f"客户{n}") for n in range(CUSTOMERS)]
    ids = {event.external_userid for event in events}
    shop.box.ledger.wait_for(
        lambda ledger: ids <= {row.external_userid for row in ledger.accepted_welcomes()},
        timeout=18,
    )
    attempts = {(one.number, one.outcome) for one in shop.box.ledger.attempts()}
    assert attempts == {(1, "acked")}


def greeted_in_ms(shop: Deployment) -> float:
    """Have one customer come, and return how long he waited."""
    event = shop.box.people.customer_scans("zhaoyi", name="客户")
    (row,) = shop.box.ledger.wait_for(
        lambda ledger: ledger.accepted_welcomes(external_userid=event.external_userid), timeout=10
    )
    return float(row.ms_from_event)


def test_redis_stopped(shop: Deployment, outside: OwnRedis) -> None:
    outside.end()
    everybody_is_greeted_in_time(shop)
    invariants.check(shop)


def test_redis_frozen(shop: Deployment, outside: OwnRedis) -> None:
    outside.process.send_signal(signal.SIGSTOP)
    everybody_is_greeted_in_time(shop)
    outside.process.send_signal(signal.SIGCONT)
    invariants.check(shop)


def test_redis_flushed_again_and_again(shop: Deployment, outside: OwnRedis) -> None:
    connection = redis.Redis.from_url(outside.url)
    for _round in range(5):
        connection.flushall()
        shop.box.people.customer_scans("zhaoyi", name="客户")
    connection.flushall()
    everybody_is_greeted_in_time(shop)
    invariants.check(shop)


def test_redis_back_again_the_doorbell_works_again(shop: Deployment, outside: OwnRedis) -> None:
    outside.end()
    everybody_is_greeted_in_time(shop)
    outside.start()
    # The relay takes what has waited for a second: who is greeted sooner was rung for.
    wait_until(lambda: greeted_in_ms(shop) < 900, 20)


def test_redis_away_is_degraded_and_not_down(shop: Deployment, outside: OwnRedis) -> None:
    outside.end()
    assert shop.is_ready()


def test_redis_holds_no_secret_and_nobodys_name(shop: Deployment, outside: OwnRedis) -> None:
    shop.box.people.customer_scans("zhaoyi", name="金丝雀客户")
    shop.wait_worked()
    connection = redis.Redis.from_url(outside.url, decode_responses=False)
    dump = b"".join(connection.dump(key) or b"" for key in connection.scan_iter())
    for canary in ("金丝雀客户", shop.box.secret, shop.box.token):
        assert canary.encode() not in dump
