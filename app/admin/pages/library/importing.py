"""Bringing items in from a spreadsheet: what it would change, the word to do it, the template."""

from collections.abc import Sequence
from functools import partial
from itertools import chain
from typing import Any

from flask import request
from sqlalchemy.orm import Session

from app.admin.pages.library.item import record
from app.admin.pages.library.listing import SHELF_WORDS
from app.admin.pages.parts import Admin, Done, Download, Form, Unfit
from app.admin.reading import times
from app.admin.uploading import MOST_KEY
from app.errors import NotFound, Refused
from app.i18n import N_, _
from app.library.actions.kept_sheets import find_sheet, forget_sheet, keep_sheet
from app.library.actions.sheet_import import Plan, PlannedRow, import_sheet, plan_import
from app.library.actions.sheet_rows import FIELDS, KINDS, list_headings
from app.library.models import SHELVES
from app.library.queries import Item, list_shelf
from app.materials.actions import clean_name, take_upload
from app.runtime import Runtime
from app.sheet_files import MEGABYTE, SHORT, read_short_sheet
from app.sheets import write_csv

# Of those that are taken so many are shown of each fate; of those that are not, all.
MOST_SHOWN, LONGEST = 100, 300
FATES = {
    "refused": N_("不能导入的行"),
    "created": N_("会新增"),
    "changed": N_("会修改"),
    "unchanged": N_("没有变化"),
}
CSV = "text/csv; charset=utf-8"
GONE = N_("没有等待确认的表格，可能已经导入或放弃了，请重新选择文件")


def load(runtime: Runtime, session: Session, admin: Admin) -> dict[str, Any]:
    """Show the form, and what the spreadsheet that waits for him would change."""
    kept = find_sheet(session, admin.userid)
    shown: dict[str, Any] = {
        "plan": None,
        "columns": list_headings(),
        "most_rows": SHORT.rows,
        "most_megabytes": SHORT.size // MEGABYTE,
        "most_bytes": SHORT.size,
        "fault": "",
    }
    if kept is None:
        return shown
    try:
        plan = plan_import(session, read_short_sheet(kept.filename, kept.data))
    except Refused as error:
        return shown | {"fault": _(str(error))}
    return shown | {
        "plan": show_plan(plan),
        "filename": kept.filename,
        "made": times(runtime).minute(kept.made_at),
    }


def check(runtime: Runtime, admin: Admin, form: Form) -> Done | Unfit:
    """Take a spreadsheet in, and lead to what it would change; nothing is changed."""
    filename = ""
    try:
        filename, data = _take(runtime, admin, form)
        sheet = read_short_sheet(filename, data)
        with runtime.db.read() as session:
            plan_import(session, sheet)
    except (Refused, NotFound) as error:
        why = _(str(error))
        told = _("「{name}」没有导入：{why}", name=filename, why=why) if filename else why
        return Unfit({"fault": told, "plan": None}, "import")
    runtime.db.commit(partial(keep_sheet, userid=admin.userid, filename=filename, data=data))
    return Done("", "import")


def _take(runtime: Runtime, admin: Admin, form: Form) -> tuple[str, bytes]:
    """Return the name and the bytes of the file: of one that came in pieces, or with the form."""
    key = form.get("key", "")[:MOST_KEY]
    if key:
        return runtime.db.commit(partial(take_upload, userid=admin.userid, key=key))
    given = request.files.get("file")
    filename = clean_name(given.filename or "") if given else ""
    if given is None or not filename:
        raise Refused(_("请先选择文件"))
    return filename, given.read()


def confirm(runtime: Runtime, admin: Admin, form: Form) -> Done | Unfit:
    """Do what was shown, and nothing else."""

    def work(session: Session) -> Plan:
        kept = find_sheet(session, admin.userid)
        if kept is None:
            raise Refused(_(GONE))
        sheet = read_short_sheet(kept.filename, kept.data)
        plan = import_sheet(session, sheet, digest=form.get("digest", ""))
        forget_sheet(session, admin.userid)
        counts = {fate: plan.count(fate) for fate in ("created", "changed", "refused")}
        record(session, admin, "library_imported", **counts)
        return plan

    try:
        plan = runtime.db.commit(work)
    except Refused as error:
        return Unfit({"fault": _(str(error))}, "import")
    told = _(
        "已导入：新增 {created} 条，修改 {changed} 条，{refused} 行没有导入",
        created=plan.count("created"),
        changed=plan.count("changed"),
        refused=plan.count("refused"),
    )
    return Done(told)


