"""`flask upgrade`: bring the database to the schema of this version."""

import click

from app import schema
from app.cli.tools import current_config, in_words
from app.db import Database
from app.i18n import _


@click.command()
@in_words
def upgrade() -> None:
    """Migrate the database to this version."""
    db = Database(current_config().database.url)
    schema.upgrade(db)
    click.echo(_("数据库已是最新版本（{revision}）。", revision=schema.wanted_revision()))


COMMANDS = (upgrade,)
