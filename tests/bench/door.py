"""P1, P2, P3: the callback path against the floors and the naive peer."""

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from statistics import median

from sqlalchemy import func, select

from app.inbox.models import InboxEvent
from tests import settings
from tests.bench.figures import Figure, Report
from tests.bench.load import Load, Outcome, run_load
from tests.bench.servers import frozen, gunicorn, own_redis, waiting_api
from tests.deployment import Deployment

ROUNDS = 3
ROUND_SECONDS = 2.0
STEADY_RATE = 300.0
STEADY_SECONDS = 3.0
# More than any server answers in a round, so that no callback is sent to one of them twice.
SLICE = 16_000
NAIVE_SLICE = 2_000
TREE_FROM = SLICE * 10

FLOOR_SHARE = {"sqlite": 0.60, "postgresql": 0.40, "mariadb": 0.40}
TIMES_NAIVE = 10.0
STEADY_P99 = 50.0
FROZEN_P99 = 500.0

EMPTY, DECRYPTING, NAIVE = "empty Flask", "Flask + verify + decrypt", "naive peer"

Runs = dict[str, list[Outcome]]


def measure_door(report: Report, kinds: list[str], folder: Path) -> None:
    """Measure all three; `kinds` are the databases."""
    report.section(f"Callbacks, 16 connections, medians of {ROUNDS} interleaved rounds")
    runs, stored = _interleaved(kinds, folder)
    rates = {name: median(run.per_second for run in of) for name, of in runs.items()}
    for name in (EMPTY, DECRYPTING, NAIVE):
        report.add(_peer(name, runs[name], rates[name]))
    for kind in kinds:
        report.add(*_shares(kind, rates, runs[kind], alone=True, wrong=stored[kind]))
        report.add(_steady("web alone", kind, runs[f"{kind} steady"][0]))
    report.section("The same under flask serve: worker and relay greet these friends meanwhile")
    for kind in kinds:
        if report.has_time_for(25, f"callbacks on {kind}, the whole tree"):
            _measure_tree(report, kind, folder / f"{kind}-tree", rates)


def _interleaved(kinds: list[str], folder: Path) -> tuple[Runs, dict[str, str]]:
    runs: Runs = {}
    with ExitStack() as stack:
        ports = {
            EMPTY: stack.enter_context(gunicorn("floor:empty")),
            DECRYPTING: stack.enter_context(gunicorn("floor:decrypting")),
        }
        api = stack.enter_context(waiting_api())
        threads = ("--worker-class", "gthread", "--threads", "8")
        ports[NAIVE] = stack.enter_context(gunicorn("naive_peer:app", *threads, api=api))
        ours = {kind: stack.enter_context(_web(kind, folder / f"{kind}-web")) for kind in kinds}
        ports |= {kind: deployment.port for kind, deployment in ours.items()}
        for number in range(ROUNDS):
            for name, port in ports.items():
                count = NAIVE_SLICE if name == NAIVE else SLICE
                run = _as_fast_as_it_goes(port, number * SLICE, count=count)
                runs.setdefault(name, []).append(run)
        for kind, deployment in ours.items():
            runs[f"{kind} steady"] = [_at_a_rate(deployment.port, ROUNDS * SLICE)]
        stored = {
            kind: _wrong(deployment, [*runs[kind], *runs[f"{kind} steady"]])
            for kind, deployment in ours.items()
        }
    return runs, stored


def _measure_tree(report: Report, kind: str, folder: Path, rates: dict[str, float]) -> None:
    """Measure once more while worker and relay are busy, far beyond what they can keep up with."""
    with _deployment(kind, folder) as deployment:
        deployment.serve()
        deployment.command("welcome", "set-default", "您好")
        steady = _at_a_rate(deployment.port, TREE_FROM)
        with frozen(deployment.children("redis")):
            stuck = _at_a_rate(deployment.port, TREE_FROM + SLICE)
        fast = _as_fast_as_it_goes(deployment.port, TREE_FROM + 2 * SLICE)
        wrong = _wrong(deployment, [steady, stuck, fast])
    beside = {**rates, kind: fast.per_second}
    report.add(*_shares(kind, beside, [fast], alone=False, wrong=wrong))
    report.add(_steady("tree", kind, steady))
    report.add(_steady("tree, Redis frozen", kind, stuck, budget=FROZEN_P99))


