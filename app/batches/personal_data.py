"""What this room holds about a customer."""

from sqlalchemy import ColumnElement, select

from app.batches.import_queries import IMPORT_OUTCOMES
from app.batches.models import Batch, BatchItem, ImportRow
from app.batches.queries import OUTCOMES, became
from app.batches.sealed import read_cells, read_done, read_plan
from app.config import Config
from app.customers.models import FollowUser
from app.i18n import N_, _
from app.personal import Holding, Reader


def _his(external_userid: str) -> ColumnElement[bool]:
    follows = select(FollowUser.id).where(FollowUser.external_userid == external_userid)
    return BatchItem.follow_id.in_(follows)


def _begun_at(reader: Reader, row: BatchItem | ImportRow) -> object:
    return reader.session.get_one(Batch, row.batch_id).created_at


def _begun_by(reader: Reader, row: BatchItem | ImportRow) -> str:
    return reader.member(reader.session.get_one(Batch, row.batch_id).userid)


def _what(reader: Reader, row: BatchItem) -> str:
    what = reader.session.get_one(Batch, row.batch_id).what
    return str(what.get("name") or what.get("text") or "")


def _outcome(reader: Reader, row: BatchItem) -> str:
    batch = reader.session.get_one(Batch, row.batch_id)
    mine = BatchItem.batch_id == row.batch_id, BatchItem.follow_id == row.follow_id
    outcome = reader.session.scalar(select(became(batch)).where(*mine))
    return _(OUTCOMES[outcome]) if outcome in OUTCOMES else ""


def _kept(config: Config) -> str:
    return _("批量操作结束后保留 {days} 天", days=config.retention.batch_days)


def _texts(what: object) -> list[str]:
    """List the texts in a plan, however deep they stand."""
    if isinstance(what, dict):
        return [text for one in what.values() for text in _texts(one)]
    if isinstance(what, list):
        return [text for one in what for text in _texts(one)]
    return [what] if isinstance(what, str) and what else []


HOLDINGS = (
    Holding(
        table=BatchItem,
        title=N_("批量操作"),
        purpose=N_("管理员一次处理许多客户时，知道每一位的结果"),
        find=_his,
        columns={
            N_("时间"): _begun_at,
            N_("内容"): _what,
            N_("结果"): _outcome,
            N_("操作人"): _begun_by,
        },
        kept=_kept,
    ),
    Holding(
        table=ImportRow,
        title=N_("导入的资料"),
        purpose=N_("核对、导入和撤销一张表格，知道每一行的结果"),
        find=lambda external_userid: ImportRow.external_userid == external_userid,
        columns={
            N_("时间"): _begun_at,
            N_("内容"): lambda reader, row: [
                cell for cell in read_cells(reader.session, row) if cell
            ],
            N_("要写入的"): lambda reader, row: _texts(read_plan(reader.session, row)),
            N_("写入之前和之后"): lambda reader, row: _texts(read_done(reader.session, row)),
            N_("结果"): lambda _reader, row: (
                _(IMPORT_OUTCOMES[row.outcome]) if row.outcome in IMPORT_OUTCOMES else ""
            ),
            N_("操作人"): _begun_by,
        },
        kept=_kept,
    ),
)
