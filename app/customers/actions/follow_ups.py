"""Notes about a customer (跟进): written once, put right by who wrote them, and their drafts."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app import clock
from app.customers.actions.profile import lock_customer
from app.customers.actions.reminders import (
    cancel_of_note,
    hide_of_note,
    reopen_of_note,
    reword_of_note,
)
from app.customers.actions.timeline import record_timeline
from app.customers.errors import BoxSpent
from app.customers.models import Draft, FollowUp
from app.customers.models.follow_ups import TEXT_LENGTH
from app.customers.queries.follow_ups import NOTE_BOX
from app.errors import NotFound, Refused
from app.i18n import N_, _
from app.rows import upsert

# So long whoever wrote a note may put it right; after that others have acted on it.
CHANGE_HOURS = 24


@dataclass(frozen=True, kw_only=True)
class Box:
    """The box that something is typed into: whose, before which customer.

    `key` is drawn anew when a box is made; what is sent twice out of one box is taken once.
    """

    userid: str
    external_userid: str
    key: str
    place: str = NOTE_BOX


def record_follow_up(session: Session, box: Box, *, text: str) -> FollowUp:
    """Write a note down and empty the draft of its box; the same box again is the same note.

    What was typed on after a sending whose answer got lost is in the note, too.

    Raises:
        NotFound: the box is that of another customer.
        Refused: there is nothing in it, or too much.
        BoxSpent: its note says something else, or was changed since; a browser that goes back shows
            old boxes.
    """
    said = _fit_to_say(text)
    lock_customer(session, box.external_userid)
    now = clock.utcnow()
    row = {
        "external_userid": box.external_userid,
        "userid": box.userid,
        "form_key": box.key,
        "text": said,
        "created_at": now,
    }
    upsert(session, FollowUp, [row], key=["userid", "form_key"])
    note = session.scalars(
        select(FollowUp)
        .where(FollowUp.userid == box.userid, FollowUp.form_key == box.key)
        .with_for_update()
    ).one()
    if note.external_userid != box.external_userid:
        raise NotFound(N_("没有这条跟进"))
    _go_on(session, note, said)
    record_timeline(
        session,
        external_userid=box.external_userid,
        userid=box.userid,
        kind="noted",
        at=note.created_at,
        key=f"note:{note.id}",
        data={"follow_up_id": note.id},
    )
    forget_draft(session, box)
    return note


def edit_follow_up(
    session: Session, external_userid: str, *, follow_up_id: int, userid: str, text: str
) -> FollowUp:
    """Put one's own note right; the same text again changes nothing.

    Raises:
        NotFound: no such note of his about this customer.
        Refused: it is older than a day, or the text will not do.
    """
    said = _fit_to_say(text)
    note = _get_own(session, external_userid, follow_up_id, userid)
    if note.removed_at is not None:
        raise NotFound(N_("没有这条跟进"))
    if note.text != said:
        note.text, note.edited_at = said, clock.utcnow()
        reword_of_note(session, note.id, said)
    return note


def remove_follow_up(
    session: Session, external_userid: str, *, follow_up_id: int, userid: str
) -> None:
    """Mark one's own note as removed, and cancel what it would have reminded of.

    Raises:
        NotFound: no such note of his about this customer.
        Refused: it is older than a day.
    """
    note = _get_own(session, external_userid, follow_up_id, userid)
    if note.removed_at is None:
        note.removed_at = clock.utcnow()
        cancel_of_note(session, note.id, at=note.removed_at)
        hide_of_note(session, note.id)


def restore_follow_up(
    session: Session, external_userid: str, *, follow_up_id: int, userid: str
) -> None:
    """Take the removal of a note back, with its reminders whose time has not come.

    Raises:
        NotFound: no such note of his about this customer.
        Refused: it is older than a day, or there are too many reminders of this customer by now.
    """
    note = _get_own(session, external_userid, follow_up_id, userid)
    if note.removed_at is not None:
        reopen_of_note(session, note.id, cancelled_at=note.removed_at)
        reword_of_note(session, note.id, note.text)
        note.removed_at = None


def save_draft(session: Session, box: Box, *, text: str, version: int) -> bool:
    """Keep what is being typed; False: it came too late, and something newer is kept.

    `version` grows while one box is typed into. Of two boxes, on two devices, the one that was
    typed into last counts.
    """
    sent = select(FollowUp.id).where(FollowUp.userid == box.userid, FollowUp.form_key == box.key)
    if session.scalar(sent) is not None:
        return False
    place = _place(box)
    row: dict[str, Any] = place | {"form_key": "", "text": "", "saved_at": clock.utcnow()}
    upsert(session, Draft, [row | {"version": 0}], key=list(place))
    kept = session.scalars(select(Draft).filter_by(**place).with_for_update()).one_or_none()
    if kept is None:
        # A note was written meanwhile, and has emptied it.
        return False
    if kept.form_key == box.key and kept.version > version:
        return False
    kept.form_key, kept.version = box.key, version
    # Cut where the box would not have taken more.
    kept.text, kept.saved_at = _plain(text)[:TEXT_LENGTH], clock.utcnow()
    return True


def forget_draft(session: Session, box: Box) -> None:
    """Empty the draft of this place, whichever box it was typed into."""
    session.execute(delete(Draft).filter_by(**_place(box)))


def _place(box: Box) -> dict[str, str]:
    return {"external_userid": box.external_userid, "userid": box.userid, "place": box.place}


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")


def _fit_to_say(text: str) -> str:
    said = _plain(text).strip()
    if not said:
        raise Refused(_("先写点什么，再记录"))
    if len(said) > TEXT_LENGTH:
        raise Refused(
            _("一条跟进最多 {most} 字，现在有 {count} 字", most=TEXT_LENGTH, count=len(said))
        )
    return said


def _go_on(session: Session, note: FollowUp, said: str) -> None:
    """Have a note say what its box says now."""
    if note.removed_at is not None:
        raise BoxSpent
    if note.text == said:
        return
    is_old = clock.utcnow() - note.created_at >= timedelta(hours=CHANGE_HOURS)
    if note.edited_at is not None or is_old or not said.startswith(note.text):
        raise BoxSpent
    note.text = said
    reword_of_note(session, note.id, said)


def _get_own(session: Session, external_userid: str, follow_up_id: int, userid: str) -> FollowUp:
    note = session.scalar(
        select(FollowUp)
        .where(
            FollowUp.id == follow_up_id,
            FollowUp.external_userid == external_userid,
            FollowUp.userid == userid,
        )
        .with_for_update()
    )
    if note is None:
        raise NotFound(N_("没有这条跟进"))
    if clock.utcnow() - note.created_at >= timedelta(hours=CHANGE_HOURS):
        raise Refused(_("只有 {hours} 小时内的跟进可以修改或删除", hours=CHANGE_HOURS))
    return note
