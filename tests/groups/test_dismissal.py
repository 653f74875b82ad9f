"""A dismissed group ends every stay, tells each customer once, and is never an error."""

from app import clock
from app.groups.jobs import sync_group

from .corp import Corp
from .test_sync_group import FENG, WANG


def test_a_dismissal_ends_every_stay_and_tells_the_customers(corp: Corp, chat_id: str) -> None:
    corp.work(corp.box.people.group_joined(chat_id, [WANG, FENG]))
    corp.wait(90)
    corp.work(corp.box.people.group_left(chat_id, [FENG]))
    corp.wait(90)
    record = corp.box.people.group_dismissed(chat_id)
    corp.work(record, record)
    at = clock.from_unix(record.create_time)
    assert corp.group(chat_id).dismissed_at == at
    assert corp.stays_of(chat_id, WANG)[0].left_at == at
    assert corp.kinds(WANG) == ["group_joined", "group_dismissed"]
    assert corp.kinds(FENG) == ["group_joined", "group_left"]


def test_a_dismissal_found_through_the_api_is_one(corp: Corp, chat_id: str) -> None:
    corp.work(corp.box.people.group_joined(chat_id, [WANG]))
    corp.wait(90)
    corp.box.people.group_dismissed(chat_id)
    sync_group(corp.runtime, chat_id)
    sync_group(corp.runtime, chat_id)
    assert corp.group(chat_id).dismissed_at is not None
    assert corp.kinds(WANG) == ["group_joined", "group_dismissed"]


def test_the_event_corrects_the_time_that_the_api_did_not_know(corp: Corp, chat_id: str) -> None:
    corp.work(corp.box.people.group_joined(chat_id, [WANG]))
    corp.wait(90)
    record = corp.box.people.group_dismissed(chat_id)
    corp.wait(600)
    sync_group(corp.runtime, chat_id)
    corp.work(record)
    at = clock.from_unix(record.create_time)
    assert corp.stays_of(chat_id, WANG)[0].left_at == at
    assert corp.kinds(WANG) == ["group_joined", "group_dismissed"]


def test_who_left_just_before_is_not_told_of_the_dismissal(corp: Corp, chat_id: str) -> None:
    corp.work(corp.box.people.group_joined(chat_id, [WANG]))
    corp.wait(90)
    left = corp.box.people.group_left(chat_id, [WANG])
    corp.wait(1)
    corp.work(corp.box.people.group_dismissed(chat_id), left)
    assert corp.kinds(WANG) == ["group_joined", "group_left"]


def test_a_group_we_never_heard_of_may_be_dismissed(corp: Corp, chat_id: str) -> None:
    corp.work(corp.box.people.group_dismissed(chat_id))
    assert corp.group(chat_id).dismissed_at is not None
