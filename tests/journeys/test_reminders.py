"""A reminder comes at its time as a card; its buttons end it or put it off, and it says so."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from app.customers.actions import Wish, complete_reminder, create_reminder
from app.customers.models import Reminder
from app.customers.queries import list_timeline
from app.deliveries.models import Delivery
from app.inbox.models import InboxEvent
from app.sandbox.ledger import Ledger
from tests.deployment import Deployment, wait_until

HOUR = 3600
UPDATE = "message/update_template_card"


def come(shop: Deployment, name: str) -> str:
    event = shop.box.people.customer_scans("zhaoyi", name=name)
    shop.box.delivery.wait_idle()
    shop.wait_worked()
    return event.external_userid


def now(shop: Deployment) -> datetime:
    """Return the moved time, which the server keeps too."""
    return datetime.fromtimestamp(shop.box.clock.time(), UTC)


def remind(shop: Deployment, customer: str, text: str, *, hours: float = 20) -> int:
    due_at = now(shop) + timedelta(hours=hours)
    wish = Wish(userid="zhaoyi", external_userid=customer, key=text, due_at=due_at, text=text)
    # This process does not follow the moved clock: the time is checked against its own.
    return shop.db.commit(lambda session: create_reminder(session, wish).id)


def cards(shop: Deployment, text: str) -> list[dict[str, Any]]:
    found = [row.body["template_card"] for row in shop.box.ledger.messages("zhaoyi")]
    return [card for card in found if card["main_title"]["desc"] == text]


def wait_card(shop: Deployment, text: str, *, count: int = 1) -> dict[str, Any]:
    """Wait for so many cards with this text and return the newest."""
    found = shop.box.ledger.wait_for(
        lambda _: len(cards(shop, text)) >= count and cards(shop, text), timeout=15
    )
    assert len(found) == count
    card: dict[str, Any] = found[-1]
    return card


def press(shop: Deployment, card: dict[str, Any], key: str, *, by: str = "zhaoyi") -> None:
    shop.box.people.member_clicks_card(by, task_id=card["task_id"], key=key)
    shop.box.delivery.wait_idle()
    shop.wait_worked()


def find(shop: Deployment, reminder_id: int) -> Reminder:
    with shop.db.read() as session:
        return session.get_one(Reminder, reminder_id)


def answers(shop: Deployment, card: dict[str, Any]) -> list[str]:
    """Return what this card was made to say, in order."""
    rows, _next = shop.box.ledger.page(0, limit=100_000, kind="act")
    acts = [row.as_dict() for row in rows if row.as_dict()["name"] == "card_updated"]
    return [a["details"]["text"] for a in acts if a["details"]["task_id"] == card["task_id"]]


def kinds(shop: Deployment, customer: str) -> list[str]:
    with shop.db.read() as session:
        return [entry.kind for entry in list_timeline(session, customer)]


def shown(shop: Deployment, card: dict[str, Any]) -> dict[str, Any]:
    """Return this card as the notices of the member show it."""
    entry = shop.box.conversations.find("zhaoyi", "notices", str(shop.box.agent_id))
    assert entry
    bubbles = [message.bubble.more for message in entry.chat.messages]
    return next(more for more in bubbles if more.get("task_id") == card["task_id"])


def test_it_comes_at_its_time_and_not_before(shop: Deployment) -> None:
    customer = come(shop, "白露")
    remind(shop, customer, "白露的报价")
    shop.box.clock.move(20 * HOUR - 60)
    with pytest.raises(TimeoutError):
        shop.box.ledger.wait_for(lambda _: cards(shop, "白露的报价"), timeout=2)
    shop.box.clock.move(61)
    card = wait_card(shop, "白露的报价")
    assert card["card_type"] == "button_interaction"
    assert card["main_title"]["title"] == "该跟进「白露」了"
    assert [button["text"] for button in card["button_list"]] == ["完成", "推迟到明天"]
    link = f"{shop.address}/sidebar/customers/{customer}/follow_ups"
    assert card["card_action"]["url"].partition("#")[0] == link


def test_done_on_the_card_is_done_and_the_card_says_so(shop: Deployment) -> None:
    customer = come(shop, "秋分")
    made = remind(shop, customer, "秋分的样品")
    shop.box.clock.move(21 * HOUR)
    card = wait_card(shop, "秋分的样品")
    press(shop, card, "done")
    assert find(shop, made).state == "done"
    assert answers(shop, card) == ["已完成"]
    assert (shown(shop, card)["buttons"], shown(shop, card)["answered"]) == ([], "已完成")
    # Again, and the other button: pressed in another window before the card had changed.
    press(shop, card, "done")
    press(shop, card, "tomorrow")
    assert find(shop, made).state == "done"
    assert answers(shop, card) == ["已完成"] * 3
    assert kinds(shop, customer).count("reminder_done") == 1


def test_put_off_on_the_card_comes_again_tomorrow_morning(shop: Deployment) -> None:
    customer = come(shop, "寒露")
    made = remind(shop, customer, "寒露的合同")
    shop.box.clock.move(21 * HOUR)
    card = wait_card(shop, "寒露的合同")
    zone = timedelta(hours=8)
    tomorrow = (now(shop) + zone).date() + timedelta(days=1)
    press(shop, card, "tomorrow")
    due = find(shop, made).due_at + zone
    assert (due.date(), f"{due:%H:%M}") == (tomorrow, "09:30")
    said = f"{due:%m-%d} 09:30" if due.year == now(shop).year else f"{due:%Y-%m-%d} 09:30"
    assert answers(shop, card) == [f"已推迟到 {said}"]
    press(shop, card, "tomorrow")
    assert find(shop, made).turn == 2
    shop.box.clock.move((find(shop, made).due_at - now(shop)).total_seconds() + 1)
    again = wait_card(shop, "寒露的合同", count=2)
    assert again["task_id"] != card["task_id"]


def test_a_button_that_somebody_else_presses_does_nothing(shop: Deployment) -> None:
    customer = come(shop, "霜降")
    made = remind(shop, customer, "霜降的发票")
    shop.box.clock.move(21 * HOUR)
    card = wait_card(shop, "霜降的发票")
    press(shop, card, "done", by="lisi")
    assert find(shop, made).state == "open"
    assert answers(shop, card) == []
    press(shop, {"task_id": "reminder-1-1-x"}, "done")
    press(shop, {"task_id": f"reminder-{10**17}-1-{'0' * 16}"}, "done")
    with shop.db.read() as session:
        rows = session.scalars(select(InboxEvent).where(InboxEvent.event == "template_card_event"))
        assert {row.fate for row in rows} == {"done"}


def test_what_is_done_before_its_time_is_not_told(shop: Deployment) -> None:
    customer = come(shop, "立冬")
    made = remind(shop, customer, "立冬的回访")
    shop.db.commit(
        lambda s: complete_reminder(s, customer, reminder_id=made, userid="zhaoyi").state
    )
    shop.box.clock.move(21 * HOUR)

    def outcome() -> tuple[str, str] | None:
        with shop.db.read() as session:
            row = session.scalars(select(Delivery).where(Delivery.ref == f"{made}:1")).one()
            return (row.outcome, row.reason) if row.outcome else None

    assert wait_until(outcome) == ("cancelled", "reminder_over")
    assert cards(shop, "立冬的回访") == []


def test_who_may_not_see_the_customer_any_more_hears_nothing_of_him(shop: Deployment) -> None:
    customer = come(shop, "小雪")
    made = remind(shop, customer, "小雪的尾款")
    shop.box.people.member_deletes_customer("zhaoyi", customer)
    shop.box.delivery.wait_idle()
    shop.wait_worked()
    shop.box.clock.move(21 * HOUR)

    def reason() -> str:
        with shop.db.read() as session:
            return session.scalars(select(Delivery.reason).where(Delivery.ref == f"{made}:1")).one()

    assert wait_until(reason) == "no_longer_seen"
    assert cards(shop, "小雪的尾款") == []


def test_an_answer_that_got_lost_is_given_again_without_a_fault(shop: Deployment) -> None:
    customer = come(shop, "大雪")
    made = remind(shop, customer, "大雪的安装")
    shop.box.clock.move(21 * HOUR)
    card = wait_card(shop, "大雪的安装")
    shop.box.faults.drop_reply(UPDATE, times=1)
    press(shop, card, "done")
    assert find(shop, made).state == "done"
    assert answers(shop, card) == ["已完成"]
    calls = shop.box.ledger.calls(UPDATE)
    assert [call.errcode for call in calls[-2:]] == [0, 60140]
    with shop.db.read() as session:
        dead = select(func.count()).select_from(InboxEvent).where(InboxEvent.fate == "dead")
        assert session.scalar(dead) == 0


def test_many_at_once_are_one_message_and_none_of_those_to_come(shop: Deployment) -> None:
    customer = come(shop, "冬至")
    soon = [remind(shop, customer, f"第 {n} 件", hours=30) for n in range(15)]
    other = come(shop, "小寒")
    soon += [remind(shop, other, f"又第 {n} 件", hours=30) for n in range(15)]
    later = remind(shop, other, "以后的事", hours=300)
    shop.box.clock.move(30 * HOUR + 1)

    def digest(ledger: Ledger) -> list[dict[str, Any]]:
        found = [row.body["template_card"] for row in ledger.messages("zhaoyi")]
        return [card for card in found if card["main_title"]["title"] == "2 位客户该跟进了"]

    (card,) = shop.box.ledger.wait_for(digest, timeout=20)
    assert "冬至" in card["main_title"]["desc"]
    assert "button_list" not in card
    assert {find(shop, made).state for made in [*soon, later]} == {"open"}
    with shop.db.read() as session:
        row = session.scalars(select(Delivery).where(Delivery.ref == f"{later}:1")).one()
        assert (row.outcome, row.tried_at) == (None, None)
