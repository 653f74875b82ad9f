"""The database's schema: which revision it has, which this code wants, and how to get there."""

from importlib import import_module
from pathlib import Path

from sqlalchemy import inspect, text
from sqlalchemy.exc import SQLAlchemyError

from app.db import Database
from app.errors import ConfigError

MIGRATIONS = Path(__file__).parent.parent / "migrations"


def wanted_revision() -> str:
    """Return the newest revision: the last file of migrations/versions, by number."""
    return max(path.stem for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def current_revision(db: Database) -> str | None:
    """Return the database's revision, None when it is empty."""
    with db.engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        revision = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return None if revision is None else str(revision)


def require_schema(db: Database) -> None:
    """Refuse a schema that this code was not written for.

    Raises:
        ConfigError: it names the command that mends it.
    """
    try:
        current = current_revision(db)
    except SQLAlchemyError as error:
        raise ConfigError(
            f"the database cannot be reached ({type(error).__name__}): is database.url right?"
        ) from None
    if current != wanted_revision():
        raise ConfigError(
            f"the database is at revision {current or 'none'}, this version needs "
            f"{wanted_revision()}: run  flask upgrade"
        )


def upgrade(db: Database, revision: str = "head") -> None:
    """Migrate upwards."""
    _alembic("upgrade", db, revision)


def downgrade(db: Database, revision: str) -> None:
    """Migrate downwards, "base" to nothing."""
    _alembic("downgrade", db, revision)


def _alembic(verb: str, db: Database, revision: str) -> None:
    # Loaded only here: no serving process needs it.
    command = import_module("alembic.command")
    config = import_module("alembic.config").Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    # It says at the start that it writes, and so waits for whoever else does: see `app.db`.
    with db.engine.connect().execution_options(banke_write=True) as connection:
        config.attributes["connection"] = connection
        getattr(command, verb)(config, revision)
        connection.commit()
