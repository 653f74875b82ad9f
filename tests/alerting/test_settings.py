"""What is set holds in every process at once, before the file, and costs events next to nothing."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event

from app.alerting.actions import lock_settings, set_alerts
from app.alerting.errors import AlertsRefused
from app.alerting.queries import find_alerts, limits_of, read_standing
from app.config import Alerts
from app.runtime import Runtime, build_runtime
from tests.churn.shop import Shop
from tests.churn.test_quiet_hours import seconds_until


def put(runtime: Runtime, **typed: Any) -> None:
    given = {name: one if isinstance(one, list) else [one] for name, one in typed.items()}
    with runtime.db.write() as session:
        set_alerts(session, runtime.config, typed=given, seen={})


@contextmanager
def reads_of_settings(shop: Shop) -> Iterator[list[str]]:
    """Collect the reads of what is set about alerts."""
    found: list[str] = []
    with shop.runtime.db.read() as session:
        engine = session.get_bind()

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if "alert_settings" in statement:
            found.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield found
    event.remove(engine, "before_cursor_execute", note)


def test_what_one_process_sets_another_obeys_at_once(many: Shop) -> None:
    other = build_runtime(many.runtime.config)
    put(other, admins=["qianer"], mass_loss_above="2")
    for number in range(3):
        many.lose(f"wm{number}")
    many.send()
    assert many.titles("qianer").count("客户删除了员工") == 3
    assert "客户集中流失" in many.titles("qianer")
    put(other, admins=[])
    many.lose("wm9")
    many.send()
    assert len(many.titles("qianer")) == 4
    other.db.close()


def test_a_grace_that_is_set_is_waited_for(shop: Shop) -> None:
    put(shop.runtime, grace_seconds="300")
    shop.lose("wm1")
    shop.wait(299)
    shop.send()
    assert shop.titles() == []
    shop.wait(1)
    shop.send()
    assert shop.titles() == ["客户删除了你"]


def test_more_a_minute_than_is_set_become_one(shop: Shop) -> None:
    put(shop.runtime, digest_above="2")
    for number in range(4):
        shop.lose(f"wm{number}")
    shop.send()
    assert shop.titles() == ["4 位客户流失"]


@pytest.mark.parametrize("quiet", [["", ""], ["22:00", "22:30"]], ids=["none", "shorter"])
def test_what_waits_for_quiet_hours_goes_out_when_they_are_taken_away(
    many: Shop, quiet: list[str]
) -> None:
    put(many.runtime, quiet_hours=["22:00", "08:00"])
    many.wait(seconds_until(23))
    many.lose("wm1")
    many.send()
    assert many.titles() == []
    put(many.runtime, quiet_hours=quiet)
    many.send()
    assert many.titles() == ["客户删除了你"]


def test_an_event_that_makes_no_alert_reads_nothing_and_one_that_does_reads_once(
    shop: Shop,
) -> None:
    with reads_of_settings(shop) as reads:
        shop.lose("wm1", kind="transfer")
        assert reads == []
        shop.lose("wm2")
    assert len(reads) == 1


def test_two_who_set_at_once_wait_for_one_another(many: Shop) -> None:
    names = ("grace_seconds", "digest_above", "mass_loss_above", "mass_loss_minutes")
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda name: put(many.runtime, **{name: "7"}), names))
    with many.runtime.db.read() as session:
        now = find_alerts(session, many.runtime.config)
        assert read_standing(session, many.runtime.config).is_set == set(names)
    assert [getattr(now, name) for name in names] == [7, 7, 7, 7]


def test_all_is_changed_or_nothing(shop: Shop) -> None:
    with pytest.raises(AlertsRefused) as refused:
        put(shop.runtime, grace_seconds="7", digest_above="26")
    assert set(refused.value.faults) == {"digest_above"}
    with shop.runtime.db.read() as session:
        assert find_alerts(session, shop.runtime.config) == shop.runtime.config.alerts


def test_what_can_be_set_is_what_the_file_can_say() -> None:
    for name in ("grace_seconds", "digest_above", "mass_loss_above", "mass_loss_minutes"):
        for limit in limits_of(name):
            assert getattr(Alerts.model_validate({name: limit}), name) == limit


def test_a_row_in_which_nothing_is_set_changes_nothing(shop: Shop) -> None:
    with shop.runtime.db.write() as session:
        lock_settings(session)
        assert find_alerts(session, shop.runtime.config) == shop.runtime.config.alerts
