"""`flask privacy rotate`: seal everything anew under the current data key."""

from contextlib import closing
from functools import partial

import click

from app.audit.actions import record_audit
from app.cli.tools import current_runtime, in_words
from app.data_keys import DataKeys, keys_of
from app.i18n import N_, _
from app.privacy.sealing import SEALED, begin_anew, shed_old_pages, walk_on
from app.runtime import Runtime
from app.seal_walks import SealedRows
from app.sections import SERVER_KEY

NAMES = {
    "follow_users": N_("备注手机"),
    "field_values": N_("资料"),
    "field_changes": N_("资料的修改"),
    "customer_views": N_("保存的视图"),
    "import_rows": N_("导入的表格"),
    "pushes": N_("同步到企业微信的修改"),
}
SAID_EVERY = 20_000


@click.group("privacy")
def group() -> None:
    """Keys under which customers' phone numbers and sensitive fields lie."""


@group.command("rotate")
@in_words
def rotate() -> None:
    """Seal everything under privacy.current. Ctrl-C: the next run, or the relay, goes on."""
    runtime = current_runtime()
    with closing(runtime.db):
        keys = _rotate(runtime)
    click.echo(_("全部内容都用密钥「{name}」加密了。", name=keys.current))
    if old := sorted(keys.names - {keys.current, SERVER_KEY}):
        told = _("、").join(old)
        click.echo(_("可以从 privacy.keys 去掉：{names}。旧的备份仍要用它们才读得出。", names=told))


def _rotate(runtime: Runtime) -> DataKeys:
    """Do it, and return the keys."""
    with runtime.db.read() as session:
        keys = keys_of(session)
    # To the end of what is under way; and then until a whole walk finds nothing: a process that
    # still had the old configuration may have written behind the first.
    _walk(runtime)
    runtime.db.commit(begin_anew)
    while _walk(runtime):
        runtime.db.commit(begin_anew)
    shed_old_pages(runtime)
    detail = {"key": keys.current}
    runtime.db.commit(partial(record_audit, userid="", action="keys_rotated", detail=detail))
    return keys


def _walk(runtime: Runtime) -> int:
    """Go through everything once, and return how many rows were changed."""
    return sum(_walk_rows(runtime, rows) for rows in SEALED)


def _walk_rows(runtime: Runtime, rows: SealedRows) -> int:
    looked = changed = said = 0
    while True:
        piece = walk_on(runtime, rows)
        looked, changed = looked + piece.looked, changed + piece.changed
        if piece.is_over or looked - said >= SAID_EVERY:
            said = looked
            click.echo(
                _(
                    "{what}：看过 {looked} 行，重新加密 {changed} 行",
                    what=_(NAMES[rows.name]),
                    looked=looked,
                    changed=changed,
                )
            )
        if piece.is_over:
            return changed
