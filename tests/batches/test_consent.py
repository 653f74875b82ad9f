"""A batch writes down what many customers said of offers, and lifts no refusal."""

from typing import Any

from app.batches.actions import cancel_batch
from app.batches.models import Batch
from app.batches.queries import list_items
from app.customers.actions import Answer, set_consent
from app.customers.queries import get_consent, list_timeline, word_entry
from app.db import Database
from tests.batches.test_batches import PEOPLE, base, begin, outcomes, work

__all__ = ["base"]

AGREED, REFUSED, UNASKED = "agreed", "refused", ""


def what(state: str) -> dict[str, Any]:
    return {"state": state, "way": "form", "note": "会员日登记表", "name": "…"}


def say(db: Database, whom: str, state: str) -> None:
    said = Answer(state=state, way="chat")
    db.commit(lambda session: set_consent(session, whom, said=said, userid="zhaoyi", seen=None))


def states(db: Database) -> list[str]:
    with db.read() as session:
        return [get_consent(session, one).state for one in PEOPLE]


def told(db: Database, whom: str) -> list[str]:
    with db.read() as session:
        entries = list_timeline(session, whom)
        return [word_entry(one) for one in entries if one.kind == "consent_changed"]


def test_all_who_did_not_refuse_agree_each_once_whoever_follows_them(base: Database) -> None:
    say(base, PEOPLE[1], REFUSED)
    say(base, PEOPLE[2], AGREED)
    batch_id = begin(base, "consent", what(AGREED))
    work(base, batch_id)
    assert states(base) == [AGREED, REFUSED, AGREED, AGREED, AGREED]
    assert outcomes(base, batch_id) == {"done": 3, "same": 1, "said_no": 1}
    with base.read() as session:
        rows, _following = list_items(session, session.get_one(Batch, batch_id), outcome="said_no")
        assert [row.external_userid for row in rows] == [PEOPLE[1]]
        now = get_consent(session, PEOPLE[0])
    assert (now.way, now.note, now.userid) == ("form", "会员日登记表", "qianer")
    assert told(base, PEOPLE[0]) == ["营销意愿：未询问 → 同意 · 客户填写的表单 · 会员日登记表"]
    assert told(base, PEOPLE[1]) == ["营销意愿：未询问 → 拒绝 · 聊天中询问"]


def test_a_refusal_that_comes_while_a_batch_is_under_way_holds(base: Database) -> None:
    batch_id = begin(base, "consent", what(AGREED))
    say(base, PEOPLE[0], REFUSED)
    work(base, batch_id)
    assert states(base) == [REFUSED, AGREED, AGREED, AGREED, AGREED]


def test_a_refusal_is_written_down_over_an_agreement(base: Database) -> None:
    say(base, PEOPLE[0], AGREED)
    batch_id = begin(base, "consent", what(REFUSED))
    work(base, batch_id)
    assert states(base) == [REFUSED] * 5
    assert outcomes(base, batch_id) == {"done": 5}


def test_an_agreement_nobody_can_show_is_dropped_and_a_refusal_is_not(base: Database) -> None:
    say(base, PEOPLE[0], AGREED)
    say(base, PEOPLE[1], REFUSED)
    batch_id = begin(base, "consent", what(UNASKED))
    work(base, batch_id)
    assert states(base) == [UNASKED, REFUSED, UNASKED, UNASKED, UNASKED]
    assert outcomes(base, batch_id) == {"done": 1, "same": 3, "said_no": 1}
    assert told(base, PEOPLE[0])[0] == "撤销修改，营销意愿：同意 → 未询问"


def test_stopped_before_its_first_piece_it_writes_nothing(base: Database) -> None:
    batch_id = begin(base, "consent", what(AGREED))
    with base.write() as session:
        assert cancel_batch(session, session.get_one(Batch, batch_id), userid="qianer")
    work(base, batch_id)
    assert states(base) == [UNASKED] * 5
    assert outcomes(base, batch_id) == {"cancelled": 5}
