"""`flask inbox …`: what WeCom sent and what became of it; replay of what could not be worked."""

import click
from flask.cli import AppGroup

from app.audit.actions import record_audit
from app.cli.tools import current_runtime, in_words
from app.i18n import _
from app.inbox import actions, queries

group = AppGroup("inbox", help="Received events.")


@group.command("list")
@in_words
def list_events() -> None:
    """Show how the received events ended, and the dead ones."""
    runtime = current_runtime()
    with runtime.db.read() as session:
        for fate, count in sorted(queries.count_fates(session).items()):
            click.echo(f"{fate:12} {count}")
        for event in queries.list_dead(session):
            when = f"{event.received_at.astimezone(runtime.config.server.zone):%Y-%m-%d %H:%M:%S}"
            click.echo(f"{event.id}  {when}  {event.event}/{event.change_type}  {_(event.note)}")


@group.command("replay")
@click.argument("ids", nargs=-1, type=int, required=True)
@in_words
def replay(ids: tuple[int, ...]) -> None:
    """Work these dead events again."""
    runtime = current_runtime()
    with runtime.db.write() as session:
        count = actions.replay(session, ids)
        if count:
            detail = {"count": count, "event": min(ids)}
            record_audit(session, userid="", action="inbox_replayed", detail=detail)
    click.echo(_("已安排重新处理 {count} 个事件。", count=count))
