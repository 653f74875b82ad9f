"""The commands: `flask serve`, `upgrade`, `doctor`, `welcome …`. One module a command or group."""

from flask import Flask

from app.cli import database, demo, doctor, inbox, run, welcome


def register_commands(app: Flask) -> None:
    """Put every command on the application."""
    for command in (
        *run.COMMANDS,
        *database.COMMANDS,
        *demo.COMMANDS,
        *doctor.COMMANDS,
        inbox.group,
        welcome.group,
    ):
        app.cli.add_command(command)
