"""`flask admin …`: roles of the admin web, and a way in when WeCom's sign-in is none."""

from functools import partial

import click
from flask.cli import AppGroup

from app.accounts.actions import grant_role, make_login_link, revoke_role
from app.accounts.models import ROLES
from app.accounts.queries import list_roles
from app.audit.queries import verify_chain
from app.cli.tools import current_runtime, in_words, refuse
from app.errors import NotFound
from app.i18n import _
from app.members.jobs import sync_member
from app.members.queries import find_member
from app.runtime import Runtime

group = AppGroup("admin", help="Roles of the admin web.")


@group.command("grant")
@click.argument("userid")
@click.argument("role", type=click.Choice(ROLES))
@in_words
def grant(userid: str, role: str) -> None:
    """Give a member a role: owner, admin, manager or auditor."""
    runtime = current_runtime()
    _know(runtime, userid)
    if runtime.db.commit(partial(grant_role, userid=userid, role=role)):
        click.echo(_("{userid} 现在是 {role}。", userid=userid, role=role))
    else:
        click.echo(_("{userid} 已经是 {role}，没有变化。", userid=userid, role=role))


@group.command("revoke")
@click.argument("userid")
@in_words
def revoke(userid: str) -> None:
    """Take a member's role, and end his sessions."""
    runtime = current_runtime()
    try:
        runtime.db.commit(partial(revoke_role, userid=userid))
    except NotFound as error:
        refuse(_(str(error)))
    click.echo(_("{userid} 不再有后台角色。", userid=userid))


@group.command("list")
@in_words
def list_all() -> None:
    """Show who has a role."""
    with current_runtime().db.read() as session:
        rows = list_roles(session)
    for row in rows:
        away = "" if row.is_here else _("（已离开，不能登录）")
        click.echo(f"{row.userid}  {row.role}  {row.name}{away}")
    if not rows:
        click.echo(_("还没有人有后台角色。用 flask admin grant 账号 owner 设一位所有者。"))


@group.command("login-link")
@click.argument("userid")
@in_words
def login_link(userid: str) -> None:
    """Make a link that signs a member in once, within a quarter of an hour."""
    runtime = current_runtime()
    try:
        token = runtime.db.commit(partial(make_login_link, userid=userid))
    except NotFound as error:
        refuse(_(str(error)))
    click.echo(_("15 分钟内有效，只能用一次："))
    click.echo(f"{runtime.config.server.base_url}/admin/sign-in#link={token}")


@group.command("verify-log")
@in_words
def verify_log() -> None:
    """Read the audit log and tell whether entries were changed or taken out."""
    with current_runtime().db.read() as session:
        verdict = verify_chain(session)
    if verdict.is_whole:
        click.echo(_("{count} 条记录首尾相连，没有被改过。", count=verdict.checked))
    elif verdict.is_cut:
        refuse(_("操作日志的末尾有记录被删除。"))
    else:
        refuse(_("编号 {id} 的记录被改过，或它前面有记录被删除。", id=verdict.broken_at))


def _know(runtime: Runtime, userid: str) -> None:
    """Read a member from WeCom whom we have not heard of yet; before the first sync that is all."""
    with runtime.db.read() as session:
        known = find_member(session, userid)
    if known is None:
        sync_member(runtime, userid)
