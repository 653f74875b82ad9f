"""How many customers have each of the corp's tags, for the page of tags."""

from typing import Any

from sqlalchemy.orm import Session

from app.customers.queries.tag_desk import count_holders
from app.reports.asked import Asked


def read_tags(session: Session, asked: Asked) -> dict[str, Any]:
    """Read `tags` by tag_id and `groups` by group_id; nothing for a manager, who has no such page.

    All who see the page see the whole corp.
    """
    if asked.scope.manager:
        return {"tags": {}, "groups": {}}
    holders = count_holders(session)
    return {"tags": dict(holders.tags), "groups": dict(holders.groups)}
