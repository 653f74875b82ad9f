"""Sixty days of an invented shop, lived through the real server before anybody looks at it.

The sandbox's clock, and with it the server's, stands sixty days back and is moved from tick to
tick. Nothing is written into the server's database from here: people act in the sandbox, which
sends its callbacks; members sit at cards in the sidebar. A tick begins when the server has worked
off the one before, its messages to members included, so that no jump makes anything late.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from app import clock
from app.alerting.queries import find_alerts
from app.cli.demo.plot import Talk, Tick
from app.cli.demo.sandbox_client import SandboxClient
from app.cli.demo.sidebar_visit import SidebarDesk, VisitFailed
from app.cli.demo.visit import Visit
from app.deliveries.queries import count_outcomes, count_waiting
from app.inbox.queries import list_backlogs
from app.members.queries import list_active
from app.runtime import Runtime

LOOK_SECONDS = 0.01
# Two who write to each other take a minute over each line.
TALK_SECONDS = 60
# The server reads an edited customer when the second of the edit is over.
EDITS = {"member_edits_remark", "member_marks_tags"}
EDIT_SECONDS = 1.5


@dataclass
class Outcome:
    """What came of it. `late`: the time was over first; `stopped`: Ctrl-C was pressed."""

    ticks: int = 0
    to_greet: int = 0
    greeted: int = 0
    visits: int = 0
    faults: list[str] = field(default_factory=list)
    late: bool = False
    stopped: bool = False

    @property
    def whole(self) -> bool:
        """Whether everything that was planned is there."""
        return not (self.late or self.stopped or self.faults) and self.greeted == self.to_greet


class _OverError(Exception):
    """The time is over, or Ctrl-C was pressed."""


class History:
    """Plays ticks. `runtime` is made of the server's configuration: to look, and to ring."""

    def __init__(self, box: SandboxClient, runtime: Runtime, *, within: float) -> None:
        self._box = box
        self._runtime = runtime
        self._server = f"http://{runtime.config.server.listen}"
        self._end = clock.monotonic() + within
        self._offset = float("-inf")
        self.outcome = Outcome()

    def play(self, ticks: Sequence[Tick], *, members: Sequence[str]) -> Outcome:
        """Play them all once the server knows these members; put the clock right in any case."""
        try:
            self._wait(lambda: self._knows(members))
            for tick in ticks:
                self._play_tick(tick)
                self.outcome.ticks += 1
        except _OverError:
            self.outcome.stopped = self._box.stop.is_set()
            self.outcome.late = not self.outcome.stopped
        self._box.set_offset(0)
        self.outcome.greeted = self._count_greeted(ticks[0].at)
        return self.outcome

    def _play_tick(self, tick: Tick) -> None:
        self._go_to(tick.at)
        for act in tick.acts:
            self._note_codes(self._box.act(act.verb, **act.details))
        with self._visiting(tick.visits.values()):
            self._settle(tick)
        self.outcome.visits += len(tick.visits)
        for talk in tick.talks:
            self._talk(talk)

    def _go_to(self, at: datetime) -> None:
        """Put the clock there: never back, and never into what is still to come."""
        wanted = (at - clock.utcnow()) / timedelta(seconds=1)
        self._put_clock(min(0.0, max(wanted, self._offset)))

    def _put_clock(self, offset: float) -> None:
        """Put the clock, here and in the server."""
        self._offset = offset
        self._box.set_offset(offset)
        self._box.await_followers()
        self._raise_if_over()

    def _note_codes(self, events: Any) -> None:
        for event in events if isinstance(events, list) else [events]:
            self.outcome.to_greet += bool(event["welcome_code"])

    def _settle(self, tick: Tick) -> None:
        """Wait until the server is done; what bides its time there is given that time."""
        self._wait(self._all_delivered)
        if any(act.verb in EDITS for act in tick.acts):
            self._let_pass(EDIT_SECONDS, lane="events")
        self._wait(self._all_worked)
        if self._has_messages():
            self._let_pass(self._grace_seconds() + 1, lane="deliveries")
            self._wait(self._all_sent)

    def _grace_seconds(self) -> int:
        with self._runtime.db.read() as session:
            return find_alerts(session, self._runtime.config).grace_seconds

    def _let_pass(self, seconds: float, *, lane: str) -> None:
        """Let time pass, and have the worker look: nothing else tells it that the clock moved."""
        self._put_clock(self._offset + seconds)
        self._runtime.bell.ring(lane)

    @contextmanager
    def _visiting(self, visits: Iterable[Visit]) -> Iterator[None]:
        """Have the members at their desks meanwhile, all at once."""
        desks: dict[str, list[Visit]] = {}
        for visit in visits:
            desks.setdefault(visit.userid, []).append(visit)
        with ThreadPoolExecutor() as pool:
            told = pool.map(self._pay_each, desks, desks.values())
            yield
        self.outcome.faults += [fault for faults in told for fault in faults]
        self._raise_if_over()

    def _pay_each(self, userid: str, visits: Iterable[Visit]) -> list[str]:
        """Return what failed; that is no reason to give up all the rest."""
        desk, faults = SidebarDesk(self._server, userid), []
        for visit in visits:
            if self._is_over():
                break
            try:
                desk.pay(visit)
            except VisitFailed as fault:
                faults.append(str(fault))
        return faults

    def _talk(self, talk: Talk) -> None:
        for line in talk.lines:
            by = "member" if line.startswith(">") else "customer"
            self._box.act(
                "talk",
                userid=talk.userid,
                external_userid=talk.external_userid,
                by=by,
                text=line.removeprefix(">"),
            )
            # No callback tells the server of it, so there is nothing to wait for.
            self._offset += TALK_SECONDS
            self._box.set_offset(self._offset)

    def _knows(self, members: Sequence[str]) -> bool:
        with self._runtime.db.read() as session:
            return len(list_active(session, members)) == len(members)

    def _all_delivered(self) -> bool:
        return not self._box.state()["events"]["waiting"]

    def _all_worked(self) -> bool:
        with self._runtime.db.read() as session:
            return not list_backlogs(session)

    def _all_sent(self) -> bool:
        return not self._has_messages()

    def _has_messages(self) -> bool:
        now = clock.later(self._offset)
        with self._runtime.db.read() as session:
            return count_waiting(session, until=now) > 0

    def _count_greeted(self, since: datetime) -> int:
        with self._runtime.db.read() as session:
            outcomes = count_outcomes(session, kind="welcome", since=since)
        return outcomes.get(("sent", ""), 0)

    def _wait(self, condition: Callable[[], bool]) -> None:
        while not condition():
            self._box.stop.wait(LOOK_SECONDS)
            self._raise_if_over()

    def _is_over(self) -> bool:
        return self._box.stop.is_set() or clock.monotonic() > self._end

    def _raise_if_over(self) -> None:
        if self._is_over():
            raise _OverError
