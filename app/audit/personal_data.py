"""What this room holds about a customer."""

import json

from sqlalchemy.orm import Session

from app.audit.models import AuditEntry
from app.audit.queries import clearing_of
from app.i18n import N_, _
from app.personal import Holding


def _forget_whom(session: Session, row: AuditEntry) -> None:
    """The chain is over what stands for the id, and holds without it."""
    row.external_userid = ""
    if row.subject:
        row.cleared = clearing_of(session, row)


HOLDINGS = (
    Holding(
        table=AuditEntry,
        title=N_("操作日志"),
        purpose=N_("查得到哪位管理员在什么时候看过、改过客户的资料"),
        find=lambda external_userid: AuditEntry.external_userid == external_userid,
        columns={
            N_("时间"): "at",
            N_("操作"): "action",
            N_("操作人"): lambda reader, row: reader.member(row.userid),
            N_("详情"): lambda _reader, row: (
                json.dumps(row.detail, ensure_ascii=False) if row.detail else ""
            ),
        },
        scrub=_forget_whom,
        kept=lambda _config: _("一直保留；抹除客户后，里面没有他的编号"),
    ),
)
