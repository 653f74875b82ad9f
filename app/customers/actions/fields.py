"""The fields (资料) of a customer: one truth for the whole corp, as his stage is.

Nobody overwrites another's change unawares, a change is taken back by a new one, and who looks at
what is masked, such as a whole phone number, is on record.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app import clock
from app.audit.actions import record_audit
from app.audit.queries import count_deeds
from app.customers.actions.field_kinds import read_value
from app.customers.actions.profile import lock_customer
from app.customers.actions.sealing import columns_of, keep_before
from app.customers.actions.timeline import record_timeline
from app.customers.errors import FieldConflict, FieldRefused
from app.customers.models import FieldChange, FieldChoice, FieldValue, FollowUser
from app.customers.queries.fields import (
    FIELD_KEY,
    Field,
    FieldState,
    Value,
    find_field_state,
    may_see_field,
    tell_change,
    word_value,
)
from app.customers.queries.first_names import word_field
from app.customers.queries.sealed import read_before, read_mobiles
from app.errors import NotFound, Refused
from app.i18n import _
from app.rows import upsert

MOST_BIG_ID = 2**63 - 1
REVEALED = "phone_revealed"
REMARK_MOBILES = "remark_mobiles"
# More than anybody needs who works with one customer after the other.
MOST_REVEALED, REVEAL_WITHIN = 120, timedelta(hours=1)


@dataclass(frozen=True)
class FieldMove:
    """What became of a field. `changed` False: that stood there already, nothing was done."""

    state: FieldState
    changed: bool
    change_id: int = 0


def set_field(
    session: Session,
    external_userid: str,
    *,
    field_id: int,
    typed: Sequence[str],
    userid: str,
    seen: int,
    today: date,
) -> FieldMove:
    """Write what a member typed into a field, see `read_value`; nothing empties it.

    `seen`: the version that he knew of. What stands there already may be written by anybody, but
    for what is sealed: whoever guesses a number is not told that he is right.

    Raises:
        NotFound: no such customer or field.
        FieldRefused: it cannot stand there, or the field is read-only.
        FieldConflict: somebody changed it meanwhile.
    """
    _lock(session, external_userid)
    state = _get_state(session, external_userid, field_id, viewer=userid)
    _refuse_read_only(state)
    value = read_value(state.field, typed, today=today, had=state.value.chosen)
    return _move(session, external_userid, state, value, userid=userid, seen=seen)


def undo_field(session: Session, external_userid: str, *, change_id: int, userid: str) -> FieldMove:
    """Take a change back by a new change to what stood there before; only who made it may.

    Raises:
        NotFound: no such change of this customer by him, or the field is gone.
        FieldRefused: the field has become read-only.
        FieldConflict: somebody changed it meanwhile.
    """
    _lock(session, external_userid)
    change = session.get(FieldChange, change_id) if change_id <= MOST_BIG_ID else None
    if change is None or change.external_userid != external_userid or change.userid != userid:
        raise NotFound(_("没有可以撤销的资料修改"))
    state = _get_state(session, external_userid, change.field_id, viewer=userid)
    _refuse_read_only(state)
    before = Value.of_json(read_before(session, change))
    seen = change.version
    return _move(session, external_userid, state, before, userid=userid, seen=seen, is_undo=True)


def reveal_field(
    session: Session, external_userid: str, *, field_id: int, userid: str, origin: str = ""
) -> str:
    """Return what stands in a sealed field, and put on record who asked, from where.

    Raises:
        NotFound: no such field, or nothing in it that is masked.
        Refused: he has asked for very many within the hour.
    """
    state = _get_state(session, external_userid, field_id, viewer=userid)
    if not state.field.is_sealed or state.value.is_empty:
        raise NotFound(_("这里没有遮住的内容"))
    _note_reveal(session, userid, external_userid, {"field": state.field.key}, origin)
    return word_value(state.field, state.value)


def reveal_remark_mobiles(
    session: Session, follow: FollowUser, *, userid: str, origin: str = ""
) -> list[str]:
    """Return the numbers that the follower noted in WeCom (备注手机), and put that on record.

    Raises:
        NotFound: he noted none.
        Refused: he has asked for very many within the hour.
    """
    if not follow.remark_mobiles:
        raise NotFound(_("这里没有电话号码"))
    which: dict[str, int | str] = {"field": REMARK_MOBILES, "follow_id": follow.id}
    _note_reveal(session, userid, follow.external_userid, which, origin)
    return read_mobiles(session, follow)


def _note_reveal(
    session: Session,
    userid: str,
    external_userid: str,
    which: dict[str, int | str],
    origin: str,
) -> None:
    """Put on record what somebody is shown whole, unless he is gathering what he is shown."""
    since = clock.utcnow() - REVEAL_WITHIN
    if count_deeds(session, userid=userid, action=REVEALED, since=since) >= MOST_REVEALED:
        raise Refused(_("一小时内看得太多了，请过一会儿再看"))
    record_audit(
        session,
        userid=userid,
        action=REVEALED,
        external_userid=external_userid,
        detail=which,
        origin=origin,
    )


def _lock(session: Session, external_userid: str) -> None:
    """Let changes of one customer's fields happen one after the other."""
    if not lock_customer(session, external_userid):
        raise NotFound(_("没有这位客户"))


