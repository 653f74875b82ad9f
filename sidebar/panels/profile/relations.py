"""Who else knows the customer: counters on the card, each of which opens its list as a sheet."""

from collections.abc import Sequence
from typing import Any, TypeVar

from flask import request
from sqlalchemy.orm import Session

from app.customers.queries import Card, list_colleagues, list_latest_periods, word_stage
from app.groups.queries import count_groups_of, list_groups_of
from app.i18n import _
from app.outbox import customer_path
from sidebar.context import CardContext
from sidebar.panels.profile import view
from sidebar.panels.reading import is_htmx, number, times
from sidebar.panels.showing import visible

T = TypeVar("T")

PAGE = 20
LAST_PAGE = 99


def show_relations(session: Session, context: CardContext, card: Card) -> dict[str, Any]:
    """Count them; what there is none of is not shown."""
    counts = [
        ("colleagues", _("同事"), card.colleagues),
        ("groups", _("客户群"), count_groups_of(session, context.external_userid)),
        ("periods", _("添加记录"), card.count if card.count > 1 else 0),
    ]
    return {"relations": [one for one in counts if one[2]]}


def load_colleagues(session: Session, context: CardContext) -> dict[str, Any]:
    """Read the other members who follow him now."""
    page, now = _page(), times()
    found = list_colleagues(session, context.viewpoint.follow, limit=PAGE + 1, offset=page * PAGE)
    rows = [
        {
            "name": visible(one.name) or _("未命名成员"),
            "facts": [
                _("{day} 起跟进", day=now.day(one.added_at)),
                _("最近跟进 {when}", when=now.minute(one.followed_up_at))
                if one.followed_up_at
                else _("还没有跟进记录"),
                *(
                    [_("改到「{stage}」", stage=visible(word_stage(one.moved_to)))]
                    if one.moved_to
                    else []
                ),
            ],
        }
        for one in found
    ]
    return _listing(context, "colleagues", _("同事也在跟进"), rows, page)


def load_groups(session: Session, context: CardContext) -> dict[str, Any]:
    """Read the groups in which he is."""
    page, now = _page(), times()
    found = list_groups_of(
        session,
        context.external_userid,
        with_userid=context.viewer.userid,
        limit=PAGE + 1,
        offset=page * PAGE,
    )
    rows = [
        {
            "name": visible(one.name) or _("未命名群聊"),
            "mark": _("你也在群里") if one.is_common else "",
            "facts": [_("{day} 入群", day=now.day(one.joined_at))],
        }
        for one in found
    ]
    return _listing(context, "groups", _("所在客户群"), rows, page)


def load_periods(session: Session, context: CardContext) -> dict[str, Any]:
    """Read when he and the member whose customer he is were together."""
    page = _page()
    found = list_latest_periods(
        session, context.viewpoint.follow, limit=PAGE + 1, offset=page * PAGE
    )
    rows = [{"name": told} for told in view.show_periods(found, times())]
    return _listing(context, "periods", _("添加记录"), rows, page)


def _page() -> int:
    return min(number(request.args.get("page")), LAST_PAGE)


def _listing(
    context: CardContext, part: str, title: str, rows: Sequence[Any], page: int
) -> dict[str, Any]:
    return {
        "path": customer_path(context.external_userid),
        "part": part,
        "title": title,
        "rows": rows[:PAGE],
        "next": page + 1 if len(rows) > PAGE and page < LAST_PAGE else 0,
        "page_only": bool(page) and is_htmx(),
    }
