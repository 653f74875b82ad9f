"""`flask demo`: the whole product on this machine, with a WeCom of its own and a past."""

from importlib import import_module

import click

from app.cli.tools import in_words


@click.command()
@click.option("--port", default=8000, show_default=True, help="Port of the sandbox.")
@click.option("--once", is_flag=True, help="Play one customer's story when ready, and end.")
@in_words
def demo(*, port: int, once: bool) -> None:
    """Run everything with a sandbox of WeCom, in which a shop has had sixty days."""
    # Loaded only here: the other commands have no use for the sandbox.
    import_module("app.cli.demo.show").show(port=port, once=once)


COMMANDS = (demo,)
