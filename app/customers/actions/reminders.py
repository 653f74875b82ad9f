"""Reminders (提醒): at their time, who set one gets an app message; then it is done, or put off."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from app import clock
from app.customers.actions.timeline import record_timeline
from app.customers.errors import BoxSpent
from app.customers.models import Reminder, TimelineEntry
from app.customers.models.follow_ups import REMINDER_LENGTH
from app.db import fit
from app.deliveries.actions import record_intent
from app.errors import NotFound, Refused
from app.i18n import N_, _
from app.rows import upsert

LONGEST = timedelta(days=731)
# A card shows them all; whoever needs more of one customer needs another tool.
MOST_OPEN = 20
# What the timeline tells of a reminder.
TOLD = ("reminder_done", "reminder_reopened")


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What somebody wants to be reminded of: `text` about a customer, at `due_at`.

    `key`: the form's; the same form sent twice is one reminder. `follow_up_id`: with this note.
    """

    userid: str
    external_userid: str
    key: str
    due_at: datetime
    text: str = ""
    follow_up_id: int | None = None


def create_reminder(session: Session, wish: Wish) -> Reminder:
    """Set a reminder, and its message for the time; the same form again is the same reminder.

    Raises:
        BoxSpent: the reminder of this form has ended.
        Refused: its time has passed or is too far, or there are too many of this customer.
    """
    known = find_by_key(session, wish)
    if known is not None and known.state != "open":
        raise BoxSpent
    if known is not None:
        return known
    _check_time(wish.due_at)
    _check_room(session, wish.userid, wish.external_userid)
    row = {
        "userid": wish.userid,
        "external_userid": wish.external_userid,
        "follow_up_id": wish.follow_up_id,
        "form_key": wish.key,
        "text": _short(wish.text),
        "due_at": wish.due_at,
        "turn": 1,
        "state": "open",
        "created_at": clock.utcnow(),
    }
    upsert(session, Reminder, [row], key=["userid", "form_key"])
    made = find_by_key(session, wish)
    if made is None:
        raise NotFound(N_("没有这个提醒"))
    _plan_message(session, made)
    return made


def complete_reminder(
    session: Session, external_userid: str, *, reminder_id: int, userid: str
) -> Reminder:
    """Call it done, and say so in the timeline; what has ended already stays as it ended.

    Raises:
        NotFound: no such reminder of his about this customer.
    """
    reminder = get_own(session, external_userid, reminder_id, userid)
    if reminder.state == "open":
        _end(reminder, "done")
        _tell(session, reminder, "reminder_done")
    return reminder


def cancel_reminder(
    session: Session, external_userid: str, *, reminder_id: int, userid: str
) -> Reminder:
    """Want it no more; what has ended already stays as it ended.

    Raises:
        NotFound: no such reminder of his about this customer.
    """
    reminder = get_own(session, external_userid, reminder_id, userid)
    if reminder.state == "open":
        _end(reminder, "cancelled")
    return reminder


def postpone_reminder(
    session: Session,
    external_userid: str,
    *,
    reminder_id: int,
    userid: str,
    due_at: datetime,
    turn: int,
) -> Reminder:
    """Set another time; `turn` is the one that was seen: of an earlier one nothing is changed.

    Raises:
        NotFound: no such reminder of his about this customer.
        Refused: the time has passed or is too far.
    """
    reminder = get_own(session, external_userid, reminder_id, userid)
    if reminder.state != "open" or reminder.turn != turn:
        return reminder
    _check_time(due_at)
    reminder.due_at, reminder.turn = due_at, reminder.turn + 1
    _plan_message(session, reminder)
    return reminder


def reopen_reminder(
    session: Session, external_userid: str, *, reminder_id: int, userid: str
) -> Reminder:
    """Take its end back; it stays on the card also when its time has passed meanwhile.

    Raises:
        NotFound: no such reminder of his about this customer.
        Refused: there are too many of this customer by now.
    """
    reminder = get_own(session, external_userid, reminder_id, userid)
    if reminder.state == "done":
        _tell(session, reminder, "reminder_reopened")
    if reminder.state != "open":
        _reopen(session, reminder)
    return reminder


def cancel_of_note(session: Session, follow_up_id: int, *, at: datetime) -> None:
    """Cancel what a note would have reminded of."""
    session.execute(
        update(Reminder)
        .where(Reminder.follow_up_id == follow_up_id, Reminder.state == "open")
        .values(state="cancelled", ended_at=at)
    )


