"""The message of a reminder: its card with buttons, and what a pressed button means.

The buttons carry the task_id of the card, which names the reminder and its turn. WeCom takes each
task_id of an app once and for ever, so it ends in something drawn anew: a database that begins
again counts from 1 again.
"""

import re
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app import clock
from app.customers.models import Reminder
from app.customers.queries import find_reminder, find_viewpoint, get_standing
from app.deliveries.models import Delivery
from app.i18n import _
from app.members.queries import list_names
from app.outbox import Cancelled, Card, customer_path
from app.runtime import Runtime

DONE, TOMORROW = "done", "tomorrow"
# When nobody says at which time of the day.
MORNING = time(9, 30)
PANEL = "follow_ups"
NAMES_IN_DIGEST = 8
_TASK = re.compile(r"reminder-([0-9]{1,18})-([0-9]{1,9})-[0-9a-f]{16}")


@dataclass(frozen=True)
class Pressed:
    """Which reminder a card was about, and in which turn."""

    reminder_id: int
    turn: int


def morning_of(now: datetime, zone: ZoneInfo, *, days: int) -> datetime:
    """Return the usual time of the day, so many days from now, where the corp is."""
    day = now.astimezone(zone).date() + timedelta(days=days)
    return datetime.combine(day, MORNING, tzinfo=zone)


def read_task(task_id: str) -> Pressed | None:
    """Read the task_id of a card; None: it is none of a reminder's."""
    match = _TASK.fullmatch(task_id)
    return Pressed(int(match[1]), int(match[2])) if match else None


def build_reminder_card(runtime: Runtime, session: Session, delivery: Delivery) -> Card:
    """Return the card of a reminder whose time has come.

    Raises:
        Cancelled: it is done, cancelled or put off, or he may not see the customer any more.
    """
    reminder = _reminder(session, delivery)
    due = reminder.due_at.astimezone(runtime.config.server.zone)
    card = Card(
        source=_("跟进提醒"),
        title=_("该跟进「{who}」了", who=_name(session, delivery)),
        desc=reminder.text,
        rows=[(_("提醒时间"), f"{due:%Y-%m-%d %H:%M}")],
        path=customer_path(reminder.external_userid, PANEL),
    )
    if delivery.recipient != reminder.userid:
        # Whoever stands in for a member who is away may read it; only he could end it.
        names = list_names(session, [reminder.userid])
        member = _("{name}（已不在岗）", name=names.get(reminder.userid, reminder.userid))
        return replace(card, rows=[*card.rows, (_("员工"), member)])
    return replace(
        card,
        buttons=[(DONE, _("完成")), (TOMORROW, _("推迟到明天"))],
        task_id=f"reminder-{reminder.id}-{reminder.turn}-{secrets.token_hex(8)}",
    )


def build_reminder_digest(_runtime: Runtime, session: Session, deliveries: list[Delivery]) -> Card:
    """Return one card about all these reminders, which are ended on the cards of the customers."""
    names = [_name(session, delivery) for delivery in deliveries]
    shown = _("、").join(names[:NAMES_IN_DIGEST])
    return Card(
        source=_("跟进提醒"),
        title=_("{count} 位客户该跟进了", count=len(set(names))),
        desc=shown + (_("等") if len(names) > NAMES_IN_DIGEST else ""),
        path="/sidebar/",
    )


def word_answer(reminder: Reminder, zone: ZoneInfo) -> str:
    """Say on the pressed card how the reminder stands now."""
    if reminder.state == "done":
        return _("已完成")
    if reminder.state == "cancelled":
        return _("已取消")
    due, now = reminder.due_at.astimezone(zone), clock.utcnow().astimezone(zone)
    if due <= now:
        # We came to the press so late that its morning had passed: nothing was put off.
        return _("提醒还在")
    day = f"{due:%m-%d}" if due.year == now.year else f"{due:%Y-%m-%d}"
    return _("已推迟到 {when}", when=f"{day} {due:%H:%M}")


def _reminder(session: Session, delivery: Delivery) -> Reminder:
    reminder_id, _colon, turn = delivery.ref.partition(":")
    reminder = find_reminder(session, int(reminder_id))
    if reminder is None or reminder.state != "open" or reminder.turn != int(turn):
        raise Cancelled("reminder_over")
    if find_viewpoint(session, reminder.userid, reminder.external_userid) is None:
        raise Cancelled("no_longer_seen")
    return reminder


def _name(session: Session, delivery: Delivery) -> str:
    standing = get_standing(session, delivery.userid, delivery.external_userid)
    return standing.remark or standing.name or _("一位客户")
