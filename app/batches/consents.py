"""The marketing consent (营销意愿) of many: what a batch says of them all, or a table of each.

Neither agrees for anybody: how the customers themselves did so is said beside it, and a refusal
that we know of is lifted by no batch and no table at all.
"""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.customers.actions import Answer, drop_agreement, set_consent, take_back_consent
from app.customers.errors import RefusedBefore
from app.customers.models import MarketingConsent
from app.customers.queries import (
    AGREED,
    CONSENT_STATES,
    OWN_WAYS,
    REFUSED,
    UNASKED,
    word_consent,
    word_way,
)
from app.errors import NotFound, Refused
from app.i18n import N_, _

# What a cell may say besides the words of the pages.
STATES = {"agreed": AGREED, "yes": AGREED, "是": AGREED, "同意": AGREED}
STATES |= {"refused": REFUSED, "no": REFUSED, "否": REFUSED, "拒绝": REFUSED, "退订": REFUSED}
STATES |= {"unasked": UNASKED, "未询问": UNASKED}
UNKNOWN_STATE = N_("请填同意、拒绝或未询问")
NO_WAY = N_("同意要由客户自己给出：请加一列写明怎样知道的（{ways}）")
REFUSED_BEFORE = N_("客户拒绝过营销，导入不能改成同意；他本人重新同意了，请在客户详情里记下")

# What became of one in a batch who has refused, and stays so.
SAID_NO = "said_no"

# Where somebody stands, and by which change.
Standing = tuple[str, int]


def answer_for(
    session: Session, external_userid: str, what: Mapping[str, Any], *, userid: str
) -> str:
    """Write down for one of many what a batch says of them; return what became of it.

    `what`: "state", "way" and "note", as `Answer` has them; the state may be UNASKED.
    """
    state, note = str(what["state"]), str(what["note"])
    try:
        if state == UNASKED:
            move = drop_agreement(session, external_userid, userid=userid, note=note)
        else:
            said = Answer(state=state, way=str(what["way"]), note=note)
            move = set_consent(session, external_userid, said=said, userid=userid, seen=None)
    except RefusedBefore:
        return SAID_NO
    except NotFound:
        return "gone"
    return "done" if move.changed else "same"


def read_consents(session: Session, people: Collection[str]) -> dict[str, Standing]:
    """Return where many customers stand; who never said anything is not there."""
    rows = session.execute(
        select(
            MarketingConsent.external_userid, MarketingConsent.state, MarketingConsent.change_id
        ).where(MarketingConsent.external_userid.in_(people))
    )
    return {row[0]: (row[1], int(row[2])) for row in rows}


def plan_consent(now: Standing, state: str, way: str) -> dict[str, Any]:
    """Return what two cells would change, {} for nothing.

    Raises:
        Refused: no such state, or an agreement that the customer did not give himself.
    """
    told = {**STATES, **{word_consent(one).casefold(): one for one in CONSENT_STATES}}
    wanted = told.get(state.casefold(), None if state else UNASKED)
    if wanted is None:
        raise Refused(_(UNKNOWN_STATE))
    if wanted in {UNASKED, now[0]}:
        return {}
    ways = {**{one: one for one in OWN_WAYS}, **{word_way(one): one for one in OWN_WAYS}}
    known = ways.get(way.strip(), "")
    if wanted == AGREED and not known:
        raise Refused(_(NO_WAY, ways=_("、").join(word_way(one) for one in OWN_WAYS)))
    if wanted == AGREED and now[0] == REFUSED:
        raise Refused(_(REFUSED_BEFORE))
    return {"state": wanted, "way": known or "import", "seen": now[1]}


def write_consent(
    session: Session, external_userid: str, plan: Mapping[str, Any], *, userid: str
) -> int | None:
    """Write what was planned; return the change, 0 for none, None: somebody said else meanwhile."""
    said = Answer(state=plan["state"], way=plan["way"])
    try:
        move = set_consent(session, external_userid, said=said, userid=userid, seen=plan["seen"])
    except (NotFound, Refused):
        return None
    return move.now.change_id if move.changed else 0


def undo_consents(session: Session, changes: Mapping[str, int], *, userid: str) -> set[str]:
    """Take these changes back, by customer; return those whose word stays."""
    return {
        external_userid
        for external_userid, change_id in sorted(changes.items())
        if not take_back_consent(session, external_userid, change_id=change_id, userid=userid)
    }
