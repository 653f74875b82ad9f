"""The remark (备注) that a member has for a customer of his."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.customers.actions.own_changes import REMARK_LENGTH, bare_remark, tell_remark
from app.customers.actions.profile import lock_own
from app.customers.models import Customer, FollowUser
from app.errors import Refused
from app.i18n import _
from app.pushes.actions import record_push
from app.pushes.queries import list_unsettled
from app.words import clean, is_seen


@dataclass(frozen=True)
class RemarkChange:
    """What the remark was and what it is. `changed` False: it was so already, nothing was done.

    `way_back` is what to write to have the former one again; None: WeCom would not take it.
    """

    before: str
    after: str
    changed: bool
    way_back: str | None = None


def change_remark(
    session: Session, external_userid: str, *, userid: str, remark: str
) -> RemarkChange:
    """Change the member's remark of his customer, and have WeCom told.

    Empty: WeCom has no such remark, whoever has none goes by his own name there, and so here.

    Raises:
        NotFound: the customer is not his (any more).
        Refused: it is longer than WeCom takes, or nothing of it can be seen; or it is empty, and
            he has no name either.
    """
    after = _read(remark)
    follow = lock_own(session, userid, external_userid)
    before, name = follow.remark, session.get_one(Customer, external_userid).name
    after = after or name[:REMARK_LENGTH]
    if after == before:
        return RemarkChange(before, after, changed=False)
    if not is_seen(after):
        raise Refused(_("还不知道这位客户的名字，备注不能清空"))
    _write(session, follow, after)
    return RemarkChange(before, after, changed=True, way_back=_way_back(before, name))


def _read(typed: str) -> str:
    """Return the remark that was meant: on one line, without what cannot be seen."""
    remark = " ".join(clean(" ".join(typed.split())).split())
    if len(remark) > REMARK_LENGTH:
        raise Refused(
            _("备注最多 {most} 个字，现在是 {count} 个", most=REMARK_LENGTH, count=len(remark))
        )
    if remark and not is_seen(remark):
        raise Refused(_("备注里没有看得见的字"))
    return remark


def _way_back(before: str, name: str) -> str | None:
    bare = bare_remark(before, name)
    return bare if len(bare) <= REMARK_LENGTH and is_seen(bare or name) else None


def retry_remark(session: Session, external_userid: str, *, userid: str) -> bool:
    """Have WeCom told anew of the remark of which it could not be told; False: there is none.

    Raises:
        NotFound: the customer is not his (any more).
    """
    follow = lock_own(session, userid, external_userid)
    for push in list_unsettled(session, userid, external_userid):
        if (push.kind, push.subject, push.outcome) == ("remark", "", "failed"):
            _write(session, follow, push.value)
            return True
    return False


def _write(session: Session, follow: FollowUser, remark: str) -> None:
    name = session.get_one(Customer, follow.external_userid).name
    before, after = bare_remark(follow.remark, name), bare_remark(remark, name)
    follow.remark = remark
    tell_remark(session, follow, before=before, after=after, read_at=None)
    record_push(
        session,
        kind="remark",
        userid=follow.userid,
        external_userid=follow.external_userid,
        value=remark,
    )
