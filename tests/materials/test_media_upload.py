"""Files are at WeCom before anybody needs them, renewed in time, and one bad one stops no other."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest

from app import clock
from app.db import Database
from app.materials import jobs
from app.materials.actions import forget_media, store_file
from app.materials.jobs import push_media
from app.materials.models import Material
from app.materials.queries import find_media_id
from app.runtime import Runtime, build_runtime
from app.sandbox.server import Sandbox, SandboxServer
from tests.materials.test_materials import PNG
from tests.settings import make_config


@pytest.fixture
def box() -> Sandbox:
    return Sandbox(seed=True)


@pytest.fixture
def runtime(tmp_path: Path, db: Database, box: Sandbox) -> Iterator[Runtime]:
    with SandboxServer(box) as address:
        wecom = {"api_base": address, "secret": box.secret}
        made = build_runtime(make_config(tmp_path, database={"url": str(db.url)}, wecom=wecom))
        yield made
        made.db.close()


def _stored(runtime: Runtime, filename: str = "a.png") -> int:
    with runtime.db.write() as session:
        return store_file(session, kind="image", filename=filename, data=PNG).id


def _media_id(runtime: Runtime, material_id: int) -> str | None:
    with runtime.db.read() as session:
        return find_media_id(session, material_id)


def _set_end(runtime: Runtime, material_id: int, *, hours: float) -> None:
    with runtime.db.write() as session:
        row = session.get_one(Material, material_id)
        row.media_expires_at = clock.utcnow() + timedelta(hours=hours)


def test_a_file_without_a_media_id_gets_one(runtime: Runtime) -> None:
    material_id = _stored(runtime)
    assert _media_id(runtime, material_id) is None
    assert push_media(runtime, [material_id]).uploaded == 1
    assert _media_id(runtime, material_id)


def test_a_media_id_is_renewed_in_its_last_day_and_not_before(runtime: Runtime) -> None:
    material_id = _stored(runtime)
    push_media(runtime, [material_id])
    assert push_media(runtime, [material_id]).uploaded == 0
    _set_end(runtime, material_id, hours=25)
    assert push_media(runtime, [material_id]).uploaded == 0
    before = _media_id(runtime, material_id)
    _set_end(runtime, material_id, hours=23)
    assert push_media(runtime, [material_id]).uploaded == 1
    assert _media_id(runtime, material_id) != before


def test_a_media_id_is_no_good_after_its_three_days(runtime: Runtime) -> None:
    material_id = _stored(runtime)
    push_media(runtime, [material_id])
    _set_end(runtime, material_id, hours=0)
    assert _media_id(runtime, material_id) is None


def test_one_that_fails_says_why_and_stops_no_other(runtime: Runtime, box: Sandbox) -> None:
    first, second = _stored(runtime, "first.png"), _stored(runtime, "second.png")
    box.faults.errcode("media/upload", 40009, times=1)
    report = push_media(runtime, [first, second])
    assert (report.uploaded, report.failed) == (1, 1)
    with runtime.db.read() as session:
        assert session.get_one(Material, first).upload_error == "图片大小不符合要求"
    assert _media_id(runtime, second)
    assert push_media(runtime, [first, second]).uploaded == 1
    with runtime.db.read() as session:
        assert session.get_one(Material, first).upload_error == ""


def test_a_media_id_that_wecom_refused_is_uploaded_again(runtime: Runtime) -> None:
    material_id = _stored(runtime)
    push_media(runtime, [material_id])
    refused = _media_id(runtime, material_id)
    assert refused
    with runtime.db.write() as session:
        forget_media(session, [refused])
    assert _media_id(runtime, material_id) is None
    assert push_media(runtime, [material_id]).uploaded == 1


def test_a_file_that_many_want_at_once_goes_to_wecom_once(runtime: Runtime, box: Sandbox) -> None:
    material_id = _stored(runtime)
    box.faults.latency("media/upload", 0.1)
    with ThreadPoolExecutor(10) as pool:
        reports = list(pool.map(lambda _n: push_media(runtime, [material_id]), range(10)))
    assert len(box.ledger.calls("media/upload")) == 1
    assert sum(report.uploaded for report in reports) == 1
    assert sum(report.failed for report in reports) == 0
    assert _media_id(runtime, material_id)


def test_few_files_are_on_their_way_at_a_time(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    material_id = _stored(runtime)
    monkeypatch.setattr(jobs, "PATIENCE", 0.0)
    with ExitStack() as others:
        for _ in range(3):
            others.enter_context(jobs.PUSHES.awaited(clock.monotonic()))
        assert push_media(runtime, [material_id]).failed == 1
    assert push_media(runtime, [material_id]).uploaded == 1


def test_a_file_that_had_no_turn_is_no_bad_file(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    material_id = _stored(runtime)
    monkeypatch.setattr(jobs, "PATIENCE", 0.0)
    with jobs.PUSHES_OF.of(material_id).awaited(clock.monotonic()):
        assert push_media(runtime, [material_id]).failed == 1
    with runtime.db.read() as session:
        assert session.get_one(Material, material_id).upload_error == ""
    assert push_media(runtime, [material_id]).uploaded == 1
