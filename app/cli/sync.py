"""`flask sync`: compare everything with WeCom now, and say how far it is."""

from functools import partial
from time import sleep

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.audit.actions import record_audit
from app.claims import claim_due
from app.cli.tools import current_runtime, in_words, refuse
from app.i18n import _
from app.runtime import Runtime
from app.sync.actions import begin_run, cancel_run
from app.sync.jobs import work_sync
from app.sync.models import SyncRun
from app.sync.queries import find_open_run, find_run, measure_progress
from app.wecom.codes import error_for

LEASE = 60.0
PAUSE_SECONDS = 1.0


@click.command("sync")
@click.option("--full", is_flag=True, help="Begin anew, where one was under way already.")
@in_words
def sync(*, full: bool) -> None:
    """Take over all customers from WeCom, or go on with it. Ctrl-C: it goes on later."""
    runtime = current_runtime()
    run_id = runtime.db.commit(partial(_begin, full=full))
    while (run := _read(runtime, run_id)) is not None and run.outcome is None:
        _work(runtime)
        _tell(runtime, run_id)
    if run is None or run.outcome == "cancelled":
        refuse(_("已取消"))
    if run.outcome == "refused":
        error = error_for(run.errcode, "", api="") if run.errcode else None
        words = error.plain if error else _(run.fault)
        where = _("。请打开：{console}", console=error.console) if error and error.console else ""
        refuse(words + where)


COMMANDS = (sync,)


def _begin(session: Session, *, full: bool) -> int:
    run = find_open_run(session)
    if run is not None and full:
        cancel_run(session, userid="")
        run = None
    if run is None:
        run = begin_run(session, why="manual")
        record_audit(session, userid="", action="sync_begun", detail={"run": run.id})
    return run.id


def _read(runtime: Runtime, run_id: int) -> SyncRun | None:
    with runtime.db.read() as session:
        return find_run(session, run_id)


def _work(runtime: Runtime) -> None:
    """Do a piece of it here, unless a worker is at it or it is not its time."""
    with runtime.db.write() as session:
        claims = claim_due(session, SyncRun, limit=1, lease=LEASE)
    wanted_at = [work_sync(runtime, claim) for claim in claims] or [clock.later(PAUSE_SECONDS)]
    if any(at and at > clock.utcnow() for at in wanted_at):
        sleep(PAUSE_SECONDS)


def _tell(runtime: Runtime, run_id: int) -> None:
    with runtime.db.read() as session:
        run = session.scalars(select(SyncRun).where(SyncRun.id == run_id)).first()
        if run is None:
            return
        percent = round(measure_progress(session, run).share * 100)
    click.echo(
        _(
            "{percent}% 好友关系 {listed}，新增 {new}，有变化 {changed}，已不是好友 {gone}",
            percent=percent,
            listed=run.listed,
            new=run.new,
            changed=run.changed,
            gone=run.gone,
        )
    )
