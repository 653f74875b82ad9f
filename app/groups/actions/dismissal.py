"""The end of a group (解散): every stay ends with it."""

from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.groups.actions.folding import Comparison, lock_group, refold
from app.groups.models import GroupMember


def record_dismissed(
    session: Session, chat_id: str, at: datetime, comparison: Comparison | None = None
) -> list[str]:
    """Note that the group is dismissed; return who is in it and has to be folded yet.

    The earliest time that anybody tells is kept: an event knows it, the API only that it is so.
    """
    group = lock_group(session, chat_id)
    before = group.dismissed_at
    group.dismissed_at = min(before or at, at)
    session.flush()
    # Those whom an earlier telling ended go with the new time.
    ended = or_(GroupMember.left_at.is_(None), GroupMember.left_at == (before or at))
    people = session.scalars(
        select(GroupMember.userid)
        .where(GroupMember.chat_id == chat_id, ended)
        .distinct()
        .order_by(GroupMember.userid)
    ).all()
    return refold(session, group, people, comparison=comparison)
