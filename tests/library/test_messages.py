"""Messages are ready to be sent: filled, with files that WeCom has, or it is said why not."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from app import clock
from app.db import Database
from app.errors import NotFound
from app.library import jobs
from app.library.actions import DraftPart, mark_favourite, record_use, remove_item
from app.library.errors import NotReady, TooLong, Unfilled
from app.library.jobs import prepare_messages, sync_library_media
from app.library.models import LibraryItem, LibraryMark
from app.materials.jobs import PUSHES_OF
from app.materials.models import Material
from app.materials.queries import find_media_id
from app.runtime import Runtime, build_runtime
from app.sandbox.server import Sandbox, SandboxServer
from app.turns import Pace, Recent
from tests.library.shelves import LI, ZHAO, draft, ids, image, import_toml, save, text, upload
from tests.settings import make_config

VALUES = {"客户称呼": "李姐", "员工姓名": "赵忆南"}


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


@pytest.fixture
def picture(db: Database) -> int:
    return upload(db, image())


def three_parts(db: Database, picture: int) -> int:
    parts = [
        text("{{客户称呼}}，您好！"),
        DraftPart("image", {}, picture),
        DraftPart("news", {"link": "https://a.example", "title": "门店"}),
    ]
    return save(db, draft("介绍", parts))


def test_messages_are_as_the_client_takes_them(runtime: Runtime, picture: int) -> None:
    item_id = three_parts(runtime.db, picture)
    messages = prepare_messages(runtime, ZHAO, item_id, VALUES)
    with runtime.db.read() as session:
        media_id = find_media_id(session, picture)
    assert media_id
    assert [message.body for message in messages] == [
        {"msgtype": "text", "text": {"content": "李姐，您好！"}},
        {"msgtype": "image", "image": {"mediaid": media_id}},
        {"msgtype": "news", "news": {"link": "https://a.example", "title": "门店"}},
    ]
    assert [message.told for message in messages] == ["李姐，您好！", "图片 a.png", "链接 门店"]


def test_one_part_alone_is_made_ready(runtime: Runtime, box: Sandbox, picture: int) -> None:
    item_id = three_parts(runtime.db, picture)
    box.faults.errcode("media/upload", 40009, times=1)
    (message,) = prepare_messages(runtime, ZHAO, item_id, VALUES, n=3)
    assert (message.n, message.body["msgtype"]) == (3, "news")


def test_a_variable_without_a_value_stops_all_of_it(runtime: Runtime) -> None:
    content = "{{客户称呼}}，{{渠道}}的{{客户称呼}}，{{部门}}"
    item_id = save(runtime.db, draft(content=content))
    with pytest.raises(Unfilled) as unfilled:
        prepare_messages(runtime, ZHAO, item_id, VALUES)
    assert unfilled.value.names == ("渠道", "部门")


def test_a_text_whose_end_would_be_cut_off_is_not_sent(runtime: Runtime) -> None:
    item_id = save(runtime.db, draft(parts=[text("{{客户称呼}}" + "长" * 1326)]))
    (message,) = prepare_messages(runtime, ZHAO, item_id, VALUES)
    assert message.body["text"]["content"].endswith("长")
    with pytest.raises(TooLong, match="有 4002 字节，最多 4000 字节"):
        prepare_messages(runtime, ZHAO, item_id, {"客户称呼": "李晓雯和" * 2})


def test_a_file_that_wecom_does_not_take_is_told_with_its_cause(
    runtime: Runtime, box: Sandbox, picture: int
) -> None:
    item_id = three_parts(runtime.db, picture)
    box.faults.errcode("media/upload", 40009, times=1)
    with pytest.raises(NotReady, match="图片大小不符合要求"):
        prepare_messages(runtime, ZHAO, item_id, VALUES)
    # And the next try may do.
    assert len(prepare_messages(runtime, ZHAO, item_id, VALUES)) == 3


@pytest.mark.parametrize(("minutes", "is_renewed"), [(61, False), (59, True)])
def test_a_file_that_ends_within_the_hour_is_renewed_first(
    runtime: Runtime, picture: int, minutes: int, *, is_renewed: bool
) -> None:
    item_id = save(runtime.db, draft(parts=[DraftPart("image", {}, picture)]))
    (before,) = prepare_messages(runtime, ZHAO, item_id, {})
    with runtime.db.write() as session:
        end = clock.utcnow() + timedelta(minutes=minutes)
        session.get_one(Material, picture).media_expires_at = end
    (after,) = prepare_messages(runtime, ZHAO, item_id, {})
    assert (before.body != after.body) is is_renewed


def test_nobody_sends_an_item_of_somebody_else(runtime: Runtime) -> None:
    item_id = save(runtime.db, draft())
    with pytest.raises(NotFound):
        prepare_messages(runtime, LI, item_id, {})
    with pytest.raises(NotFound):
        prepare_messages(runtime, ZHAO, item_id, {}, n=2)


def test_files_of_the_corps_new_items_are_uploaded_ahead(runtime: Runtime, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(image())
    toml = '[[material]]\nkey="a"\ntitle="图"\ntype="image"\nfile="a.png"\n'
    import_toml(runtime.db, toml, tmp_path)
    assert sync_library_media(runtime).uploaded == 1
    assert sync_library_media(runtime).uploaded == 0


def test_what_nobody_needs_is_left_to_end(runtime: Runtime, tmp_path: Path) -> None:
    db, long_ago = runtime.db, clock.utcnow() - timedelta(days=31)
    (tmp_path / "a.png").write_bytes(image())
    toml = '[[material]]\nkey="a"\ntitle="图"\ntype="image"\nfile="a.png"\n'
    import_toml(db, toml, tmp_path)
    item_id = ids(db, "materials")["a"]
    db.commit(lambda session: record_use(session, LI, item_id, key="use-1", parts=1))
    with db.write() as session:
        session.query(LibraryItem).update({"updated_at": long_ago})
        session.query(LibraryMark).update({"used_at": long_ago})
    assert sync_library_media(runtime).uploaded == 0
    db.commit(lambda session: mark_favourite(session, ZHAO, item_id, on=True))
    assert sync_library_media(runtime).uploaded == 1


def test_an_own_items_file_is_kept_usable_while_it_is_sent(runtime: Runtime, picture: int) -> None:
    db = runtime.db
    item_id = save(db, draft(parts=[DraftPart("image", {}, picture)]))
    assert sync_library_media(runtime).uploaded == 0
    db.commit(lambda session: record_use(session, ZHAO, item_id, key="use-1", parts=1))
    assert sync_library_media(runtime).uploaded == 1
    with db.write() as session:
        session.get_one(Material, picture).media_id = None
    db.commit(lambda session: remove_item(session, ZHAO, item_id))
    assert sync_library_media(runtime).uploaded == 0


@pytest.fixture
def renewals(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget what was renewed: every test's first material has the same id."""
    monkeypatch.setattr(jobs, "RENEWALS", Recent[int, Pace](partial(Pace, 0.001, 1), most=9))


