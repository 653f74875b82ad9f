"""When each alert of deploy/prometheus/rules.yml is raised, and when just not: for `promtool`.

A series is written as promtool has it: "3+2x10" is 3 and ten values more, each greater by 2.
"""

from dataclasses import dataclass
from typing import Any

EVERY = "15s"


@dataclass(frozen=True)
class Alarm:
    """What raises an alert by `at`, and what does not. `labels`: those of the alert by itself."""

    name: str
    series: str
    raised: str
    quiet: str
    at: str = "10m"
    severity: str = "warning"
    labels: tuple[tuple[str, str], ...] = ()


CRITICAL = "critical"
ALARMS = (
    Alarm("BankeDatabaseDown", "banke_database_up", "0x80", "1x80", severity=CRITICAL),
    Alarm(
        "BankeCallbacksNotStored",
        'banke_callbacks_total{answer="not_stored"}',
        "0x30 1x50",
        "5x80",
        severity=CRITICAL,
    ),
    Alarm(
        "BankeWelcomesLate",
        'banke_lane_oldest_seconds{lane="urgent"}',
        "0x30 6+15x10",
        "4x80",
        at="7m45s",
        severity=CRITICAL,
    ),
    Alarm(
        "BankeWelcomesMissed",
        'banke_welcomes_10m{outcome="missed"}',
        "0x20 1x60",
        "0x80",
        severity=CRITICAL,
    ),
    Alarm("BankeWelcomesFailed", 'banke_welcomes_10m{outcome="failed"}', "2x80", "0x80"),
    Alarm(
        "BankeBacklogGrowing",
        'banke_lane_oldest_seconds{lane="events"}',
        "0+15x80",
        "100x80",
        at="20m",
        labels=(("lane", "events"),),
    ),
    Alarm("BankeEventsDead", 'banke_inbox_events{fate="dead"}', "3x20 4x60", "3x80"),
    Alarm(
        "BankeNobodyDrains",
        'banke_processes{part="worker"}',
        "2x20 0x60",
        "2x20 1x60",
        severity=CRITICAL,
        labels=(("part", "worker"),),
    ),
    Alarm(
        "BankeScheduleStopped",
        'banke_job_ended_timestamp_seconds{name="sync.watch"}',
        "-600x80",
        "0+15x80",
        severity=CRITICAL,
    ),
    Alarm(
        "BankeJobFailing",
        'banke_job_failed{name="members.sync_members"}',
        "1x200",
        "1x100 0x1 1x99",
        at="40m",
        labels=(("name", "members.sync_members"),),
    ),
    Alarm(
        "BankeCallbacksRefused",
        'banke_callbacks_refused_total{reason="signature"}',
        "0x20 0+2x60",
        "0+0x20 3x60",
    ),
    Alarm(
        "BankeSyncStale",
        'banke_sync_ended_timestamp_seconds{outcome="done"}',
        "-172500x80",
        "0x80",
    ),
    Alarm("BankeRedisDown", "banke_redis_up", "0x80", "0x4 1x76"),
    Alarm(
        "BankeWeComShut",
        'banke_wecom_shut_seconds{api="externalcontact/get"}',
        "50x80",
        "0x80",
        labels=(("api", "externalcontact/get"),),
    ),
)


def promtool_tests(rules: str) -> dict[str, Any]:
    """Return the tests of these alarms, and of those that need more than one series."""
    tests = [_test(alarm, alarm.raised, raised=True) for alarm in ALARMS]
    tests += [_test(alarm, alarm.quiet, raised=False) for alarm in ALARMS]
    tests += [_slow(taken=8, raised=True), _slow(taken=1, raised=False)]
    tests.append(_slow(taken=8, raised=False, count=19))
    tests += [_disk(free=5, raised=True), _disk(free=50, raised=False)]
    tests.append(_expected([], "BankeDown", "2m", [{"severity": CRITICAL}]))
    info = [{"series": 'banke_info{job="banke",version="1"}', "values": "1x80"}]
    tests.append(_expected(info, "BankeDown", "2m", []))
    return {"rule_files": [rules], "evaluation_interval": EVERY, "tests": tests}


def _test(alarm: Alarm, values: str, *, raised: bool) -> dict[str, Any]:
    series = alarm.series.replace("{", '{job="banke",')
    series = series if "{" in series else f'{series}{{job="banke"}}'
    labels = {"severity": alarm.severity, "job": "banke", **dict(alarm.labels)}
    given = [{"series": series, "values": values}]
    return _expected(given, alarm.name, alarm.at, [labels] if raised else [])


def _slow(*, taken: int, raised: bool, count: int = 100) -> dict[str, Any]:
    """So many welcomes of so many seconds each."""
    given = [
        {
            "series": f'banke_welcome_seconds_10m_bucket{{job="banke",le="{step}"}}',
            "values": f"{count if taken <= float(step) else 0}x80",
        }
        for step in ("1.0", "2.0", "5.0", "10.0", "+Inf")
    ]
    total = 'banke_welcome_seconds_10m_count{job="banke"}'
    given.append({"series": total, "values": f"{count}x80"})
    labels = {"severity": "warning", "job": "banke"}
    return _expected(given, "BankeWelcomesSlow", "10m", [labels] if raised else [])


def _disk(*, free: int, raised: bool) -> dict[str, Any]:
    there = 'job="banke",instance="a:8000"'
    given = [
        {"series": f"banke_disk_free_bytes{{{there}}}", "values": f"{free}x80"},
        {"series": f"banke_disk_size_bytes{{{there}}}", "values": "100x80"},
    ]
    labels = {"severity": "warning", "job": "banke", "instance": "a:8000"}
    return _expected(given, "BankeDiskFilling", "10m", [labels] if raised else [])


def _expected(
    series: list[dict[str, str]], alert: str, at: str, labels: list[dict[str, str]]
) -> dict[str, Any]:
    expected = [{"exp_labels": one, "exp_annotations": {}} for one in labels]
    return {
        "interval": EVERY,
        "input_series": series,
        "alert_rule_test": [{"eval_time": at, "alertname": alert, "exp_alerts": expected}],
    }
