"""How an import is shown, at every step."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from app.admin.reading import Times, customer_address
from app.batches.columns import CONSENT, FINDERS, NOTE, SAYS, STAGE, field_name
from app.batches.import_queries import (
    IMPORT_OUTCOMES,
    TELLING,
    count_rows,
    list_rows,
    read_examples,
)
from app.batches.importing import LOOKING
from app.batches.models import Batch, ImportRow
from app.batches.sealed import read_done, read_plan
from app.customers.queries import (
    Field,
    Value,
    list_customer_names,
    list_fields,
    list_stage_choices,
    mask_value,
    word_consent,
    word_field,
    word_value,
)
from app.i18n import N_, _
from app.runtime import Runtime
from app.words import clean

PHASES = {
    "reading": N_("正在读取表格"),
    "unread": N_("没有导入：{why}"),
    "mapping": N_("等你确认每一列是什么"),
    **dict.fromkeys(LOOKING, N_("正在核对，还没有改动任何客户")),
    "checked": N_("核对好了，等你确认；还没有改动任何客户"),
    "working": N_("正在导入"),
    "done": N_("已导入"),
    "undoing": N_("正在撤销"),
    "undone": N_("已撤销"),
}
MOVING = frozenset({"reading", *LOOKING, "working", "undoing"})
FORGETTABLE = frozenset({"unread", "mapping", *LOOKING, "checked"})
# Which rows somebody wants to see first.
FIRST = ("refused", "kept", "partly", "overtaken", "ready", "done", "undone", "same", "cancelled")
LONGEST, EXAMPLE_LENGTH = 80, 60


def show_import(
    session: Session, batch: Batch, names: Mapping[str, str], now: Times
) -> dict[str, Any]:
    """Show where an import stands."""
    phase, counts = batch.what["phase"], count_rows(session, batch.id)
    total, done = _reckon(phase, counts, batch.total)
    state = _(PHASES[phase], why=batch.what.get("why", ""))
    if phase == "done" and batch.what.get("cancelled_by"):
        state = _("中途取消：已导入的保留，可以撤销")
    return {
        "id": batch.id,
        "name": clean(batch.what["filename"]),
        "by": clean(names.get(batch.userid, batch.userid)),
        "at": now.minute(batch.created_at),
        "phase": phase,
        "state": _("正在取消") if batch.cancelled_by else state,
        "is_moving": phase in MOVING,
        "can_cancel": phase in MOVING and not batch.cancelled_by,
        "can_forget": phase in FORGETTABLE,
        "can_undo": phase == "done" and bool(counts["done"] or counts["partly"]),
        "rows": batch.total,
        "total": total,
        "worked": done,
        "counts": [(one, _(IMPORT_OUTCOMES[one]), counts[one]) for one in FIRST if counts[one]],
        "ready": counts["ready"],
        "refused": counts["refused"],
        "has_faults": any(counts[one] for one in TELLING),
    }


def _reckon(phase: str, counts: Counter[str], total: int) -> tuple[int, int]:
    """Return how many rows this step goes through, and how many it went through."""
    if phase == "working":
        over = sum(counts[one] for one in ("done", "partly", "overtaken", "cancelled"))
        return over + counts["ready"], over
    if phase == "undoing":
        over = counts["undone"] + counts["kept"]
        return over + counts["done"] + counts["partly"], over
    return total, total - counts[""]


def show_rows(
    runtime: Runtime, session: Session, batch: Batch, *, outcome: str, after: int
) -> dict[str, Any]:
    """Show the columns while they can be chosen, and a page of rows."""
    phase, fields = batch.what["phase"], list_fields(session)
    if phase in {"mapping", "reading", "unread"}:
        return {
            "rows": [],
            "after": 0,
            "outcome": "",
            "columns": _show_columns(session, batch) if phase == "mapping" else [],
            "meanings": _meanings(fields),
        }
    counts = count_rows(session, batch.id)
    outcome = outcome or next((one for one in FIRST if counts[one]), "")
    rows, following = list_rows(session, batch.id, outcome=outcome, after=after)
    people = list_customer_names(session, {row.external_userid for row in rows} - {""})
    stages = {stage_id: name for stage_id, _pipeline, name in list_stage_choices(session)}
    known = {one.id: one for one in fields}
    return {
        "outcome": outcome,
        "after": following,
        "columns": _show_columns(session, batch) if phase == "checked" else [],
        "meanings": _meanings(fields),
        "rows": [
            {
                "number": row.number,
                "who": clean(people.get(row.external_userid, "")) or row.external_userid,
                "address": customer_address(runtime, row.external_userid)
                if row.external_userid
                else "",
                "faults": [(heading, words) for heading, words in row.faults],
                "says": list(_tell(session, row, known, stages)),
            }
            for row in rows
        ],
    }


def _show_columns(session: Session, batch: Batch) -> list[dict[str, Any]]:
    mapping, examples = batch.what["mapping"], read_examples(session, batch)
    return [
        {
            "name": f"m{place}",
            "heading": heading or _("第 {n} 列", n=place + 1),
            "meaning": mapping.get(str(place), ""),
            "examples": [
                clean(cells[place][:EXAMPLE_LENGTH])
                for cells in examples
                if place < len(cells) and cells[place]
            ],
        }
        for place, heading in enumerate(batch.what["headings"])
    ]


def _meanings(fields: Sequence[Field]) -> list[tuple[str, list[tuple[str, str]]]]:
    says = [(name, _(words)) for name, words in SAYS.items()]
    own = [(field_name(one), clean(word_field(one.name))) for one in fields]
    return [
        (_("用来找客户"), [(name, _(words)) for name, words in FINDERS.items()]),
        (_("要导入的"), [*says, *own]),
    ]


def _tell(
    session: Session, row: ImportRow, fields: Mapping[int, Field], stages: Mapping[int, str]
) -> Iterator[tuple[str, str]]:
    """Say what a row will write, or which things it wrote."""
    plan, done = read_plan(session, row), read_done(session, row)
    for field_id, told in (plan.get("fields") or done.get("fields", {})).items():
        if field := fields.get(int(field_id)):
            value = _word(field, told) if isinstance(told, dict) else ""
            yield clean(word_field(field.name)), value
    if stage := plan.get("stage", done.get("stage")):
        moved_to = stages.get(stage["stage_id"], "") if isinstance(stage, dict) else ""
        yield _(SAYS[STAGE]), clean(moved_to)
    if consent := plan.get("consent", done.get("consent")):
        said = word_consent(consent["state"]) if isinstance(consent, dict) else ""
        yield _(SAYS[CONSENT]), said
    if note := plan.get("note", done.get("note")):
        yield _(SAYS[NOTE]), _cut(clean(note)) if isinstance(note, str) else ""


def _word(field: Field, told: Mapping[str, Any]) -> str:
    text = clean(word_value(field, Value.of_json(told["value"])))
    return mask_value(field, text) if field.is_sealed else _cut(text)


def _cut(text: str) -> str:
    return f"{text[:LONGEST]}…" if len(text) > LONGEST else text