def media_id_of(runtime: Runtime, material_id: int) -> str:
    with runtime.db.read() as session:
        return find_media_id(session, material_id) or ""


@pytest.mark.usefixtures("renewals")
def test_what_wecom_did_not_take_is_brought_to_it_again_once_in_a_while(
    runtime: Runtime, box: Sandbox, picture: int
) -> None:
    item_id = save(runtime.db, draft(parts=[DraftPart("image", {}, picture)]))
    for _again in range(4):
        prepare_messages(runtime, ZHAO, item_id, {}, n=1, stale=media_id_of(runtime, picture))
    assert len(box.ledger.calls("media/upload")) == 2


@pytest.mark.usefixtures("renewals")
@pytest.mark.parametrize("n", [0, 1])
def test_nobody_has_a_file_of_another_item_brought_to_wecom_again(
    runtime: Runtime, picture: int, n: int
) -> None:
    save(runtime.db, draft(parts=[DraftPart("image", {}, picture)]))
    prepare_messages(runtime, ZHAO, 1, {})
    other = save(runtime.db, draft("另一条"))
    before = media_id_of(runtime, picture)
    prepare_messages(runtime, ZHAO, other, {}, n=n, stale=before)
    assert media_id_of(runtime, picture) == before


@pytest.mark.usefixtures("renewals")
def test_a_media_id_that_is_none_renews_nothing(runtime: Runtime, picture: int) -> None:
    item_id = save(runtime.db, draft(parts=[DraftPart("image", {}, picture)]))
    (before,) = prepare_messages(runtime, ZHAO, item_id, {})
    for stale in ("", "nothing of the kind", "x" * 600):
        assert prepare_messages(runtime, ZHAO, item_id, {}, n=1, stale=stale) == (before,)


def test_a_file_that_finds_no_way_to_wecom_is_told_so(
    runtime: Runtime, picture: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    item_id = save(runtime.db, draft(parts=[DraftPart("image", {}, picture)]))
    monkeypatch.setattr("app.materials.jobs.PATIENCE", 0.0)
    with (
        PUSHES_OF.of(picture).awaited(clock.monotonic()),
        pytest.raises(NotReady, match="还没有传到企业微信"),
    ):
        prepare_messages(runtime, ZHAO, item_id, {})
