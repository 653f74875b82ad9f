"""A draft greets nobody until it is published; versions are kept, and one can go back to them."""

from dataclasses import replace
from functools import partial

import pytest

from app.db import Database
from app.errors import NotFound
from app.welcome.actions import (
    Draft,
    Extras,
    Rule,
    discard_draft,
    draft_of_version,
    publish_draft,
    remove_script,
    save_draft,
    save_script,
)
from app.welcome.actions.drafts import Page
from app.welcome.errors import DraftChanged, ScriptRefused
from app.welcome.queries import find_draft, list_scripts
from app.welcome.queries.history import find_draft_row, list_drafts, list_versions
from tests.welcome.world import EVERYWHERE, night

DRAFT = Draft(name="夜间", content="您好", rules=(EVERYWHERE,))


def keep(db: Database, draft: Draft = DRAFT, **more: object) -> int:
    """Save a draft and return its id."""
    return db.commit(lambda session: save_draft(session, draft, by="lisi", **more).id)  # type: ignore[arg-type]


def publish(db: Database, draft_id: int, revision: int = 1) -> int:
    """Publish a draft and return the script's id."""
    work = partial(publish_draft, draft_id=draft_id, revision=revision, by="lisi")
    return db.commit(work).script_id


def names(db: Database) -> list[str]:
    with db.read() as session:
        return [row.name for row in list_scripts(session)]


def test_what_was_typed_comes_back_and_greets_nobody(any_db: Database) -> None:
    unfit = Draft(
        name="",
        content="{{没有的}}",
        rules=(Rule(scope="member", target="zhaoyi", windows=night(start="")),),
        extras=Extras(tag_ids=("et1",), stage_id=99, remark="{{渠道}}"),
    )
    draft_id = keep(any_db, unfit)
    with any_db.read() as session:
        row = find_draft_row(session, draft_id=draft_id)
    assert row is not None
    assert (row.draft, row.revision, row.saved_by) == (unfit, 1, "lisi")
    assert names(any_db) == []


def test_published_it_is_a_script_and_no_draft_any_more(any_db: Database) -> None:
    publish(any_db, keep(any_db))
    with any_db.read() as session:
        assert find_draft(session, "夜间") == DRAFT
        assert list_drafts(session) == []


def test_what_is_unfit_is_not_published_and_stays_a_draft(db: Database) -> None:
    draft_id = keep(db, replace(DRAFT, content=""))
    with pytest.raises(ScriptRefused, match="不能都为空"):
        publish(db, draft_id)
    with db.read() as session:
        assert len(list_drafts(session)) == 1
    assert names(db) == []


def test_two_pages_do_not_overwrite_each_other(db: Database) -> None:
    draft_id = keep(db)
    keep(db, draft_id=draft_id, page=Page("mine", revision=1))
    with pytest.raises(DraftChanged) as told:
        keep(db, draft_id=draft_id, page=Page("theirs", revision=1))
    assert told.value.by == "lisi"
    keep(db, draft_id=draft_id, page=Page("theirs", revision=2))


def test_a_page_does_not_stand_in_its_own_way(db: Database) -> None:
    draft_id = keep(db, page=Page("mine", typed=1))
    later, earlier = replace(DRAFT, content="后写的"), replace(DRAFT, content="先写的")
    keep(db, later, draft_id=draft_id, page=Page("mine", typed=3))
    keep(db, earlier, draft_id=draft_id, page=Page("mine", typed=2))
    with db.read() as session:
        row = find_draft_row(session, draft_id=draft_id)
    assert row is not None
    assert row.draft.content == "后写的"


def test_the_same_once_more_does_not_stand_in_the_way_of_publishing(db: Database) -> None:
    draft_id = keep(db, page=Page("mine", typed=2))
    # Saved by itself on the way to the page that publishes, and arrived behind it.
    keep(db, draft_id=draft_id, page=Page("mine", typed=2))
    publish(db, draft_id, revision=1)
    assert names(db) == ["夜间"]


def test_what_was_changed_since_it_was_looked_at_is_not_published(db: Database) -> None:
    draft_id = keep(db)
    keep(db, draft_id=draft_id, page=Page("other", revision=1))
    with pytest.raises(DraftChanged):
        publish(db, draft_id, revision=1)
    publish(db, draft_id, revision=2)


def test_a_new_name_is_the_same_script_with_its_versions(db: Database) -> None:
    script_id = publish(db, keep(db))
    again = keep(db, replace(DRAFT, name="夜班", content="晚上好"), script_id=script_id)
    assert publish(db, again) == script_id
    assert names(db) == ["夜班"]
    with db.read() as session:
        assert [one.number for one in list_versions(session, script_id)] == [2, 1]


def test_the_name_of_another_script_is_not_taken(db: Database) -> None:
    publish(db, keep(db))
    with pytest.raises(ScriptRefused, match="已经有一条叫「夜间」"):
        publish(db, keep(db))
    other = publish(db, keep(db, replace(DRAFT, name="白天")))
    with pytest.raises(ScriptRefused, match="已经有一条叫「夜间」"):
        publish(db, keep(db, script_id=other))


def test_the_name_of_one_out_of_use_may_be_taken(db: Database) -> None:
    publish(db, keep(db))
    with db.write() as session:
        remove_script(session, "夜间")
    other = publish(db, keep(db, replace(DRAFT, name="白天")))
    publish(db, keep(db, script_id=other))
    assert names(db) == ["夜间"]


def test_an_earlier_version_comes_back_whole(any_db: Database) -> None:
    first = replace(DRAFT, content="第一版", rules=(Rule(scope="state", target="a"),))
    with any_db.write() as session:
        script_id = save_script(session, first).script_id
        save_script(session, replace(DRAFT, content="第二版"))
    draft_id = any_db.commit(lambda session: draft_of_version(session, script_id, 1).id)
    with any_db.read() as session:
        row = find_draft_row(session, draft_id=draft_id)
    assert row is not None
    assert row.draft == first
    with any_db.write() as session, pytest.raises(NotFound):
        draft_of_version(session, script_id, 9)


def test_a_discarded_draft_leaves_what_is_live(db: Database) -> None:
    script_id = publish(db, keep(db))
    draft_id = keep(db, replace(DRAFT, content="改了"), script_id=script_id)
    db.commit(partial(discard_draft, draft_id=draft_id))
    with db.read() as session:
        assert find_draft(session, "夜间") == DRAFT
        assert list_drafts(session) == []
