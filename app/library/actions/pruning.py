"""Deleting what members of their own have removed long ago, and groups that nothing is in."""

from datetime import datetime

from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session

from app.library.models import LibraryDraft, LibraryGroup, LibraryItem, LibraryPart, LibraryUse
from app.materials.actions import forget_material

MOST_AT_ONCE = 50


def prune_library(session: Session, *, before: datetime) -> int:
    """Delete some of what members removed from their own shelves before then; return how many."""
    count = prune_items(session, before=before)
    prune_groups(session)
    return count


def prune_items(session: Session, *, before: datetime) -> int:
    """Delete some items of members' own that were removed before then; return how many.

    What was ever sent stays: the record of that refers to it. Files go that nothing else holds.
    """
    was_sent = exists().where(LibraryUse.item_id == LibraryItem.id)
    item_ids = session.scalars(
        select(LibraryItem.id)
        .where(LibraryItem.owner != "", LibraryItem.removed_at < before, ~was_sent)
        .order_by(LibraryItem.id)
        .limit(MOST_AT_ONCE)
        .with_for_update()
    ).all()
    files = select(LibraryPart.material_id).where(LibraryPart.item_id.in_(item_ids)).distinct()
    material_ids = session.scalars(files.where(LibraryPart.material_id.is_not(None))).all()
    session.execute(delete(LibraryDraft).where(LibraryDraft.item_id.in_(item_ids)))
    session.execute(delete(LibraryItem).where(LibraryItem.id.in_(item_ids)))
    for material_id in material_ids:
        if material_id is not None:
            forget_material(session, material_id)
    return len(item_ids)


def prune_groups(session: Session) -> None:
    """Delete members' own groups that no item is in, not even a removed one."""
    is_used = exists().where(LibraryItem.group_id == LibraryGroup.id)
    session.execute(delete(LibraryGroup).where(LibraryGroup.owner != "", ~is_used))
