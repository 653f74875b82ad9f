"""The numbers (备注手机) that a member noted of a customer of his."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.customers.actions.field_kinds import read_phone
from app.customers.actions.own_changes import tell_mobiles
from app.customers.actions.profile import lock_own
from app.customers.actions.sealing import set_mobiles
from app.customers.models import FollowUser
from app.customers.queries.sealed import read_mobiles
from app.data_keys import keys_of
from app.errors import Refused
from app.i18n import _
from app.pushes.actions import record_push
from app.pushes.mobiles import SUBJECT, Mobiles, pack_mobiles, unpack_mobiles
from app.pushes.queries import find_open, list_unsettled

# We read no more than ten, so of ten nobody knows whether they are all.
MOST_MOBILES = 9


@dataclass(frozen=True)
class MobilesChange:
    """What the numbers were and are. `changed` False: they were so already."""

    before: tuple[str, ...]
    after: tuple[str, ...]
    changed: bool


def add_mobile(session: Session, external_userid: str, *, userid: str, typed: str) -> MobilesChange:
    """Note one more number, and have WeCom told.

    Raises:
        NotFound: the customer is not his (any more).
        Refused: it is no number, or there are too many.
    """
    number = read_phone(typed)
    if not number:
        raise Refused(_("请输入电话号码"))
    return _change(
        session,
        external_userid,
        userid=userid,
        turn=lambda had: had if number in had else [*had, number],
    )


def remove_mobile(
    session: Session, external_userid: str, *, userid: str, number: str
) -> MobilesChange:
    """Note a number no more, and have WeCom told; else as `add_mobile`."""
    return _change(
        session,
        external_userid,
        userid=userid,
        turn=lambda had: [one for one in had if one != number],
    )


def restore_mobiles(
    session: Session, external_userid: str, *, userid: str, numbers: Sequence[str]
) -> MobilesChange:
    """Have these numbers and no others, as before a change; else as `add_mobile`."""
    return _change(session, external_userid, userid=userid, turn=lambda _had: list(numbers))


def retry_mobiles(session: Session, external_userid: str, *, userid: str) -> bool:
    """Have WeCom told anew of what it could not be told; False: there is none.

    Raises:
        NotFound: the customer is not his (any more).
    """
    follow = lock_own(session, userid, external_userid)
    for push in list_unsettled(session, userid, external_userid):
        if (push.kind, push.subject, push.outcome) == ("remark", SUBJECT, "failed"):
            failed = unpack_mobiles(keys_of(session), push)
            # What WeCom has shown since stays, too.
            _write(session, follow, failed.merged(read_mobiles(session, follow)), was=failed.was)
            return True
    return False


def _change(
    session: Session,
    external_userid: str,
    *,
    userid: str,
    turn: Callable[[list[str]], list[str]],
) -> MobilesChange:
    follow = lock_own(session, userid, external_userid)
    before = read_mobiles(session, follow)
    after = turn(before)
    if after == before:
        return MobilesChange(tuple(before), tuple(after), changed=False)
    if max(len(before), len(after)) > MOST_MOBILES:
        raise Refused(_("号码最多 {most} 个；更多的请在企业微信里修改", most=MOST_MOBILES))
    _write(session, follow, after)
    return MobilesChange(tuple(before), tuple(after), changed=True)


def _write(
    session: Session, follow: FollowUser, wanted: Sequence[str], *, was: Sequence[str] | None = None
) -> None:
    """Write them. `was`: what WeCom had when it could not be told; else what it has by now."""
    before = read_mobiles(session, follow)
    pair = {"userid": follow.userid, "external_userid": follow.external_userid}
    # What waits is superseded by this: WeCom is to be told of both.
    waiting = find_open(session, **pair, kind="remark", subject=SUBJECT)
    was = (
        unpack_mobiles(keys_of(session), waiting).was if waiting else before if was is None else was
    )
    set_mobiles(session, follow, wanted)
    if before != list(wanted):
        tell_mobiles(session, follow, read_at=None)
    value = pack_mobiles(keys_of(session), Mobiles(tuple(was), tuple(wanted)), **pair)
    record_push(session, **pair, kind="remark", subject=SUBJECT, value=value)
