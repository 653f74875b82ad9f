"""`flask backup` and `flask restore`: the whole database into one file, and back."""

from functools import partial
from pathlib import Path

import click

from app import schema
from app.backup.form import as_utc
from app.backup.reading import open_backup
from app.backup.restoring import load_backup
from app.backup.settling import Settled, settle
from app.backup.writing import write_backup
from app.cli.tools import current_runtime, in_words, refuse
from app.data_keys import keys_of
from app.i18n import _
from app.runtime import Runtime

FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.argument("file", type=FILE)
@in_words
def backup(file: Path) -> None:
    """Write everything in the database into a new FILE, while the server runs."""
    runtime = current_runtime()
    made = write_backup(runtime.db, runtime.sealer, file, corp_id=runtime.corp_id)
    click.echo(
        _(
            "已备份到 {file}：{tables} 张表，{rows} 行，{size} MB。"
            "密钥不在里面，请另外保管配置文件",
            file=str(file),
            tables=len(made.tables),
            rows=made.rows,
            size=f"{file.stat().st_size / 1e6:.1f}",
        )
    )


@click.command()
@click.argument("file", type=FILE, required=False)
@click.option("--replace", is_flag=True, help="Throw away what is in the database.")
@click.option(
    "--loaded", is_flag=True, help="Another tool has brought the database back already: no FILE."
)
@in_words
def restore(file: Path | None, *, replace: bool, loaded: bool) -> None:
    """Put a backup into an empty database; what may have been sent since is not sent again.

    No part of the server may run meanwhile, here or anywhere else.
    """
    if (file is None) != loaded:
        refuse(_("请写上备份文件；若已用别的工具恢复了数据库，请改用 --loaded"))
    runtime = current_runtime()
    if file is None:
        schema.upgrade(runtime.db)
        settled = runtime.db.commit(partial(settle, made_at=None))
    else:
        settled = _restore(runtime, file, replace=replace)
    _tell(settled)


def _restore(runtime: Runtime, file: Path, *, replace: bool) -> Settled:
    with open_backup(file) as opened:
        keys = keys_of(runtime.db)
        opened.require_ours(corp_id=runtime.corp_id, sealer=runtime.sealer, keys=keys)
        opened.verify()
        made = opened.manifest
        load_backup(runtime.db, opened, replace=replace)
    settled = runtime.db.commit(partial(settle, made_at=made.made_at))
    click.echo(
        _("已恢复 {made_at} 的备份，{rows} 行", made_at=as_utc(made.made_at), rows=made.rows)
    )
    return settled


def _tell(settled: Settled) -> None:
    click.echo(
        _(
            "备份时还没有结果的不再发送：欢迎语 {welcomes} 条，消息 {messages} 条，"
            "要同步到企业微信的修改 {pushes} 处",
            welcomes=settled.welcomes,
            messages=settled.messages,
            pushes=settled.pushes,
        )
    )
    click.echo(_("现在启动服务，它会先和企业微信对账，补上备份之后的变化"))


COMMANDS = (backup, restore)
