"""Keeping a view of the list of customers, and throwing it away."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import clock
from app.customers.models import CustomerView
from app.customers.models.views import NAME_LENGTH
from app.customers.queries.sealed import place_of_choices
from app.data_keys import seal_json
from app.errors import NotFound, Refused
from app.i18n import N_
from app.rows import upsert

MOST_VIEWS = 30


def save_view(
    session: Session, *, userid: str, name: str, choices: Sequence[Sequence[Any]], shared: bool
) -> CustomerView:
    """Keep what is chosen under a name; one of the same name becomes this.

    Raises:
        Refused: it has no name or too long a one, or there are too many.
    """
    name = " ".join(name.split())
    if not name:
        raise Refused(N_("请给视图起个名字"))
    if len(name) > NAME_LENGTH:
        raise Refused(N_("视图的名字最多 32 个字"))
    mine = select(CustomerView).where(CustomerView.userid == userid)
    known = session.scalar(mine.where(CustomerView.name == name))
    count = session.scalar(select(func.count()).select_from(mine.subquery())) or 0
    if known is None and count >= MOST_VIEWS:
        raise Refused(N_("每人最多保存 30 个视图，请先删除用不到的"))
    row = {
        "userid": userid,
        "name": name,
        "shared": shared,
        "choices": seal_json(
            session, [list(one) for one in choices], place=place_of_choices(userid, name)
        ),
        "created_at": clock.utcnow(),
    }
    upsert(session, CustomerView, [row], key=["userid", "name"], update=["shared", "choices"])
    return session.scalars(mine.where(CustomerView.name == name)).one()


def delete_view(session: Session, view_id: int, *, userid: str) -> CustomerView:
    """Throw a view of one's own away, and return what it was.

    Raises:
        NotFound: there is no such view of his.
    """
    view = session.get(CustomerView, view_id)
    if view is None or view.userid != userid:
        raise NotFound(N_("没有这个视图"))
    session.delete(view)
    return view
