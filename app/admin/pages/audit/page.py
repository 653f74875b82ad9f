"""The page 操作日志: who did what, newest first, and whether the log is whole."""

from collections.abc import Mapping
from typing import Any

from flask import request
from sqlalchemy.orm import Session

from app.admin.pages.audit.words import word_action, word_detail
from app.admin.pages.parts import SYSTEM, Action, Admin, Done, Page, Unfit
from app.admin.reading import CHOICES, choices, number, times
from app.audit.queries import AuditFilter, list_actions, list_audit, verify_chain
from app.i18n import N_, _
from app.members.queries import list_names
from app.runtime import Runtime

# As the columns are; an action is shorter, and no longer one is known.
LONGEST = 64


def load(runtime: Runtime, session: Session, admin: Admin) -> dict[str, Any]:
    """Read a page of the log; userid, action and external_userid may be chosen, `?before=`."""
    del admin
    now = times(runtime)
    chosen = choices(runtime)
    given = {name: chosen.get(name, "")[:LONGEST] for name in vars(AuditFilter())}
    entries, more = list_audit(
        session, AuditFilter(**given), before=number(request.args.get("before"))
    )
    names = list_names(session, {entry.userid for entry in entries})
    return {
        "given": given,
        "is_chosen": any(given.values()),
        "actions": [(name, word_action(name)) for name in list_actions(session)],
        "rows": [
            {
                "id": entry.id,
                "at": now.second(entry.at),
                "userid": entry.userid,
                "name": names.get(entry.userid, entry.userid) or _("命令行"),
                "action": word_action(entry.action),
                "about": entry.external_userid,
                "detail": word_detail(entry.detail),
                "origin": entry.origin,
            }
            for entry in entries
        ],
        "older": entries[-1].id if more else 0,
        "chosen": request.args.get(CHOICES, ""),
        "verdict": "",
    }


def verify(runtime: Runtime, admin: Admin, form: Mapping[str, str]) -> Done | Unfit:
    """Read the whole log and tell whether it is whole."""
    del admin, form
    with runtime.db.read() as session:
        verdict = verify_chain(session)
    if verdict.is_whole:
        return Done(_("{count} 条记录首尾相连，没有被改过", count=verdict.checked))
    told = (
        _("末尾有记录被删除")
        if verdict.is_cut
        else _("编号 {id} 的记录被改过，或它前面有记录被删除", id=verdict.broken_at)
    )
    return Unfit({"verdict": told})


PAGE = Page(
    name="audit",
    title=N_("操作日志"),
    permission="see_audit",
    group=SYSTEM,
    load=load,
    actions={"verify": Action("see_audit", verify)},
)
