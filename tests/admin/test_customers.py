"""The list of customers: who sees whom, what stands in addresses, views, and batches."""

import re
from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import unquote

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from app import clock
from app.batches.models import Batch
from app.customers.actions import (
    Answer,
    FieldDraft,
    add_field,
    mark_tag,
    record_tags,
    set_consent,
    set_field,
)
from app.customers.models import (
    CustomerView,
    CustomField,
    FieldValue,
    FollowUser,
    Stage,
    Tag,
)
from app.db import Database
from app.runtime import Runtime
from tests.admin.conftest import Desk, Seat
from tests.admin.test_losses import audited
from tests.batches.test_batches import work
from tests.churn.people import add, lose
from tests.customers.test_tags import group, tag

ADDRESS = "/admin/customers"
ALL = {"李晓雯", "王建国", "钱家的客户", "<i>斜</i>"}


@pytest.fixture
def shop(runtime: Runtime) -> Database:
    """Give a shop: two customers of zhaoyi's, one of qianer's whom sunsan does not manage."""
    now = clock.utcnow()
    with runtime.db.write() as session:
        record_tags(session, [group("等级", tag("金"), tag("银"))])
        add(session, "wmLi", at=now, state="门店海报", name="李晓雯")
        add(session, "wmWang", at=now - timedelta(days=3), state="小红书", name="王建国")
        add(session, "wmQian", userid="qianer", at=now, name="钱家的客户")
        add(session, "wmQian", userid="zhaoyi", at=now, name="钱家的客户")
        lose(session, "wmGone", userid="qianer", at=now, name="<i>斜</i>")
    return runtime.db


def names(page: TestResponse) -> set[str]:
    return {
        name
        for name in ALL
        if re.sub("[<>]", lambda m: {"<": "&lt;", ">": "&gt;"}[m[0]], name) in page.text
    }


def key_of(db: Database, model: Any, name: str) -> str:
    with db.read() as session:
        return str(session.scalars(select(model.id).where(model.name == name)).one())


def follow_of(db: Database, external_userid: str, userid: str = "zhaoyi") -> str:
    with db.read() as session:
        chosen = select(FollowUser.id).where(
            FollowUser.external_userid == external_userid, FollowUser.userid == userid
        )
        return str(session.scalars(chosen).one())


def plan(desk: Desk, kind: str, **chosen: str) -> tuple[TestResponse, str]:
    """Go from the list to what is about to be done; return the page and its query."""
    led = desk.act(f"{ADDRESS}/choose", part="batch", do=kind, **chosen)
    address = led.headers["Location"]
    return desk.get(address), address.partition("?")[2]


def batch_of(answer: TestResponse) -> int:
    found = re.search(r"batch=(\d+)", answer.headers["Location"])
    assert found
    return int(found[1])


@pytest.mark.usefixtures("shop")
def test_those_who_are_followed_are_listed_and_the_lost_on_demand(desk: Seat) -> None:
    owner = desk("qianer", "owner")
    assert names(owner.get(ADDRESS)) == {"李晓雯", "王建国", "钱家的客户"}
    assert names(owner.choose("customers", standing="lost")) == {"<i>斜</i>"}
    assert names(owner.choose("customers", standing="all")) == ALL
    assert names(owner.choose("customers", name="李")) == {"李晓雯"}
    assert names(owner.choose("customers", state="小红书")) == {"王建国"}
    assert names(owner.choose("customers", shared="1")) == {"钱家的客户"}
    assert "没有符合条件的客户" in owner.choose("customers", name="无此人").text
    assert "4 条，去重后 3 位客户" in owner.get(f"{ADDRESS}/count").text


@pytest.mark.usefixtures("runtime")
def test_where_nobody_is_followed_the_page_says_what_will_be_here(desk: Seat) -> None:
    assert "还没有客户" in desk("qianer", "owner").get(ADDRESS).text


