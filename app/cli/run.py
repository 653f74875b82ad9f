"""`flask serve | web | worker | relay`: run the product, whole or in parts."""

import click

from app import processes, tree
from app.cli.tools import current_config, in_words


@click.command()
@click.option("--tied", is_flag=True, hidden=True, help="End when the standard input does.")
@in_words
def serve(*, tied: bool) -> None:
    """Run everything on this machine: web, worker, relay and a Redis."""
    if tied:
        processes.end_with_input()
    tree.run_serve(current_config())


@click.command()
@in_words
def web() -> None:
    """Serve callbacks and pages."""
    processes.run_web(current_config())


@click.command()
@in_words
def worker() -> None:
    """Work events and messages as soon as they come."""
    processes.run_worker(current_config())


@click.command()
@in_words
def relay() -> None:
    """Find what nobody took, and run the periodic jobs."""
    processes.run_relay(current_config())


COMMANDS = (serve, web, worker, relay)
