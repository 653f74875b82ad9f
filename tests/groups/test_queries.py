"""The groups of a customer, and a group in figures."""

from datetime import timedelta

import pytest

from app import clock
from app.errors import NotFound
from app.groups.queries import get_group_card, list_groups_of

from .corp import Corp
from .test_sync_group import FENG, WANG


def test_a_customer_is_listed_only_where_he_still_is(corp: Corp, chat_id: str) -> None:
    other = corp.box.people.group_created("lisi", "另一个群", members=[WANG])
    corp.work(other, corp.box.people.group_joined(chat_id, [WANG]))
    corp.wait(90)
    corp.work(corp.box.people.group_left(chat_id, [WANG]))
    with corp.runtime.db.read() as session:
        assert [chat.chat_id for chat in list_groups_of(session, WANG)] == [other.chat_id]


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