@pytest.mark.usefixtures("shop")
def test_nobody_is_named_in_an_address(desk: Seat) -> None:
    owner = desk("qianer", "owner")
    led = owner.act(f"{ADDRESS}/choose", name="李晓雯", member="zhaoyi")
    page = owner.get(led.headers["Location"])
    assert names(page) == {"李晓雯"}
    addresses = [
        led.headers["Location"],
        *re.findall(r'(?:href|action|hx-get)="([^"]+)"', page.text),
    ]
    for told in ("zhaoyi", "李晓雯", "wmLi"):
        assert not [one for one in addresses if told in unquote(one)]


def test_a_manager_sees_and_reaches_his_own_people_s_customers_alone(
    desk: Seat, shop: Database
) -> None:
    manager = desk("sunsan", "manager")
    assert names(manager.get(ADDRESS)) == {"李晓雯", "王建国", "钱家的客户"}
    assert names(manager.choose("customers", standing="lost")) == set()
    assert "另有 1 位员工" in manager.get(ADDRESS).text
    assert manager.choose("customers", department="1").status_code == 404
    assert names(manager.choose("customers", member="qianer")) == set()
    page, query = plan(manager, "tag_add", follow=follow_of(shop, "wmQian", "qianer"))
    assert "没有选中任何客户" in page.text
    answer = manager.act(f"{ADDRESS}/begin?{query}", tag=key_of(shop, Tag, "金"))
    assert answer.status_code == 422
    with shop.read() as session:
        assert session.scalars(select(Batch)).all() == []


def test_all_that_match_are_tagged_after_a_word_of_how_many(desk: Seat, shop: Database) -> None:
    owner = desk("qianer", "owner")
    page, query = plan(owner, "tag_add", all="1")
    assert "选中了 3 位客户的 4 条好友关系" in page.text
    assert owner.act(f"{ADDRESS}/begin?{query}", tag="").status_code == 422
    answer = owner.act(f"{ADDRESS}/begin?{query}", tag=key_of(shop, Tag, "金"))
    assert answer.status_code == 303
    work(shop, batch_of(answer))
    result = owner.get(answer.headers["Location"])
    assert "伴客里：4 / 4" in result.text
    assert "写回企业微信：0 / 4" in result.text
    assert audited(shop) == [("batch_begun", "", {"kind": "tag_add", "count": 4, "what": "金"})]
    assert "加标签「金」" in owner.get(f"{ADDRESS}/batches").text
    assert names(owner.choose("customers", any=key_of(shop, Tag, "金"))) == {
        "李晓雯",
        "王建国",
        "钱家的客户",
    }


def test_those_who_were_ticked_are_moved_and_no_others(desk: Seat, shop: Database) -> None:
    owner = desk("qianer", "owner")
    page, query = plan(owner, "stage", follow=follow_of(shop, "wmLi"))
    assert "选中了 1 位客户。" in page.text
    stage = key_of(shop, Stage, "成交")
    answer = owner.act(f"{ADDRESS}/begin?{query}", stage=stage)
    work(shop, batch_of(answer))
    assert names(owner.choose("customers", stage=stage)) == {"李晓雯"}


def test_what_many_said_of_offers_is_written_down_and_who_refused_is_said_apart(
    desk: Seat, shop: Database
) -> None:
    said = Answer(state="refused", way="own")
    shop.commit(lambda session: set_consent(session, "wmLi", said=said, userid="zhaoyi", seen=None))
    owner = desk("qianer", "owner")
    page, query = plan(owner, "consent", all="1")
    assert "选中了 3 位客户。" in page.text
    begin = partial(owner.act, f"{ADDRESS}/begin?{query}")
    assert "请选择客户说了什么" in begin(way="form").text
    assert "请选择怎样知道的" in begin(consent="agreed", way="import").text
    answer = begin(consent="agreed", way="form", note="会员日登记表")
    work(shop, batch_of(answer))
    result = owner.get(answer.headers["Location"]).text
    assert "记营销意愿：同意" in result
    assert "客户拒绝过营销，保持拒绝 1" in result
    assert audited(shop) == [("batch_begun", "", {"kind": "consent", "count": 3, "what": "同意"})]
    assert names(owner.choose("customers", consent="agreed")) == {"王建国", "钱家的客户"}
    assert names(owner.choose("customers", consent="refused")) == {"李晓雯"}
    assert names(owner.choose("customers", consent="unasked", standing="all")) == {"<i>斜</i>"}


