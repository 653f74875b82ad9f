"""The description (描述) that a member wrote of a customer of his."""

from sqlalchemy.orm import Session

from app.customers.actions.own_changes import tell_description
from app.customers.actions.profile import lock_own
from app.customers.actions.remark import RemarkChange
from app.customers.models import FollowUser
from app.errors import Refused
from app.i18n import _
from app.pushes.actions import record_push
from app.pushes.queries import list_unsettled
from app.words import visible

SUBJECT = "description"
DESCRIPTION_LENGTH = 150


def change_description(
    session: Session, external_userid: str, *, userid: str, description: str
) -> RemarkChange:
    """Change the member's description of his customer, and have WeCom told. Empty: he has none.

    Raises:
        NotFound: the customer is not his (any more).
        Refused: it is longer than WeCom takes, or nothing of it can be seen.
    """
    after = _read(description)
    follow = lock_own(session, userid, external_userid)
    before = follow.description
    if after == before:
        return RemarkChange(before, after, changed=False)
    _write(session, follow, after)
    way_back = before if len(before) <= DESCRIPTION_LENGTH else None
    return RemarkChange(before, after, changed=True, way_back=way_back)


def retry_description(session: Session, external_userid: str, *, userid: str) -> bool:
    """Have WeCom told anew of the description of which it could not be told; False: there is none.

    Raises:
        NotFound: the customer is not his (any more).
    """
    follow = lock_own(session, userid, external_userid)
    for push in list_unsettled(session, userid, external_userid):
        if (push.kind, push.subject, push.outcome) == ("remark", SUBJECT, "failed"):
            _write(session, follow, push.value)
            return True
    return False


def _read(typed: str) -> str:
    """Return the description that was meant: its lines, without what cannot be seen."""
    text = visible(typed, lines=True)
    if len(text) > DESCRIPTION_LENGTH:
        raise Refused(
            _("描述最多 {most} 个字，现在是 {count} 个", most=DESCRIPTION_LENGTH, count=len(text))
        )
    if typed.strip() and not text:
        raise Refused(_("描述里没有看得见的字"))
    return text


def _write(session: Session, follow: FollowUser, description: str) -> None:
    before, follow.description = follow.description, description
    tell_description(session, follow, before=before, after=description, read_at=None)
    record_push(
        session,
        kind="remark",
        subject=SUBJECT,
        userid=follow.userid,
        external_userid=follow.external_userid,
        value=description,
    )
