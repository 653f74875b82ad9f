"""An event about a corp tag has the corp's tags read, once its second is over."""

import pytest
from sqlalchemy import select

from app.customers.models import Tag
from app.sandbox.records import EventRecord
from tests.groups.conftest import corp
from tests.groups.corp import Corp

__all__ = ["corp"]


def names(corp: Corp) -> set[str]:
    with corp.runtime.db.read() as session:
        return set(session.scalars(select(Tag.name).where(Tag.removed_at.is_(None))))


def made(corp: Corp) -> EventRecord:
    return corp.box.people.tag_created("客户来源", "直播间")


def test_a_new_tag_is_read_and_a_new_name_and_that_it_has_gone(corp: Corp) -> None:
    event = made(corp)
    tag_id = event.fields["Id"]
    corp.work(event)
    assert "直播间" in names(corp)
    corp.work(corp.box.people.tag_renamed(tag_id, "直播"))
    assert {"直播", "直播间"} & names(corp) == {"直播"}
    corp.work(corp.box.people.tag_deleted(tag_id))
    assert "直播" not in names(corp)


@pytest.mark.parametrize("change", ["shuffle", "create", "update", "delete"])
def test_every_kind_of_change_has_the_whole_list_read(corp: Corp, change: str) -> None:
    group_id = next(iter(corp.box.world.tag_groups))
    corp.work(
        corp.box.people.something_happens(
            "change_external_tag", ChangeType=change, Id=group_id, TagType="tag_group"
        )
    )
    assert len(names(corp)) == 6


def test_the_list_is_read_when_the_second_is_over(corp: Corp) -> None:
    event = corp.stored(made(corp))
    assert corp.react(event) is not None
    assert names(corp) == set()
