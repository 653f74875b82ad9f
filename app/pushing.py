"""The lane `pushes`: what members changed here is told WeCom, by its kind.

A notice board: a new kind of push is a row in `KINDS`. Telling WeCom the same twice does no harm,
so a process may die between call and outcome.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from app import clock
from app.claims import RETRY_SECONDS, Claim, next_try
from app.data_keys import keys_of
from app.db import wake_after_commit
from app.log import get_logger
from app.pushes.actions import LANE, end_pushes, postpone_push
from app.pushes.mobiles import SUBJECT as MOBILES
from app.pushes.mobiles import unpack_mobiles
from app.pushes.models import Push
from app.pushes.queries import list_together, newest_of_each
from app.runtime import Runtime
from app.schedule_runs import hasten
from app.wecom import external_contact
from app.wecom.client import WeComClient
from app.wecom.errors import (
    BadRequest,
    MissingPermission,
    NoSuchRelation,
    TryAgainLater,
    WeComError,
)
from app.wecom.external_contact import FollowUserInfo

# Waiting for a place among the calls included; the lane's lease is renewed meanwhile.
CALL_SECONDS = 10.0
# What another try would not change, and the reason that is put down for it.
FINAL: dict[type[WeComError], str] = {
    MissingPermission: "permission",
    NoSuchRelation: "no_relation",
    BadRequest: "refused",
}
NO_SUCH_TAG = 40068
SYNC_TAGS = "customers.sync_tags"

# All of one pair and of different subjects. Raises: WeComError.
Tell = Callable[[Runtime, Sequence[Push]], None]
Ends = list[tuple[Push, WeComError | None]]

log = get_logger(__name__)


def work_push(runtime: Runtime, claim: Claim) -> datetime | None:
    """Tell WeCom what is due, and what waits behind it; return when it wants to be tried again."""
    pushes = runtime.db.commit(lambda session: _gathered(session, claim))
    if not pushes:
        return None
    try:
        ends = _told(runtime, pushes)
    except Exception as error:  # noqa: BLE001 -- whatever it is, it must be on record and have an end
        return _stumbled(runtime, claim, pushes, error)
    runtime.db.commit(lambda session: _record_ends(session, ends))
    return None


def _gathered(session: Session, claim: Claim) -> list[Push]:
    """Return what is to be told now: of each subject its last value. Empty: nothing any more."""
    first = session.get(Push, claim.id)
    if first is None or first.outcome is not None or first.claimed_by != claim.token:
        return []
    waiting = list_together(session, first)
    wanted = newest_of_each(reversed(waiting))
    overtaken = [push.id for push in waiting if push not in wanted]
    end_pushes(session, overtaken, outcome="superseded")
    if first.attempts > len(RETRY_SECONDS) + 1:
        # Whoever worked it died each time.
        end_pushes(session, [first.id], outcome="failed", reason="gave_up")
        overtaken.append(first.id)
    if first.id in overtaken:
        # The claim was on this row; the next one is claimed by itself.
        wake_after_commit(session, LANE)
        return []
    return wanted


def _told(runtime: Runtime, pushes: list[Push]) -> Ends:
    """Tell WeCom all of it in one call; what it refuses, one by one, to find the culprit.

    Raises:
        WeComError: none of it could be told now.
    """
    try:
        KINDS[pushes[0].kind](runtime, pushes)
    except (NoSuchRelation, BadRequest) as error:
        if len(pushes) == 1 or error.errcode == external_contact.NO_CONTACT:
            return [(push, error) for push in pushes]
        return [end for push in pushes for end in _told(runtime, [push])]
    return [(push, None) for push in pushes]


def _record_ends(session: Session, ends: Ends) -> None:
    end_pushes(session, [push.id for push, error in ends if error is None], outcome="done")
    for push, error in ends:
        if error is not None:
            end_pushes(
                session,
                [push.id],
                outcome="failed",
                reason=_reason(error),
                errcode=error.errcode,
            )
            log.warning("push_refused", push_id=push.id, kind=push.kind, errcode=error.errcode)
    if any(error is not None and error.errcode == NO_SUCH_TAG for _, error in ends):
        hasten(session, SYNC_TAGS, apart=1.0)
    # Whatever came meanwhile waited for these.
    wake_after_commit(session, LANE)


def _stumbled(
    runtime: Runtime, claim: Claim, pushes: list[Push], error: Exception
) -> datetime | None:
    first = next(push for push in pushes if push.id == claim.id)
    errcode = error.errcode if isinstance(error, WeComError) else None
    log.warning(
        "push_not_told",
        push_id=claim.id,
        attempts=first.attempts,
        errcode=errcode,
        error_name=type(error).__name__,
    )
    again_at = None if type(error) in FINAL else next_try(first.attempts)
    if again_at is None:
        reason = _reason(error)
        runtime.db.commit(lambda session: _give_up(session, pushes, reason, errcode))
        return None
    if isinstance(error, TryAgainLater):
        again_at = max(again_at, clock.later(error.retry_after))
    later = again_at
    runtime.db.commit(lambda session: postpone_push(session, claim, later))
    return later


def _give_up(session: Session, pushes: list[Push], reason: str, errcode: int | None) -> None:
    ids = [push.id for push in pushes]
    end_pushes(session, ids, outcome="failed", reason=reason, errcode=errcode)
    wake_after_commit(session, LANE)


def _reason(error: Exception) -> str:
    if not isinstance(error, WeComError):
        return "broken"
    if isinstance(error, TryAgainLater):
        return "unreachable" if error.errcode is None else "gave_up"
    return FINAL.get(type(error), "refused")


def _tell_remark(runtime: Runtime, pushes: Sequence[Push]) -> None:
    client, keys = runtime.wecom, keys_of(runtime.db)
    told = {push.subject: push for push in pushes}
    pair = pushes[0].userid, pushes[0].external_userid
    remark, description = (told[one].value if one in told else None for one in ("", "description"))
    mobiles = unpack_mobiles(keys, told[MOBILES]) if MOBILES in told else None
    wanted: list[str] | None = None
    if mobiles is not None or (description == "" and remark is None):
        now = _read_relation(client, *pair)
        if mobiles is not None:
            wanted = mobiles.merged(now.remark_mobiles if now else mobiles.was)
        elif now is not None:
            # A call that only empties is none for WeCom: what stands there goes along.
            remark = now.remark
    external_contact.remark(
        client,
        *pair,
        remark=remark,
        description=description,
        remark_mobiles=wanted,
        within=CALL_SECONDS,
    )


def _read_relation(client: WeComClient, userid: str, external_userid: str) -> FollowUserInfo | None:
    """Read what WeCom has of the member's with his customer by now."""
    detail = external_contact.get(client, external_userid, within=CALL_SECONDS)
    folded = userid.casefold()
    return next((one for one in detail.follow_users if one.userid.casefold() == folded), None)


def _tell_tags(runtime: Runtime, pushes: Sequence[Push]) -> None:
    external_contact.mark_tag(
        runtime.wecom,
        pushes[0].userid,
        pushes[0].external_userid,
        add=[push.subject for push in pushes if push.value == "add"],
        remove=[push.subject for push in pushes if push.value == "remove"],
        within=CALL_SECONDS,
    )


KINDS: dict[str, Tell] = {"remark": _tell_remark, "tags": _tell_tags}
