"""Items of a member's own: made, changed, removed and taken back."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import clock
from app.errors import NotFound
from app.i18n import N_, _
from app.library.actions.checks import Draft, find_draft_faults, normalized
from app.library.actions.drafts import forget_draft, own_key
from app.library.actions.rows import read_draft, say
from app.library.errors import Fault, ItemConflict, ItemRefused
from app.library.models import SHELVES, LibraryItem
from app.library.queries.files import list_usable
from app.rows import upsert

MOST_OWN = 500
NO_ITEM = N_("没有这条内容，可能已经被删除")


def save_item(
    session: Session,
    userid: str,
    shelf: str,
    draft: Draft,
    *,
    item_id: int = 0,
    version: int = 0,
    key: str = "",
) -> int:
    """Make an item of a member's own, or change one; return its id. Its form's draft is emptied.

    `key` is the form's: what is sent twice out of one form is one item. `version` is the one that
    the form was made of; saying again what the item says already is no conflict.

    Raises:
        ItemRefused: with everything that is wrong with it.
        ItemConflict: it was changed meanwhile.
        NotFound: no such item of his.
    """
    draft = normalized(draft)
    check_draft(session, userid, shelf, draft)
    if item_id:
        item = _get_own(session, userid, item_id)
        if item.removed_at is not None or item.shelf != shelf:
            raise NotFound(NO_ITEM)
    else:
        item = _make(session, userid, shelf, draft, key=key)
        version = item.version
    change_item(session, item, draft, version=version)
    forget_draft(session, userid, shelf, item_id)
    return item.id


def remove_item(session: Session, userid: str, item_id: int) -> None:
    """Take an item of one's own off the shelf.

    Raises:
        NotFound: no such item of his.
    """
    item = _get_own(session, userid, item_id)
    if item.removed_at is None:
        item.removed_at = clock.utcnow()


def restore_item(session: Session, userid: str, item_id: int) -> None:
    """Take a removal back.

    Raises:
        NotFound: no such item of his.
        ItemRefused: he has as many as he may have.
    """
    _put_back(session, _get_own(session, userid, item_id))


def check_draft(session: Session, userid: str, shelf: str, draft: Draft) -> None:
    """Look at a normalized draft of this member's.

    Raises:
        ItemRefused: with everything that is wrong with it.
        NotFound: no such shelf.
    """
    if shelf not in SHELVES:
        raise NotFound(NO_ITEM)
    materials = [part.material_id for part in draft.parts if part.material_id is not None]
    usable = list_usable(session, userid, materials)
    kinds = {material.id: material.kind for material in usable.values()}
    if faults := find_draft_faults(shelf, draft, kinds):
        raise ItemRefused(faults)


def _make(session: Session, userid: str, shelf: str, draft: Draft, *, key: str) -> LibraryItem:
    """Find or make the row of this form."""
    named = own_key(userid, key)
    wanted = select(LibraryItem).filter_by(shelf=shelf, key=named).with_for_update()
    known = session.scalar(wanted)
    if known is not None:
        # Whoever saves it wants it, even if he has removed it in another window.
        _put_back(session, known)
        return known
    _check_room(session, userid)
    now = clock.utcnow()
    row = {
        "shelf": shelf,
        "owner": userid,
        "key": named,
        "title": draft.title,
        "words": "",
        "sounds": "",
        "position": 0,
        "uses": 0,
        "version": 0,
        "created_at": now,
        "updated_at": now,
    }
    upsert(session, LibraryItem, [row], key=["shelf", "key"])
    return session.scalars(wanted).one()


def _put_back(session: Session, item: LibraryItem) -> None:
    if item.removed_at is not None:
        _check_room(session, item.owner)
        item.removed_at = None


def _check_room(session: Session, userid: str) -> None:
    """Raise ItemRefused if one more is more than he may have."""
    count = select(func.count()).where(
        LibraryItem.owner == userid, LibraryItem.removed_at.is_(None)
    )
    if (session.scalar(count) or 0) >= MOST_OWN:
        raise ItemRefused([Fault(_("个人内容最多 {most} 条，请先删除不用的", most=MOST_OWN))])


def change_item(session: Session, item: LibraryItem, draft: Draft, *, version: int) -> None:
    """Have an item say this, unless it does; `version` is the one that the writer has seen.

    Raises:
        ItemConflict: it was changed meanwhile.
    """
    if item.version and read_draft(session, item) == draft:
        return
    if item.version != version:
        raise ItemConflict(_("这条内容刚在别的窗口里改过，请刷新后再改"))
    say(session, item, draft)


def _get_own(session: Session, userid: str, item_id: int) -> LibraryItem:
    """Return an item of his, a removed one too."""
    item = session.scalar(
        select(LibraryItem)
        .where(LibraryItem.id == item_id, LibraryItem.owner == userid)
        .with_for_update()
    )
    if item is None:
        raise NotFound(NO_ITEM)
    return item
