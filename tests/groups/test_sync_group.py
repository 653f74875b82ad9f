"""Who joins and leaves a customer group is recorded once, however WeCom tells and shows it."""

import threading

import pytest
from sqlalchemy import select

from app import clock
from app.customers.models import Customer
from app.groups.jobs import sync_group
from app.wecom.errors import TryAgainLater

from .corp import Corp

WANG = "wmSandboxWang0000000000000000000"
FENG = "wmSandboxFeng0000000000000000000"


def test_a_customer_who_joins_gets_one_stay_and_one_entry(corp: Corp, chat_id: str) -> None:
    corp.work(corp.box.people.group_joined(chat_id, [WANG]))
    (stay,) = corp.stays_of(chat_id, WANG)
    assert (stay.type, stay.join_scene, stay.left_at) == (2, 3, None)
    (entry,) = corp.timeline(WANG)
    assert (entry.kind, entry.at) == ("group_joined", stay.joined_at)
    assert entry.data == {
        "chat_id": chat_id,
        "group_name": "夏日团购群",
        "join_scene": 3,
        "invitor": "",
    }


def test_an_invited_customer_is_written_with_who_invited_him(corp: Corp, chat_id: str) -> None:
    corp.work(corp.box.people.group_joined(chat_id, [WANG], join_scene=0))
    assert corp.stays_of(chat_id, WANG)[0].invitor == "zhaoyi"
    assert corp.timeline(WANG)[0].userid == "zhaoyi"


def test_members_of_the_corp_get_a_stay_and_no_timeline(corp: Corp, chat_id: str) -> None:
    corp.work(corp.box.people.group_joined(chat_id, ["lisi"]))
    assert [stay.type for stay in corp.stays_of(chat_id, "lisi")] == [1]
    with corp.runtime.db.read() as session:
        assert session.scalars(select(Customer)).all() == []


def test_a_customer_who_leaves_ends_his_stay(corp: Corp, chat_id: str) -> None:
    corp.work(corp.box.people.group_joined(chat_id, [WANG]))
    corp.wait(90)
    record = corp.box.people.group_left(chat_id, [WANG], quit_scene=1)
    corp.work(record)
    (stay,) = corp.stays_of(chat_id, WANG)
    assert stay.left_at == clock.from_unix(record.create_time)
    assert stay.quit_scene == 1
    assert corp.kinds(WANG) == ["group_joined", "group_left"]


def test_who_comes_back_begins_another_stay(corp: Corp, chat_id: str) -> None:
    for act in ("group_joined", "group_left", "group_joined"):
        corp.work(getattr(corp.box.people, act)(chat_id, [WANG]))
        corp.wait(90)
    assert [stay.period for stay in corp.stays_of(chat_id, WANG)] == [1, 2]
    assert corp.kinds(WANG) == ["group_joined", "group_left", "group_joined"]


@pytest.mark.parametrize("without", [(), ("MemChangeList",), ("LastMemVer", "CurMemVer")])
def test_a_repeated_event_changes_nothing(
    corp: Corp, chat_id: str, without: tuple[str, ...]
) -> None:
    record = corp.box.people.group_joined(chat_id, [WANG, FENG])
    corp.work(record, without=without)
    before = corp.state(chat_id)
    corp.wait(10)
    corp.work(record, record, without=without)
    assert corp.state(chat_id) == before


def test_the_flat_list_of_older_deliveries_is_read_too(corp: Corp, chat_id: str) -> None:
    corp.box.faults.callbacks.flat_member_list = True
    record = corp.box.people.group_joined(chat_id, [WANG, FENG])
    event = corp.stored(record)
    with corp.lagging(chat_id, lambda: record):
        corp.react(event)
    assert corp.kinds(WANG) == corp.kinds(FENG) == ["group_joined"]