@pytest.mark.usefixtures("shop")
def test_a_reminder_s_text_and_time_are_asked_for_in_words(desk: Seat) -> None:
    owner = desk("qianer", "owner")
    _page, query = plan(owner, "reminder", all="1")
    begin = partial(owner.act, f"{ADDRESS}/begin?{query}")
    assert "请写上要提醒什么" in begin(text=" ", at="2099-01-01T09:00").text
    assert "请选择提醒的时间" in begin(text="回访", at="明天").text
    late = begin(text="<b>回访</b>", at="2019-01-01T09:00")
    assert "今后一年之内" in late.text
    assert "&lt;b&gt;回访&lt;/b&gt;" in late.text


def test_a_batch_is_stopped_and_says_so(desk: Seat, shop: Database) -> None:
    owner = desk("qianer", "owner")
    _page, query = plan(owner, "tag_add", all="1")
    answer = owner.act(f"{ADDRESS}/begin?{query}", tag=key_of(shop, Tag, "金"))
    batch_id = batch_of(answer)
    assert owner.act(f"{ADDRESS}/cancel", batch=str(batch_id)).status_code == 303
    work(shop, batch_id)
    page = owner.get(f"{ADDRESS}/result?batch={batch_id}")
    assert "已取消 4" in page.text
    assert [action for action, _who, _detail in audited(shop)] == ["batch_begun", "batch_cancelled"]
    owner.act(f"{ADDRESS}/cancel", batch=str(batch_id))
    assert len(audited(shop)) == 2


def test_batches_of_others_are_not_a_manager_s_business(desk: Seat, shop: Database) -> None:
    _page, query = plan(desk("qianer", "owner"), "tag_add", all="1")
    answer = desk("qianer", "owner").act(f"{ADDRESS}/begin?{query}", tag=key_of(shop, Tag, "金"))
    batch_id = batch_of(answer)
    manager = desk("sunsan", "manager")
    for part in ("result", "progress"):
        assert manager.get(f"{ADDRESS}/{part}?batch={batch_id}").status_code == 404
    assert manager.act(f"{ADDRESS}/cancel", batch=str(batch_id)).status_code == 404
    assert "还没有批量操作" in manager.get(f"{ADDRESS}/batches").text


@pytest.mark.usefixtures("shop")
def test_an_auditor_looks_and_changes_nothing(desk: Seat) -> None:
    auditor = desk("lisi", "auditor")
    page = auditor.get(ADDRESS)
    assert names(page) == {"李晓雯", "王建国", "钱家的客户"}
    assert 'name="follow"' not in page.text
    assert plan(auditor, "tag_add", all="1")[0].status_code == 403


def test_a_view_is_kept_shared_and_thrown_away_by_its_owner(desk: Seat, shop: Database) -> None:
    owner, other = desk("qianer", "owner"), desk("lisi", "admin")
    address = owner.act(f"{ADDRESS}/choose", name="李").headers["Location"]
    query = address.partition("?")[2]
    assert "请给视图起个名字" in owner.act(f"{ADDRESS}/keep?{query}", view=" ").text
    owner.act(f"{ADDRESS}/keep?{query}", view="<b>姓李的</b>")
    assert "姓李的" not in other.get(ADDRESS).text
    owner.act(f"{ADDRESS}/keep?{query}", view="<b>姓李的</b>", shared="1")
    page = other.get(ADDRESS)
    assert "&lt;b&gt;姓李的&lt;/b&gt;" in page.text
    [there] = re.findall(rf'href="({ADDRESS}\?f=[^"]+)"', page.text)
    assert names(other.get(there)) == {"李晓雯"}
    view = key_of(shop, CustomerView, "<b>姓李的</b>")
    assert other.act(f"{ADDRESS}/drop", id=view).status_code == 404
    assert owner.act(f"{ADDRESS}/drop", id=view).status_code == 303
    page = owner.get(address)
    assert "已删除视图" in page.text
    assert names(page) == {"李晓雯"}
    assert "姓李的" not in owner.get(ADDRESS).text


