"""Marketing consent in the admin web: on the customer's page, in the list and in figures."""

import re

from app.audit.queries import verify_chain
from app.customers.actions import Answer, set_consent
from app.customers.queries import get_consent
from app.db import Database
from app.privacy.retention import purge
from app.privacy.retentions import RETENTIONS
from app.runtime import Runtime
from tests.admin.conftest import Desk, Seat
from tests.admin.test_customer import LI, look, shop
from tests.admin.test_customer_work import ask, audited

__all__ = ["shop"]


def box(desk: Desk) -> str:
    return look(desk, LI).partition('id="consent"')[2].partition("</section>")[0]


def seen(desk: Desk) -> str:
    return str(re.findall(r'name="seen" value="(\d+)"', box(desk))[0])


def state(db: Database) -> str:
    with db.read() as session:
        return get_consent(session, LI).state


def test_it_is_written_down_taken_back_and_on_record(desk: Seat, shop: Database) -> None:
    owner = desk("qianer", "owner")
    note = "打电话来说的"
    answer = ask(owner, "consent", seen=seen(owner), state="refused", way="own", note=note)
    assert answer.status_code == 200
    assert "未询问 → 拒绝 · 客户主动提出 · 打电话来说的" in answer.text
    (change,) = re.findall(r'name="change" value="(\d+)"', box(owner))
    assert ask(owner, "consent-undo", change=change).status_code == 200
    assert state(shop) == ""
    assert [deed[0] for deed in audited(shop)] == ["consent_changed", "consent_undone"]
    with shop.read() as session:
        assert verify_chain(session).is_whole


def test_a_refusal_is_lifted_only_by_who_says_so(desk: Seat, shop: Database) -> None:
    owner = desk("qianer", "owner")
    ask(owner, "consent", seen=seen(owner), state="refused", way="own")
    late = ask(owner, "consent", seen=seen(owner), state="agreed", way="form", note="登记表")
    assert (late.status_code, state(shop)) == (409, "refused")
    assert 'value="登记表"' in late.text
    ask(owner, "consent", seen=seen(owner), state="agreed", way="form", again=1)
    assert state(shop) == "agreed"


def test_who_may_only_look_changes_nothing(desk: Seat, shop: Database) -> None:
    auditor = desk("sunsan", "auditor")
    assert 'name="state"' not in box(auditor)
    assert ask(auditor, "consent", seen=0, state="agreed", way="form").status_code == 403
    assert state(shop) == ""


def test_the_page_of_privacy_tells_how_long_how_many_and_who_agreed(
    desk: Seat, shop: Database, runtime: Runtime
) -> None:
    owner = desk("qianer", "owner")
    with shop.write() as session:
        said = Answer(state="agreed", way="form")
        set_consent(session, LI, said=said, userid="zhaoyi", seen=None)
    assert purge(runtime, next(one for one in RETENTIONS if one.kind == "inbox"))
    page = owner.get("/admin/privacy").text
    missing = [one.title for one in RETENTIONS if one.title not in page]
    assert missing == []
    assert "没有过期的" in page
    assert "retention.inbox_failed_days" in page
    assert "只有同意的客户可以收到营销内容" in page
    assert "同意：1 位" in page
    there = re.findall(r'href="(/admin/customers\?f=[^"]+)">同意', page)[0]
    listed = owner.get(there).text
    assert listed.count('name="follow"') >= 1
    refused = re.findall(r'href="(/admin/customers\?f=[^"]+)">拒绝', page)[0]
    assert owner.get(refused).text.count('name="follow"') == 0
