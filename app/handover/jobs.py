"""The messages about members who have gone away, and the look for those of whom nobody was told."""

from collections.abc import Sequence
from functools import partial

from sqlalchemy.orm import Session

from app.accounts.queries import find_role
from app.deliveries.models import Delivery
from app.handover.actions import TOLD_AT_ONCE, record_leavers
from app.handover.queries import count_waiting
from app.i18n import _
from app.members.models import Member
from app.members.queries import find_member
from app.outbox import Cancelled, Card
from app.runtime import Runtime

NAMES_IN_DIGEST = 8
# The page of customers who wait, in the admin web.
PAGE = "/admin/handover"


def tell_of_leavers(runtime: Runtime) -> None:
    """Make the messages about everybody who has gone away and of whom nobody was told yet."""
    while runtime.db.commit(partial(record_leavers, config=runtime.config)) == TOLD_AT_ONCE:
        pass


def build_leaver_card(runtime: Runtime, session: Session, delivery: Delivery) -> Card:
    """Return the card about a member who has gone away.

    Raises:
        Cancelled: he is back, or nobody of his waits any more.
    """
    member, count = _gone(session, delivery)
    away_at = (member.away_at or delivery.created_at).astimezone(runtime.config.server.zone)
    return Card(
        source=_("客户交接"),
        title=_("{count} 位客户待交接", count=count),
        desc=_("{member} 已不在岗，他的客户需要有人接手", member=_name(member)),
        rows=[
            (_("员工"), _name(member)),
            (_("离岗时间"), f"{away_at:%Y-%m-%d %H:%M}"),
            (_("客户"), _("{count} 位", count=count)),
        ],
        path=_path(session, delivery),
    )


def build_leavers_digest(
    _runtime: Runtime, session: Session, deliveries: Sequence[Delivery]
) -> Card:
    """Return one card about all these members."""
    gone = [_gone(session, delivery) for delivery in deliveries]
    names = [_name(member) for member, _count in gone]
    shown = _("、").join(names[:NAMES_IN_DIGEST])
    return Card(
        source=_("客户交接"),
        title=_("{count} 位客户待交接", count=sum(count for _member, count in gone)),
        desc=_(
            "已不在岗：{names}", names=shown + (_("等") if len(names) > NAMES_IN_DIGEST else "")
        ),
        path=_path(session, deliveries[0]),
    )


def _gone(session: Session, delivery: Delivery) -> tuple[Member, int]:
    member = find_member(session, delivery.userid)
    if member is None or member.away_at is None or str(member.stay) != delivery.ref:
        raise Cancelled("member_back")
    count = count_waiting(session, member.userid)
    if not count:
        raise Cancelled("nobody_waits")
    return member, count


def _path(session: Session, delivery: Delivery) -> str:
    # Without a role the page would only send him away.
    return PAGE if find_role(session, delivery.recipient) is not None else "/sidebar/"


def _name(member: Member) -> str:
    return member.name or member.userid
