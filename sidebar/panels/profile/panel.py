"""The panel 画像: the customer at a glance, his stage by one tap, his timeline."""

from typing import Any

from flask import request
from sqlalchemy.orm import Session

from app.customers.queries import get_card
from app.groups.queries import list_groups_of
from app.i18n import N_, _
from sidebar.context import CardContext
from sidebar.panels.parts import Panel
from sidebar.panels.profile import stage, view
from sidebar.panels.profile.timeline import show_timeline
from sidebar.panels.reading import is_htmx, times
from sidebar.panels.showing import name_of, visible

GROUPS = 5


def load(session: Session, context: CardContext) -> dict[str, Any]:
    """Read the whole card; with `?before=…`, an older page of the timeline instead of the newest.

    htmx asks for such a page alone.
    """
    before = request.args.get("before", "")
    values = show_timeline(session, context, before)
    if before and is_htmx():
        return values | {"page_only": True}
    return values | _show_card(session, context) | stage.show_stage(session, context)


def _show_card(session: Session, context: CardContext) -> dict[str, Any]:
    follow = context.viewpoint.follow
    card = get_card(session, follow)
    now = times()
    groups = list_groups_of(session, context.external_userid, limit=GROUPS + 1)
    member = "" if context.viewpoint.is_own else name_of(session, follow.userid)
    return {
        "header": view.show_header(card, follow, now),
        "bars": view.show_bars(card, follow, now, member=member),
        "periods": view.show_periods(card.periods, now) if card.count > 1 else [],
        "period_count": card.count,
        "tags": [tag for name in card.tags if (tag := visible(name))],
        "colleagues": [visible(name) for name in card.colleagues],
        "more_colleagues": card.more_colleagues,
        "groups": [visible(chat.name) or _("未命名群聊") for chat in groups[:GROUPS]],
        "more_groups": len(groups) > GROUPS,
    }


PANEL = Panel(
    name="profile",
    title=N_("画像"),
    load=load,
    actions={"stage": stage.change, "undo": stage.undo},
)
