"""Reading customer groups from WeCom again: an event is only a hint, and the API may be late.

What an event itself told is recorded at once; while WeCom does not show it yet, the event asks to
be looked at again when the lag must be over, and what is there then counts.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from app import clock
from app.claims import Later
from app.groups.actions import (
    LAG,
    Comparison,
    Reading,
    Recorded,
    Told,
    fold_rest,
    record_dismissed,
    record_group,
)
from app.log import get_logger
from app.runtime import Runtime
from app.wecom import groupchat
from app.wecom.errors import NoSuchRelation

DISMISSED = 49008

log = get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Compared:
    """What a comparison came to. `groups`: read, `dismissed` of them; `moves`: who came and went.

    Of the moves those alone of which nothing was known.
    """

    groups: int = 0
    dismissed: int = 0
    moves: int = 0

    def __add__(self, other: "Compared") -> "Compared":
        return Compared(
            groups=self.groups + other.groups,
            dismissed=self.dismissed + other.dismissed,
            moves=self.moves + other.moves,
        )


def sync_group(runtime: Runtime, chat_id: str, *, told: Told | None = None) -> None:
    """Read a group and record who came and went since we last knew; `told`: by an event.

    A group that WeCom calls dissolved is dismissed; one it does not show keeps what was told.

    Raises:
        Later: the API does not show what the event told, which is younger than the lag.
        WeComError: the group could not be read.
    """
    started = clock.utcnow()
    try:
        detail = groupchat.get(runtime.wecom, chat_id)
    except NoSuchRelation as error:
        _record_unseen(runtime, chat_id, told=told, errcode=error.errcode)
        return
    reading = Reading(detail, started)
    with runtime.db.write() as session:
        recorded = record_group(session, chat_id, told=told, reading=reading)
    _fold(runtime, chat_id, rest=recorded.rest, reading=reading)
    if told and _is_behind(told, reading, recorded=recorded):
        _wait(told.received_at)


def read_group(runtime: Runtime, chat_id: str, *, within: float) -> None:
    """Ask WeCom in `within` seconds for a group and record what it shows, if it shows any.

    For a request: it waits for the database no longer than the runtime's `commit_wait`.
    """
    started = clock.utcnow()
    try:
        reading = Reading(groupchat.get(runtime.wecom, chat_id, within=within), started)
    except NoSuchRelation:
        return
    rest = runtime.db.commit(lambda session: record_group(session, chat_id, reading=reading).rest)
    while rest:
        rest = runtime.db.commit(partial(fold_rest, chat_id=chat_id, userids=rest, reading=reading))


def compare_group(runtime: Runtime, chat_id: str, comparison: Comparison) -> Compared:
    """Read a group and record what no event has told; nobody waits for it.

    Raises:
        WeComError: the group could not be read.
    """
    started = clock.utcnow()
    try:
        detail = groupchat.get(runtime.wecom, chat_id, bulk=True)
    except NoSuchRelation as error:
        if error.errcode != DISMISSED:
            log.info("group_not_shown", errcode=error.errcode)
            return Compared()
        _end(runtime, chat_id, started, comparison)
        return Compared(groups=1, dismissed=1)
    reading = Reading(detail, started)
    record = partial(record_group, chat_id=chat_id, reading=reading, comparison=comparison)
    recorded = runtime.db.commit(record)
    _fold(runtime, chat_id, rest=recorded.rest, reading=reading, comparison=comparison)
    return Compared(groups=1, moves=recorded.moves)


def record_dismissal(
    runtime: Runtime, chat_id: str, *, at: datetime, received_at: datetime
) -> None:
    """End a group and every stay in it at `at`.

    Raises:
        Later: events that this one has overtaken may still come; who left before is not dismissed.
    """
    _wait(received_at)
    _end(runtime, chat_id, at)


def _record_unseen(
    runtime: Runtime, chat_id: str, *, told: Told | None, errcode: int | None
) -> None:
    if told:
        with runtime.db.write() as session:
            recorded = record_group(session, chat_id, told=told)
        _fold(runtime, chat_id, rest=recorded.rest)
        # A group made just now may not be shown yet; and the event of a dismissal, which waits as
        # well, knows its time.
        _wait(told.received_at, lag=2 * LAG)
    if errcode == DISMISSED:
        _end(runtime, chat_id, clock.utcnow())
    else:
        log.info("group_not_shown", errcode=errcode)


def _is_behind(told: Told, reading: Reading, *, recorded: Recorded) -> bool:
    """Tell whether the API has not caught up with the event."""
    if recorded.unsure:
        return True
    if told.last_version and told.last_version != told.version:
        return reading.detail.member_version == told.last_version
    names_people = bool(told.joined or told.left)
    return not names_people and not recorded.changed


def _end(
    runtime: Runtime, chat_id: str, at: datetime, comparison: Comparison | None = None
) -> None:
    with runtime.db.write() as session:
        rest = record_dismissed(session, chat_id, at, comparison)
    _fold(runtime, chat_id, rest=rest, comparison=comparison)


def _fold(
    runtime: Runtime,
    chat_id: str,
    *,
    rest: list[str],
    reading: Reading | None = None,
    comparison: Comparison | None = None,
) -> None:
    while rest:
        with runtime.db.write() as session:
            rest = fold_rest(session, chat_id, rest, reading, comparison)


def _wait(received_at: datetime, lag: timedelta = LAG) -> None:
    if clock.utcnow() < received_at + lag:
        raise Later(received_at + lag)
