"""Whom a phone number means that members noted in WeCom (备注手机): no index leads to those.

So the rows are gone through first, for the number that each has, and then once all relations, for
the rows that each of their numbers is in. Whom it may mean stands in a row's `plan`: {"found"}.
"""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.batches.models import Batch, ImportRow
from app.customers.actions import read_phone
from app.customers.errors import FieldRefused
from app.customers.models import FollowUser
from app.members.queries import Scope

# So many relations in one transaction.
AT_ONCE = 2000
# A number may be in several rows; so many are looked at.
MOST_ROWS = 4000


def read_number(text: str) -> str:
    """Return a number as fields keep it; "": it is none."""
    try:
        return read_phone(text)
    except FieldRefused:
        return ""


def put_down_numbers(rows: Sequence[ImportRow], place: int) -> None:
    """Put down which number stands in each row."""
    for row in rows:
        row.sought = read_number(row.cells[place])[:32] if place < len(row.cells) else ""
        row.plan = {}


def walk_numbers(session: Session, batch: Batch, scope: Scope) -> bool:
    """Look at the next relations; False: there are none left."""
    relations = session.execute(
        select(FollowUser.id, FollowUser.external_userid, FollowUser.remark_mobiles)
        .where(FollowUser.id > batch.reached, scope.holds(FollowUser.userid))
        .order_by(FollowUser.id)
        .limit(AT_ONCE)
    ).all()
    if not relations:
        return False
    found: dict[str, set[str]] = {}
    for _id, external_userid, mobiles in relations:
        for mobile in mobiles:
            if number := read_number(mobile):
                found.setdefault(number, set()).add(external_userid)
    if found:
        _note(session, batch, found)
    batch.reached = relations[-1][0]
    return True


def _note(session: Session, batch: Batch, found: dict[str, set[str]]) -> None:
    rows = session.scalars(
        select(ImportRow)
        .where(ImportRow.batch_id == batch.id, ImportRow.sought.in_(found))
        .order_by(ImportRow.number)
        .limit(MOST_ROWS)
    )
    for row in rows:
        people = {*row.plan.get("found", []), *found[row.sought]}
        # Two are as many as it takes to be nobody's.
        row.plan = {"found": sorted(people)[:2]}
