"""`flask pipelines …`: the pipelines of stages, from a file and back into one."""

import json
from pathlib import Path

import click
from flask.cli import AppGroup

from app.cli.tools import current_runtime, in_words, read_file, refuse
from app.customers.actions import import_pipelines
from app.customers.queries import PipelineRow, list_pipelines
from app.errors import Refused
from app.i18n import _

group = AppGroup("pipelines", help="Pipelines of stages.")


@group.command("list")
@in_words
def show_list() -> None:
    """Show the pipelines as a file that `import` takes, with how many customers stand where."""
    with current_runtime().db.read() as session:
        pipelines = list_pipelines(session)
    for row in pipelines:
        click.echo(_toml(row))


@group.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@in_words
def import_file(file: Path) -> None:
    """Make the pipelines and stages be those of a TOML file: all of it, or nothing if it is wrong.

    The same key with another name renames. A stage in which customers stand is not removed.
    """
    toml_text = read_file(file)
    try:
        with current_runtime().db.write() as session:
            imported = import_pipelines(session, toml_text)
    except Refused as refused:
        refuse(_("什么都没有改：\n{faults}", faults=refused))
    for change in imported.changes:
        click.echo(change)
    counts = {"pipelines": imported.pipelines, "stages": imported.stages}
    if imported.changes:
        click.echo(_("已导入：{pipelines} 条流程，{stages} 个阶段。", **counts))
    else:
        click.echo(_("没有变化：{pipelines} 条流程，{stages} 个阶段。", **counts))


def _toml(row: PipelineRow) -> str:
    lines = ["[[pipeline]]", f"key = {_quoted(row.key)}", f"name = {_quoted(row.name)}", ""]
    for stage in row.stages:
        count = _("{count} 位客户", count=stage.count)
        lines += ["[[pipeline.stage]]", f"key = {_quoted(stage.key)}  # {count}"]
        lines.append(f"name = {_quoted(stage.name)}")
        if stage.asks:
            lines.append(f"asks = {_quoted(stage.asks)}")
        if stage.color:
            lines.append(f"color = {_quoted(stage.color)}")
        lines.append("")
    return "\n".join(lines)


def _quoted(text: str) -> str:
    # What JSON escapes, TOML reads the same way.
    return json.dumps(text, ensure_ascii=False)
