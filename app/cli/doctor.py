"""`flask doctor`: is the configuration right, here and in WeCom's console? One line a check."""

import sys
from collections.abc import Iterator

import click

from app.cli.tools import current_config
from app.doctor import examine, examine_unreadable, list_by_hand
from app.doctor.exam import Finding, Mark
from app.errors import ConfigError
from app.i18n import _
from app.log import configure_logging


@click.command()
def doctor() -> None:
    """Check the configuration against this machine and WeCom, and say what to fix.

    Ends with exit code 1 if something has to be fixed. Shows no secret.
    """
    try:
        config = current_config()
    except ConfigError as error:
        _tell(examine_unreadable(error))
        return
    # What it finds it says itself; lines of the log would only stand between the checks.
    configure_logging("CRITICAL")
    _tell(examine(config))
    click.echo(_("需要的都已就绪。还有几处企业微信不提供查询，请在管理后台自己看一眼："))
    for words, paste in list_by_hand(config):
        click.echo(f"  {words} {paste}".rstrip())


COMMANDS = (doctor,)


def _tell(findings: Iterator[tuple[str, Finding]]) -> None:
    """Say each; if something has to be fixed, that ends the command."""
    faults = 0
    for name, finding in findings:
        faults += finding.mark is Mark.BAD
        click.echo(_line(name, finding))
    if faults:
        click.echo(_("有 {count} 处需要解决。", count=faults))
        sys.exit(1)


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
