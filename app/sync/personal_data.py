"""What this room holds about a customer, until the next comparison is over."""

from sqlalchemy import ColumnElement, select

from app.config import Config
from app.customers.models import FollowUser
from app.i18n import N_, _
from app.personal import Holding
from app.sync.models import SyncSeen, SyncSuspect


def _seen(external_userid: str) -> ColumnElement[bool]:
    follows = select(FollowUser.id).where(FollowUser.external_userid == external_userid)
    return SyncSeen.follow_id.in_(follows)


def _kept(_config: Config) -> str:
    return _("到这次对账结束")


HOLDINGS = (
    Holding(
        table=SyncSeen,
        title=N_("对账时见过的好友关系"),
        purpose=N_("知道企业微信里还有没有这段关系"),
        find=_seen,
        columns={N_("第几次对账"): "run_id"},
        kept=_kept,
    ),
    Holding(
        table=SyncSuspect,
        title=N_("对账时没有见到的好友关系"),
        purpose=N_("再核对一次，才算流失"),
        find=lambda external_userid: SyncSuspect.external_userid == external_userid,
        columns={
            N_("员工"): lambda reader, row: reader.member(row.userid),
            N_("没有见到的时间"): "missed_at",
            N_("上次确认的时间"): "known_at",
            N_("谁同意核对"): lambda reader, row: reader.member(row.released_by),
        },
        kept=lambda _config: _("到再次核对之后"),
    ),
)
