"""Whether a customer wants to hear of offers (营销意愿): writing it down.

A refusal wins over everything until the customer himself agrees again: no table that is imported
lifts it, and whoever lifts it says that he knows of it.
"""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.orm import Session

from app import clock
from app.customers.actions.profile import lock_customer
from app.customers.actions.timeline import add_to_timeline, record_timeline
from app.customers.errors import ConsentConflict, RefusedBefore
from app.customers.models import ConsentChange, MarketingConsent
from app.customers.models.consent import NOTE_LENGTH
from app.customers.queries.consent import (
    AGREED,
    CONSENT_WAYS,
    OWN_WAYS,
    REFUSED,
    UNASKED,
    ConsentNow,
    get_consent,
)
from app.db import fit
from app.errors import NotFound, Refused
from app.i18n import N_
from app.rows import upsert

# After that it was no slip, and stands until the customer says otherwise.
CONSENT_UNDO_FOR = timedelta(minutes=10)
# How long its maker may add to a change.
WITHIN = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the customer said (`state`), how that is known (`way`), in a few words.

    `again`: whoever writes it down knows that he had refused.
    """

    state: str
    way: str
    note: str = ""
    again: bool = False


@dataclass(frozen=True)
class ConsentMove:
    """Where he stood and stands. `changed` False: he stood there already, nothing was done."""

    before: str
    now: ConsentNow
    changed: bool


def set_consent(
    session: Session, external_userid: str, *, said: Answer, userid: str, seen: int | None
) -> ConsentMove:
    """Write down what a customer said. `seen`: the last change that `userid` knew of, 0 for none.

    `seen` None: whatever anybody knew. He stands there already: nothing is done.

    Raises:
        NotFound: there is no such customer.
        Refused: no such answer or way, or an agreement that the customer did not give himself.
        ConsentConflict: somebody wrote down something else meanwhile.
        RefusedBefore: he had refused, and nothing says that he himself agrees again.
    """
    if said.state not in {AGREED, REFUSED} or said.way not in CONSENT_WAYS:
        raise Refused(N_("没有这种营销意愿"))
    now = _lock(session, external_userid)
    if now.state == said.state:
        return ConsentMove(now.state, now, changed=False)
    if seen is not None and now.change_id != seen:
        raise ConsentConflict(now, said.state)
    if said.state == AGREED:
        _check_agreement(now, said)
    return _write(session, external_userid, now, said, userid=userid)


def undo_consent(
    session: Session, external_userid: str, *, change_id: int, userid: str
) -> ConsentMove:
    """Take back what was written down by mistake; only who wrote it may, and within ten minutes.

    Raises:
        NotFound: there is no such change of his any more.
        ConsentConflict: somebody wrote down something else meanwhile.
    """
    now = _lock(session, external_userid)
    change = _get_own(session, external_userid, change_id, userid, CONSENT_UNDO_FOR)
    if change.is_undo:
        raise NotFound(N_("没有可以撤销的营销意愿"))
    if now.change_id != change.id:
        raise ConsentConflict(now, change.from_state)
    back = Answer(state=change.from_state, way=change.way)
    return _write(session, external_userid, now, back, userid=userid, is_undo=True)


def take_back_consent(
    session: Session, external_userid: str, *, change_id: int, userid: str
) -> bool:
    """Take back what an import wrote down; False: it stays, for the customer's sake.

    So it is when somebody wrote down something else since; and with a refusal, after ten minutes.
    """
    change, now = session.get(ConsentChange, change_id), _lock(session, external_userid)
    if change is None or now.change_id != change.id:
        return False
    if change.to_state == REFUSED and clock.utcnow() - change.changed_at > CONSENT_UNDO_FOR:
        return False
    back = Answer(state=change.from_state, way=change.way)
    _write(session, external_userid, now, back, userid=userid, is_undo=True)
    return True


def drop_agreement(
    session: Session, external_userid: str, *, userid: str, note: str = ""
) -> ConsentMove:
    """Have a customer be as one who was never asked: an agreement that nobody can show is none.

    He is so already: nothing is done.

    Raises:
        NotFound: there is no such customer.
        RefusedBefore: he refused, and that stays.
    """
    now = _lock(session, external_userid)
    if now.state == REFUSED:
        raise RefusedBefore(now)
    if now.state == UNASKED:
        return ConsentMove(now.state, now, changed=False)
    back = Answer(state=UNASKED, way=now.way, note=note)
    return _write(session, external_userid, now, back, userid=userid, is_undo=True)


def add_to_consent(
    session: Session, external_userid: str, *, change_id: int, userid: str, way: str, note: str
) -> ConsentNow:
    """Add how it is known and a note to a change; only its maker may, and within a day.

    Raises:
        NotFound: there is no such change of his any more.
        Refused: an agreement is known by the customer's own ways alone.
    """
    _lock(session, external_userid)
    change = _get_own(session, external_userid, change_id, userid, WITHIN)
    if way not in OWN_WAYS:
        raise Refused(N_("没有这种营销意愿"))
    change.way, change.note = way, fit(note, NOTE_LENGTH)
    add_to_timeline(session, timeline_key(change.id), {"way": way, "note": change.note})
    session.flush()
    return get_consent(session, external_userid)


def timeline_key(change_id: int) -> str:
    """Return the key of a change's entry in the timeline."""
    return f"consent:{change_id}"


def _lock(session: Session, external_userid: str) -> ConsentNow:
    """Let changes of one customer's consent happen one after the other."""
    if not lock_customer(session, external_userid):
        raise NotFound(N_("没有这位客户"))
    return get_consent(session, external_userid)


def _check_agreement(now: ConsentNow, said: Answer) -> None:
    if said.way not in OWN_WAYS:
        raise Refused(N_("同意要由客户自己给出：请写明是聊天中询问、表单还是客户主动提出"))
    if now.state == REFUSED and not said.again:
        raise RefusedBefore(now)


def _get_own(
    session: Session, external_userid: str, change_id: int, userid: str, within: timedelta
) -> ConsentChange:
    change = session.get(ConsentChange, change_id)
    is_his = change is not None and change.external_userid == external_userid
    if change is None or not is_his or change.userid != userid:
        raise NotFound(N_("没有可以撤销的营销意愿"))
    if clock.utcnow() - change.changed_at > within:
        raise NotFound(N_("记下的时间太久，不能再撤销或补充；客户改了主意，请记下他新的意愿"))
    return change


def _write(
    session: Session,
    external_userid: str,
    now: ConsentNow,
    said: Answer,
    *,
    userid: str,
    is_undo: bool = False,
) -> ConsentMove:
    at, note = clock.utcnow(), fit(said.note, NOTE_LENGTH)
    change = ConsentChange(
        external_userid=external_userid,
        from_state=now.state,
        to_state=said.state,
        way=said.way,
        note=note,
        userid=userid,
        is_undo=is_undo,
        changed_at=at,
    )
    session.add(change)
    session.flush()
    standing = {"state": said.state, "change_id": change.id, "changed_at": at}
    upsert(
        session,
        MarketingConsent,
        [{"external_userid": external_userid} | standing],
        key=["external_userid"],
        update=list(standing),
    )
    told = {"before": now.state, "state": said.state, "way": said.way, "note": note}
    record_timeline(
        session,
        external_userid=external_userid,
        userid=userid,
        kind="consent_changed",
        at=at,
        key=timeline_key(change.id),
        data=told | {"is_undo": is_undo},
    )
    return ConsentMove(
        now.state, ConsentNow(said.state, change.id, said.way, note, userid, at), changed=True
    )
