"""The page 标签: which corp tags there are, and how many customers have each."""

from datetime import datetime
from typing import Any

from flask import request
from sqlalchemy.orm import Session

from app import clock
from app.admin.pages.parts import SETTINGS, Action, Admin, Page
from app.admin.pages.tags import working
from app.admin.reading import Times, asked, number, query, times
from app.customers.actions.corp_tags import MOST_AT_ONCE, MOST_CHARACTERS
from app.customers.queries.tag_desk import (
    GONE,
    LIVING,
    DeskGroup,
    DeskTag,
    Holders,
    list_tag_groups,
)
from app.customers.queries.tag_desk import PAGE as GROUPS
from app.i18n import N_, _
from app.reports.asked import Asked
from app.reports.queries import get_reports
from app.runtime import Runtime
from app.words import clean

SEE, EDIT = "see_settings", "edit_settings"
STATES = {"": N_("全部"), LIVING: N_("在用"), GONE: N_("已在企业微信删除")}
LONGEST, MOST_PAGES = 64, 1000


def load(runtime: Runtime, session: Session, admin: Admin) -> dict[str, Any]:
    """Read the groups that the address asks for."""
    del admin
    args, now = asked(runtime), times(runtime)
    given = {
        "search": args.get("search", "").strip()[:LONGEST],
        "state": args.get("state", "") if args.get("state", "") in STATES else "",
    }
    page = min(number(request.args.get("page")), MOST_PAGES)
    reports = get_reports(session, Asked(clock.utcnow(), runtime.config.server.zone), ["tags"])
    counted = reports.figures["tags"]
    holders = Holders(tags=counted["tags"], groups=counted["groups"])
    groups, total = list_tag_groups(session, holders, **given, page=page)
    return {
        "counted_at": (
            now.minute(datetime.fromisoformat(counted["at"])) if reports.is_kept else ""
        ),
        "given": given,
        "is_chosen": any(given.values()),
        "states": [(name, _(word)) for name, word in STATES.items()],
        "rows": [_show_group(group, now) for group in groups],
        "total": total,
        "is_first": page == 0,
        "newer": query(runtime, given, page=page - 1) or "?" if page else "",
        "older": query(runtime, given, page=page + 1) if (page + 1) * GROUPS < total else "",
        "length": MOST_CHARACTERS,
        "most": MOST_AT_ONCE,
        "fault": "",
        "typed": {"group_name": "", "names": "", "group": ""},
    }


def _show_group(group: DeskGroup, now: Times) -> dict[str, Any]:
    return {
        "id": group.group_id,
        "name": clean(group.name),
        "was": group.name,
        "gone": now.minute(group.removed_at) if group.removed_at else "",
        "count": group.count,
        "living": sum(tag.removed_at is None for tag in group.tags),
        "tags": [_show_tag(tag, now) for tag in group.tags],
    }


def _show_tag(tag: DeskTag, now: Times) -> dict[str, Any]:
    return {
        "key": tag.key,
        "name": clean(tag.name),
        "was": tag.name,
        "gone": now.minute(tag.removed_at) if tag.removed_at else "",
        "count": tag.count,
    }


PAGE = Page(
    name="tags",
    title=N_("标签"),
    permission=SEE,
    group=SETTINGS,
    load=load,
    actions={
        "sync": Action(EDIT, working.sync),
        "create": Action(EDIT, working.create),
        "add": Action(EDIT, working.add),
        "rename": Action(EDIT, working.rename),
        "rename-group": Action(EDIT, working.rename_group),
        "delete": Action(EDIT, working.delete),
        "delete-group": Action(EDIT, working.delete_group),
    },
)
