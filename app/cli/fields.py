"""`flask fields …`: what is kept about customers (资料), without the web."""

from pathlib import Path

import click
from flask.cli import AppGroup

from app.audit.actions import record_audit
from app.cli.tools import current_runtime, in_words, read_file, refuse
from app.customers.actions import import_fields
from app.customers.queries import KIND_WORDS, VISIBLE_TO, Field, count_filled, list_fields
from app.errors import Refused
from app.i18n import N_, _

# More customers than any corp has.
ALL = 2**31 - 1

group = AppGroup("fields", help="What is kept about customers.")


@group.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@in_words
def import_file(file: Path) -> None:
    """Take over the fields of a TOML file: all of them, or none if anything is wrong."""
    toml_text = read_file(file)
    try:
        with current_runtime().db.write() as session:
            imported = import_fields(session, toml_text)
            for names, marked in ((imported.sealed, "yes"), (imported.opened, "no")):
                for name in names:
                    detail = {"field": name, "sensitive": marked}
                    record_audit(session, userid="", action="field_changed", detail=detail)
    except Refused as refused:
        refuse(_("没有导入任何资料项：\n{faults}", faults=refused))
    for words, names in (
        (N_("新增：{names}"), imported.created),
        (N_("更新：{names}"), imported.changed),
        (N_("去掉：{names}"), imported.removed),
        (N_("没有变化：{names}"), imported.unchanged),
        (N_("设为敏感，已填的内容随后加密：{names}"), imported.sealed),
        (N_("不再敏感，已填的内容随后恢复为明文：{names}"), imported.opened),
    ):
        if names:
            click.echo(_(words, names=_("、").join(names)))


@group.command("list")
@in_words
def list_all() -> None:
    """Show the fields in the order of the card."""
    with current_runtime().db.read() as session:
        fields = [(one, count_filled(session, one.id, most=ALL)) for one in list_fields(session)]
    for field, filled in fields:
        click.echo(_word(field, filled))
    if not fields:
        click.echo(_("还没有资料项。用 flask fields import 文件.toml 添加。"))


def _word(field: Field, filled: int) -> str:
    names = _("、").join(option.name for option in field.options if not option.removed)
    told = [
        _(
            "{name}（{key}）：{kind}",
            name=field.name,
            key=field.key,
            kind=_(KIND_WORDS[field.kind]),
        ),
        names,
        _("置顶") if field.pinned else "",
        _("只读") if field.read_only else "",
        _("敏感") if field.sensitive else "",
        _(VISIBLE_TO[field.visible_to]) if field.visible_to else "",
        _("{count} 位客户填过", count=filled),
    ]
    return _("，").join(one for one in told if one)
