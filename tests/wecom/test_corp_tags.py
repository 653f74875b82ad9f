"""Corp tags changed through WeCom's API: what it takes, and what it refuses."""

from collections.abc import Callable, Iterator

import pytest

from app.sandbox.server import Sandbox, SandboxServer
from app.wecom import corp_tags, external_contact
from app.wecom.client import WeComClient, connect_wecom
from app.wecom.errors import BadRequest, MissingPermission, NoSuchRelation, WeComError
from app.wecom.external_contact import TagGroupInfo

from .bare import config_for


@pytest.fixture
def box() -> Sandbox:
    return Sandbox(seed=True)


@pytest.fixture
def client(box: Sandbox) -> Iterator[WeComClient]:
    with SandboxServer(box) as address:
        made = connect_wecom(config_for(address, box.secret, box.corp_id), None)
        yield made
        made.close()


def listed(client: WeComClient) -> dict[str, list[str]]:
    groups = external_contact.get_corp_tag_list(client)
    return {group.group_name: sorted(tag.name for tag in group.tags) for group in groups}


@pytest.fixture
def made(client: WeComClient) -> TagGroupInfo:
    return corp_tags.add_corp_tag(client, ["高", "中"], group_name="意向")


def test_a_group_and_its_tags_are_made_renamed_and_deleted(
    client: WeComClient, made: TagGroupInfo
) -> None:
    assert [tag.name for tag in made.tags] == ["高", "中"]
    more = corp_tags.add_corp_tag(client, ["低"], group_id=made.group_id)
    assert (more.group_id, [tag.name for tag in more.tags]) == (made.group_id, ["低"])
    corp_tags.edit_corp_tag(client, more.tags[0].id, name="很低")
    corp_tags.edit_corp_tag(client, made.group_id, name="成交意向")
    assert listed(client)["成交意向"] == ["中", "很低", "高"]
    corp_tags.del_corp_tag(client, tag_ids=[made.tags[1].id])
    assert listed(client)["成交意向"] == ["很低", "高"]
    corp_tags.del_corp_tag(client, group_ids=[made.group_id])
    assert "成交意向" not in listed(client)


def test_a_group_of_this_name_takes_the_tags(client: WeComClient, made: TagGroupInfo) -> None:
    again = corp_tags.add_corp_tag(client, ["低"], group_name="意向")
    assert again.group_id == made.group_id


def test_a_group_goes_with_its_last_tag(client: WeComClient, made: TagGroupInfo) -> None:
    corp_tags.del_corp_tag(client, tag_ids=[tag.id for tag in made.tags])
    assert "意向" not in listed(client)


REFUSALS: dict[str, tuple[Callable[[WeComClient, TagGroupInfo], object], type[WeComError], int]] = {
    "a name twice": (
        lambda client, made: corp_tags.add_corp_tag(client, ["高"], group_id=made.group_id),
        BadRequest,
        40071,
    ),
    "a long name": (
        lambda client, made: corp_tags.edit_corp_tag(client, made.tags[0].id, name="长" * 31),
        BadRequest,
        40071,
    ),
    "another's name": (
        lambda client, made: corp_tags.edit_corp_tag(client, made.tags[0].id, name="中"),
        BadRequest,
        40071,
    ),
    "another group's name": (
        lambda client, made: corp_tags.edit_corp_tag(client, made.group_id, name="客户来源"),
        BadRequest,
        40071,
    ),
    "no such group": (
        lambda client, _made: corp_tags.add_corp_tag(client, ["高"], group_id="etNone"),
        NoSuchRelation,
        40068,
    ),
    "no such tag": (
        lambda client, _made: corp_tags.del_corp_tag(client, tag_ids=["etNone"]),
        NoSuchRelation,
        40068,
    ),
    "nothing at all": (
        lambda client, _made: corp_tags.del_corp_tag(client),
        BadRequest,
        40063,
    ),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_what_will_not_do_is_refused(client: WeComClient, made: TagGroupInfo, name: str) -> None:
    call, kind, errcode = REFUSALS[name]
    before = listed(client)
    with pytest.raises(kind) as caught:
        call(client, made)
    assert caught.value.errcode == errcode
    assert listed(client) == before


def test_an_app_changes_no_tags_of_others(box: Sandbox, client: WeComClient) -> None:
    [group, *_others] = external_contact.get_corp_tag_list(client)
    calls: list[Callable[[], None]] = [
        lambda: corp_tags.edit_corp_tag(client, group.tags[0].id, name="改"),
        lambda: corp_tags.edit_corp_tag(client, group.group_id, name="改"),
        lambda: corp_tags.del_corp_tag(client, tag_ids=[group.tags[0].id]),
        lambda: corp_tags.del_corp_tag(client, group_ids=[group.group_id]),
    ]
    for call in calls:
        with pytest.raises(MissingPermission) as caught:
            call()
        assert caught.value.errcode == 301002
    assert all(not tag.deleted for tag in box.world.tag_groups[group.group_id].tags)
    # Its own tag in others' group, it may make and change.
    own = corp_tags.add_corp_tag(client, ["我的"], group_id=group.group_id)
    corp_tags.edit_corp_tag(client, own.tags[0].id, name="我的二")


def test_a_corp_has_three_thousand_tags_at_most(client: WeComClient, made: TagGroupInfo) -> None:
    corp_tags.add_corp_tag(client, [f"第{n}个" for n in range(2990)], group_id=made.group_id)
    with pytest.raises(BadRequest) as caught:
        corp_tags.add_corp_tag(client, ["又一个", "再一个", "还有"], group_id=made.group_id)
    assert caught.value.errcode == 40126
