"""Customers who come and go at a steady pace, and how long they wait for their welcome."""

import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from app.sandbox.records import EventRecord
from tests.bench.load import percentile
from tests.deployment import Deployment
from tests.trials.verdicts import Verdict
from tests.trials.writing import Log

MEMBERS = ("zhaoyi", "qianer", "sunsan", "lisi")
# In turn: sixteen come, two leave, one is given a remark, one a description by his member.
ACTS = ("come",) * 8 + ("leave", "remark") + ("come",) * 8 + ("leave", "description")
# Whoever leaves has been there for a while: so many have come since.
STAYS = 100
# What WeCom gives is twenty seconds.
IN_TIME_MS = 18_000.0


@dataclass
class Play:
    """The course of the events. `came`: those that want a welcome."""

    deployment: Deployment
    chance: random.Random
    stays: int = STAYS
    here: list[tuple[str, str]] = field(default_factory=list)
    came: list[EventRecord] = field(default_factory=list)

    def step(self, number: int) -> None:
        """Do the next act."""
        people, act = self.deployment.box.people, ACTS[number % len(ACTS)]
        if act == "come" or len(self.here) < self.stays:
            event = people.customer_scans(self.chance.choice(MEMBERS), name=f"客户{number}")
            self.here.append((event.userid, event.external_userid))
            self.came.append(event)
            return
        place = self.chance.randrange(len(self.here) - self.stays + 1)
        if act == "leave":
            people.customer_deletes_member(*self.here.pop(place))
        elif act == "remark":
            people.member_edits_remark(*self.here[place], remark=f"备注{number}")
        else:
            people.member_edits_remark(*self.here[place], description=f"描述{number}")


class Coming:
    """Plays at `rate` acts a second in a thread of its own, until it is left.

    `before_each` is called before each act.
    """

    def __init__(
        self,
        play: Play,
        *,
        rate: float,
        before_each: Callable[[int], None] | None = None,
    ) -> None:
        self.play = play
        self._rate = rate
        self._before_each = before_each
        self._over = threading.Event()
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="coming")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()
        if self._error and error is None:
            raise self._error

    def since(self, began: float) -> list[EventRecord]:
        """Return the customers who came at or after this moment of `time.monotonic`."""
        return [event for event in list(self.play.came) if event.monotonic >= began]

    def _run(self) -> None:
        began, number = time.monotonic(), 0
        try:
            while not self._over.wait(max(0.0, began + number / self._rate - time.monotonic())):
                if self._before_each:
                    self._before_each(number)
                self.play.step(number)
                number += 1
        except Exception as error:  # noqa: BLE001 -- raised again where the trial is
            self._error = error


def judge_waits(
    deployment: Deployment, events: Sequence[EventRecord], when: str, log: Log
) -> list[Verdict]:
    """Judge whether each of these customers was greeted in time after his callback."""
    rows = {row.event_id: row for row in deployment.box.ledger.accepted_welcomes()}
    waits = sorted(
        row.ms_from_event for event in events if (row := rows.get(event.event_id)) is not None
    )
    log.say(
        f"waits, {when}",
        p50_ms=round(percentile(waits, 0.5)),
        p99_ms=round(percentile(waits, 0.99)),
        longest_ms=round(percentile(waits, 1.0)),
    )
    in_time = sum(1 for wait in waits if wait <= IN_TIME_MS)
    return [
        Verdict(f"customers who came {when}", len(events), None),
        Verdict(f"customers not greeted within 18 s, {when}", len(events) - in_time),
    ]


def judge_door(
    deployment: Deployment, when: str, log: Log, *, since: float, most_ms: float
) -> list[Verdict]:
    """Judge the attempts of WeCom since a moment of `time.monotonic`."""
    attempts = [one for one in deployment.box.ledger.attempts() if one.monotonic >= since]
    times = sorted(one.ms for one in attempts)
    p99 = percentile(times, 0.99)
    log.say(
        f"callbacks, {when}",
        count=len(times),
        p50_ms=round(percentile(times, 0.5)),
        p99_ms=round(p99),
        longest_ms=round(percentile(times, 1.0)),
    )
    return [Verdict(f"p99 of callbacks above {most_ms:.0f} ms, {when}", int(p99 > most_ms))]
