"""`flask doctor`: is the configuration right, here and in WeCom's console? One line a check."""

import sys
from collections.abc import Iterator

import click

from app.cli.tools import current_config
from app.doctor import examine, examine_unreadable
from app.doctor.exam import Finding, Mark
from app.errors import ConfigError
from app.i18n import _
from app.log import configure_logging


@click.command()
def doctor() -> None:
    """Check the configuration against this machine and WeCom, and say what to fix.

    Ends with exit code 1 if something has to be fixed. Shows no secret.
    """
    faults = 0
    for name, finding in _findings():
        faults += finding.mark is Mark.BAD
        click.echo(_line(name, finding))
    if faults:
        click.echo(_("有 {count} 处需要解决。", count=faults))
        sys.exit(1)
    click.echo(_("需要的都已就绪。还有两处企业微信不提供查询，请在管理后台自己看一眼："))
    click.echo("  " + _("“接收消息”页里，已打开“外部联系人变更回调”"))
    click.echo("  " + _("“客户联系 → 欢迎语”里，没有给这些成员另设欢迎语（设了就以它为准）"))


COMMANDS = (doctor,)


def _findings() -> Iterator[tuple[str, Finding]]:
    try:
        config = current_config()
    except ConfigError as error:
        return examine_unreadable(error)
    # What it finds it says itself; lines of the log would only stand between the checks.
    configure_logging("CRITICAL")
    return examine(config)


def _line(name: str, finding: Finding) -> str:
    if finding.mark is Mark.LEFT:
        return _("{mark} {name}（{words}）", mark=finding.mark, name=name, words=finding.words)
    line = _(
        "{mark} {name}：{words}",
        mark=finding.mark,
        name=f"{name} {finding.about}".rstrip(),
        words=finding.words,
    )
    return line + (_("。请打开：{console}", console=finding.console) if finding.console else "")
