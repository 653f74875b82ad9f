"""The timeline in a profile: pages of what happened, newest first."""

from typing import Any

from sqlalchemy.orm import Session

from app.customers.queries import get_timeline_page
from app.outbox import customer_path
from sidebar.context import CardContext
from sidebar.panels.profile import view
from sidebar.panels.reading import is_htmx, times


def show_timeline(session: Session, context: CardContext, before: str = "") -> dict[str, Any]:
    """Read a page of it; `before`: the cursor that leads to an older one."""
    page = get_timeline_page(session, context.external_userid, before=before)
    # A page that is read alone stands under its own heading, one that is appended does not.
    above = before if is_htmx() else ""
    return {
        "path": customer_path(context.external_userid),
        "before": before,
        "days": view.show_timeline(page, times(), before=above),
        "older": page.older,
    }
