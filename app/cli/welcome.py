"""`flask welcome …`: welcome scripts without the web."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click
from flask.cli import AppGroup
from sqlalchemy.orm import Session

from app import clock
from app.cli.tools import current_runtime, in_words, read_file, refuse
from app.errors import Refused
from app.i18n import N_, _
from app.runtime import Runtime
from app.welcome import actions, queries
from app.welcome.jobs import sync_media
from app.welcome.queries.previews import preview, word_attachment, word_returning, word_rules

group = AppGroup("welcome", help="Welcome scripts.")

TIME_FORMS = ("%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S")


@group.command("set-default")
@click.argument("text")
@in_words
def set_default(text: str) -> None:
    """Set the text that customers get when no other script holds."""
    with current_runtime().db.write() as session:
        saved = actions.set_default(session, text)
    if saved.changed:
        click.echo(_("默认欢迎语已保存（第 {number} 版）。", number=saved.number))
    else:
        click.echo(_("默认欢迎语没有变化（第 {number} 版）。", number=saved.number))


@group.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@in_words
def import_file(file: Path) -> None:
    """Save the scripts of a TOML file: all of them, or none if anything is wrong."""
    toml_text = read_file(file)
    runtime = current_runtime()
    try:
        with runtime.db.write() as session:
            imported = actions.import_scripts(session, toml_text, folder=file.parent)
    except Refused as refused:
        refuse(_("没有导入任何脚本：\n{faults}", faults=refused))
    for words, names in (
        (N_("新增：{names}"), imported.created),
        (N_("更新：{names}"), imported.changed),
        (N_("没有变化：{names}"), imported.unchanged),
    ):
        if names:
            click.echo(_(words, names=_("、").join(names)))
    _upload(runtime)


@group.command("list")
@in_words
def list_scripts() -> None:
    """Show the scripts, where they hold, and whether welcomes are paused."""
    runtime = current_runtime()
    with runtime.db.read() as session:
        if (since := queries.paused_since(session)) is not None:
            when = f"{since.astimezone(runtime.config.server.zone):%Y-%m-%d %H:%M}"
            click.echo(_("注意：欢迎语自 {when} 起已暂停。", when=when))
        rows = queries.list_scripts(session)
        for row in rows:
            for line in _script_lines(session, row):
                click.echo(line)
    if not rows:
        click.echo(_('还没有欢迎语脚本。用 flask welcome set-default "文本" 写第一条。'))


@group.command("explain")
@click.argument("userid")
@click.option("--state", default="", help="The channel the customer came through.")
@click.option("--at", "time", default="", help='"2026-01-02 23:30", in the corp\'s time zone.')
@in_words
def explain(userid: str, state: str, time: str) -> None:
    """Tell which script greets a customer who adds this member, and why."""
    runtime = current_runtime()
    zone = runtime.config.server.zone
    at = _read_time(time, zone)
    with runtime.db.read() as session:
        if queries.paused_since(session) is not None:
            click.echo(_("欢迎语已暂停：现在谁也收不到。恢复后会是："))
        choice = queries.choose_script(session, userid=userid, state=state, at=at, zone=zone)
    for n, step in enumerate(choice.steps, 1):
        click.echo(f"{n}. {step}")


@group.command("pause")
@in_words
def pause() -> None:
    """Send no welcomes until `flask welcome resume`."""
    with current_runtime().db.write() as session:
        changed = actions.pause(session)
    click.echo(_("已暂停发送欢迎语。") if changed else _("欢迎语早已暂停。"))


@group.command("resume")
@in_words
def resume() -> None:
    """Send welcomes again."""
    with current_runtime().db.write() as session:
        changed = actions.resume(session)
    click.echo(_("已恢复发送欢迎语。") if changed else _("欢迎语没有暂停。"))


@group.command("check")
@click.argument("name", required=False)
@in_words
def check(name: str | None) -> None:
    """Show what customers would see now, and what they see when attachments fail.

    Ends with exit code 1 if a script would lose something.
    """
    runtime = current_runtime()
    faults = 0
    with runtime.db.read() as session:
        rows = [row for row in queries.list_scripts(session) if name in {None, row.name}]
        if not rows:
            refuse(_("没有这个欢迎语脚本。") if name else _("还没有欢迎语脚本。"))
        for row in rows:
            shown = preview(session, row, zone=runtime.config.server.zone)
            faults += shown.faults
            click.echo("\n".join(shown.lines))
            click.echo()
    if faults:
        refuse(_("有 {count} 处现在发不出去，原因见上。", count=faults))


def _upload(runtime: Runtime) -> None:
    """Upload the files at once, so that the first customer gets them; a failure is only told."""
    report = sync_media(runtime)
    if report.uploaded:
        click.echo(_("已上传 {count} 个素材到企业微信。", count=report.uploaded))
    if report.failed:
        click.echo(
            _(
                "有 {count} 个素材还没能上传，稍后会自动再试；原因见 flask welcome check。",
                count=report.failed,
            )
        )


def _script_lines(session: Session, row: queries.ScriptRow) -> Iterator[str]:
    draft = row.draft
    yield _("「{name}」第 {number} 版", name=row.name, number=row.number)
    yield "  " + _("适用：{rules}", rules=word_rules(session, draft.rules))
    yield "  " + _("文字：{text}", text=draft.content.replace("\n", " ⏎ "))
    if draft.returning != "same":
        yield "  " + _("重新添加的客户：{text}", text=word_returning(draft))
    for n, attachment in enumerate(draft.attachments, 1):
        yield "  " + _("附件 {n}：{text}", n=n, text=word_attachment(session, attachment))


def _read_time(time: str, zone: ZoneInfo) -> datetime:
    if not time:
        return clock.utcnow()
    for form in TIME_FORMS:
        try:
            return datetime.strptime(time, form).replace(tzinfo=zone)
        except ValueError:
            continue
    raise Refused(_("时间要写成 2026-01-02 23:30 这样。"))
