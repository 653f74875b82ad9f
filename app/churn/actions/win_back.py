"""Winning customers back (挽回): who is to do it, and whether somebody has been in touch.

That a customer is back nobody puts down: it follows from his relations (`queries.find_back_at`).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.churn.models import Loss
from app.churn.queries import find_back_at, turn_of
from app.customers.queries import find_viewpoint
from app.deliveries.actions import record_intent
from app.errors import NotFound, Refused
from app.i18n import N_, _

MOST_AT_ONCE = 200


@dataclass(frozen=True)
class Assignment:
    """What came of assigning losses to a member: `done` as they are now, and the others by why.

    Why is one of: same (they were his), back, transfer, unseen (he may not see the customer).
    """

    done: tuple[Loss, ...]
    left: Counter[str]


def assign_win_backs(
    session: Session, losses: Sequence[Loss], *, to: str, userid: str
) -> Assignment:
    """Have a member win these customers back; he is told of each. `to` "": nobody is to any more.

    Only somebody who may open the customer's card can be given him: without it he could do nothing.

    Raises:
        Refused: more than MOST_AT_ONCE.
    """
    if len(losses) > MOST_AT_ONCE:
        raise Refused(_("一次最多分配 {count} 位客户", count=MOST_AT_ONCE))
    done, left = [], Counter[str]()
    for loss in lock_losses(session, [loss.id for loss in losses]):
        why = _why_not(session, loss, to)
        if why:
            left[why] += 1
            continue
        _assign(session, loss, to=to, userid=userid)
        done.append(loss)
    return Assignment(tuple(done), left)


def set_contacted(session: Session, loss: Loss, *, userid: str, contacted: bool) -> bool:
    """Note that somebody has been in touch with the customer, or take it back.

    False: it stood so already, and nothing was done.

    Raises:
        NotFound: he was handed over, so there is nobody to win back.
    """
    [loss] = lock_losses(session, [loss.id])
    if loss.kind == "transfer":
        raise NotFound(N_("客户已转接给同事，不用挽回"))
    if (loss.contacted_at is not None) == contacted:
        return False
    loss.contacted_at = clock.utcnow() if contacted else None
    loss.contacted_by = userid if contacted else ""
    return True


def lock_losses(session: Session, ids: Sequence[int]) -> Sequence[Loss]:
    """Return these losses as they are now; nobody else changes them until this is committed."""
    return session.scalars(
        select(Loss)
        .where(Loss.id.in_(ids))
        .order_by(Loss.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()


def _why_not(session: Session, loss: Loss, to: str) -> str:
    if loss.assigned_to == to:
        return "same"
    if not to:
        return ""
    if loss.kind == "transfer":
        return "transfer"
    if find_back_at(session, loss.id) is not None:
        return "back"
    return "" if find_viewpoint(session, to, loss.external_userid) else "unseen"


def _assign(session: Session, loss: Loss, *, to: str, userid: str) -> None:
    loss.assigned_to, loss.assigned_at = to, clock.utcnow()
    loss.assigned_by = userid
    if not to:
        loss.assigned_by, loss.assigned_at = "", None
        return
    record_intent(
        session,
        kind="win_back",
        # By its time: he may be given to one, to another, and back to the first.
        dedupe_key=f"win_back:{loss.id}:{turn_of(loss)}",
        recipient=to,
        userid=loss.userid,
        external_userid=loss.external_userid,
        ref=f"{loss.id}:{turn_of(loss)}",
        due_at=loss.assigned_at,
    )