def _get_state(session: Session, external_userid: str, field_id: int, *, viewer: str) -> FieldState:
    state = find_field_state(session, external_userid, field_id)
    if state is None or not may_see_field(session, state.field, viewer=viewer):
        raise NotFound(_("没有这一项资料了"))
    return state


def _refuse_read_only(state: FieldState) -> None:
    if state.field.read_only:
        name = word_field(state.field.name)
        raise FieldRefused(_("「{name}」只能查看，不能在这里修改", name=name))


def _move(
    session: Session,
    external_userid: str,
    state: FieldState,
    value: Value,
    *,
    userid: str,
    seen: int,
    is_undo: bool = False,
) -> FieldMove:
    # A number would be found out by trying old versions, and nobody would be on record: only who
    # has the present one before him, or wrote it himself, hears that it is the same.
    knows = seen == state.version or state.userid == userid
    if state.value == value and (knows or not state.field.is_sealed):
        return FieldMove(state, changed=False)
    if state.version != seen:
        raise FieldConflict(state)
    change = FieldChange(
        external_userid=external_userid,
        field_id=state.field.id,
        version=state.version + 1,
        userid=userid,
        changed_at=clock.utcnow(),
    )
    keep_before(session, state.field, change, state.value)
    session.add(change)
    _write(session, state.field, change, value)
    record_timeline(
        session,
        external_userid=external_userid,
        userid=userid,
        kind="field_changed",
        at=change.changed_at,
        key=f"{FIELD_KEY}{change.id}",
        data=tell_change(state.field, value, is_undo=is_undo),
    )
    now = FieldState(state.field, value, change.version, userid, change.changed_at)
    return FieldMove(now, changed=True, change_id=change.id)


def _write(session: Session, field: Field, change: FieldChange, value: Value) -> None:
    """Have the value's row be this value. The customer's row is locked."""
    place = {"external_userid": change.external_userid, "field_id": change.field_id}
    changed = columns_of(session, field, value, external_userid=change.external_userid) | {
        "version": change.version,
        "userid": change.userid,
        "changed_at": change.changed_at,
    }
    upsert(session, FieldValue, [place | changed], key=list(place), update=list(changed))
    value_id = session.scalars(select(FieldValue.id).filter_by(**place)).one()
    session.execute(delete(FieldChoice).where(FieldChoice.value_id == value_id))
    session.add_all(FieldChoice(value_id=value_id, option=one) for one in value.chosen)
    session.flush()
