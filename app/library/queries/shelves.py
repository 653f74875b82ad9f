"""The corp's shelves as whoever keeps them sees them: in order, with keys and how often sent."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.library.models import LibraryGroup, LibraryItem
from app.library.queries.items import Item
from app.library.queries.listing import LAST, build_items


@dataclass(frozen=True)
class ShelfRow:
    """An item of the corp's, and what an import file calls it by."""

    key: str
    item: Item


def list_shelf(session: Session, shelf: str) -> list[ShelfRow]:
    """List all items of the corp's that are not removed, group by group; without one last."""
    rows = session.execute(
        select(LibraryItem, LibraryGroup.name)
        .outerjoin(LibraryGroup, LibraryGroup.id == LibraryItem.group_id)
        .where(
            LibraryItem.shelf == shelf, LibraryItem.owner == "", LibraryItem.removed_at.is_(None)
        )
        .order_by(func.coalesce(LibraryGroup.position, LAST), LibraryItem.position, LibraryItem.id)
    ).all()
    items = build_items(session, "", [(item, None, name) for item, name in rows])
    return [ShelfRow(row.key, item) for (row, _name), item in zip(rows, items, strict=True)]
