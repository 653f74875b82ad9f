"""Why a customer left: put down by a member beside the chat, or by an admin on the board."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.churn.actions.recording import record_losses
from app.churn.errors import ReasonChanged
from app.churn.models import Loss
from app.customers.actions import add_to_timeline, lock_customer, record_timeline
from app.customers.models import FollowUser
from app.customers.queries import LOSS_REASONS
from app.db import fit
from app.errors import NotFound
from app.i18n import N_

NOTE_LENGTH = 200


@dataclass(frozen=True, kw_only=True)
class Cause:
    """Why a customer left: one of LOSS_REASONS, "" for unknown; `note` in a member's own words."""

    reason: str = ""
    note: str = ""


def set_loss_reason(
    session: Session,
    follow: FollowUser,
    *,
    userid: str,
    cause: Cause,
    instead_of: str | None = None,
) -> Cause:
    """Put down why the customer ended this relation; return what stood there before.

    Only 其他 takes a note. `instead_of`: the reason that this member believes to stand there; None
    if he does not care. What stands there already changes nothing.

    Raises:
        NotFound: the customer did not end it, or there is no such reason.
        ReasonChanged: another reason stands there than he believes.
    """
    if cause.reason not in {"", *LOSS_REASONS}:
        raise NotFound(N_("没有这个原因可选"))
    loss = _get_loss(session, follow)
    before = Cause(reason=loss.reason, note=loss.reason_note)
    note = fit(cause.note, NOTE_LENGTH) if cause.reason == "other" else ""
    wanted = Cause(reason=cause.reason, note=note)
    if wanted == before:
        return before
    if instead_of is not None and instead_of != before.reason:
        raise ReasonChanged(before.reason, loss.reason_by)
    is_his = loss.reason_by == userid and loss.reason_at is not None
    loss.reason, loss.reason_note = wanted.reason, wanted.note
    if wanted.reason == before.reason and is_his:
        # He goes on with the same sentence.
        add_to_timeline(session, _timeline_key(loss), {"note": wanted.note})
        return before
    loss.reason_by, loss.reason_at = userid, clock.utcnow()
    record_timeline(
        session,
        external_userid=loss.external_userid,
        userid=userid,
        kind="loss_reason",
        at=loss.reason_at,
        key=_timeline_key(loss),
        data={"reason": wanted.reason, "note": wanted.note},
    )
    return before


def _timeline_key(loss: Loss) -> str:
    return f"loss_reason:{loss.id}:{loss.reason_at:%Y%m%d%H%M%S%f}"


def _get_loss(session: Session, follow: FollowUser) -> Loss:
    # The event that tells of the loss may still be on its way when its member sees it, or be worked
    # this instant.
    lock_customer(session, follow.external_userid)
    record_losses(session, follow.userid, follow.external_userid)
    loss = session.scalar(
        select(Loss).where(Loss.follow_id == follow.id, Loss.kind == "customer").with_for_update()
    )
    if loss is None:
        raise NotFound(N_("客户没有删除员工，不用记流失原因"))
    return loss