def forget(runtime: Runtime, admin: Admin, form: Form) -> Done:
    """Forget the spreadsheet that waits."""
    del form
    runtime.db.commit(partial(forget_sheet, userid=admin.userid))
    return Done(_("已放弃，什么都没有改动"), "import")


def show_plan(plan: Plan) -> dict[str, Any]:
    """Show what would become of the rows, by what becomes of them."""
    return {
        "digest": plan.digest,
        "counts": [(fate, _(word), plan.count(fate)) for fate, word in FATES.items()],
        "does": plan.count("created") + plan.count("changed"),
        "refused": plan.count("refused"),
        "sections": [
            _show_section(fate, _(word), [row for row in plan.rows if row.fate == fate])
            for fate, word in FATES.items()
            if fate != "unchanged" and plan.count(fate)
        ],
    }


def _show_section(fate: str, word: str, rows: Sequence[PlannedRow]) -> dict[str, Any]:
    shown = rows if fate == "refused" else rows[:MOST_SHOWN]
    return {
        "fate": fate,
        "word": word,
        "rows": [_show_row(row) for row in shown],
        "left": len(rows) - len(shown),
    }


def _show_row(row: PlannedRow) -> dict[str, Any]:
    return {
        "number": row.number,
        "shelf": _(SHELF_WORDS[row.shelf]),
        "kind": _(KINDS[row.kind]) if row.kind in KINDS else "",
        "title": row.title,
        "group": row.group_name,
        "text": _cut(row.text),
        "faults": row.faults,
        "changes": [(one.word, _cut(one.before), _cut(one.after)) for one in row.changes],
    }


def _cut(text: str) -> str:
    return f"{text[:LONGEST]}…" if len(text) > LONGEST else text


def give_template(runtime: Runtime, session: Session, admin: Admin) -> Download:
    """Give a table to be filled in, with a row of each kind as an example."""
    del runtime, session, admin
    width = len(list_headings()) - len(FIELDS) - 4
    examples = [
        ["", _("话术"), _("接待"), _("示例：问候（导入前请删掉示例行）"), "您好，{{客户称呼}}！"],
        ["", _("链接"), _("门店"), _("示例：门店地址"), *[""] * width, "https://example.com/shop"],
    ]
    return Download(_("话术与素材 模板.csv"), CSV, write_csv(list_headings(), examples))


def give_export(runtime: Runtime, session: Session, admin: Admin) -> Download:
    """Give all items that a table can hold, to be changed there and brought in again."""
    rows = [
        (row.key, row.item)
        for row in chain.from_iterable(list_shelf(session, shelf) for shelf in SHELVES)
        if _fits(row.item)
    ]
    most = max([3, *(len(item.parts) for _key, item in rows)])
    head = list_headings()
    texts = [_("内容"), *(f"{_('内容')}{n}" for n in range(2, most + 1))]
    headings = [*head[:4], *texts, *map(_, FIELDS)]
    cells = [_cells(key, item, width=most) for key, item in rows]
    runtime.db.commit(
        partial(_record_export, admin=admin, count=len(rows)),
    )
    name = _("话术与素材 {day}.csv", day=f"{times(runtime).now:%Y-%m-%d}")
    return Download(name, CSV, write_csv(headings, cells))


def _record_export(session: Session, *, admin: Admin, count: int) -> None:
    record(session, admin, "library_exported", count=count)


def _fits(item: Item) -> bool:
    kinds = {part.msgtype for part in item.parts}
    return kinds == {"text"} or (len(item.parts) == 1 and kinds <= KINDS.keys())


def _cells(key: str, item: Item, *, width: int) -> list[str]:
    kind = item.parts[0].msgtype
    texts = [part.fields.get("content", "") for part in item.parts] if kind == "text" else []
    fields = {} if kind == "text" else item.parts[0].fields
    return [
        key,
        _(KINDS[kind]),
        item.group_name,
        item.title,
        *texts,
        *[""] * (width - len(texts)),
        *(fields.get(name, "") for name in FIELDS.values()),
    ]
