"""Items of the corp's own shelf as admins keep them: made, changed, archived and taken back."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import clock
from app.errors import NotFound
from app.i18n import _
from app.library.actions.checks import Draft, normalized
from app.library.actions.drafts import own_key
from app.library.actions.items import NO_ITEM, change_item, check_draft
from app.library.errors import Fault, ItemRefused
from app.library.models import LibraryItem

MOST_CORP = 5000


@dataclass(frozen=True)
class Saved:
    """What became of an item: `fate` is created, changed or unchanged."""

    id: int
    title: str
    fate: str


def save_corp_item(
    session: Session,
    shelf: str,
    draft: Draft,
    *,
    by: str,
    item_id: int = 0,
    version: int = 0,
    key: str = "",
) -> Saved:
    """Make an item of the corp's, or change one.

    `key` is the form's: what is sent twice out of one form is one item. `version` is the one that
    the form was made of; saying again what the item says already is no conflict. `by` may use the
    files that he brought, and those of the corp's items.

    Raises:
        ItemRefused: with everything that is wrong with it.
        ItemConflict: it was changed meanwhile.
        NotFound: no such item of the corp's, or it is archived.
    """
    draft = normalized(draft)
    check_draft(session, by, shelf, draft)
    if item_id:
        item = get_corp_item(session, item_id)
        if item.removed_at is not None or item.shelf != shelf:
            raise NotFound(NO_ITEM)
    else:
        # No userid is empty, so that no member's own form can name it.
        named = own_key("", f"{by}\n{key}" if key else "")
        item = find_by_key(session, shelf, named) or _add(session, shelf, named)
        version = 0
    before = item.version
    change_item(session, item, draft, version=version)
    fate = "created" if before == 0 else "changed" if item.version != before else "unchanged"
    return Saved(item.id, item.title, fate)


def archive_item(session: Session, item_id: int) -> LibraryItem | None:
    """Take an item of the corp's off the shelf; None: it was off already.

    Raises:
        NotFound: no such item of the corp's.
    """
    item = get_corp_item(session, item_id)
    if item.removed_at is not None:
        return None
    item.removed_at = clock.utcnow()
    return item


def restore_corp_item(session: Session, item_id: int) -> LibraryItem | None:
    """Put an archived item back; None: it stood there already.

    Raises:
        NotFound: no such item of the corp's.
        ItemRefused: the shelf is full.
    """
    item = get_corp_item(session, item_id)
    if item.removed_at is None:
        return None
    check_corp_room(session, item.shelf)
    item.removed_at = None
    return item


def get_corp_item(session: Session, item_id: int) -> LibraryItem:
    """Return an item of the corp's, an archived one too, and keep others from changing it.

    Raises:
        NotFound: there is none.
    """
    wanted = select(LibraryItem).where(LibraryItem.id == item_id, LibraryItem.owner == "")
    item = session.scalar(wanted.with_for_update())
    if item is None:
        raise NotFound(NO_ITEM)
    return item


def build_corp_item(shelf: str, key: str, *, position: int) -> LibraryItem:
    """Build an item that says nothing yet; it is not in the database yet."""
    return LibraryItem(
        shelf=shelf, owner="", key=key, position=position, version=0, created_at=clock.utcnow()
    )


def last_position(session: Session) -> int:
    """Return behind which position an item of the corp's stands last, on either shelf."""
    return (
        session.scalar(select(func.max(LibraryItem.position)).where(LibraryItem.owner == "")) or 0
    )


def find_by_key(session: Session, shelf: str, key: str) -> LibraryItem | None:
    """Find an item of the corp's by what a file or a form calls it."""
    wanted = select(LibraryItem).filter_by(shelf=shelf, owner="", key=key)
    return session.scalar(wanted.with_for_update())


def check_corp_room(session: Session, shelf: str, *, more: int = 1) -> None:
    """Raise ItemRefused if so many more are more than a shelf may hold."""
    count = select(func.count()).where(
        LibraryItem.shelf == shelf, LibraryItem.owner == "", LibraryItem.removed_at.is_(None)
    )
    if (session.scalar(count) or 0) + more > MOST_CORP:
        told = _("企业的内容最多 {most} 条，请先归档不用的", most=MOST_CORP)
        raise ItemRefused([Fault(told)])


def _add(session: Session, shelf: str, key: str) -> LibraryItem:
    check_corp_room(session, shelf)
    return build_corp_item(shelf, key, position=last_position(session) + 1)
