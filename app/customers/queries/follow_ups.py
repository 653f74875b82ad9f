"""Reads of notes (跟进), drafts and reminders."""

from collections.abc import Iterable, Sequence

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app.customers.models import Draft, FollowUp, Reminder
from app.members.queries import Scope

# The place of the box on the panel 跟进.
NOTE_BOX = "follow_ups"
REMINDERS = 20

# Made once: for every card anew, they would cost more than the database does.
_REMINDERS = (
    select(Reminder)
    .where(
        Reminder.external_userid == bindparam("external_userid"),
        Reminder.userid == bindparam("userid"),
        Reminder.state == "open",
    )
    .order_by(Reminder.due_at, Reminder.id)
    .limit(REMINDERS)
)
_DRAFT = select(Draft.text).where(
    Draft.external_userid == bindparam("external_userid"),
    Draft.userid == bindparam("userid"),
    Draft.place == bindparam("place"),
)
_NOTES = select(FollowUp).where(FollowUp.id.in_(bindparam("ids", expanding=True)))


def find_draft(session: Session, external_userid: str, userid: str, place: str = NOTE_BOX) -> str:
    """Return what a member has typed there and not sent, "" if nothing."""
    wanted = {"external_userid": external_userid, "userid": userid, "place": place}
    return session.scalar(_DRAFT, wanted) or ""


def list_reminders(session: Session, external_userid: str, userid: str) -> Sequence[Reminder]:
    """List a member's open reminders about a customer, the next one first."""
    return session.scalars(_REMINDERS, {"external_userid": external_userid, "userid": userid}).all()


def list_reminders_about(
    session: Session, external_userid: str, scope: Scope, *, limit: int
) -> Sequence[Reminder]:
    """List the open reminders about a customer of all members of a scope, the next one first."""
    return session.scalars(
        select(Reminder)
        .where(
            Reminder.external_userid == external_userid,
            Reminder.state == "open",
            scope.holds(Reminder.userid),
        )
        .order_by(Reminder.due_at, Reminder.id)
        .limit(limit)
    ).all()


def find_reminder(session: Session, reminder_id: int) -> Reminder | None:
    """Find a reminder, whoever's it is and however it ended."""
    return session.get(Reminder, reminder_id)


def find_reminder_about(
    session: Session, external_userid: str, reminder_id: int, scope: Scope
) -> Reminder | None:
    """Find a reminder about this customer, however it ended, if its member is in this scope."""
    return session.scalar(
        select(Reminder).where(
            Reminder.id == reminder_id,
            Reminder.external_userid == external_userid,
            scope.holds(Reminder.userid),
        )
    )


def find_follow_up(session: Session, external_userid: str, follow_up_id: int) -> FollowUp | None:
    """Find a note about this customer that is not removed."""
    note = session.get(FollowUp, follow_up_id)
    is_there = note is not None and note.external_userid == external_userid
    return note if note is not None and is_there and note.removed_at is None else None


def list_notes(session: Session, ids: Iterable[int]) -> dict[int, FollowUp]:
    """Return these notes by id, removed ones too."""
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    return {note.id: note for note in session.scalars(_NOTES, {"ids": wanted})}
