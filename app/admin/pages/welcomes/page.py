"""The page 欢迎语: which scripts there are, how they do, and the switch that pauses all."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from app import clock
from app.admin.pages.parts import WORDS, Action, Admin, Done, Form, Page, Part, Unfit
from app.admin.pages.welcomes import editor, publishing, trying
from app.admin.reading import Times, number, times
from app.admin.uploading import finish, load_picture, piece
from app.audit.actions import record_audit
from app.deliveries.queries import count_outcomes
from app.errors import NotFound
from app.i18n import N_, _
from app.members.queries import list_names
from app.runtime import Runtime
from app.welcome.actions import pause, remove_script, resume
from app.welcome.queries import ScriptRow, list_scripts, paused_since
from app.welcome.queries.history import DraftRow, Hits, count_hits, list_drafts
from app.welcome.queries.previews import word_rules
from app.welcome.queries.scripts import find_script
from app.words import clean

DAYS = 7
# So many adds without a code, and more of them than others, look like a welcome in the console.
MANY_WITHOUT_CODE = 5
SHOWN = 60


def load(runtime: Runtime, session: Session, admin: Admin) -> dict[str, Any]:
    """Read the scripts, the drafts, and what became of the welcomes of the last days."""
    del admin
    now = times(runtime)
    since = clock.utcnow() - timedelta(days=DAYS)
    drafts = list_drafts(session)
    scripts = list_scripts(session)
    hits = count_hits(session, since=since)
    by_script = {one.script_id: one for one in drafts}
    names = list_names(session, {one.saved_by for one in drafts})
    paused = paused_since(session)
    return {
        "rows": [
            _show(session, one, hits.get(one.id, Hits()), by_script.get(one.id), now)
            for one in scripts
        ],
        "drafts": [
            {
                "id": one.id,
                "name": clean(one.draft.name) or _("未命名"),
                "saved": now.minute(one.saved_at),
                "by": clean(names.get(one.saved_by, one.saved_by)),
            }
            for one in drafts
            if one.script_id is None
        ],
        "paused": now.minute(paused) if paused else "",
        "days": DAYS,
        "silent": _count_silent(session, since),
        "fault": "",
    }


def _show(
    session: Session, row: ScriptRow, hits: Hits, draft: DraftRow | None, now: Times
) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "number": row.number,
        "text": row.draft.content.replace("\n", " ")[:SHOWN],
        "attachments": len(row.draft.attachments),
        "rules": word_rules(session, row.draft.rules),
        "is_unused": not row.draft.rules,
        "chosen": hits.chosen,
        "rate": f"{hits.sent / hits.chosen:.0%}" if hits.chosen else "",
        "is_bad": hits.chosen > 0 and hits.sent / hits.chosen < 0.9,  # noqa: PLR2004 -- one in ten
        "updated": now.minute(row.updated_at),
        "draft": draft.id if draft else 0,
    }


def _count_silent(session: Session, since: datetime) -> int:
    """Count the adds without a code, if they look as if WeCom's own console greets; else 0."""
    outcomes = count_outcomes(session, kind="welcome", since=since)
    silent = sum(count for (_end, why), count in outcomes.items() if why == "no_code_console")
    sent = sum(count for (end, _why), count in outcomes.items() if end == "sent")
    return silent if silent >= MANY_WITHOUT_CODE and silent > sent else 0


def pause_all(runtime: Runtime, admin: Admin, form: Form) -> Done:
    """Send no welcomes until somebody resumes them."""
    del form

    def work(session: Session) -> None:
        if pause(session, by=admin.userid):
            _record(session, admin, "welcomes_paused")

    runtime.db.commit(work)
    return Done(_("已暂停：新客户不会收到欢迎语，直到有人恢复"))


def resume_all(runtime: Runtime, admin: Admin, form: Form) -> Done:
    """Send welcomes again."""
    del form

    def work(session: Session) -> None:
        if resume(session):
            _record(session, admin, "welcomes_resumed")

    runtime.db.commit(work)
    return Done(_("已恢复发送欢迎语"))


def remove(runtime: Runtime, admin: Admin, form: Form) -> Done | Unfit:
    """Take a script out of use."""
    script_id = number(form.get("script"))

    def work(session: Session) -> str:
        row = find_script(session, script_id)
        if row is None:
            raise NotFound(N_("没有这条欢迎语，可能已经停用了"))
        remove_script(session, row.name)
        _record(session, admin, "welcome_removed", name=row.name)
        return row.name

    try:
        name = runtime.db.commit(work)
    except NotFound as error:
        return Unfit({"fault": _(str(error))})
    return Done(_("「{name}」已停用；它发过的仍有记录，用同一个名称发布就能恢复", name=name))


def _record(session: Session, admin: Admin, action: str, **detail: int | str) -> None:
    record_audit(session, userid=admin.userid, action=action, origin=admin.origin, detail=detail)


EDIT = "edit_welcomes"
PAGE = Page(
    name="welcomes",
    title=N_("欢迎语"),
    permission="see_welcomes",
    group=WORDS,
    load=load,
    parts={
        "edit": Part(EDIT, editor.load),
        "review": Part(EDIT, publishing.load_review),
        "versions": Part("see_welcomes", publishing.load_versions),
        "picture": Part("see_welcomes", load_picture),
        "try": Part("see_welcomes", trying.load),
    },
    actions={
        "draft": Action(EDIT, editor.keep),
        "save": Action(EDIT, editor.save),
        "to-review": Action(EDIT, publishing.go_to_review),
        "publish": Action(EDIT, publishing.publish),
        "discard": Action(EDIT, publishing.discard),
        "go-back": Action(EDIT, publishing.go_back),
        "to-try": Action(EDIT, trying.go_to_try),
        "send-to-me": Action(EDIT, trying.send_to_me),
        "ask": Action("see_welcomes", trying.ask),
        "piece": Action(EDIT, piece),
        "finish": Action(EDIT, finish),
        "pause": Action(EDIT, pause_all),
        "resume": Action(EDIT, resume_all),
        "remove": Action(EDIT, remove),
    },
)
