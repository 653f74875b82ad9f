"""A table agrees for nobody and lifts no refusal; what customers refused, it may tell."""

from datetime import timedelta

import pytest

from app import clock
from app.customers.actions import Answer, set_consent
from app.customers.queries import get_consent
from app.db import Database
from tests.batches.kept import base
from tests.batches.tables import check, confirm, counts, faults, hand_in, undo

__all__ = ["base"]

HEAD = ["external_userid", "营销意愿", "怎样知道的"]


def state(db: Database, whom: str = "wmLi") -> tuple[str, str]:
    with db.read() as session:
        now = get_consent(session, whom)
    return now.state, now.way


def refuse(db: Database) -> None:
    said = Answer(state="refused", way="own")
    with db.write() as session:
        set_consent(session, "wmLi", said=said, userid="zhaoyi", seen=None)


def test_what_a_table_tells_is_written_with_how_it_is_known(base: Database) -> None:
    rows = ["wmLi", "同意", "客户填写的表单"], ["wmWang", "退订", ""], ["wmOther", "未询问", ""]
    import_id = hand_in(base, HEAD, *rows)
    check(base, import_id)
    assert counts(base, import_id) == {"ready": 2, "same": 1}
    assert state(base) == ("", "")
    confirm(base, import_id)
    assert counts(base, import_id) == {"done": 2, "same": 1}
    assert state(base) == ("agreed", "form")
    assert state(base, "wmWang") == ("refused", "import")
    assert state(base, "wmOther") == ("", "")


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        (["同意", ""], "同意要由客户自己给出"),
        (["同意", "从表格导入"], "同意要由客户自己给出"),
        (["也许", ""], "请填同意、拒绝或未询问"),
    ],
)
def test_an_agreement_without_the_customers_own_way_is_refused_and_said(
    base: Database, cells: list[str], words: str
) -> None:
    import_id = hand_in(base, HEAD, ["wmLi", *cells])
    check(base, import_id)
    assert counts(base, import_id) == {"refused": 1}
    [[heading, told]] = faults(base, import_id)[2]
    assert heading == "营销意愿"
    assert words in told


def test_no_table_lifts_a_refusal(base: Database) -> None:
    refuse(base)
    import_id = hand_in(base, HEAD, ["wmLi", "同意", "客户填写的表单"])
    check(base, import_id)
    assert "客户拒绝过营销" in faults(base, import_id)[2][0][1]


def test_one_who_refused_after_the_dry_run_stays_so(base: Database) -> None:
    import_id = hand_in(base, HEAD, ["wmLi", "同意", "客户填写的表单"])
    check(base, import_id)
    refuse(base)
    confirm(base, import_id)
    assert counts(base, import_id) == {"overtaken": 1}
    assert state(base) == ("refused", "own")


def test_undo_takes_agreements_back_and_leaves_old_refusals(
    base: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = ["wmLi", "同意", "聊天中询问"], ["wmWang", "拒绝", ""]
    import_id = hand_in(base, HEAD, *rows)
    check(base, import_id)
    confirm(base, import_id)
    now = clock.utcnow()
    monkeypatch.setattr(clock, "utcnow", lambda: now + timedelta(hours=1))
    undo(base, import_id)
    assert counts(base, import_id) == {"undone": 1, "kept": 1}
    assert state(base)[0] == ""
    assert state(base, "wmWang")[0] == "refused"
    assert faults(base, import_id, "kept")[3][0][0] == "营销意愿"
