"""The page 我的登录: where one is signed in, and signing out there."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from app.accounts.actions import close_session, close_sessions
from app.accounts.queries import list_sessions
from app.admin.pages.parts import Action, Admin, Done, Page
from app.admin.reading import times
from app.i18n import N_, _
from app.runtime import Runtime

SHORT = 12


def load(runtime: Runtime, session: Session, admin: Admin) -> dict[str, Any]:
    """Read one's sessions."""
    now = times(runtime)
    return {
        "sessions": [
            {
                "name": row.digest[:SHORT],
                "is_this": row.digest == admin.digest,
                "agent": row.agent or _("未知的浏览器"),
                "origin": row.origin,
                "begun": now.minute(row.begun_at),
                "seen": now.minute(row.seen_at),
                "ends": now.minute(row.ends_at),
            }
            for row in list_sessions(session, admin.userid)
        ]
    }


def end_one(runtime: Runtime, admin: Admin, form: Mapping[str, str]) -> Done:
    """End one of one's sessions."""
    with runtime.db.read() as session:
        found = [
            row.digest
            for row in list_sessions(session, admin.userid)
            if row.digest[:SHORT] == form.get("session")
        ]
    for digest in found:
        runtime.db.commit(partial(close_session, userid=admin.userid, digest=digest))
    return Done(_("已退出那一处登录"))


def end_others(runtime: Runtime, admin: Admin, form: Mapping[str, str]) -> Done:
    """End all of one's sessions but this one."""
    del form
    ended = runtime.db.commit(partial(close_sessions, userid=admin.userid, but=admin.digest))
    return Done(_("已退出其他 {count} 处登录", count=ended))


PAGE = Page(
    name="sessions",
    title=N_("我的登录"),
    permission="own_sessions",
    load=load,
    actions={
        "end": Action("own_sessions", end_one),
        "end-others": Action("own_sessions", end_others),
    },
    group=None,
)