@contextmanager
def _web(kind: str, folder: Path) -> Iterator[Deployment]:
    """Serve callbacks alone, with a Redis to ring."""
    with _deployment(kind, folder) as deployment, own_redis(folder) as url:
        deployment.start("web", BANKE_REDIS__URL=url)
        deployment.wait_ready()
        yield deployment


@contextmanager
def _deployment(kind: str, folder: Path) -> Iterator[Deployment]:
    folder.mkdir()
    with (
        settings.fresh_database(kind, folder) as url,
        Deployment(folder, database_url=url) as deployment,
    ):
        yield deployment


def _as_fast_as_it_goes(port: int, first: int, *, count: int = SLICE) -> Outcome:
    return run_load(Load(port=port, first=first, count=count, seconds=ROUND_SECONDS))


def _at_a_rate(port: int, first: int) -> Outcome:
    count = int(STEADY_RATE * STEADY_SECONDS)
    return run_load(
        Load(port=port, first=first, count=count, seconds=2 * STEADY_SECONDS, rate=STEADY_RATE)
    )


def _wrong(deployment: Deployment, outcomes: list[Outcome]) -> str:
    """Say what is wrong if the table does not hold exactly what was acknowledged."""
    with deployment.db.read() as session:
        rows = session.scalar(select(func.count()).select_from(InboxEvent)) or 0
    acked = sum(outcome.acked for outcome in outcomes)
    unanswered = sum(outcome.sent for outcome in outcomes) - acked
    if acked <= rows <= acked + unanswered:
        return ""
    return f"{acked} callbacks were acknowledged, {rows} are in the inbox"


def _peer(name: str, runs: list[Outcome], rate: float) -> Figure:
    what = {
        EMPTY: "floor: empty Flask, gunicorn, 2 sync workers",
        DECRYPTING: "floor: the same with verify + decrypt",
        NAIVE: "naive peer: Flask + wechatpy, 150 ms API, 2 x 8",
    }[name]
    return Figure(
        measure="", what=what, value=_speed(rate, runs), invalid=_refused(runs), raw=_raw(runs)
    )


def _shares(
    kind: str, rates: dict[str, float], runs: list[Outcome], *, alone: bool, wrong: str
) -> Iterator[Figure]:
    rate = rates[kind]
    where = f"{kind}, {'web alone' if alone else 'whole tree'}"
    wrong = wrong or _refused(runs)
    raw = _raw(runs)
    yield Figure(
        measure="", what=f"ours: {where}", value=_speed(rate, runs), invalid=wrong, raw=raw
    )
    for measure, peer, budget, form in (
        ("P1", EMPTY, FLOOR_SHARE[kind], "{:.2f}"),
        ("P2", NAIVE, TIMES_NAIVE, "{:.1f}"),
    ):
        ratio = rate / rates[peer] if rates[peer] else 0.0
        yield Figure(
            measure=measure,
            what=f"{where} / {peer}",
            value=form.format(ratio),
            budget=f">= {form.format(budget)}",
            met=ratio >= budget,
            invalid=wrong,
        )


def _steady(where: str, kind: str, run: Outcome, *, budget: float = STEADY_P99) -> Figure:
    return Figure(
        measure="P3",
        what=f"{kind}, {where}: p50, p99 at {STEADY_RATE:.0f}/s",
        value=f"{run.p50:.1f} / {run.p99:.1f} ms",
        budget=f"< {budget:.0f} ms",
        met=run.p99 < budget,
        invalid=_refused([run]),
        raw=asdict(run),
    )


def _speed(rate: float, runs: list[Outcome]) -> str:
    seconds = sum(run.seconds for run in runs)
    return f"{rate:.0f}/s ({seconds:.1f} s)"


def _refused(runs: list[Outcome]) -> str:
    answers: Counter[str] = Counter()
    for run in runs:
        answers.update(run.answers)
    others = {status: count for status, count in answers.items() if status != "200"}
    return f"not every callback was acknowledged: {others}" if others else ""


def _raw(runs: list[Outcome]) -> dict[str, object]:
    return {"runs": [asdict(run) for run in runs]}