def test_an_event_ahead_of_the_api_is_recorded_at_once(corp: Corp, chat_id: str) -> None:
    join = lambda: corp.box.people.group_joined(chat_id, [WANG])  # noqa: E731 -- an act, to be done inside
    with corp.lagging(chat_id, join) as record:
        event = corp.stored(record)
        again = corp.react(event)
        assert corp.kinds(WANG) == ["group_joined"]
        assert again is not None
        assert 2 <= (again - event.received_at).total_seconds() <= 5


def test_the_later_look_takes_over_the_join_time_without_a_second_entry(
    corp: Corp, chat_id: str
) -> None:
    join = lambda: corp.box.people.group_joined(chat_id, [WANG], join_scene=0)  # noqa: E731 -- an act
    with corp.lagging(chat_id, join) as record:
        event = corp.stored(record)
        corp.react(event)
    shown = corp.box.world.groups[chat_id].members[-1]
    shown.join_time -= 1
    corp.wait(4)
    assert corp.react(event) is None
    (stay,) = corp.stays_of(chat_id, WANG)
    assert (stay.joined_at, stay.invitor) == (clock.from_unix(shown.join_time), "zhaoyi")
    assert corp.kinds(WANG) == ["group_joined"]


def test_an_api_that_lags_does_not_bring_back_who_has_left(corp: Corp, chat_id: str) -> None:
    corp.work(corp.box.people.group_joined(chat_id, [WANG]))
    corp.wait(90)
    with corp.lagging(chat_id, lambda: corp.box.people.group_left(chat_id, [WANG])) as record:
        assert corp.react(corp.stored(record)) is not None
        sync_group(corp.runtime, chat_id)
    assert corp.stays_of(chat_id, WANG)[0].left_at is not None
    assert corp.kinds(WANG) == ["group_joined", "group_left"]


def test_an_api_that_lags_does_not_throw_out_who_has_just_joined(corp: Corp, chat_id: str) -> None:
    with corp.lagging(chat_id, lambda: corp.box.people.group_joined(chat_id, [WANG])) as record:
        corp.react(corp.stored(record))
        sync_group(corp.runtime, chat_id)
    assert corp.stays_of(chat_id, WANG)[0].left_at is None


def test_a_join_that_the_api_never_shows_ends_by_the_second_look(corp: Corp, chat_id: str) -> None:
    joined = corp.box.people.group_joined(chat_id, [WANG])
    corp.wait(30)
    corp.box.people.group_left(chat_id, [WANG])
    corp.work(joined)
    assert corp.stays_of(chat_id, WANG)[0].left_at is not None
    assert corp.kinds(WANG) == ["group_joined", "group_left"]


def test_an_api_that_lags_for_long_is_believed_again_when_it_catches_up(
    corp: Corp, chat_id: str
) -> None:
    with corp.lagging(chat_id, lambda: corp.box.people.group_joined(chat_id, [WANG])) as record:
        corp.work(record)
        assert corp.stays_of(chat_id, WANG)[0].left_at is not None
    sync_group(corp.runtime, chat_id)
    assert [stay.left_at for stay in corp.stays_of(chat_id, WANG)] == [None]


def test_scenes_that_no_document_names_are_tolerated(corp: Corp, chat_id: str) -> None:
    record = corp.box.people.group_joined(chat_id, [WANG])
    record.fields |= {"JoinScene": "neu", "QuitScene": 77}
    corp.work(record)
    assert corp.kinds(WANG) == ["group_joined"]


def test_a_leave_told_after_the_api_showed_it_makes_no_second_entry(
    corp: Corp, chat_id: str
) -> None:
    corp.work(corp.box.people.group_joined(chat_id, [WANG]))
    corp.wait(90)
    left = corp.box.people.group_left(chat_id, [WANG])
    corp.wait(10)
    sync_group(corp.runtime, chat_id)
    corp.work(left)
    (stay,) = corp.stays_of(chat_id, WANG)
    assert stay.left_at == clock.from_unix(left.create_time)
    assert corp.kinds(WANG) == ["group_joined", "group_left"]


