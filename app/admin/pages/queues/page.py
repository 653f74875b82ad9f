"""The page 队列与额度: how far behind the work is, who does it, and what WeCom still lets us do."""

from typing import Any

from sqlalchemy.orm import Session

from app import clock
from app.admin.pages.parts import SYSTEM, Admin, Page, Part
from app.admin.pages.queues.machine import show_database, show_redis, show_versions
from app.admin.pages.queues.words import JOBS, LANES, PARTS, PURGE, PURGES, SECRETS
from app.admin.reading import Times, span, times
from app.claims import Backlog
from app.i18n import N_, _
from app.reports.backlogs import list_lanes
from app.runtime import Runtime
from app.schedule_runs import ScheduleRun, list_runs
from app.vitals import Vitals, build_vitals, list_vitals
from app.wecom.ticket import Tickets
from app.wecom.tokens import SecretState

# Longer than this nothing that is due should ever wait.
LATE_SECONDS = {"urgent": 2.0}
LATE_SECONDS_ELSE = 60.0
# A job that is overdue by so much is run by nobody.
FORGOTTEN_SECONDS = 120.0
LITTLE_LEFT = 0.2


def load(runtime: Runtime, session: Session, admin: Admin) -> dict[str, Any]:
    """Read everything there is to see; also what the page asks for again every few seconds."""
    del admin
    now = times(runtime)
    vitals = list_vitals(runtime)
    return {
        "at": now.second(now.now),
        "lanes": [_show_lane(one) for one in list_lanes(session)],
        "redis_answers": vitals is not None,
        "processes": _list_processes(vitals or [], now),
        "jobs": _list_jobs(list_runs(session), now),
        "quotas": _list_quotas(vitals or [build_vitals(runtime, "web", now.now)]),
        "secrets": _list_secrets(runtime, now),
        "redis": show_redis(runtime),
        "database": show_database(runtime, session),
        "versions": show_versions(),
    }


def _show_lane(lane: Backlog) -> dict[str, Any]:
    late = LATE_SECONDS.get(lane.lane, LATE_SECONDS_ELSE)
    return {
        "word": _(LANES[lane.lane]),
        "due": lane.due,
        "later": lane.waiting - lane.due,
        "oldest": span(lane.oldest_seconds) if lane.due else "",
        "is_late": lane.oldest_seconds > late,
    }


def _list_processes(vitals: list[Vitals], now: Times) -> list[dict[str, Any]]:
    """List every part with its processes; a part that none told of is there too."""
    return [
        {
            "word": _(word),
            "running": [
                {
                    "name": f"{one.host} · {one.pid}",
                    "since": now.minute(one.started_at),
                    "ago": span(max(0.0, (clock.utcnow() - one.told_at).total_seconds())),
                }
                for one in vitals
                if one.part == part
            ],
        }
        for part, word in PARTS.items()
    ]


def _list_jobs(runs: dict[str, ScheduleRun], now: Times) -> list[dict[str, Any]]:
    """List every job; the purges that went well are many and alike, and share a row."""
    well = [name for name in PURGES if _went_well(runs.get(name), now)]
    known = [(name, _(word)) for name, word in JOBS.items()]
    known += [(name, _(PURGE, what=_(PURGES[name]))) for name in PURGES if name not in well]
    known += [(name, name) for name in sorted(runs) if name not in JOBS and name not in PURGES]
    shown = [{"word": word, **_show_run(runs.get(name), now)} for name, word in known]
    return shown + _show_purges(well, runs, now)


def _went_well(run: ScheduleRun | None, now: Times) -> bool:
    return run is None or (not run.fault and not _is_forgotten(run, now))


def _is_forgotten(run: ScheduleRun, now: Times) -> bool:
    overdue = (now.now - run.due_at).total_seconds() if run.due_at else 0.0
    return overdue > FORGOTTEN_SECONDS


def _show_purges(
    names: list[str], runs: dict[str, ScheduleRun], now: Times
) -> list[dict[str, Any]]:
    """Say in one row when the last of them began, how long all took, and when the next one is."""
    if not names:
        return []
    word = _("清理过期的资料（{count} 种）", count=len(names))
    begun = [run for name in names if (run := runs.get(name)) and run.started_at]
    if not begun:
        return [{"word": word, **_show_run(None, now)}]
    shown = _show_run(max(begun, key=lambda run: run.started_at or now.now), now)
    took = [
        (run.ended_at - run.started_at).total_seconds()
        for run in begun
        if run.started_at and run.ended_at and run.ended_at >= run.started_at
    ]
    due = [run.due_at for run in begun if run.due_at]
    if len(took) == len(begun):
        shown["took"] = span(sum(took))
    if shown["next"] and due:
        shown["next"] = now.second(min(due))
    return [{"word": word, **shown}]


def _show_run(run: ScheduleRun | None, now: Times) -> dict[str, Any]:
    if run is None or run.started_at is None:
        return {"started": "", "took": "", "fault": "", "next": "", "is_forgotten": False}
    has_ended = run.ended_at is not None and run.ended_at >= run.started_at
    return {
        "started": now.second(run.started_at),
        "took": span((run.ended_at - run.started_at).total_seconds())
        if has_ended and run.ended_at
        else _("正在运行"),
        "fault": run.fault if has_ended else "",
        "next": now.second(run.due_at) if run.due_at and has_ended else "",
        "is_forgotten": _is_forgotten(run, now),
    }


def _list_quotas(vitals: list[Vitals]) -> list[dict[str, Any]]:
    """List the APIs that any process called: the calls under way, the least that is left."""
    gates = [gate for one in vitals for gate in one.gates]
    shown = []
    for api in sorted({gate.api for gate in gates}):
        these = [gate for gate in gates if gate.api == api]
        left = min(gate.left for gate in these)
        shut = max(gate.shut_seconds for gate in these)
        shown.append(
            {
                "api": api,
                "in_flight": sum(gate.in_flight for gate in these),
                "cap": max(gate.cap for gate in these),
                "left": round(left * 100),
                "is_low": left < LITTLE_LEFT,
                "shut": span(shut) if shut else "",
                "is_halved": any(gate.halved_seconds for gate in these),
            }
        )
    return shown


def _list_secrets(runtime: Runtime, now: Times) -> list[dict[str, Any]]:
    states = (runtime.wecom.token_state(), *Tickets(runtime.wecom).states())
    return [
        {"word": _(word), **_show_secret(state, now)}
        for word, state in zip(SECRETS, states, strict=True)
    ]


def _show_secret(state: SecretState | None, now: Times) -> dict[str, Any]:
    if state is None:
        return {"version": "", "age": "", "left": "", "where": ""}
    left = (state.expires_at - now.now).total_seconds()
    return {
        "version": state.version[:8],
        "age": span(max(0.0, (now.now - state.issued_at).total_seconds())),
        "left": span(left) if left > 0 else _("已过期"),
        "where": _("各进程共用") if state.is_shared else _("只在这个进程里"),
    }


PAGE = Page(
    name="queues",
    title=N_("队列与额度"),
    permission="see_operations",
    group=SYSTEM,
    load=load,
    parts={"state": Part("see_operations", load)},
)
