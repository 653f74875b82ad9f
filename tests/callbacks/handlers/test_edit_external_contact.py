"""An edit of a customer is read when no other edit can be hidden in the same second."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, cast

import pytest

from app import clock
from app.claims import Later
from app.wecom.envelope import read_event
from callbacks.reaction import StoredEvent, settle
from tests.callbacks import letters

if TYPE_CHECKING:
    from app.runtime import Runtime

# `settle` looks at the event alone.
NO_RUNTIME = cast("Runtime", None)


def edited(received_at: datetime) -> StoredEvent:
    event = read_event(letters.xml(ChangeType="edit_external_contact"))
    return StoredEvent(
        id=1, key="k", received_at=received_at, at=received_at, stale=False, event=event
    )


def test_an_edit_waits_until_its_second_is_over() -> None:
    received_at = clock.utcnow()
    with pytest.raises(Later) as later:
        settle(NO_RUNTIME, edited(received_at))
    assert later.value.at == received_at + timedelta(seconds=1)


def test_an_edit_of_a_second_ago_is_read_at_once() -> None:
    settle(NO_RUNTIME, edited(clock.utcnow() - timedelta(seconds=1)))