def reopen_of_note(session: Session, follow_up_id: int, *, cancelled_at: datetime) -> None:
    """Open again what was cancelled together with a note."""
    for reminder in session.scalars(
        select(Reminder).where(
            Reminder.follow_up_id == follow_up_id,
            Reminder.state == "cancelled",
            Reminder.ended_at == cancelled_at,
        )
    ):
        _reopen(session, reminder)


def reword_of_note(session: Session, follow_up_id: int, text: str) -> None:
    """Have reminders, and what the timeline tells of them, say what their note says."""
    session.execute(
        update(Reminder).where(Reminder.follow_up_id == follow_up_id).values(text=_short(text))
    )
    _retell(session, follow_up_id, _short(text))


def hide_of_note(session: Session, follow_up_id: int) -> None:
    """Have the timeline no longer say what a removed note would have reminded of."""
    _retell(session, follow_up_id, "…")


def find_by_key(session: Session, wish: Wish) -> Reminder | None:
    """Find what this form has set already."""
    return session.scalar(
        select(Reminder).where(
            Reminder.userid == wish.userid,
            Reminder.form_key == wish.key,
            Reminder.external_userid == wish.external_userid,
        )
    )


def get_own(session: Session, external_userid: str, reminder_id: int, userid: str) -> Reminder:
    """Return a member's own reminder, for him to change.

    Raises:
        NotFound: no such reminder of his about this customer.
    """
    reminder = session.scalar(
        select(Reminder)
        .where(
            Reminder.id == reminder_id,
            Reminder.external_userid == external_userid,
            Reminder.userid == userid,
        )
        .with_for_update()
    )
    if reminder is None:
        raise NotFound(N_("没有这个提醒"))
    return reminder


def _end(reminder: Reminder, state: str) -> None:
    reminder.state, reminder.ended_at = state, clock.utcnow()


def _reopen(session: Session, reminder: Reminder) -> None:
    _check_room(session, reminder.userid, reminder.external_userid)
    reminder.state, reminder.ended_at = "open", None
    # The message of the turn before may have been called off already.
    reminder.turn += 1
    if reminder.due_at > clock.utcnow():
        _plan_message(session, reminder)


def _tell(session: Session, reminder: Reminder, kind: str) -> None:
    record_timeline(
        session,
        external_userid=reminder.external_userid,
        userid=reminder.userid,
        kind=kind,
        at=clock.utcnow(),
        key=f"{kind}:{reminder.id}:{reminder.turn}",
        data={"text": reminder.text},
    )


def _retell(session: Session, follow_up_id: int, text: str) -> None:
    for reminder in session.scalars(select(Reminder).where(Reminder.follow_up_id == follow_up_id)):
        keys = [f"{kind}:{reminder.id}:" for kind in TOLD]
        entries = select(TimelineEntry).where(
            TimelineEntry.external_userid == reminder.external_userid,
            or_(*(TimelineEntry.dedupe_key.startswith(key, autoescape=True) for key in keys)),
        )
        for entry in session.scalars(entries):
            entry.data = {**entry.data, "text": text}


def _plan_message(session: Session, reminder: Reminder) -> None:
    planned = record_intent(
        session,
        kind="reminder",
        dedupe_key=f"reminder:{reminder.id}:{reminder.turn}",
        recipient=reminder.userid,
        userid=reminder.userid,
        external_userid=reminder.external_userid,
        ref=f"{reminder.id}:{reminder.turn}",
        due_at=reminder.due_at,
        wanted_at=reminder.due_at,
    )
    if planned is not None:
        reminder.delivery_id = planned.id


def _check_time(due_at: datetime) -> None:
    now = clock.utcnow()
    if due_at <= now:
        raise Refused(_("提醒时间要晚于现在"))
    if due_at - now > LONGEST:
        raise Refused(_("提醒时间最远是两年以后"))


def _check_room(session: Session, userid: str, external_userid: str) -> None:
    count = session.scalar(
        select(func.count()).where(
            Reminder.external_userid == external_userid,
            Reminder.userid == userid,
            Reminder.state == "open",
        )
    )
    if (count or 0) >= MOST_OPEN:
        raise Refused(_("这位客户已经有 {count} 个提醒，先完成几个再添加", count=MOST_OPEN))


def _short(text: str) -> str:
    return fit(" ".join(text.split()), REMINDER_LENGTH)
