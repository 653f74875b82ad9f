"""Going through the rows of an import piece by piece: looking at them, writing, taking back.

What a row wrote stands in its `done`: {"fields": {id: [version, before]}, "stage": the change,
"note": its id, "consent": the change}.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app import clock
from app.batches.columns import CONSENT, Columns, read_columns
from app.batches.consents import undo_consents, write_consent
from app.batches.models import Batch, ImportRow
from app.batches.planning import plan_rows
from app.batches.sealed import keep_done, keep_plan, read_done, read_plan
from app.customers.actions import CustomerWish, StageWish, Written, write_many
from app.customers.models import StageChange
from app.customers.queries import Field, Value, find_known, list_fields
from app.errors import Refused
from app.i18n import N_, _, speaking
from app.members.queries import WHOLE_CORP, Scope, find_scope

LANE, IMPORT = "batches", "import"
# So many in one transaction: others want to write, too.
AT_ONCE = 250
UNDOABLE = ("done", "partly")
# The phases of the dry run.
LOOKING = ("checking",)
OVERTAKEN = N_("核对之后有人改过，没有覆盖")
OUT_OF_SCOPE = N_("这位客户现在不归你管，没有导入")
STAYS = N_("导入之后有人改过，保留现在的内容")
# Which rows each phase goes through (None: all of them), and where it leads.
WANTED: dict[str, tuple[str, ...] | None] = {
    "checking": None,
    "working": ("ready",),
    "undoing": UNDOABLE,
}
NEXT = {
    "checking": "checked",
    "working": "done",
    "undoing": "undone",
}


@dataclass(frozen=True)
class _Table:
    """What every piece needs to know."""

    columns: Columns
    fields: Mapping[int, Field]
    scope: Scope


def step_import(session: Session, batch: Batch) -> datetime | None:
    """Do the next piece of an import that is claimed; None: it waits for somebody, or is over."""
    phase = batch.what["phase"]
    if phase not in WANTED:
        _rest(batch, phase)
        return None
    if batch.cancelled_by:
        _stop(session, batch, phase)
        return None
    if not _do_rows(session, batch, phase):
        _rest(batch, NEXT[phase])
        return None
    return clock.utcnow()


def _do_rows(session: Session, batch: Batch, phase: str) -> bool:
    """Do some rows; False: there are none left."""
    rows = _next_rows(session, batch, WANTED[phase])
    if not rows:
        return False
    with speaking(batch.what.get("language")):
        STEPS[phase](session, batch, rows)
    batch.reached = rows[-1].number
    return True


def _next_rows(
    session: Session, batch: Batch, outcomes: tuple[str, ...] | None
) -> Sequence[ImportRow]:
    chosen = select(ImportRow).where(
        ImportRow.batch_id == batch.id, ImportRow.number > batch.reached
    )
    if outcomes:
        chosen = chosen.where(ImportRow.outcome.in_(outcomes))
    return session.scalars(chosen.order_by(ImportRow.number).limit(AT_ONCE)).all()


def _rest(batch: Batch, phase: str) -> None:
    """Have it wait for somebody, or be over."""
    batch.what = batch.what | {"phase": phase}
    batch.due_at, batch.claimed_by, batch.cancelled_by = None, None, ""
    batch.ended_at = clock.utcnow() if phase in {"done", "undone"} else None


def _stop(session: Session, batch: Batch, phase: str) -> None:
    """Leave the rest: of a dry run nothing is lost, what is written stays and can be taken back."""
    batch.what = batch.what | {"cancelled_by": batch.cancelled_by}
    if phase == "working":
        session.execute(
            update(ImportRow)
            .where(ImportRow.batch_id == batch.id, ImportRow.outcome == "ready")
            .values(outcome="cancelled", cells=[], plan={})
            .execution_options(synchronize_session=False)
        )
    _rest(batch, "mapping" if phase in LOOKING else "done")


def _read_table(session: Session, batch: Batch) -> _Table:
    fields = list_fields(session)
    # A field may have gone since: what else there is goes on.
    columns = read_columns(batch.what["headings"], batch.what["mapping"], fields)
    return _Table(columns, {one.id: one for one in fields}, _scope(session, batch))


def _scope(session: Session, batch: Batch) -> Scope:
    return find_scope(session, batch.userid) if batch.what["is_manager"] else WHOLE_CORP


def _check(session: Session, batch: Batch, rows: Sequence[ImportRow]) -> None:
    try:
        table = _read_table(session, batch)
    except Refused as refused:
        for row in rows:
            row.outcome, row.faults = "refused", [["", str(refused)]]
        return
    plan_rows(session, batch, rows, columns=table.columns, fields=table.fields, scope=table.scope)


def _work(session: Session, batch: Batch, rows: Sequence[ImportRow]) -> None:
    scope = _scope(session, batch)
    fields = {one.id: one for one in list_fields(session)}
    known = find_known(session, [row.external_userid for row in rows], scope)
    wishes = [_wish(session, batch.id, row) for row in rows if row.external_userid in known]
    written = write_many(session, wishes, userid=batch.what["by"], fields=fields)
    names = _headings(batch, fields)
    for row in rows:
        told = written.get(row.external_userid, Written())
        consent: int | None = 0
        if row.external_userid in known and (plan := read_plan(session, row).get("consent")):
            consent = write_consent(session, row.external_userid, plan, userid=batch.what["by"])
        if consent is None:
            told.overtaken.append(CONSENT)
        row.faults = [[names(one), _(OVERTAKEN)] for one in told.overtaken]
        row.outcome = _outcome(told, wrote_consent=bool(consent))
        if row.external_userid not in known:
            row.faults, row.outcome = [["", _(OUT_OF_SCOPE)]], "overtaken"
        keep_done(session, row, _keep(told) | ({"consent": consent} if consent else {}))
        # Nobody needs them any more.
        row.cells = []
        keep_plan(session, row, {})


def _outcome(told: Written, *, wrote_consent: bool) -> str:
    if told.is_empty and not wrote_consent:
        return "overtaken" if told.overtaken else "same"
    return "partly" if told.overtaken else "done"


def _wish(session: Session, batch_id: int, row: ImportRow) -> CustomerWish:
    plan = read_plan(session, row)
    stage, fields = plan.get("stage"), plan.get("fields", {})
    return CustomerWish(
        external_userid=row.external_userid,
        key=_key(batch_id, row),
        fields={
            int(one): (Value.of_json(told["value"]), told["seen"]) for one, told in fields.items()
        },
        stage=StageWish(**stage) if stage else None,
        note=plan.get("note", ""),
    )


def _key(batch_id: int, row: ImportRow) -> str:
    return f"import:{batch_id}:{row.number}"


def _keep(told: Written) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    if told.fields:
        kept["fields"] = {str(one): list(change) for one, change in told.fields.items()}
    if told.stage:
        kept["stage"] = told.stage
    if told.note:
        kept["note"] = told.note
    return kept


def _undo(session: Session, batch: Batch, rows: Sequence[ImportRow]) -> None:
    fields = {one.id: one for one in list_fields(session)}
    done = {row.number: read_done(session, row) for row in rows}
    changes = _stage_changes(session, done.values())
    wishes = [_unwish(batch.id, row, done[row.number], changes) for row in rows]
    written = write_many(
        session, wishes, userid=batch.what["by"], fields=fields, kind="import_undone"
    )
    consents = {
        row.external_userid: one for row in rows if (one := done[row.number].get("consent"))
    }
    consenting = undo_consents(session, consents, userid=batch.what["by"])
    names = _headings(batch, fields)
    for row in rows:
        told = written.get(row.external_userid, Written())
        stays = list(told.overtaken)
        if row.external_userid in consenting:
            stays.append(CONSENT)
        row.faults = [[names(one), _(STAYS)] for one in stays]
        row.outcome = "kept" if stays else "undone"


def _stage_changes(session: Session, done: Iterable[Mapping[str, Any]]) -> dict[int, StageChange]:
    ids = [one for told in done if (one := told.get("stage"))]
    found = session.scalars(select(StageChange).where(StageChange.id.in_(ids)))
    return {one.id: one for one in found}


def _unwish(
    batch_id: int, row: ImportRow, done: Mapping[str, Any], changes: Mapping[int, StageChange]
) -> CustomerWish:
    change = changes.get(done.get("stage", 0))
    stage, first = None, 0
    if change is not None and change.from_stage_id is not None:
        stage = StageWish(
            stage_id=change.from_stage_id, pipeline_id=change.pipeline_id, seen=change.id
        )
    elif change is not None:
        first = change.id
    fields = done.get("fields", {})
    return CustomerWish(
        external_userid=row.external_userid,
        key=_key(batch_id, row),
        fields={
            int(one): (Value.of_json(before), version) for one, (version, before) in fields.items()
        },
        stage=stage,
        drops_note=done.get("note", 0),
        drops_stage=first,
    )


def _headings(batch: Batch, fields: Mapping[int, Field]) -> Callable[[int | str], str]:
    """Return how to name what was overtaken: as the table does."""
    headings, mapping = batch.what["headings"], batch.what["mapping"]
    by_meaning = {meaning: headings[int(place)] for place, meaning in mapping.items()}

    def name(part: int | str) -> str:
        known = fields.get(part) if isinstance(part, int) else None
        meaning = f"f{part}" if isinstance(part, int) else part
        return str(by_meaning.get(meaning) or (known.name if known else ""))

    return name


STEPS: dict[str, Callable[[Session, Batch, Sequence[ImportRow]], None]] = {
    "checking": _check,
    "working": _work,
    "undoing": _undo,
}
