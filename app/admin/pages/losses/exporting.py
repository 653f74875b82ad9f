"""Taking the chosen losses along as a table: what will be in it, and the file."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from app.admin.pages.losses.asking import KINDS, Asked, read_asked
from app.admin.pages.losses.showing import ENDED_BY
from app.admin.pages.parts import Admin, Download
from app.admin.reading import Times
from app.audit.actions import record_audit
from app.churn.queries import MOST_EXPORTED, WIN_BACKS, LossRow, read_kept_days, read_losses
from app.customers.queries import word_entry, word_reason
from app.i18n import N_, _
from app.runtime import Runtime
from app.sheets import write_csv

COLUMNS = (
    N_("客户"),
    N_("备注"),
    N_("员工"),
    N_("谁删了谁"),
    N_("添加时间"),
    N_("流失时间"),
    N_("留存天数"),
    N_("最后阶段"),
    N_("最后互动"),
    N_("最后互动时间"),
    N_("渠道"),
    N_("原因"),
    N_("原因说明"),
    N_("挽回"),
    N_("分配给"),
    # As WeCom calls it, in every language.
    "external_userid",
)


def load_export(runtime: Runtime, session: Session, admin: Admin) -> dict[str, Any]:
    """Say what the file will hold."""
    asked = read_asked(runtime, session, admin)
    total = read_kept_days(session, asked.wanted).total
    return {
        "total": total,
        "most": MOST_EXPORTED,
        "columns": [_(column) for column in COLUMNS],
        "since": asked.wish.since.isoformat(),
        "until": asked.wish.until.isoformat(),
        "kind": _(KINDS[asked.wish.kind]),
        "query": f"?{asked.wish.query()}",
    }


def give_file(runtime: Runtime, session: Session, admin: Admin) -> Download:
    """Give the file, and put down who took how many along."""
    asked = read_asked(runtime, session, admin)
    rows = list(_read_cells(session, asked))
    runtime.db.commit(
        partial(
            record_audit,
            userid=admin.userid,
            action="losses_exported",
            detail={"count": len(rows)},
            origin=admin.origin,
        )
    )
    name = _("流失名单 {since} 至 {until}", since=asked.wish.since, until=asked.wish.until)
    data = write_csv([_(column) for column in COLUMNS], rows)
    return Download(f"{name}.csv", "text/csv; charset=utf-8", data)


def _read_cells(session: Session, asked: Asked) -> Iterator[list[object]]:
    for row in read_losses(session, asked.wanted):
        yield _cells(row, asked.now)


def _cells(row: LossRow, now: Times) -> list[object]:
    loss = row.loss
    return [
        row.name,
        row.remark,
        row.member,
        _(ENDED_BY.get(loss.kind, loss.kind)),
        now.second(row.added_at),
        now.second(loss.lost_at),
        loss.days_known,
        row.stage,
        word_entry(row.last) if row.last else "",
        now.second(row.last.at) if row.last else "",
        row.state,
        word_reason(loss.reason),
        loss.reason_note,
        _(WIN_BACKS[row.win_back]) if row.win_back else "",
        row.assigned,
        loss.external_userid,
    ]
