"""Migrations lead to exactly the tables that the code knows, up and down, on every database."""

from contextlib import suppress
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import event, inspect, text
from sqlalchemy.exc import OperationalError

from app import schema
from app.db import Database
from app.tables import metadata
from tests import settings
from tests.conftest import database_kinds
from tests.old_schema import VERSIONS, OldDatabase


def test_the_migrated_schema_is_the_one_in_the_code(any_db: Database) -> None:
    with any_db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert compare_metadata(context, metadata) == []


@pytest.mark.parametrize("kind", database_kinds())
def test_migrations_keep_every_row_on_their_way_up_and_go_down_to_nothing(
    kind: str, tmp_path: Path
) -> None:
    with settings.fresh_database(kind, tmp_path) as url:
        db = settings.keyed(Database(url))
        old = OldDatabase(db, rows=3)
        assert [step.revision for step in old.rise()] == [path.stem for path in VERSIONS]
        assert schema.current_revision(db) == schema.wanted_revision()
        assert old.count_lost() == {}
        schema.downgrade(db, "base")
        assert set(inspect(db.engine).get_table_names()) == {"alembic_version"}
        db.close()


def test_a_migration_that_died_half_way_runs_again(any_db_url: str) -> None:
    db = settings.migrated(any_db_url)
    with db.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM alembic_version")
        connection.exec_driver_sql("DROP TABLE losses")
    schema.upgrade(db)
    assert inspect(db.engine).has_table("losses")
    db.close()


def test_nobody_writes_between_what_an_upgrade_has_read_and_what_it_writes(
    tmp_path: Path,
) -> None:
    url = f"sqlite:///{tmp_path / 'banke.db'}"
    db, other = Database(url), Database(url, lock_wait=0.05)
    schema.upgrade(db, VERSIONS[0].stem)
    tried: list[str] = []

    @event.listens_for(db.engine, "before_cursor_execute")
    def write_too(_c: object, _k: object, statement: str, *_rest: object) -> None:
        if statement.lstrip().startswith("CREATE TABLE") and not tried:
            tried.append(statement)
            with suppress(OperationalError), other.write() as session:
                session.execute(text("UPDATE alembic_version SET version_num = version_num"))

    schema.upgrade(db)
    assert tried
    assert schema.current_revision(db) == schema.wanted_revision()
    for one in (db, other):
        one.close()


@pytest.mark.parametrize("path", VERSIONS, ids=lambda path: path.stem)
def test_a_revision_is_named_as_its_file_and_fits_alembics_column(path: Path) -> None:
    assert f'revision = "{path.stem}"' in path.read_text(encoding="utf-8")
    assert len(path.stem) <= 32
