"""The page 导入资料: a table of customers is mapped, looked at, imported, and taken back."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from flask import request
from sqlalchemy.orm import Session

from app.admin.pages.imports.showing import show_import, show_rows
from app.admin.pages.imports.taking import take
from app.admin.pages.parts import (
    CUSTOMERS,
    Action,
    Admin,
    Answer,
    Done,
    Form,
    Page,
    Part,
    Stream,
    Unfit,
)
from app.admin.problems import Problem
from app.admin.reading import number, times
from app.admin.uploading import piece
from app.audit.actions import record_audit
from app.batches.actions import cancel_batch
from app.batches.import_queries import (
    IMPORT_OUTCOMES,
    find_import,
    list_imports,
    read_faults,
)
from app.batches.imports import check_import, confirm_import, forget_import, undo_import
from app.batches.models import Batch
from app.errors import Refused
from app.i18n import N_, _
from app.members.queries import list_names
from app.runtime import Runtime, commit
from app.sheet_files import LONG, MEGABYTE
from app.sheets import stream_csv

CSV = "text/csv; charset=utf-8"


def load(runtime: Runtime, session: Session, admin: Admin) -> dict[str, Any]:
    """Show the form, and the latest imports."""
    imports, now = list_imports(session, userid=_owner(admin)), times(runtime)
    names = list_names(session, [one.userid for one in imports])
    return {
        "imports": [show_import(session, one, names, now) for one in imports],
        "most_rows": f"{LONG.rows:,}",
        "most_megabytes": LONG.size // MEGABYTE,
        "most_bytes": LONG.size,
        "fault": "",
    }


def load_run(runtime: Runtime, session: Session, admin: Admin) -> dict[str, Any]:
    """Show one import: its columns, what it would change, how it gets on, what became of it."""
    batch = _find(session, admin, number(request.args.get("import")))
    now = times(runtime)
    shown = show_import(session, batch, list_names(session, [batch.userid]), now)
    outcome = request.args.get("outcome", "")
    return {
        "run": shown,
        "fault": "",
        **show_rows(
            runtime,
            session,
            batch,
            outcome=outcome if outcome in IMPORT_OUTCOMES else "",
            after=number(request.args.get("after")),
        ),
    }


def give_faults(runtime: Runtime, session: Session, admin: Admin) -> Stream:
    """Give all that is wrong with the rows as a table; of no import, an empty one."""
    batch = find_import(session, number(request.args.get("import")), userid=_owner(admin))
    header = [_("行"), _("列"), _("结果"), _("怎么了")]
    name = _("导入的问题 {day}", day=f"{times(runtime).now:%Y-%m-%d}")
    write = partial(_write_faults, runtime, batch.id if batch else 0, header)
    return Stream(f"{name}.csv", CSV, write)


def _write_faults(runtime: Runtime, import_id: int, header: list[str]) -> Iterator[bytes]:
    with runtime.db.read() as session:
        pieces = (
            [
                [row, heading, _(IMPORT_OUTCOMES.get(outcome, outcome)), words]
                for row, outcome, faults in piece
                for heading, words in faults
            ]
            for piece in read_faults(session, import_id)
        )
        yield from stream_csv(header, pieces)


def check(runtime: Runtime, admin: Admin, form: Form) -> Answer:
    """Have the dry run done with the columns as they are chosen."""
    mapping = {name[1:]: value for name, value in form.items() if name[:1] == "m" and value}
    today = times(runtime).now.date()

    def work(session: Session, batch: Batch) -> None:
        check_import(session, batch, mapping, today=today)

    return _do(runtime, admin, form, "import_checked", work)


def confirm(runtime: Runtime, admin: Admin, form: Form) -> Answer:
    """Do what the dry run said."""
    return _do(
        runtime, admin, form, "import_confirmed", partial(confirm_import, userid=admin.userid)
    )


def undo(runtime: Runtime, admin: Admin, form: Form) -> Answer:
    """Take an import back."""
    return _do(runtime, admin, form, "import_undone", partial(undo_import, userid=admin.userid))


def cancel(runtime: Runtime, admin: Admin, form: Form) -> Answer:
    """Stop what is under way."""

    def work(session: Session, batch: Batch) -> None:
        if batch.due_at is None or not cancel_batch(session, batch, userid=admin.userid):
            raise Refused(_("它已经结束了"))

    return _do(runtime, admin, form, "import_cancelled", work)


def forget(runtime: Runtime, admin: Admin, form: Form) -> Answer:
    """Throw away what nothing was written of."""
    answer = _do(runtime, admin, form, "import_forgotten", forget_import)
    return Done(_("已放弃，什么都没有改动")) if isinstance(answer, Done) else answer


def _do(
    runtime: Runtime,
    admin: Admin,
    form: Form,
    action: str,
    work: Callable[[Session, Batch], None],
) -> Answer:
    import_id = number(form.get("import"))

    def change(session: Session) -> None:
        batch = _find(session, admin, import_id, for_update=True)
        detail = {"import": batch.id, "count": batch.total}
        work(session, batch)
        record_audit(
            session, userid=admin.userid, action=action, detail=detail, origin=admin.origin
        )

    with runtime.db.read() as session:
        _find(session, admin, import_id)
    try:
        commit(runtime, change)
    except Refused as error:
        return Unfit({"fault": _(str(error))}, "run")
    return Done("", f"run?import={import_id}")


def _find(session: Session, admin: Admin, import_id: int, *, for_update: bool = False) -> Batch:
    batch = find_import(session, import_id, userid=_owner(admin), for_update=for_update)
    if batch is None:
        raise Problem("no_such_page", reason="import")
    return batch


def _owner(admin: Admin) -> str:
    """Return whose imports he sees: a manager his own, others everybody's."""
    return admin.userid if admin.role == "manager" else ""


PAGE = Page(
    name="imports",
    title=N_("导入资料"),
    permission="work_customers",
    group=CUSTOMERS,
    load=load,
    actions={
        "piece": Action("work_customers", piece),
        "take": Action("work_customers", take),
        "check": Action("work_customers", check),
        "confirm": Action("work_customers", confirm),
        "cancel": Action("work_customers", cancel),
        "undo": Action("work_customers", undo),
        "forget": Action("work_customers", forget),
    },
    parts={
        "run": Part("work_customers", load_run),
        "state": Part("work_customers", load_run),
        "faults": Part("work_customers", give_faults),
    },
)
