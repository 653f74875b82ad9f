"""A member pressed a button of a card that we sent him: a reminder is done, or put off."""

from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from app import clock
from app.customers.actions import complete_reminder, postpone_reminder
from app.customers.models import Reminder
from app.customers.queries import find_reminder
from app.log import get_logger
from app.members.queries import canonical_userid
from app.reminders import DONE, TOMORROW, morning_of, read_task, word_answer
from app.runtime import Runtime
from app.wecom import message
from app.wecom.envelope import CallbackEvent
from app.wecom.errors import BadRequest
from callbacks.reaction import Reaction, Record, StoredEvent

# The code is used up: the card says already what it is to say, or an earlier press of its says it.
CODE_IS_SPENT = 60140

log = get_logger(__name__)


def record(runtime: Runtime, event: StoredEvent) -> Record:
    """Do what the button says, if it is his."""
    return partial(_record, runtime, event)


def answer_on_card(runtime: Runtime, event: StoredEvent) -> None:
    """Have the card say how the reminder stands, whichever press of it came first."""
    told = event.event
    with runtime.db.read() as session:
        reminder = _find_his(session, told)
    if reminder is None or not told.response_code:
        return
    try:
        message.update_card(
            runtime.wecom,
            userids=[reminder.userid],
            response_code=told.response_code,
            replace_name=word_answer(reminder, runtime.config.server.zone),
        )
    except BadRequest as error:
        if error.errcode != CODE_IS_SPENT:
            raise


def _record(runtime: Runtime, event: StoredEvent, session: Session) -> None:
    told = event.event
    pressed, reminder = read_task(told.task_id), _find_his(session, told)
    if pressed is None or reminder is None:
        log.warning("card_not_his", event_id=event.id, userid=told.from_userid)
        return
    own: dict[str, Any] = {"reminder_id": reminder.id, "userid": reminder.userid}
    if told.event_key == DONE:
        complete_reminder(session, reminder.external_userid, **own)
    elif told.event_key == TOMORROW:
        # From when it was pressed, not from when we come to it.
        due_at = morning_of(event.at, runtime.config.server.zone, days=1)
        if due_at > clock.utcnow():
            postpone_reminder(
                session, reminder.external_userid, **own, due_at=due_at, turn=pressed.turn
            )


def _find_his(session: Session, told: CallbackEvent) -> Reminder | None:
    """Find the reminder of the card; None where it is none, or not of who pressed."""
    pressed = read_task(told.task_id)
    reminder = find_reminder(session, pressed.reminder_id) if pressed else None
    if reminder is None or reminder.userid != canonical_userid(session, told.from_userid):
        return None
    return reminder


REACTIONS: tuple[Reaction, ...] = (record, answer_on_card)
