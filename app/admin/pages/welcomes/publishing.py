"""Publishing a draft: what would change, line by line; the versions, and the way back to one."""

from difflib import ndiff
from typing import Any

from flask import request
from sqlalchemy.orm import Session

from app.admin.pages.parts import Admin, Done, Form, Unfit
from app.admin.pages.welcomes import editor
from app.admin.pages.welcomes.side import show_side
from app.admin.problems import Problem
from app.admin.reading import number, times
from app.audit.actions import record_audit
from app.errors import NotFound, Refused
from app.i18n import _
from app.members.queries import list_names
from app.runtime import Runtime
from app.welcome.actions import (
    Draft,
    Extras,
    Saved,
    discard_draft,
    draft_of_version,
    publish_draft,
)
from app.welcome.jobs import sync_media
from app.welcome.queries.extras import word_extras
from app.welcome.queries.history import find_draft_row, list_versions
from app.welcome.queries.previews import word_attachment, word_returning, word_rules
from app.welcome.queries.scripts import find_script
from app.words import clean

SIGNS = {"+ ": "new", "- ": "old", "  ": "same"}
EMPTY = Draft(name="", content="")


def go_to_review(runtime: Runtime, admin: Admin, form: Form) -> Done | Unfit:
    """Keep what was typed and lead to what publishing it would change."""
    try:
        row = editor.store(runtime, admin, form)
    except (Refused, NotFound) as error:
        return Unfit(editor.show_again(runtime, form, [_(str(error))]), "edit")
    return Done("", f"review?draft={row.id}")


def load_review(runtime: Runtime, session: Session, admin: Admin) -> dict[str, Any]:
    """Show what would change.

    Raises:
        Problem: no_such_page.
    """
    del admin
    row = find_draft_row(session, draft_id=number(request.args.get("draft")) or -1)
    if row is None:
        raise Problem("no_such_page", reason="draft")
    live = find_script(session, row.script_id) if row.script_id else None
    before = live.draft if live else EMPTY
    side = show_side(
        runtime, session, row.draft, script_id=row.script_id or 0, looks=Form(request.args)
    )
    return {
        "draft": row.id,
        "revision": row.revision,
        "name": clean(row.draft.name) or _("未命名"),
        "live": live.number if live else 0,
        "is_overtaken": live is not None and row.base_version_id != _version_of(session, live.id),
        "changes": show_changes(session, before, row.draft),
        "faults": side["faults"],
        "reach": side["reach"],
        "phone": side["phone"],
        "errors": [],
    }


def publish(runtime: Runtime, admin: Admin, form: Form) -> Done | Unfit:
    """Have customers greeted with a draft from now on; its files are brought to WeCom at once."""
    draft_id, revision = number(form.get("draft")), number(form.get("revision"))

    def work(session: Session) -> tuple[Saved, str]:
        row = find_draft_row(session, draft_id=draft_id or -1)
        saved = publish_draft(session, draft_id, revision=revision, by=admin.userid)
        name = row.draft.name if row else ""
        record_audit(
            session,
            userid=admin.userid,
            action="welcome_published",
            origin=admin.origin,
            detail={"script": saved.script_id, "version": saved.number, "name": name},
        )
        return saved, name

    try:
        saved, name = runtime.db.commit(work)
    except NotFound as error:
        raise Problem("no_such_page", reason="draft") from error
    except Refused as error:
        return Unfit({"errors": str(error).split("\n")}, "review")
    report = sync_media(runtime)
    told = _("「{name}」第 {number} 版已发布，从现在起问候新客户", name=name, number=saved.number)
    if report.failed:
        told += _("；有 {count} 个文件还没有传到企业微信，会自动再试", count=report.failed)
    return Done(told)


def discard(runtime: Runtime, admin: Admin, form: Form) -> Done:
    """Throw a draft away; what is published stays."""
    draft_id = number(form.get("draft"))

    def work(session: Session) -> None:
        discard_draft(session, draft_id)
        record_audit(
            session,
            userid=admin.userid,
            action="welcome_discarded",
            origin=admin.origin,
            detail={"draft": draft_id},
        )

    runtime.db.commit(work)
    return Done(_("草稿已放弃，线上的没有变"))


def load_versions(runtime: Runtime, session: Session, admin: Admin) -> dict[str, Any]:
    """Show a script's versions, each with what it changed.

    Raises:
        Problem: no_such_page.
    """
    del admin
    script = find_script(session, number(request.args.get("script")))
    if script is None:
        raise Problem("no_such_page", reason="script")
    now = times(runtime)
    versions = list_versions(session, script.id)
    names = list_names(session, {one.created_by for one in versions})
    before = [one.draft for one in versions[1:]] + [EMPTY]
    return {
        "script": script.id,
        "name": script.name,
        "rows": [
            {
                "number": one.number,
                "at": now.minute(one.created_at),
                "by": clean(names.get(one.created_by, one.created_by)) or _("命令行"),
                "changes": show_changes(session, old, one.draft),
                "is_live": one.number == script.number,
                "knows_rules": one.knows_rules,
            }
            for one, old in zip(versions, before, strict=True)
        ],
    }


def go_back(runtime: Runtime, admin: Admin, form: Form) -> Done:
    """Make an earlier version the draft, to be published like any other.

    Raises:
        Problem: no_such_page.
    """
    script_id, wanted = number(form.get("script")), number(form.get("number"))
    try:
        draft_id = runtime.db.commit(
            lambda session: draft_of_version(session, script_id, wanted, by=admin.userid).id
        )
    except NotFound as error:
        raise Problem("no_such_page", reason="version") from error
    return Done(
        _("第 {number} 版的内容已放进草稿，发布后才会用", number=wanted), f"review?draft={draft_id}"
    )


def show_changes(session: Session, old: Draft, new: Draft) -> list[dict[str, Any]]:
    """Show what differs, part by part, as lines that went, came and stayed."""
    parts = [
        (_("名称"), old.name, new.name),
        (_("文字"), old.content, new.content),
        (_("附件"), _attachments(session, old), _attachments(session, new)),
        (_("适用范围"), _rules(session, old), _rules(session, new)),
        (_("重新添加的客户"), _returning(old), _returning(new)),
        (_("添加后"), _extras(session, old.extras), _extras(session, new.extras)),
    ]
    return [
        {
            "word": word,
            "lines": [
                (SIGNS[line[:2]], line[2:])
                for line in ndiff(before.splitlines(), after.splitlines())
                if line[:2] in SIGNS
            ],
        }
        for word, before, after in parts
        if before != after
    ]


def _attachments(session: Session, draft: Draft) -> str:
    return "\n".join(word_attachment(session, one) for one in draft.attachments)


def _rules(session: Session, draft: Draft) -> str:
    return "\n".join(word_rules(session, [one]) for one in draft.rules)


def _returning(draft: Draft) -> str:
    return word_returning(draft) if draft != EMPTY else ""


def _extras(session: Session, extras: Extras) -> str:
    return "\n".join(word_extras(session, extras))


def _version_of(session: Session, script_id: int) -> int | None:
    versions = list_versions(session, script_id)
    return versions[0].id if versions else None
