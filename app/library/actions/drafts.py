"""What a member types into an item's form, kept while he is at it."""

import json
from collections.abc import Mapping
from hashlib import sha256
from secrets import token_hex
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app import clock
from app.library.models import LibraryDraft, LibraryItem
from app.rows import upsert

# Nine texts of 4000 bytes, and room for what is still too long to be saved.
MOST_BYTES = 128 * 1024
# No key of an import file begins so.
OWN_KEY = "~"
KEY_LENGTH = 32


def save_draft(
    session: Session,
    userid: str,
    shelf: str,
    item_id: int,
    *,
    form: Mapping[str, Any],
    version: int,
    key: str = "",
) -> bool:
    """Keep a form as it stands; False: it came too late, or is too big, and what was there stays.

    `version` grows while it is typed into, on whatever device. `key` is the form's: one that has
    become an item already leaves no draft, and no more does one of an item that is none of his.
    """
    if not _is_open(session, userid, shelf, item_id, key=key):
        return False
    if len(json.dumps(form, ensure_ascii=False).encode(errors="ignore")) > MOST_BYTES:
        return False
    place = _place(userid, shelf, item_id)
    now = clock.utcnow()
    upsert(
        session,
        LibraryDraft,
        [place | {"form": {}, "version": 0, "saved_at": now}],
        key=list(place),
    )
    kept = session.scalar(select(LibraryDraft).filter_by(**place).with_for_update())
    # None: the form was saved at this moment, and its draft is gone.
    if kept is None or kept.version > version:
        return False
    kept.form, kept.version, kept.saved_at = dict(form), version, now
    return True


def own_key(userid: str, key: str) -> str:
    """Return what an item is called by that comes of the form `key`; no other member's form can."""
    named = sha256(f"{userid}\n{key}".encode()).hexdigest() if key else token_hex(KEY_LENGTH)
    return (OWN_KEY + named)[:KEY_LENGTH]


def forget_draft(session: Session, userid: str, shelf: str, item_id: int) -> None:
    """Empty the draft of this form."""
    session.execute(delete(LibraryDraft).filter_by(**_place(userid, shelf, item_id)))


def _is_open(session: Session, userid: str, shelf: str, item_id: int, *, key: str) -> bool:
    """Tell whether there can be such a form: of an item of his, or of one that is not yet."""
    of_shelf = select(LibraryItem.id).where(
        LibraryItem.shelf == shelf, LibraryItem.owner == userid, LibraryItem.removed_at.is_(None)
    )
    if item_id:
        return session.scalar(of_shelf.where(LibraryItem.id == item_id)) is not None
    named = of_shelf.where(LibraryItem.key == own_key(userid, key))
    return not key or session.scalar(named) is None


def _place(userid: str, shelf: str, item_id: int) -> dict[str, Any]:
    return {"userid": userid, "shelf": shelf, "item_id": item_id}