def test_without_lists_the_difference_of_the_group_tells_who_came_and_went(
    corp: Corp, chat_id: str
) -> None:
    old = ("MemChangeList", "LastMemVer", "CurMemVer")
    corp.work(corp.box.people.group_joined(chat_id, [WANG, FENG]), without=old)
    corp.wait(90)
    corp.work(corp.box.people.group_left(chat_id, [FENG]), without=old)
    assert corp.kinds(WANG) == ["group_joined"]
    assert corp.kinds(FENG) == ["group_joined", "group_left"]


def test_an_event_without_lists_that_shows_nothing_new_is_looked_at_again(
    corp: Corp, chat_id: str
) -> None:
    sync_group(corp.runtime, chat_id)
    with corp.lagging(chat_id, lambda: corp.box.people.group_renamed(chat_id, "秋日群")) as record:
        event = corp.stored(record)
        assert corp.react(event) is not None
    assert corp.react(event) is None
    assert corp.group(chat_id).name == "秋日群"


def test_a_missed_leave_shows_when_the_customer_joins_again(corp: Corp, chat_id: str) -> None:
    corp.work(corp.box.people.group_joined(chat_id, [WANG]))
    corp.wait(300)
    corp.box.people.group_left(chat_id, [WANG])
    corp.wait(300)
    corp.work(corp.box.people.group_joined(chat_id, [WANG]))
    first, second = corp.stays_of(chat_id, WANG)
    assert first.left_at == second.joined_at
    assert second.left_at is None


def test_the_owner_and_the_notice_are_read_again(corp: Corp, chat_id: str) -> None:
    corp.work(
        corp.box.people.group_owner_changed(chat_id, "lisi"),
        corp.box.people.group_notice_changed(chat_id, "文明交流"),
    )
    assert (corp.group(chat_id).owner, corp.group(chat_id).notice) == ("lisi", "文明交流")


def test_a_new_group_brings_its_first_members(corp: Corp) -> None:
    record = corp.box.people.group_created("zhaoyi", "新群", members=[WANG, "lisi"])
    corp.work(record)
    assert {stay.userid for stay in corp.stays(record.chat_id)} == {"zhaoyi", "lisi", WANG}
    assert corp.kinds(WANG) == ["group_joined"]


def test_a_large_group_is_recorded_whole(corp: Corp) -> None:
    everyone = [f"wmSandboxCrowd{number:018d}" for number in range(230)]
    corp.work(corp.box.people.group_created("zhaoyi", "大群", members=everyone))
    assert len(corp.timeline()) == 230


def test_an_api_that_does_not_answer_is_tried_again_by_the_event(corp: Corp, chat_id: str) -> None:
    corp.box.faults.http("externalcontact/groupchat/get", 502, times=None)
    with pytest.raises(TryAgainLater):
        sync_group(corp.runtime, chat_id)


def test_a_group_that_the_app_may_not_see_keeps_what_was_told(corp: Corp, chat_id: str) -> None:
    record = corp.box.people.group_joined(chat_id, [WANG])
    corp.box.faults.errcode("externalcontact/groupchat/get", 86003, times=None)
    corp.work(record)
    assert corp.stays_of(chat_id, WANG)[0].left_at is None
    assert corp.group(chat_id).dismissed_at is None


def test_an_older_reading_does_not_undo_a_newer_one(corp: Corp, chat_id: str) -> None:
    hold = corp.box.faults.hold("externalcontact/groupchat/get", "after", times=1)
    corp.box.people.group_joined(chat_id, [WANG])
    slow = threading.Thread(target=sync_group, args=(corp.runtime, chat_id))
    slow.start()
    hold.wait_reached(5)
    corp.wait(30)
    corp.box.people.group_left(chat_id, [WANG])
    corp.box.people.group_renamed(chat_id, "后来的名字")
    sync_group(corp.runtime, chat_id)
    hold.release()
    slow.join()
    assert corp.group(chat_id).name == "后来的名字"
    assert corp.stays_of(chat_id, WANG) == []
