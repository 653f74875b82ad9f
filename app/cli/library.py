"""`flask library …`: the corp's scripts and materials (话术与素材), without the web."""

from collections.abc import Iterator
from pathlib import Path

import click
from flask.cli import AppGroup

from app.cli.tools import current_runtime, in_words, read_file, refuse
from app.errors import Refused
from app.i18n import N_, _
from app.library.actions import FORMS, import_items
from app.library.jobs import sync_library_media
from app.library.queries import Part, ShelfRow, list_shelf
from app.runtime import Runtime

group = AppGroup("library", help="Scripts and materials of the corp's.")

SHELVES = {"scripts": N_("话术"), "materials": N_("素材")}
# So many titles are told of each fate; the rest is a number.
MOST_TOLD = 20


@group.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@in_words
def import_file(file: Path) -> None:
    """Take over the items of a TOML file: all of them, or none if anything is wrong."""
    toml_text = read_file(file)
    runtime = current_runtime()
    try:
        with runtime.db.write() as session:
            imported = import_items(session, toml_text, folder=file.parent)
    except Refused as refused:
        refuse(_("没有导入任何内容：\n{faults}", faults=refused))
    for words, titles in (
        (N_("新增：{names}"), imported.created),
        (N_("更新：{names}"), imported.changed),
        (N_("去掉：{names}"), imported.removed),
        (N_("没有变化：{names}"), imported.unchanged),
    ):
        if titles:
            click.echo(_(words, names=_join(titles)))
    _upload(runtime)


@group.command("list")
@in_words
def list_all() -> None:
    """Show what the corp's shelves hold, and which files WeCom does not have."""
    with current_runtime().db.read() as session:
        shelves = {shelf: list_shelf(session, shelf) for shelf in SHELVES}
    for shelf, rows in shelves.items():
        group_name = None
        for row in rows:
            if row.item.group_name != group_name:
                group_name = row.item.group_name
                name = group_name or _("未分组")
                click.echo(_("{shelf} · {group}", shelf=_(SHELVES[shelf]), group=name))
            click.echo(f"  {_word(row)}")
    if not any(shelves.values()):
        click.echo(_("还没有话术和素材。用 flask library import 文件.toml 添加。"))


def _join(titles: tuple[str, ...]) -> str:
    told = _("、").join(titles[:MOST_TOLD])
    if len(titles) <= MOST_TOLD:
        return told
    return _("{names} 等 {count} 条", names=told, count=len(titles))


def _upload(runtime: Runtime) -> None:
    """Upload the files at once, so that the first who sends one need not wait."""
    report = sync_library_media(runtime)
    if report.uploaded:
        click.echo(_("已上传 {count} 个素材到企业微信。", count=report.uploaded))
    if report.failed:
        click.echo(
            _(
                "有 {count} 个素材还没能上传，稍后会自动再试；原因见 flask library list。",
                count=report.failed,
            )
        )


def _word(row: ShelfRow) -> str:
    item = row.item
    told = [
        _(
            "{title}（{key}）：{parts}",
            title=item.title,
            key=row.key,
            parts=_word_parts(item.parts),
        ),
        _("发送过 {count} 次", count=item.uses) if item.uses else "",
        *_word_faults(item.parts),
    ]
    return _("，").join(one for one in told if one)


def _word_parts(parts: tuple[Part, ...]) -> str:
    return _("、").join(_(FORMS[part.msgtype].word) for part in parts)


def _word_faults(parts: tuple[Part, ...]) -> Iterator[str]:
    for part in parts:
        if part.material and not part.material.is_ready:
            why = part.material.upload_error or _("还没有上传到企业微信")
            yield _("{name}：{why}", name=part.material.filename, why=why)
