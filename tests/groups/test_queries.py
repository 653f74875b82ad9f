"""The groups of a customer, and a group in figures."""

from datetime import timedelta

import pytest

from app import clock
from app.customers.jobs import read_customer
from app.errors import NotFound
from app.groups.queries import (
    MOVES_PAGE,
    count_groups_of,
    find_group,
    get_group_card,
    list_groups_of,
    list_moves,
    list_people,
)
from app.members.jobs import sync_members

from .corp import Corp
from .test_sync_group import FENG, WANG


def test_a_customer_is_listed_only_where_he_still_is(corp: Corp, chat_id: str) -> None:
    other = corp.box.people.group_created("lisi", "另一个群", members=[WANG])
    corp.work(other, corp.box.people.group_joined(chat_id, [WANG]))
    corp.wait(90)
    corp.work(corp.box.people.group_left(chat_id, [WANG]))
    with corp.runtime.db.read() as session:
        listed = list_groups_of(session, WANG, with_userid="lisi", limit=5)
        counts = [count_groups_of(session, one) for one in (WANG, FENG)]
    assert [(one.name, one.is_common) for one in listed] == [("另一个群", True)]
    assert counts == [1, 0]


def test_groups_are_told_in_which_a_member_is_not(corp: Corp, chat_id: str) -> None:
    corp.work(corp.box.people.group_joined(chat_id, [WANG]))
    with corp.runtime.db.read() as session:
        listed = [
            list_groups_of(session, WANG, with_userid="zhouwu", limit=1, offset=n) for n in (0, 1)
        ]
    assert [[one.is_common for one in page] for page in listed] == [[False], []]


def test_the_card_counts_customers_apart_from_members(corp: Corp, chat_id: str) -> None:
    corp.work(corp.box.people.group_joined(chat_id, [WANG, FENG, "lisi"]))
    corp.wait(90)
    corp.work(corp.box.people.group_left(chat_id, [FENG]))
    with corp.runtime.db.read() as session:
        card = get_group_card(session, chat_id, since=clock.utcnow() - timedelta(hours=1))
    assert (card.total, card.customers, card.joined, card.left) == (3, 1, 2, 1)


def test_an_unknown_group_has_no_card(corp: Corp) -> None:
    with corp.runtime.db.read() as session, pytest.raises(NotFound):
        get_group_card(session, "wrNone", since=clock.utcnow())


def test_who_is_in_a_group_or_owns_it_or_manages_its_owner_may_see_it(
    corp: Corp, chat_id: str
) -> None:
    sync_members(corp.runtime)
    corp.work(corp.box.people.group_joined(chat_id, ["lisi", WANG]))
    with corp.runtime.db.read() as session:
        may = {
            userid
            for userid in ("zhaoyi", "lisi", "sunsan", "qianer", "zhouwu", WANG)
            if find_group(session, userid, chat_id)
        }
    # sunsan leads the owner's shop, qianer what lies over it; zhouwu has nothing to do with it.
    assert may == {"zhaoyi", "lisi", "sunsan", "qianer"}


def test_who_has_left_a_group_sees_it_no_more(corp: Corp, chat_id: str) -> None:
    sync_members(corp.runtime)
    corp.work(corp.box.people.group_joined(chat_id, ["lisi"]))
    corp.wait(90)
    corp.work(corp.box.people.group_left(chat_id, ["lisi"]))
    with corp.runtime.db.read() as session:
        assert find_group(session, "lisi", chat_id) is None
        assert find_group(session, "zhaoyi", "wrNone") is None


def test_people_are_members_customers_or_strangers(any_corp: Corp) -> None:
    sync_members(any_corp.runtime)
    people = any_corp.box.people
    known = people.customer_scans("lisi", name="认识的人").external_userid
    made = people.group_created("zhaoyi", "三种人", members=[known, WANG])
    any_corp.wait(20)
    any_corp.work(made)
    chat_id = made.chat_id
    record = read_customer(any_corp.runtime, known)
    assert record
    any_corp.runtime.db.commit(record)
    with any_corp.runtime.db.read() as session:
        seen_by = {
            viewer: {
                person.userid: (person.badge, person.is_mine)
                for person in list_people(session, chat_id, viewer=viewer)[0]
            }
            for viewer in ("zhaoyi", "lisi")
        }
    assert seen_by["zhaoyi"]["zhaoyi"] == ("member", False)
    assert seen_by["zhaoyi"][known] == ("customer", False)
    assert seen_by["lisi"][known] == ("customer", True)


def test_people_are_found_by_a_part_of_their_name_in_any_case(any_corp: Corp) -> None:
    people = any_corp.box.people
    anna = people.customer_scans("zhaoyi", name="Anna_100%").external_userid
    made = people.group_created("zhaoyi", "找人", members=[anna, WANG])
    any_corp.wait(20)
    any_corp.work(made)
    chat_id = made.chat_id
    with any_corp.runtime.db.read() as session:

        def found(search: str) -> list[str]:
            people, _more = list_people(session, chat_id, viewer="", search=search)
            return [person.userid for person in people]

        assert found("anna") == [anna]
        assert found("100%") == [anna]
        # What a search language would take for "anything" is looked for as it stands.
        assert found("a%a") == []


def test_comings_and_goings_are_paged_without_a_gap(any_corp: Corp) -> None:
    people = any_corp.box.people
    chat_id = people.group_created("zhaoyi", "来来去去").chat_id
    for _round in range(MOVES_PAGE // 2 + 2):
        any_corp.wait(90)
        any_corp.work(people.group_joined(chat_id, [WANG]))
        any_corp.wait(90)
        any_corp.work(people.group_left(chat_id, [WANG]))
    seen, before = [], ""
    with any_corp.runtime.db.read() as session:
        while True:
            moves, before = list_moves(session, chat_id, before=before)
            seen += [(move.at, move.id, move.has_left) for move in moves]
            if not before:
                break
    assert seen == sorted(seen, reverse=True)
    assert len(seen) == len(set(seen)) == 2 * (MOVES_PAGE // 2 + 2) + 1
