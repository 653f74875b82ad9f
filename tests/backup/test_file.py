"""The file holds every row of every table, for any database, and shows when it is broken."""

import stat
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from app import clock, schema
from app.backup.form import Manifest, TableNote
from app.backup.reading import open_backup
from app.backup.restoring import is_empty, load_backup
from app.backup.writing import write_backup
from app.data_keys import DataKeys, keys_of
from app.db import Database
from app.errors import Refused
from app.members.models import Department
from app.runtime import Runtime, build_runtime
from app.seal import Sealer
from tests import settings
from tests.conftest import database_kinds
from tests.privacy.people import dump, make_person, make_shared
from tests.privacy.words import Words

WHO = Words("wmBackup", '备份里 "的" \\ 🌸 \u2028 人', "备份")


@pytest.fixture
def full(tmp_path: Path, any_db: Database) -> Iterator[Runtime]:
    """Give a runtime on a database that has somebody in every table, with all that names can be."""
    url = any_db.url.render_as_string(hide_password=False)
    made = build_runtime(settings.make_config(tmp_path, database={"url": url}))
    with made.db.write() as session:
        make_shared(session)
        make_person(session, made, WHO)
    yield made
    made.db.close()


@pytest.fixture
def file(tmp_path: Path, runtime: Runtime) -> Path:
    """Give a backup of the SQLite database, with somebody in it."""
    with runtime.db.write() as session:
        make_shared(session)
        make_person(session, runtime, WHO)
    write_backup(runtime.db, runtime.sealer, tmp_path / "b.zip", corp_id=runtime.corp_id)
    return tmp_path / "b.zip"


def next_kind(db: Database) -> str:
    """Return another kind than that of this database, if there is one."""
    kinds = database_kinds()
    own = {"mysql": "mariadb"}.get(db.url.get_backend_name(), db.url.get_backend_name())
    return kinds[(kinds.index(own) + 1) % len(kinds)]


def test_everything_comes_back_in_a_database_of_another_kind(
    full: Runtime, tmp_path: Path, kept_databases: Callable[[str], settings.KeptDatabase]
) -> None:
    path = tmp_path / "backup.zip"
    write_backup(full.db, full.sealer, path, corp_id=full.corp_id)
    before = dump(full.db, full)
    with closing(kept_databases(next_kind(full.db)).renew()) as other:
        with open_backup(path) as backup:
            load_backup(other, backup, replace=False)
        assert dump(other, full) == before
        with other.write() as session:
            # What is made now is numbered after what came back.
            make_person(session, full, Words("wmAfter", "恢复之后的人", "之后"))


def test_a_backup_is_for_nobody_elses_eyes_and_takes_no_others_place(
    runtime: Runtime, file: Path
) -> None:
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    before = file.read_bytes()
    with pytest.raises(Refused, match="已经存在"):
        write_backup(runtime.db, runtime.sealer, file, corp_id=runtime.corp_id)
    assert file.read_bytes() == before
    assert [path.name for path in file.parent.iterdir() if "partial" in path.name] == []


def test_the_keys_are_not_in_it(runtime: Runtime, file: Path) -> None:
    with ZipFile(file) as archive:
        content = b"".join(archive.read(name) for name in archive.namelist())
    keys = runtime.config.server.secret_key, runtime.config.wecom.secret
    assert [key for key in keys if key.get_secret_value().encode() in content] == []


@pytest.mark.parametrize("at", [0.3, 0.6, 0.9])
def test_a_damaged_file_is_found_out_before_anything_is_touched(file: Path, at: float) -> None:
    damaged = bytearray(file.read_bytes())
    for offset in range(200):
        damaged[int(len(damaged) * at) + offset] ^= 0xFF
    file.write_bytes(damaged)
    with pytest.raises(Refused, match=r"损坏|不是完整的"), open_backup(file) as backup:
        backup.verify()


def test_a_file_that_was_cut_off_is_none(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(Refused, match="不是完整的"), open_backup(file):
        pass


def test_another_corp_another_key_and_a_newer_version_are_refused(
    runtime: Runtime, file: Path
) -> None:
    ours: dict[str, Any] = {
        "corp_id": runtime.corp_id,
        "sealer": runtime.sealer,
        "keys": keys_of(runtime.db),
    }
    server = runtime.config.server.secret_key.get_secret_value()
    another = DataKeys({"k1": "another data key"}, current="k1", index=server)
    index = DataKeys({"server": server}, current="server", index="another index key")
    with open_backup(file) as backup:
        backup.require_ours(**ours)
        for other, words in (
            ({"corp_id": "ww2"}, "另一家企业"),
            ({"sealer": Sealer("some other secret key")}, "secret_key"),
            ({"keys": another}, "数据密钥「server」"),
            ({"keys": index}, "index_key"),
        ):
            with pytest.raises(Refused, match=words):
                backup.require_ours(**ours | other)
        backup.manifest = backup.manifest.model_copy(update={"revision": "9999_later"})
        with pytest.raises(Refused, match="更新的版本"):
            backup.require_ours(**ours)


def test_a_database_in_use_is_kept_unless_told(runtime: Runtime, file: Path) -> None:
    before = dump(runtime.db, runtime)
    with open_backup(file) as backup:
        with pytest.raises(Refused, match="--replace"):
            load_backup(runtime.db, backup, replace=False)
        assert dump(runtime.db, runtime) == before
        load_backup(runtime.db, backup, replace=True)
    assert dump(runtime.db, runtime) == before


def test_a_new_database_is_empty(any_db: Database) -> None:
    assert is_empty(any_db)


def test_a_backup_of_an_older_version_is_brought_up_to_this_one(
    tmp_path: Path, runtime: Runtime
) -> None:
    columns = (("id", "int"), ("name", "text"), ("parentid", "int"), ("position", "int"))
    manifest = Manifest(
        form=1,
        corp_id=runtime.corp_id,
        revision="0002_people",
        made_at=clock.utcnow(),
        database="sqlite",
        seal="",
        data_seal="",
        index_mark="",
        tables=(TableNote(name="departments", columns=columns, rows=1),),
    )
    with ZipFile(tmp_path / "old.zip", "w") as archive:
        archive.writestr("tables/departments.jsonl", '[7,"南山店",1,0]\n')
        archive.writestr("manifest.json", manifest.model_dump_json())
    with closing(Database(f"sqlite:///{tmp_path / 'new.db'}")) as db:
        with open_backup(tmp_path / "old.zip") as backup:
            backup.verify()
            load_backup(db, backup, replace=False)
        assert schema.current_revision(db) == schema.wanted_revision()
        with db.read() as session:
            assert session.get_one(Department, 7).name == "南山店"
