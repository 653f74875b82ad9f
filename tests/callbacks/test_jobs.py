"""Working an event: each reaction once, failures made up for, poison put aside."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app import clock
from app.claims import RETRY_SECONDS, Claim, Later, claim_due
from app.customers.models import FollowUser
from app.deliveries.models import Delivery
from app.inbox.actions import record_received, replay
from app.inbox.models import InboxEvent
from app.runtime import Runtime
from callbacks import routing
from callbacks.jobs import work_event
from callbacks.reaction import Reaction, Record, StoredEvent, idle
from tests.callbacks.letters import received_of

KEY = ("test_event", "test_change")


def receive(runtime: Runtime, *, lane: str = "events", **fields: str) -> None:
    """Store an event as the door does."""
    with runtime.db.write() as session:
        record_received(session, [received_of(runtime, lane=lane, **fields)])


def receive_for(runtime: Runtime, *, lane: str = "events") -> None:
    receive(runtime, lane=lane, Event=KEY[0], ChangeType=KEY[1])


def work(runtime: Runtime, *, lease: float = 60) -> None:
    """Claim what is there, due or not, and work it."""
    with runtime.db.write() as session:
        session.execute(
            update(InboxEvent).where(InboxEvent.due_at.is_not(None)).values(due_at=clock.utcnow())
        )
        claims = claim_due(session, InboxEvent, limit=10, lease=lease)
    for claim in claims:
        work_event(runtime, claim)


def row(runtime: Runtime) -> InboxEvent:
    with runtime.db.read() as session:
        return session.scalars(select(InboxEvent)).one()


class Reactions:
    """Reactions that a test hangs on an event of its own."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch
        self.ran: list[str] = []

    def hang(self, *reactions: Reaction) -> None:
        self._monkeypatch.setitem(routing.HANDLED, KEY, reactions)

    def make(self, name: str, *errors: Exception, record: Record | None = None) -> Reaction:
        """Make a reaction that raises these, one a run, and then succeeds."""
        left = list(errors)

        def reaction(_runtime: Runtime, _event: StoredEvent) -> Record | None:
            self.ran.append(name)
            if left:
                raise left.pop(0)
            return record

        reaction.__name__ = name
        return reaction


@pytest.fixture
def reactions(monkeypatch: pytest.MonkeyPatch) -> Reactions:
    return Reactions(monkeypatch)


def test_every_reaction_runs_once_and_is_ticked(runtime: Runtime, reactions: Reactions) -> None:
    reactions.hang(reactions.make("a"), reactions.make("b"))
    receive_for(runtime)
    work(runtime)
    work(runtime)
    assert reactions.ran == ["a", "b"]
    assert (row(runtime).fate, row(runtime).ticked) == ("done", ["a", "b"])


def test_one_that_fails_lets_the_next_run_and_is_made_up_for(
    runtime: Runtime, reactions: Reactions
) -> None:
    reactions.hang(reactions.make("a", RuntimeError()), reactions.make("b"))
    receive_for(runtime)
    work(runtime)
    assert (row(runtime).ticked, "a: RuntimeError" in row(runtime).note) == (["b"], True)
    work(runtime)
    assert (reactions.ran, row(runtime).fate) == (["a", "b", "a"], "done")


def test_what_never_succeeds_is_dead_after_its_tries(
    runtime: Runtime, reactions: Reactions
) -> None:
    reactions.hang(reactions.make("a", *[RuntimeError()] * 99))
    receive_for(runtime)
    for _ in range(10):
        work(runtime)
    assert (len(reactions.ran), row(runtime).fate) == (len(RETRY_SECONDS) + 1, "dead")


def test_a_dead_event_can_be_replayed(runtime: Runtime, reactions: Reactions) -> None:
    reactions.hang(reactions.make("a", *[RuntimeError()] * 6))
    receive_for(runtime)
    for _ in range(6):
        work(runtime)
    with runtime.db.write() as session:
        assert replay(session, [row(runtime).id]) == 1
    work(runtime)
    assert row(runtime).fate == "done"


def test_an_event_that_kills_its_process_again_and_again_is_put_aside(
    runtime: Runtime, reactions: Reactions
) -> None:
    reactions.hang(reactions.make("a"))
    receive_for(runtime)
    for _ in range(6):
        with runtime.db.write() as session:
            claim_due(session, InboxEvent, limit=1, lease=-1)
    work(runtime)
    assert (reactions.ran, row(runtime).fate) == ([], "dead")


def test_later_is_no_failure(runtime: Runtime, reactions: Reactions) -> None:
    at = clock.utcnow() + timedelta(seconds=5)
    reactions.hang(reactions.make("a", *[Later(at)] * 30))
    receive_for(runtime)
    for _ in range(20):
        work(runtime)
    assert (row(runtime).fate, row(runtime).attempts) == (None, 0)


