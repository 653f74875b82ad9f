"""A customer comes: he is greeted once, and what is known of him is recorded."""

from pathlib import Path

from sqlalchemy import select

from app.customers import queries as customers
from app.customers.models import Customer
from app.db import Database
from app.deliveries.models import Delivery
from app.deliveries.queries import find_latest, word_outcome
from app.sandbox.records import EventRecord
from tests.deployment import Deployment, deployed, wait_until


def welcomes(shop: Deployment, event: EventRecord, count: int = 1) -> list[str]:
    """Wait until this customer has been greeted; return the texts."""
    rows = shop.box.ledger.wait_for(
        lambda ledger: (
            found
            if len(found := ledger.accepted_welcomes(external_userid=event.external_userid))
            >= count
            else None
        ),
        timeout=10,
    )
    return [row.text for row in rows]


def welcome_row(shop: Deployment, event: EventRecord) -> Delivery | None:
    with shop.db.read() as session:
        row = find_latest(
            session, kind="welcome", userid=event.userid, external_userid=event.external_userid
        )
        return row if row and row.outcome else None


def test_a_new_customer_is_greeted_with_the_members_name(shop: Deployment) -> None:
    event = shop.box.people.customer_scans("zhaoyi", name="周小满")
    member = shop.box.world.members["zhaoyi"].name
    assert welcomes(shop, event) == [f"您好，我是{member}"]


def test_the_outcome_is_recorded_in_words_with_its_time(shop: Deployment) -> None:
    event = shop.box.people.customer_scans("zhaoyi", name="吴桐")
    row = wait_until(lambda: welcome_row(shop, event))
    assert row.outcome == "sent"
    assert row.took_ms is not None
    assert word_outcome(row).endswith("秒送达")


def test_the_customer_gets_a_name_a_stage_and_a_timeline(shop: Deployment) -> None:
    event = shop.box.people.customer_scans("zhaoyi", name="郑一鸣", state="store-12")
    shop.box.delivery.wait_idle()
    shop.wait_worked()
    with shop.db.read() as session:
        standing = customers.get_standing(session, "zhaoyi", event.external_userid)
        entries = customers.list_timeline(session, event.external_userid)
    assert (standing.name, standing.stage) == ("郑一鸣", "新客户")
    assert standing.follow is not None
    assert (standing.follow.state, standing.follow.removed_at) == ("store-12", None)
    assert [entry.kind for entry in entries] == ["added"]


def test_two_customers_of_one_second_are_two(shop: Deployment) -> None:
    events = shop.box.people.customers_scan(2, "zhaoyi")
    assert [len(welcomes(shop, event)) for event in events] == [1, 1]


def test_the_same_event_three_times_is_one(shop: Deployment) -> None:
    shop.box.faults.callbacks.copies = 3
    event = shop.box.people.customer_scans("zhaoyi", name="冯念")
    shop.box.delivery.wait_idle()
    shop.box.faults.reset_callbacks()
    rows = [row for row in shop.wait_worked() if row.external_userid == event.external_userid]
    assert [row.duplicates for row in rows] == [2]
    assert len(shop.box.ledger.welcome_posts(event.welcome_code)) == 1


def test_a_half_add_and_an_add_greet_once(shop: Deployment) -> None:
    event = shop.box.people.customer_scans("zhaoyi", name="陈默", half=True)
    shop.box.people.member_adds_back("zhaoyi", event.external_userid)
    shop.box.delivery.wait_idle()
    shop.wait_worked()
    assert len(shop.box.ledger.accepted_welcomes(external_userid=event.external_userid)) == 1


def test_without_a_code_the_reason_is_the_console(shop: Deployment) -> None:
    shop.box.people.console_welcome("lisi")
    event = shop.box.people.customer_scans("lisi", name="褚晴")
    row = wait_until(lambda: welcome_row(shop, event))
    assert row.outcome == "skipped"
    assert "企业微信后台已配置欢迎语" in word_outcome(row)


def test_a_broken_attachment_does_not_stop_the_text(shop: Deployment, tmp_path: Path) -> None:
    (tmp_path / "price.pdf").write_bytes(b"%PDF-1.4 a price list")
    (tmp_path / "scripts.toml").write_text(
        '[[script]]\nname = "价目"\nstates = ["price"]\ntext = "价目表在这里"\n'
        '[[script.attachments]]\ntype = "file"\nfile = "price.pdf"\n',
        encoding="utf-8",
    )
    shop.command("welcome", "import", str(tmp_path / "scripts.toml"))
    shop.box.faults.errcode("externalcontact/send_welcome_msg", 40007)
    event = shop.box.people.customer_scans("zhaoyi", name="卫蓝", state="price")
    assert welcomes(shop, event) == ["价目表在这里"]


def test_nothing_of_a_person_or_a_secret_is_in_the_logs(shop: Deployment) -> None:
    shop.box.people.customer_scans("zhaoyi", name="金丝雀客户", state="store-12")
    shop.wait_worked()
    text = shop.log_text()
    canaries = [
        "金丝雀客户",
        shop.box.secret,
        shop.box.token,
        shop.box.aes_key,
        *(code for code in [row.code for row in shop.box.ledger.accepted_welcomes()]),
    ]
    assert [canary for canary in canaries if canary in text] == []


def test_customers_of_another_companys_wecom_are_told_apart(shop: Deployment) -> None:
    event = shop.box.people.customer_scans("zhaoyi", name="蒋总", wecom=True)
    row = wait_until(lambda: welcome_row(shop, event))
    assert "其他企业" in word_outcome(row)


def test_the_greeting_is_the_same_on_another_database(tmp_path: Path, any_db: Database) -> None:
    url = any_db.url.render_as_string(hide_password=False)
    with deployed(tmp_path, database_url=url) as shop:
        shop.greet_with("您好")
        event = shop.box.people.customer_scans("zhaoyi", name="沈一")
        assert welcomes(shop, event) == ["您好"]
        shop.box.people.customer_deletes_member("zhaoyi", event.external_userid)
        shop.box.ledger.wait_for(lambda ledger: ledger.messages("zhaoyi"), timeout=15)
        shop.wait_worked()
        with shop.db.read() as session:
            names = session.scalars(select(Customer.name)).all()
    assert names == ["沈一"]
