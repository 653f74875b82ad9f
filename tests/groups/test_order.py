"""Events of a group in any order, repeated or not, give the same stays and the same timeline."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from app.sandbox.records import EventRecord

from .corp import Corp
from .test_sync_group import FENG, WANG

CHU = "wmSandboxChu00000000000000000000"
COUNT = 8


def happen(corp: Corp, chat_id: str, *, dismissed: bool) -> list[EventRecord]:
    """Let something happen in the group every ten seconds; nobody tells us yet."""
    people = corp.box.people
    acts: list[tuple[Any, tuple[Any, ...]]] = [
        (people.group_joined, (chat_id, [WANG])),
        (people.group_joined, (chat_id, [FENG, "lisi"])),
        (people.group_left, (chat_id, [WANG])),
        (people.group_renamed, (chat_id, "秋日团购群")),
        (people.group_joined, (chat_id, [WANG])),
        (people.group_left, (chat_id, [FENG])),
        (people.group_joined, (chat_id, [CHU])),
        (people.group_dismissed, (chat_id,))
        if dismissed
        else (people.group_owner_changed, (chat_id, "lisi")),
    ]
    records = []
    for act, arguments in acts:
        records.append(act(*arguments))
        corp.wait(10)
    return records


@pytest.mark.parametrize("dismissed", [False, True])
def test_any_order_gives_the_same_state(corp: Corp, chat_id: str, *, dismissed: bool) -> None:
    records = happen(corp, chat_id, dismissed=dismissed)
    corp.work(*records)
    wanted = corp.state(chat_id)
    assert [s[0] for s in wanted["stays"]].count(WANG) == 2

    @settings(
        max_examples=15,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(order=st.permutations(range(COUNT)), repeated=st.lists(st.integers(0, COUNT - 1)))
    def holds(order: Sequence[int], repeated: Sequence[int]) -> None:
        corp.forget()
        corp.work(*(records[number] for number in [*order, *repeated[:3]]))
        assert corp.state(chat_id) == wanted

    holds()
