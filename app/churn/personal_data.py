"""What this room holds about a customer."""

from app.churn.models import Loss
from app.config import Config
from app.customers.queries import ENDINGS, word_reason
from app.i18n import N_, _
from app.personal import WITH_CUSTOMER, Holding, Reader


def _ending(_reader: Reader, row: Loss) -> str:
    return _(ENDINGS[row.kind]) if row.kind in ENDINGS else row.kind


def _kept(config: Config) -> str:
    days = config.retention.loss_note_days
    told = _("说明保留到流失后 {days} 天；其余的保留到抹除这位客户", days=days)
    return told if days else _(WITH_CUSTOMER)


HOLDINGS = (
    Holding(
        table=Loss,
        title=N_("流失"),
        purpose=N_("知道客户为什么离开，安排员工挽回"),
        find=lambda external_userid: Loss.external_userid == external_userid,
        columns={
            N_("流失时间"): "lost_at",
            N_("怎样结束"): _ending,
            N_("员工"): lambda reader, row: reader.member(row.userid),
            N_("认识天数"): "days_known",
            N_("原因"): lambda _reader, row: word_reason(row.reason),
            N_("原因说明"): "reason_note",
            N_("谁填写的原因"): lambda reader, row: reader.member(row.reason_by),
            N_("填写时间"): "reason_at",
            N_("由谁挽回"): lambda reader, row: reader.member(row.assigned_to),
            N_("谁分配的挽回"): lambda reader, row: reader.member(row.assigned_by),
            N_("分配时间"): "assigned_at",
            N_("谁联系的"): lambda reader, row: reader.member(row.contacted_by),
            N_("联系时间"): "contacted_at",
            N_("回来时间"): "returned_at",
        },
        kept=_kept,
    ),
)
