"""How an import gets on, and what became of each row."""

from collections import Counter
from collections.abc import Iterator, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.batches.importing import IMPORT
from app.batches.models import Batch, ImportRow
from app.batches.queries import MOST_LISTED, PAGE
from app.batches.sealed import read_cells
from app.i18n import N_

EXAMPLES = 3
# What can become of a row.
IMPORT_OUTCOMES = {
    "ready": N_("会导入"),
    "same": N_("没有变化"),
    "refused": N_("不能导入"),
    "done": N_("已导入"),
    "partly": N_("部分导入"),
    "overtaken": N_("没有导入"),
    "cancelled": N_("已取消"),
    "undone": N_("已撤销"),
    "kept": N_("没有全部撤销"),
}
# Those that have something to be said about.
TELLING = ("refused", "partly", "overtaken", "kept")


def find_import(
    session: Session, batch_id: int, *, userid: str = "", for_update: bool = False
) -> Batch | None:
    """Find an import; with `userid` only one of his own."""
    batch = session.get(Batch, batch_id, with_for_update=for_update or None)
    if batch is None or batch.kind != IMPORT:
        return None
    return batch if userid in {"", batch.userid} else None


def list_imports(session: Session, *, userid: str = "") -> Sequence[Batch]:
    """List the latest imports, the newest first; with `userid` only his own."""
    chosen = select(Batch).where(Batch.kind == IMPORT).order_by(Batch.id.desc()).limit(MOST_LISTED)
    return session.scalars(chosen.where(Batch.userid == userid) if userid else chosen).all()


def count_rows(session: Session, batch_id: int) -> Counter[str]:
    """Count the rows by what became of them, "" for those that were not looked at."""
    rows = session.execute(
        select(ImportRow.outcome, func.count())
        .where(ImportRow.batch_id == batch_id)
        .group_by(ImportRow.outcome)
    )
    return Counter({outcome or "": count for outcome, count in rows})


def list_rows(
    session: Session, batch_id: int, *, outcome: str, after: int = 0, limit: int = PAGE
) -> tuple[Sequence[ImportRow], int]:
    """List a page of rows of which this became, and the last one's number if more follow."""
    found = session.scalars(
        select(ImportRow)
        .where(
            ImportRow.batch_id == batch_id,
            ImportRow.outcome == outcome,
            ImportRow.number > after,
        )
        .order_by(ImportRow.number)
        .limit(limit + 1)
    ).all()
    return found[:limit], found[limit - 1].number if len(found) > limit else 0


def read_examples(session: Session, batch: Batch) -> list[list[str]]:
    """Read the cells of the first rows."""
    first = session.scalars(
        select(ImportRow)
        .where(ImportRow.batch_id == batch.id)
        .order_by(ImportRow.number)
        .limit(EXAMPLES)
    )
    return [read_cells(session, row) for row in first]


def read_faults(
    session: Session, batch_id: int, *, at_once: int = 1000
) -> Iterator[list[tuple[int, str, list[list[str]]]]]:
    """Read all that was not done, and why: number, outcome and faults, piece by piece."""
    reached = 0
    while True:
        rows = session.execute(
            select(ImportRow.number, ImportRow.outcome, ImportRow.faults)
            .where(
                ImportRow.batch_id == batch_id,
                ImportRow.number > reached,
                ImportRow.outcome.in_(TELLING),
            )
            .order_by(ImportRow.number)
            .limit(at_once)
        ).all()
        if not rows:
            return
        yield [(row[0], row[1] or "", row[2]) for row in rows]
        reached = rows[-1][0]
