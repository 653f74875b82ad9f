"""What members do with items: favourites (收藏), and what was sent into which chat."""

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app import clock
from app.customers.actions import record_timeline
from app.errors import NotFound
from app.library.actions.items import NO_ITEM
from app.library.models import LibraryItem, LibraryMark, LibraryUse
from app.rows import upsert


def mark_favourite(session: Session, userid: str, item_id: int, *, on: bool) -> None:
    """Make an item a member's favourite, or no longer.

    Raises:
        NotFound: there is no such item for him.
    """
    _get_visible(session, userid, item_id)
    mark = _lock_mark(session, userid, item_id)
    if on != (mark.favourite_at is not None):
        mark.favourite_at = clock.utcnow() if on else None


def record_use(
    session: Session,
    userid: str,
    item_id: int,
    *,
    key: str,
    external_userid: str = "",
    chat_id: str = "",
    parts: int,
) -> None:
    """Count that an item was sent into a customer's or a group's chat: `parts` messages of it.

    The same `key` again changes nothing. Of a customer it stands in the timeline.

    Raises:
        NotFound: there is no such item for him.
    """
    item = _get_visible(session, userid, item_id)
    mark = _lock_mark(session, userid, item_id)
    wanted = select(LibraryUse).filter_by(userid=userid, key=key)
    if session.scalar(wanted) is not None:
        return
    now = clock.utcnow()
    use = LibraryUse(
        item_id=item_id,
        userid=userid,
        key=key,
        external_userid=external_userid,
        chat_id=chat_id,
        parts=parts,
        at=now,
    )
    session.add(use)
    session.flush()
    mark.used_at, mark.uses = now, mark.uses + 1
    session.execute(
        update(LibraryItem)
        .where(LibraryItem.id == item_id)
        .values(uses=LibraryItem.uses + 1)
        .execution_options(synchronize_session=False)
    )
    if external_userid:
        record_timeline(
            session,
            external_userid=external_userid,
            userid=userid,
            kind="library_sent",
            at=now,
            key=f"library:{use.id}",
            data={"shelf": item.shelf, "title": item.title},
        )


def _get_visible(session: Session, userid: str, item_id: int) -> LibraryItem:
    """Return the item, one that has just been removed too: it may have been sent before that."""
    item = session.get(LibraryItem, item_id)
    if item is None or item.owner not in {"", userid}:
        raise NotFound(NO_ITEM)
    return item


def _lock_mark(session: Session, userid: str, item_id: int) -> LibraryMark:
    row = {"userid": userid, "item_id": item_id, "uses": 0}
    upsert(session, LibraryMark, [row], key=["userid", "item_id"])
    return session.scalars(
        select(LibraryMark).filter_by(userid=userid, item_id=item_id).with_for_update()
    ).one()
