"""What the code says of its commands: which there are, and how long each may take to end."""

from collections.abc import Mapping

import click
from flask import Flask

from app import drain, processes, redis_server, tree
from app.cli import register_commands


def commands() -> Mapping[str, click.Command]:
    """Return every `flask` command by its name."""
    app = Flask("commands")
    register_commands(app)
    return app.cli.commands


def longest_stop(command: str) -> float:
    """Return the seconds that a part, or the whole tree with its Redis, may take to end."""
    drained = drain.STOP_SECONDS
    parts = {"web": processes.END_SECONDS, "worker": drained, "relay": drained}
    return parts.get(command, tree.END_SECONDS + redis_server.STOP_SECONDS)
