"""Writing an item's rows: groups by their names, parts, and what a search looks through."""

from collections.abc import Sequence

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from app import clock
from app.library.actions.checks import Draft, DraftPart
from app.library.models import LibraryGroup, LibraryItem, LibraryPart
from app.library.words import fold_all
from app.rows import upsert
from app.sounds import sounds_of


def read_draft(session: Session, item: LibraryItem) -> Draft:
    """Return what an item says now, as a normalized draft would say it."""
    group = session.get(LibraryGroup, item.group_id) if item.group_id else None
    parts = session.scalars(
        select(LibraryPart).where(LibraryPart.item_id == item.id).order_by(LibraryPart.n)
    )
    return Draft(
        title=item.title,
        group_name=group.name if group else "",
        parts=tuple(DraftPart(part.msgtype, dict(part.fields), part.material_id) for part in parts),
    )


def find_or_make_group(session: Session, shelf: str, owner: str, name: str) -> int | None:
    """Return the id of the group of this name, made at the end of the others; None for ""."""
    if not name:
        return None
    wanted = select(LibraryGroup.id).filter_by(shelf=shelf, owner=owner, name=name)
    # One without items may be deleted at this moment.
    known = session.scalar(wanted.with_for_update())
    if known is not None:
        return known
    last = session.scalar(
        select(func.max(LibraryGroup.position)).filter_by(shelf=shelf, owner=owner)
    )
    row = {"shelf": shelf, "owner": owner, "name": name, "position": (last or 0) + 1}
    upsert(session, LibraryGroup, [row], key=["shelf", "owner", "name"])
    return session.scalars(wanted).one()


def say(session: Session, item: LibraryItem, draft: Draft) -> None:
    """Have an item, a new one too, say what this normalized draft says, as its next version."""
    item.title = draft.title
    item.words = fold_all(draft.title, _texts(draft.parts))
    item.sounds = sounds_of(draft.title)
    item.group_id = find_or_make_group(session, item.shelf, item.owner, draft.group_name)
    item.version += 1
    item.updated_at = clock.utcnow()
    session.add(item)
    session.flush()
    session.execute(delete(LibraryPart).where(LibraryPart.item_id == item.id))
    session.add_all(
        LibraryPart(
            item_id=item.id,
            n=n,
            msgtype=part.msgtype,
            fields=dict(part.fields),
            material_id=part.material_id,
        )
        for n, part in enumerate(draft.parts, 1)
    )
    session.flush()


def _texts(parts: Sequence[DraftPart]) -> list[str]:
    """Return what people read of messages: not their addresses."""
    read = ("content", "title", "desc")
    return [part.fields[key] for part in parts for key in read if key in part.fields]
