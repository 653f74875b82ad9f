"""The page 成员与角色: who may look after the whole, and as what."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from app.accounts.actions import grant_role, revoke_role
from app.accounts.errors import LastOwner, NotOwner
from app.accounts.queries import RoleRow, list_roles
from app.admin.pages.parts import SYSTEM, Action, Admin, Done, Page, Unfit
from app.admin.permissions import ROLE_TELLS, ROLE_WORDS
from app.admin.reading import Times, times
from app.errors import NotFound
from app.i18n import N_, _
from app.members.queries import find_member, list_present
from app.runtime import Runtime
from app.words import clean

MOST_USERID = 64


def load(runtime: Runtime, session: Session, admin: Admin) -> dict[str, Any]:
    """Read who has a role."""
    del admin
    now = times(runtime)
    return {
        "rows": [_show(row, now) for row in list_roles(session)],
        "roles": [(name, _(word), _(ROLE_TELLS[name])) for name, word in ROLE_WORDS.items()],
        "candidates": [(one.userid, clean(one.name)) for one in list_present(session)],
        "fault": "",
        "given": {},
    }


def give(runtime: Runtime, admin: Admin, form: Mapping[str, str]) -> Done | Unfit:
    """Give a member a role, instead of the one he has."""
    userid, role = form.get("userid", "").strip()[:MOST_USERID], form.get("role", "")
    if role not in ROLE_WORDS:
        return Unfit({"fault": _("请选择一个角色"), "given": dict(form)})
    work = partial(grant_role, userid=userid, role=role, by=admin.userid, origin=admin.origin)
    try:
        runtime.db.commit(work)
    except NotFound:
        fault = _("没有账号为「{userid}」的成员，请从列表里选一位", userid=clean(userid))
        return Unfit({"fault": fault, "given": dict(form)})
    except (LastOwner, NotOwner) as error:
        return Unfit({"fault": str(error), "given": dict(form)})
    role_word = _(ROLE_WORDS[role])
    return Done(_("{name} 现在是{role}", name=_name_of(runtime, userid), role=role_word))


def take(runtime: Runtime, admin: Admin, form: Mapping[str, str]) -> Done | Unfit:
    """Take a member's role, which ends his sessions."""
    userid = form.get("userid", "")[:MOST_USERID]
    work = partial(revoke_role, userid=userid, by=admin.userid, origin=admin.origin)
    try:
        runtime.db.commit(work)
    except (NotFound, LastOwner, NotOwner) as error:
        return Unfit({"fault": _(str(error)), "given": {}})
    return Done(_("{name} 不再有后台角色，登录已全部退出", name=_name_of(runtime, userid)))


def _name_of(runtime: Runtime, userid: str) -> str:
    with runtime.db.read() as session:
        member = find_member(session, userid)
    return clean(member.name) if member and member.name else userid


def _show(row: RoleRow, now: Times) -> dict[str, Any]:
    return {
        "userid": row.userid,
        "name": clean(row.name) or row.userid,
        "role": row.role,
        "worded": _(ROLE_WORDS[row.role]),
        "granted": now.minute(row.granted_at),
        "by": row.granted_by or _("命令行"),
        "is_here": row.is_here,
    }


PAGE = Page(
    name="members",
    title=N_("成员与角色"),
    permission="see_roles",
    group=SYSTEM,
    load=load,
    actions={
        "give": Action("give_roles", give, needs_proof=True),
        "take": Action("give_roles", take, needs_proof=True),
    },
)