def test_the_tick_of_one_that_does_nothing_waits_for_the_next_ones_commit(
    runtime: Runtime, reactions: Reactions
) -> None:
    ticked = []

    def look(runtime: Runtime, _event: StoredEvent) -> None:
        ticked.append(row(runtime).ticked)
        raise RuntimeError

    reactions.hang(idle(reactions.make("a")), look)
    receive_for(runtime)
    work(runtime)
    assert (ticked, row(runtime).ticked) == ([[]], ["a"])


def test_what_is_not_urgent_leaves_the_urgent_lane(runtime: Runtime, reactions: Reactions) -> None:
    first = reactions.make("first")
    first.urgent = True  # type: ignore[attr-defined]  # as the decorator does
    reactions.hang(first, reactions.make("second"))
    receive_for(runtime, lane="urgent")
    work(runtime)
    assert (reactions.ran, row(runtime).lane, row(runtime).ticked) == (
        ["first"],
        "events",
        ["first"],
    )
    work(runtime)
    assert row(runtime).fate == "done"


def test_a_greeting_that_stumbles_stays_urgent_while_the_code_lives(
    runtime: Runtime, reactions: Reactions
) -> None:
    first = reactions.make("first", RuntimeError())
    first.urgent = True  # type: ignore[attr-defined]  # as the decorator does
    reactions.hang(first, reactions.make("second"))
    receive_for(runtime, lane="urgent")
    work(runtime)
    assert (reactions.ran, row(runtime).lane) == (["first"], "urgent")
    work(runtime)
    work(runtime)
    assert (reactions.ran, row(runtime).fate) == (["first", "first", "second"], "done")


def test_a_channel_of_any_length_greets(runtime: Runtime) -> None:
    receive(runtime, lane="urgent", State="x" * 500)
    work(runtime)
    with runtime.db.read() as session:
        assert session.scalars(select(Delivery)).one().reason == "no_script"


def test_a_record_is_committed_with_its_tick(runtime: Runtime, reactions: Reactions) -> None:
    def record(session: Session) -> None:
        session.add(_delivery("wanted"))

    reactions.hang(reactions.make("a", record=record))
    receive_for(runtime)
    work(runtime)
    assert (keys(runtime), row(runtime).ticked) == (["wanted"], ["a"])


def test_a_record_that_cannot_be_made_is_its_reactions_failure(
    runtime: Runtime, reactions: Reactions
) -> None:
    tries: list[int] = []

    def record(session: Session) -> None:
        session.add(_delivery("wanted"))
        tries.append(1)
        if len(tries) == 1:
            raise RuntimeError

    reactions.hang(reactions.make("a", record=record), reactions.make("b"))
    receive_for(runtime)
    work(runtime)
    assert (keys(runtime), row(runtime).ticked) == ([], ["b"])
    work(runtime)
    assert (keys(runtime), row(runtime).fate) == (["wanted"], "done")


def test_an_unknown_event_is_kept_and_no_error(runtime: Runtime) -> None:
    receive(runtime, Event="something_new")
    work(runtime)
    assert row(runtime).fate == "unsupported"


def test_an_ignored_event_says_why(runtime: Runtime) -> None:
    receive(runtime, Event="enter_agent", ChangeType="")
    work(runtime)
    assert (row(runtime).fate, row(runtime).note) == ("ignored", "成员使用应用，与客户无关")


def test_a_body_that_another_key_sealed_is_put_aside_in_words(runtime: Runtime) -> None:
    receive(runtime)
    with runtime.db.write() as session:
        session.execute(update(InboxEvent).values(body=b"\x01" + b"x" * 60))
    work(runtime)
    assert (row(runtime).fate, "secret_key" in row(runtime).note) == ("dead", True)


def test_who_lost_the_claim_does_nothing(runtime: Runtime, reactions: Reactions) -> None:
    reactions.hang(reactions.make("a"))
    receive_for(runtime)
    work_event(runtime, Claim(row(runtime).id, "somebody else's"))
    assert reactions.ran == []


def test_an_old_event_is_recorded_and_not_greeted(runtime: Runtime) -> None:
    receive(runtime, lane="urgent", CreateTime="1700000000")
    work(runtime)
    work(runtime)
    with runtime.db.read() as session:
        welcome = session.scalars(select(Delivery)).one()
        follow = session.scalars(select(FollowUser)).one()
    assert (welcome.outcome, welcome.reason) == ("skipped", "stale_event")
    assert follow.added_at.timestamp() == 1700000000


def keys(runtime: Runtime) -> list[str]:
    with runtime.db.read() as session:
        return list(session.scalars(select(Delivery.dedupe_key)))


def _delivery(key: str) -> Delivery:
    now = clock.utcnow()
    return Delivery(
        kind="loss", dedupe_key=key, recipient="x", created_at=now, wanted_at=now, detail={}
    )