def test_the_columns_that_were_chosen_are_shown(desk: Seat, shop: Database) -> None:
    with shop.write() as session:
        gold = session.scalars(select(Tag.id).where(Tag.name == "金")).one()
        mark_tag(session, "wmLi", userid="zhaoyi", tag_key=gold, on=True)
    owner = desk("qianer", "owner")
    assert 'class="cu-chip" title="等级"><bdi>金</bdi>' in owner.get(ADDRESS).text
    page = owner.choose("customers", col="state")
    assert "门店海报" in page.text
    assert "cu-chip" not in page.text


def test_a_field_is_a_column_in_words_and_a_phone_is_masked(desk: Seat, shop: Database) -> None:
    with shop.write() as session:
        for key, stands in (("phone", {"text": "13800001234"}), ("vip", {"flag": True})):
            field = CustomField(
                key=f"t_{key}",
                name=f"试{key}",
                kind={"phone": "phone", "vip": "yes_no"}[key],
                options=[],
                created_at=clock.utcnow(),
            )
            session.add(field)
            session.flush()
            session.add(
                FieldValue(
                    external_userid="wmLi",
                    field_id=field.id,
                    version=1,
                    userid="zhaoyi",
                    changed_at=clock.utcnow(),
                    **stands,
                )
            )
    phone, vip = (f"f{key_of(shop, CustomField, name)}" for name in ("试phone", "试vip"))
    owner = desk("qianer", "owner")
    assert "<bdi>是</bdi>" in owner.choose("customers", name="李", col=vip).text
    page = owner.choose("customers", name="李", col=phone)
    assert "<bdi>138****1234</bdi>" in page.text
    assert "13800001234" not in page.text
    assert names(owner.choose("customers", **{vip: "yes"})) == {"李晓雯"}
    assert names(owner.choose("customers", **{vip: "empty"})) == {"王建国", "钱家的客户"}


def test_a_number_or_a_sensitive_field_finds_by_all_of_it_and_stands_nowhere(
    desk: Seat, shop: Database
) -> None:
    today = clock.utcnow().date()
    with shop.write() as session:
        secret = add_field(session, FieldDraft(name="试证件", sensitive=True), kind="text")
        phone = session.scalars(select(CustomField).where(CustomField.name == "手机")).one()
        typed = {phone.id: "13800001234", secret.id: "A1234"}
        for field_id, text in typed.items():
            who: dict[str, Any] = {"userid": "zhaoyi", "seen": 0, "today": today}
            set_field(session, "wmLi", field_id=field_id, typed=[text], **who)
    owner = desk("qianer", "owner")
    for number in ("138 0000 1234", "+8613800001234"):
        assert names(owner.choose("customers", name=number)) == {"李晓雯"}
    assert names(owner.choose("customers", name="1380000")) == set()
    own = f"f{secret.id}"
    assert names(owner.choose("customers", **{f"{own}_equal": "A1234"})) == {"李晓雯"}
    assert names(owner.choose("customers", **{f"{own}_equal": "A123"})) == set()
    assert names(owner.choose("customers", **{own: "filled"})) == {"李晓雯"}
    page = owner.choose("customers", name="李", col=own)
    assert "<bdi>****</bdi>" in page.text
    assert f'name="{own}_least"' not in page.text
