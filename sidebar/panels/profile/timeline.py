"""The timeline in a profile: pages of what happened, newest first."""

from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from app.customers.queries import day_of_cursor, get_timeline_page
from app.outbox import customer_path
from sidebar.context import CardContext
from sidebar.panels.reading import is_htmx, times
from sidebar.panels.timeline import by_days, show_entry


def show_timeline(session: Session, context: CardContext, before: str = "") -> dict[str, Any]:
    """Read a page of it; `before`: the cursor that leads to an older one."""
    page = get_timeline_page(session, context.external_userid, before=before)
    path, now = customer_path(context.external_userid), times()
    # A page that is read alone stands under its own heading, one that is appended does not.
    shown = day_of_cursor(before, now.zone) if is_htmx() else None
    return {
        "path": path,
        "before": before,
        "days": by_days(page.lines, now, show=partial(show_entry, times=now), shown=shown),
        "older_href": f"{path}?before={page.older}" if page.older else "",
        "ended": bool(before),
    }
