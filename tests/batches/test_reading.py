"""A long table is read by the worker: in pieces, gone on with after a death, refused in words."""

import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from app.batches import reading
from app.batches.actions import cancel_batch
from app.batches.imports import add_rows, await_import
from app.batches.jobs import work_batch
from app.batches.models import Batch, ImportRow
from app.batches.reading import read_table
from app.claims import Claim, claim_due
from app.db import Database
from app.errors import NotFound
from app.materials.actions import PIECE_BYTES, set_aside, store_piece
from app.materials.actions.uploads import MOST_UPLOADS, STALLED
from app.materials.models import Upload, UploadPiece
from app.runtime import Runtime, build_runtime
from tests.settings import make_config
from tests.sheet_maker import make_csv

HEAD = ["external_userid", "跟进"]


@pytest.fixture
def base(tmp_path: Path, any_db: Database) -> Any:
    """Give a runtime on every database."""
    url = any_db.url.render_as_string(hide_password=False)
    runtime = build_runtime(make_config(tmp_path, database={"url": url}))
    yield runtime
    runtime.db.close()


def upload(runtime: Runtime, data: bytes, *, key: str = "k") -> None:
    name = {"userid": "qianer", "key": key, "kind": "file", "filename": "长.csv"}
    for n in range(-(-len(data) // PIECE_BYTES)):
        piece = data[n * PIECE_BYTES : (n + 1) * PIECE_BYTES]
        with runtime.db.write() as session:
            store_piece(session, **name, size=len(data), n=n, data=piece)


def hand_in(runtime: Runtime, count: int, *, tail: bytes = b"") -> int:
    upload(runtime, make_csv([HEAD, *([f"wm{n}", f"第 {n} 位" * 20] for n in range(count))]) + tail)
    with runtime.db.write() as session:
        aside = set_aside(session, "qianer", "k")
        return await_import(
            session,
            userid="qianer",
            filename=aside.filename,
            upload_id=aside.id,
            is_manager=False,
        ).id


def claim(runtime: Runtime) -> Claim:
    with runtime.db.write() as session:
        [mine] = claim_due(session, Batch, limit=1, lease=0)
        return mine


def batch_of(runtime: Runtime) -> Batch:
    with runtime.db.read() as session:
        return session.scalars(select(Batch)).one()


def numbers(runtime: Runtime) -> list[int]:
    with runtime.db.read() as session:
        return list(session.scalars(select(ImportRow.number).order_by(ImportRow.number)))


def kept(runtime: Runtime) -> int:
    """Count the pieces of files that are kept."""
    with runtime.db.read() as session:
        return len(session.scalars(select(UploadPiece.n)).all())


def test_it_is_read_whole_and_its_file_goes(base: Runtime) -> None:
    hand_in(base, 2500)
    assert kept(base) > 1
    assert work_batch(base, claim(base)) is None
    assert numbers(base) == list(range(2, 2502))
    assert kept(base) == 0
    batch = batch_of(base)
    assert (batch.what["phase"], batch.total, batch.due_at) == ("mapping", 2500, None)
    assert batch.what["mapping"] == {"0": "id", "1": "note"}


def test_one_that_dies_on_the_way_is_gone_on_with_where_it_was(
    base: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand_in(base, 2500)
    pieces: list[int] = []

    def die(*about: Any) -> int:
        pieces.append(add_rows(*about))
        if len(pieces) > 1:
            raise RuntimeError
        return pieces[-1]

    monkeypatch.setattr(reading, "add_rows", die)
    with pytest.raises(RuntimeError):
        read_table(base, claim(base), seconds=60)
    assert len(numbers(base)) == batch_of(base).total == 1000
    monkeypatch.undo()
    work_batch(base, claim(base))
    assert numbers(base) == list(range(2, 2502))
    assert batch_of(base).total == 2500


def test_others_have_their_turn_on_the_way(runtime: Runtime) -> None:
    hand_in(runtime, 2500)
    turns = 1
    while read_table(runtime, claim(runtime), seconds=0):
        turns += 1
    assert turns == 4
    assert batch_of(runtime).total == len(numbers(runtime)) == 2500


def test_one_that_is_damaged_far_down_leaves_nothing_but_why(base: Runtime) -> None:
    hand_in(base, 1500, tail=b'"')
    work_batch(base, claim(base))
    batch = batch_of(base)
    assert batch.what["phase"] == "unread"
    assert batch.what["why"].startswith("第 1502 行读不懂")
    assert (numbers(base), kept(base), batch.due_at) == ([], 0, None)


def test_stopped_it_leaves_nothing(runtime: Runtime) -> None:
    hand_in(runtime, 2500)
    read_table(runtime, claim(runtime), seconds=0)
    assert len(numbers(runtime)) == 1000
    with runtime.db.write() as session:
        assert cancel_batch(session, session.scalars(select(Batch)).one(), userid="qianer")
    work_batch(runtime, claim(runtime))
    assert batch_of(runtime).what["why"] == "已取消"
    assert (numbers(runtime), kept(runtime)) == ([], 0)


def test_no_upload_pushes_out_one_that_waits_to_be_read(runtime: Runtime) -> None:
    hand_in(runtime, 10)
    with runtime.db.write() as session:
        [aside] = session.scalars(select(Upload))
        aside.moved_at -= 2 * STALLED
    for number in range(MOST_UPLOADS):
        upload(runtime, b"x" * 100, key=f"other{number}")
    with runtime.db.write() as session, pytest.raises(NotFound):
        set_aside(session, "qianer", "k")
    work_batch(runtime, claim(runtime))
    assert batch_of(runtime).what["phase"] == "mapping"


def peak(runtime: Runtime, count: int) -> int:
    hand_in(runtime, count)
    mine = claim(runtime)
    tracemalloc.start()
    read_table(runtime, mine, seconds=60)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(numbers(runtime)) == count
    with runtime.db.write() as session:
        session.connection().exec_driver_sql("DELETE FROM batches")
    return most


def test_memory_is_flat_however_long_it_is(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "AT_ONCE", 200)
    peak(runtime, 10)
    few = peak(runtime, 1000)
    assert peak(runtime, 5000) < 1.5 * few
