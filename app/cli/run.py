"""`flask serve | web | worker | relay`: run the product, whole or in parts."""

from collections.abc import Callable

import click

from app import processes
from app.cli.tools import current_config, in_words
from app.config import Config

_tied = click.option("--tied", is_flag=True, hidden=True, help="End with the parent process.")


@click.command()
@_tied
@in_words
def serve(*, tied: bool) -> None:
    """Run everything on this machine: web, worker, relay and a Redis."""
    _run(processes.run_serve, tied=tied)


@click.command()
@_tied
@in_words
def web(*, tied: bool) -> None:
    """Serve callbacks and pages."""
    _run(processes.run_web, tied=tied)


@click.command()
@_tied
@in_words
def worker(*, tied: bool) -> None:
    """Work events and messages as soon as they come."""
    _run(processes.run_worker, tied=tied)


@click.command()
@_tied
@in_words
def relay(*, tied: bool) -> None:
    """Find what nobody took, and run the periodic jobs."""
    _run(processes.run_relay, tied=tied)


def _run(part: Callable[[Config], None], *, tied: bool) -> None:
    if tied:
        processes.end_with_parent()
    part(current_config())


COMMANDS = (serve, web, worker, relay)
