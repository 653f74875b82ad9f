"""Groups are recorded alike on every database, by many workers at once too."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from app import clock
from app.groups.queries import get_group_card

from .corp import Corp
from .test_sync_group import FENG, WANG


def test_the_life_of_a_group(any_corp: Corp) -> None:
    people = any_corp.box.people
    chat_id = people.group_created("zhaoyi", "夏日团购群", members=[WANG]).chat_id
    any_corp.wait(60)
    joined = people.group_joined(chat_id, [FENG])
    any_corp.wait(60)
    any_corp.work(people.group_left(chat_id, [WANG]), joined)
    with any_corp.runtime.db.read() as session:
        card = get_group_card(session, chat_id, since=clock.utcnow() - timedelta(hours=1))
    assert (card.total, card.customers, card.left) == (2, 1, 1)
    any_corp.work(people.group_dismissed(chat_id))
    assert any_corp.kinds(FENG) == ["group_joined", "group_dismissed"]
    assert "group_left" in any_corp.kinds(WANG)


def test_events_of_one_group_worked_at_once_do_not_get_in_each_others_way(any_corp: Corp) -> None:
    people = any_corp.box.people
    chat_id = people.group_created("zhaoyi", "夏日团购群").chat_id
    records = [people.group_joined(chat_id, [f"wmSandboxMany{n:019d}"]) for n in range(12)]
    events = [any_corp.stored(record) for record in records for _ in range(2)]
    with ThreadPoolExecutor(12) as pool:
        list(pool.map(any_corp.react, events))
    assert len(any_corp.stays(chat_id)) == 13
    assert len(any_corp.timeline()) == 12
