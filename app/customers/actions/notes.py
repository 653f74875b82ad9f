"""What a member adds to a stage change that he has just made: why, the reason, the amount."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from sqlalchemy.orm import Session

from app import clock
from app.customers.actions.stages import timeline_key
from app.customers.actions.timeline import add_to_timeline
from app.customers.models import Stage, StageChange
from app.customers.queries.first_names import word_stage
from app.customers.queries.reasons import STAGE_REASONS
from app.db import fit
from app.errors import NotFound, Refused
from app.i18n import N_, _

WITHIN = timedelta(days=1)
WHY_LENGTH = 200


@dataclass(frozen=True)
class StageNote:
    """What stands on a change: in his own words, one of STAGE_REASONS, yuan."""

    pipeline_id: int
    change_id: int
    asks: str
    why: str
    reason: str
    amount: Decimal | None


@dataclass(frozen=True, kw_only=True)
class Addition:
    """What is said now; None leaves what stood there, `clears_amount` takes it away."""

    why: str | None = None
    reason: str | None = None
    amount: Decimal | None = None
    clears_amount: bool = False


def get_stage_note(
    session: Session, external_userid: str, *, change_id: int, userid: str
) -> StageNote:
    """Return what stands on a change that this member may add to.

    Raises:
        NotFound: no such change of this customer by him, or it is older than a day.
    """
    change = _get_own(session.get(StageChange, change_id), external_userid, userid)
    return _note(change, session.get_one(Stage, change.to_stage_id))


def add_stage_note(
    session: Session, external_userid: str, *, change_id: int, userid: str, said: Addition
) -> StageNote:
    """Add to a change; only who made it may, and within a day.

    Raises:
        NotFound: no such change of this customer by him, or it is older than a day.
        Refused: the stage does not ask for this.
    """
    locked = session.get(StageChange, change_id, with_for_update=True)
    change = _get_own(locked, external_userid, userid)
    stage = session.get_one(Stage, change.to_stage_id)
    if (said.amount is not None or said.clears_amount) and stage.asks != "amount":
        raise Refused(_("「{stage}」不记金额", stage=word_stage(stage.name)))
    if said.reason is not None and (
        stage.asks != "reason" or said.reason not in {"", *STAGE_REASONS}
    ):
        raise Refused(_("「{stage}」没有这个原因可选", stage=word_stage(stage.name)))
    if said.why is not None:
        change.why = fit(said.why, WHY_LENGTH)
    if said.reason is not None:
        change.reason = said.reason
    if said.amount is not None or said.clears_amount:
        change.amount = said.amount
    shown = {
        "why": change.why,
        "reason": change.reason,
        # JSON knows no decimals.
        "amount": "" if change.amount is None else str(change.amount),
    }
    add_to_timeline(session, timeline_key(change.id), shown)
    return _note(change, stage)


def _get_own(change: StageChange | None, external_userid: str, userid: str) -> StageChange:
    is_his = change is not None and change.external_userid == external_userid
    if change is None or not is_his or change.userid != userid:
        raise NotFound(N_("没有可以补充的阶段修改"))
    if clock.utcnow() - change.changed_at > WITHIN:
        raise NotFound(N_("这次修改已经过了一天，不能再补充"))
    return change


def _note(change: StageChange, stage: Stage) -> StageNote:
    return StageNote(
        pipeline_id=change.pipeline_id,
        change_id=change.id,
        asks=stage.asks,
        why=change.why,
        reason=change.reason,
        amount=change.amount,
    )
