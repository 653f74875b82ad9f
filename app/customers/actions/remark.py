"""The remark (备注) that a member has for a customer of his."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.customers.actions.profile import lock_own
from app.customers.models import Customer
from app.errors import Refused
from app.i18n import _
from app.pushes.actions import record_push
from app.pushes.queries import list_unsettled
from app.words import clean

REMARK_LENGTH = 20


@dataclass(frozen=True)
class RemarkChange:
    """What the remark was and what it is. `changed` False: it was so already, nothing was done."""

    before: str
    after: str
    changed: bool


def change_remark(
    session: Session, external_userid: str, *, userid: str, remark: str
) -> RemarkChange:
    """Change the member's remark of his customer, and have WeCom told.

    Empty: WeCom has no such remark, whoever has none goes by his own name there, and so here.

    Raises:
        NotFound: the customer is not his (any more).
        Refused: it is longer than WeCom takes.
    """
    after = build_remark(remark)
    follow = lock_own(session, userid, external_userid)
    after = after or session.get_one(Customer, external_userid).name[:REMARK_LENGTH]
    before = follow.remark
    if after == before:
        return RemarkChange(before, after, changed=False)
    follow.remark = after
    _tell(session, userid, external_userid, after)
    return RemarkChange(before, after, changed=True)


def build_remark(typed: str) -> str:
    """Return the remark that was meant: on one line, without what cannot be seen.

    Raises:
        Refused: it is longer than WeCom takes.
    """
    remark = " ".join(clean(" ".join(typed.split())).split())
    if len(remark) > REMARK_LENGTH:
        raise Refused(
            _("备注最多 {most} 个字，现在是 {count} 个", most=REMARK_LENGTH, count=len(remark))
        )
    return remark


def retry_remark(session: Session, external_userid: str, *, userid: str) -> bool:
    """Have WeCom told anew of the remark of which it could not be told; False: there is none.

    Raises:
        NotFound: the customer is not his (any more).
    """
    follow = lock_own(session, userid, external_userid)
    for push in list_unsettled(session, userid, external_userid):
        if push.kind == "remark" and push.outcome == "failed":
            follow.remark = push.value
            _tell(session, userid, external_userid, push.value)
            return True
    return False


def _tell(session: Session, userid: str, external_userid: str, remark: str) -> None:
    record_push(
        session, kind="remark", userid=userid, external_userid=external_userid, value=remark
    )
