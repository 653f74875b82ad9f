"""What this room holds about a customer."""

from app.config import Config
from app.data_keys import keys_of
from app.i18n import N_, _
from app.personal import Holding, Reader
from app.pushes.mobiles import unpack_mobiles
from app.pushes.models import Push
from app.pushes.queries import word_reason

KINDS = {"remark": N_("备注"), "tags": N_("标签")}
SUBJECTS = {"description": N_("描述"), "mobiles": N_("备注手机")}
OUTCOMES = {
    "done": N_("已同步"),
    "failed": N_("没有同步"),
    "superseded": N_("之后又改过"),
    "": N_("等待同步"),
}
VALUES = {"add": N_("添加"), "remove": N_("移除")}


def _kept(config: Config) -> str:
    return _("同步后保留 {days} 天；没有同步的保留到抹除", days=config.retention.push_days)


def _kind(_reader: Reader, row: Push) -> str:
    if row.kind == "remark" and row.subject:
        return _(SUBJECTS.get(row.subject, row.subject))
    return _(KINDS.get(row.kind, row.kind))


def _value(reader: Reader, row: Push) -> str:
    if row.kind == "tags":
        return f"{_(VALUES.get(row.value, row.value))} {row.subject}"
    if row.subject == "mobiles":
        return "、".join(unpack_mobiles(keys_of(reader.session), row).wanted)
    return row.value


HOLDINGS = (
    Holding(
        table=Push,
        title=N_("同步到企业微信的修改"),
        purpose=N_("把员工改的备注、描述、备注手机和标签同步到企业微信"),
        find=lambda external_userid: Push.external_userid == external_userid,
        columns={
            N_("时间"): "created_at",
            N_("改什么"): _kind,
            N_("内容"): _value,
            N_("结果"): lambda _reader, row: _(OUTCOMES.get(row.outcome or "", "")),
            N_("原因"): lambda _reader, row: word_reason(row),
            N_("员工"): lambda reader, row: reader.member(row.userid),
        },
        kept=_kept,
    ),
)
