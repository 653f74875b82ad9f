"""What this room holds about a customer."""

from sqlalchemy import ColumnElement, select

from app.batches.models import Batch, BatchItem
from app.batches.queries import OUTCOMES
from app.config import Config
from app.customers.models import FollowUser
from app.i18n import N_, _
from app.personal import Holding, Reader


def _his(external_userid: str) -> ColumnElement[bool]:
    follows = select(FollowUser.id).where(FollowUser.external_userid == external_userid)
    return BatchItem.follow_id.in_(follows)


def _begun_at(reader: Reader, row: BatchItem) -> object:
    return reader.session.get_one(Batch, row.batch_id).created_at


def _begun_by(reader: Reader, row: BatchItem) -> str:
    return reader.member(reader.session.get_one(Batch, row.batch_id).userid)


def _what(reader: Reader, row: BatchItem) -> str:
    what = reader.session.get_one(Batch, row.batch_id).what
    return str(what.get("name") or what.get("text") or "")


def _kept(config: Config) -> str:
    return _("批量操作结束后保留 {days} 天", days=config.retention.push_days)


HOLDINGS = (
    Holding(
        table=BatchItem,
        title=N_("批量操作"),
        purpose=N_("管理员一次处理许多客户时，知道每一位的结果"),
        find=_his,
        columns={
            N_("时间"): _begun_at,
            N_("内容"): _what,
            N_("结果"): lambda _reader, row: (
                _(OUTCOMES[row.outcome]) if row.outcome in OUTCOMES else ""
            ),
            N_("操作人"): _begun_by,
        },
        kept=_kept,
    ),
)
