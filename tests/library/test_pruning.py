"""What members removed long ago is gone with its files and groups; what was sent is on record."""

from datetime import timedelta

import pytest

from app import clock
from app.db import Database
from app.library.actions import (
    DraftPart,
    prune_groups,
    prune_library,
    record_use,
    remove_item,
    save_draft,
)
from app.library.models import LibraryDraft, LibraryGroup, LibraryItem, LibraryPart
from app.materials.models import Material, Upload
from app.privacy.retention import purge
from app.privacy.retentions import RETENTIONS
from app.runtime import Runtime
from tests.library.shelves import (
    LI,
    ZHAO,
    draft,
    ids,
    image,
    import_toml,
    save,
    script,
    upload,
)

REMOVED_FOR = timedelta(days=30)
(LIBRARY,) = [one for one in RETENTIONS if one.kind == "library"]


def removed(db: Database, title: str = "问候", *, by: str = ZHAO, group: str = "") -> int:
    """Make an item and remove it again."""
    item_id = save(db, draft(title, group=group), by=by)
    db.commit(lambda session: remove_item(session, by, item_id))
    return item_id


def prune(db: Database, *, days: float = 31) -> None:
    """Do as if it were so many days later."""
    with db.write() as session:
        prune_library(session, before=clock.utcnow() + timedelta(days=days) - REMOVED_FOR)


def left(db: Database) -> set[int]:
    with db.read() as session:
        return {item_id for (item_id,) in session.query(LibraryItem.id)}


def test_an_item_that_was_removed_long_ago_is_gone(any_db: Database) -> None:
    kept, hers = save(any_db, draft("留着")), removed(any_db, by=LI)
    recent = removed(any_db)
    prune(any_db, days=29)
    assert left(any_db) == {kept, hers, recent}
    prune(any_db)
    assert left(any_db) == {kept}
    with any_db.read() as session:
        assert {part.item_id for part in session.query(LibraryPart)} == {kept}


def test_what_was_sent_stays_on_record(any_db: Database) -> None:
    item_id = save(any_db, draft())
    any_db.commit(lambda session: record_use(session, ZHAO, item_id, key="use-0001", parts=1))
    any_db.commit(lambda session: remove_item(session, ZHAO, item_id))
    prune(any_db)
    assert left(any_db) == {item_id}


def test_the_corps_own_items_and_groups_are_not_pruned(db: Database) -> None:
    import_toml(db, script("a", "甲", group="一") + script("b", "乙", group="二"))
    import_toml(db, '[[script]]\nkey = "a"\nremoved = true\n' + script("b", "乙", group="三"))
    before = left(db)
    prune(db)
    assert left(db) == before
    assert set(ids(db)) == {"b"}
    with db.read() as session:
        assert {group.name for group in session.query(LibraryGroup)} == {"一", "二", "三"}


def test_a_group_goes_when_nothing_is_in_it(any_db: Database) -> None:
    item_id = save(any_db, draft(group="一"))
    save(any_db, draft(group="二"), item_id=item_id, version=1)
    removed(any_db, group="三")
    with any_db.write() as session:
        prune_groups(session)
        assert {group.name for group in session.query(LibraryGroup)} == {"二", "三"}
    prune(any_db)
    with any_db.read() as session:
        assert {group.name for group in session.query(LibraryGroup)} == {"二"}


@pytest.mark.parametrize("is_kept", [True, False])
def test_its_file_goes_with_it_unless_another_item_sends_it(
    any_db: Database, *, is_kept: bool
) -> None:
    picture = upload(any_db, image())
    parts = [DraftPart("image", {}, picture)]
    item_id = save(any_db, draft("图", parts))
    if is_kept:
        save(any_db, draft("另一条", parts))
    any_db.commit(lambda session: remove_item(session, ZHAO, item_id))
    with any_db.write() as session:
        session.query(Upload).delete()
    prune(any_db)
    with any_db.read() as session:
        assert (session.get(Material, picture) is not None) is is_kept


def test_its_draft_goes_with_it(db: Database) -> None:
    item_id = save(db, draft())
    db.commit(lambda s: save_draft(s, ZHAO, "scripts", item_id, form={"a": "b"}, version=1))
    db.commit(lambda session: remove_item(session, ZHAO, item_id))
    prune(db)
    with db.read() as session:
        assert session.query(LibraryDraft).count() == 0


def test_the_job_goes_on_until_nothing_is_left(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.library.actions.pruning.MOST_AT_ONCE", 2)
    for n in range(5):
        removed(runtime.db, f"第{n}条", group=f"组{n}")
    now = clock.utcnow()
    monkeypatch.setattr(clock, "utcnow", lambda: now + timedelta(days=31))
    assert purge(runtime, LIBRARY)
    assert left(runtime.db) == set()
    with runtime.db.read() as session:
        assert session.query(LibraryGroup).count() == 0
