"""The panel 跟进: reminders on top, the box for notes, then everything that happened."""

from typing import Any

from sqlalchemy.orm import Session

from app.customers.models import Customer
from app.i18n import N_, _
from sidebar.context import CardContext
from sidebar.panels.follow_ups import notes, reminders
from sidebar.panels.follow_ups.history import load_history, show_history
from sidebar.panels.parts import Panel, Part
from sidebar.panels.showing import visible


def load(session: Session, context: CardContext) -> dict[str, Any]:
    """Read the whole panel; `?filter=` and `?before=` as its timeline takes them."""
    return (
        {"who": _who(session, context)}
        | notes.show_box(session, context)
        | reminders.show_reminders(session, context)
        | show_history(session, context)
    )


def _who(session: Session, context: CardContext) -> str:
    customer = session.get(Customer, context.external_userid)
    remark = visible(context.viewpoint.follow.remark)
    return remark or visible(customer.name if customer else "") or _("未命名客户")


PANEL = Panel(
    name="follow_ups",
    title=N_("跟进"),
    load=load,
    actions={
        "record": notes.record,
        "draft": notes.draft,
        "edit": notes.edit,
        "remove": notes.remove,
        "restore": notes.restore,
        "remind": reminders.change,
        "reopen": reminders.reopen,
    },
    parts={
        "history": Part("panels/follow_ups/history_part.html", load_history),
        "edit": Part("panels/follow_ups/edit.html", notes.load_edit),
    },
)
