"""How many customers have each of the corp's tags, for the page of tags.

The longest of all reports, since it looks at every tag of every customer: what is kept of it is
taken over for an hour.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from app.customers.queries.tag_desk import count_holders
from app.reports.asked import Asked

GOOD_FOR = timedelta(hours=1)


def read_tags(session: Session, asked: Asked) -> dict[str, Any]:
    """Read `tags` by tag_id, `groups` by group_id, and `at`, when they were counted.

    Nothing for a manager, who has no such page: all who see it see the whole corp.
    """
    at = asked.now.isoformat()
    if asked.scope.manager:
        return {"tags": {}, "groups": {}, "at": at}
    holders = count_holders(session)
    return {"tags": dict(holders.tags), "groups": dict(holders.groups), "at": at}


def are_good(kept: dict[str, Any], now: datetime) -> bool:
    """Tell whether what was read then need not be read anew."""
    return datetime.fromisoformat(kept["at"]) > now - GOOD_FOR
