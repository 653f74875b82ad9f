"""The commands: `flask serve`, `upgrade`, `doctor`, `assets`, `welcome …`. One module each."""

from flask import Flask

from app.cli import (
    admin,
    assets,
    backup,
    database,
    demo,
    doctor,
    fields,
    inbox,
    library,
    pipelines,
    privacy,
    run,
    sync,
    welcome,
)


def register_commands(app: Flask) -> None:
    """Put every command on the application."""
    for command in (
        *run.COMMANDS,
        *database.COMMANDS,
        *backup.COMMANDS,
        *demo.COMMANDS,
        *assets.COMMANDS,
        *doctor.COMMANDS,
        *sync.COMMANDS,
        admin.group,
        inbox.group,
        fields.group,
        library.group,
        pipelines.group,
        privacy.group,
        welcome.group,
    ):
        app.cli.add_command(command)
