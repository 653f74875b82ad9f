"""The page of stages: set up in place, archived with a word about whom it concerns, and audited."""

import re
from typing import Any

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.audit.models import AuditEntry
from app.customers.actions import move_on, put_into_first_stage
from app.customers.actions.profile import ensure_customer
from app.customers.jobs import move_customers_on
from app.customers.models import Stage
from app.customers.queries import get_stage_boards, list_pipelines
from app.db import Database
from app.runtime import Runtime
from tests.admin.conftest import SAME_SITE, Desk, Seat

HTMX = {**SAME_SITE, "HX-Request": "true"}
PAGE = "/admin/stages"
DEFAULT = ["新客户", "初步沟通", "意向", "成交", "无意向"]


@pytest.fixture
def shop(runtime: Runtime) -> Database:
    return runtime.db


def ids(db: Database) -> dict[str, int]:
    with db.read() as session:
        return {stage.name: stage.id for stage in session.scalars(select(Stage))}


def names(db: Database, place: int = 0) -> list[str]:
    with db.read() as session:
        return [stage.name for stage in list_pipelines(session)[place].stages]


def crowd(db: Database, count: int) -> None:
    with db.write() as session:
        for number in range(count):
            ensure_customer(session, f"wmMany{number}")
            put_into_first_stage(session, f"wmMany{number}")


def seen(page: TestResponse) -> str:
    """Return the mark in the only form of a page that has one."""
    [mark] = set(re.findall(r'name="seen" value="(\w+)"', page.text))
    return str(mark)


def order(db: Database, place: int = 0) -> str:
    with db.read() as session:
        return list_pipelines(session)[place].order


def shift(desk: Desk, headers: dict[str, str] = HTMX, **form: Any) -> TestResponse:
    form["csrf_token"] = desk.token()
    return desk.post(f"{PAGE}/shift-stage", form, headers)


def audited(db: Database) -> list[tuple[str, Any]]:
    with db.read() as session:
        rows = session.scalars(select(AuditEntry).order_by(AuditEntry.id))
        return [(row.action, row.detail) for row in rows if not row.action.startswith("admin_")]


def test_the_page_says_who_stands_where(desk: Seat, shop: Database) -> None:
    crowd(shop, 3)
    page = desk("qianer", "owner").get(PAGE)
    assert [name for name in DEFAULT if f"<bdi>{name}</bdi>" in page.text] == DEFAULT
    assert "3 位客户在这条流程里" in page.text
    assert "只有一条流程，不能归档它" in page.text
    assert "ad-dot_green" in page.text


def test_an_auditor_looks_and_changes_nothing(desk: Seat, shop: Database) -> None:
    auditor = desk("lisi", "auditor")
    page = auditor.get(PAGE)
    assert "成交" in page.text
    assert "shift-stage" not in page.text
    assert shift(auditor, stage=ids(shop)["意向"], way="up", seen=order(shop)).status_code == 403
    assert names(shop) == DEFAULT


def test_a_stage_is_added_renamed_and_both_are_on_record(desk: Seat, shop: Database) -> None:
    owner = desk("qianer", "owner")
    added = owner.act(f"{PAGE}/save-stage?pipeline=1", name="复购", asks="amount", color="pink")
    assert added.headers["Location"] == PAGE
    assert "已添加阶段「复购」" in owner.get(PAGE).text
    one = ids(shop)["复购"]
    form = owner.get(f"{PAGE}/stage?stage={one}")
    assert "0 位客户在这个阶段" in form.text
    path = f"{PAGE}/save-stage?stage={one}"
    owner.act(path, name="再次购买", asks="amount", color="red", seen=seen(form))
    assert names(shop)[-1] == "再次购买"
    assert audited(shop) == [
        ("stage_added", {"pipeline": "客户阶段", "stage": "复购"}),
        (
            "stage_changed",
            {"stage": "再次购买", "color": "red", "before": "复购", "after": "再次购买"},
        ),
    ]
    log = owner.get("/admin/audit").text
    assert "修改客户阶段" in log
    assert "红色" in log


def test_what_cannot_be_is_said_and_what_was_typed_stays(desk: Seat, shop: Database) -> None:
    owner = desk("qianer", "owner")
    answer = owner.act(f"{PAGE}/save-stage?pipeline=1", name="意向", asks="", color="red")
    assert answer.status_code == 422
    assert "已经有一个叫「意向」的了" in answer.text
    assert re.search(r'value="red" checked', answer.text)
    assert names(shop) == DEFAULT


@pytest.mark.usefixtures("shop")
def test_a_refusal_is_in_the_readers_language(desk: Seat) -> None:
    owner = desk("qianer", "owner")
    form = {"name": "意向", "asks": "", "color": "red", "csrf_token": owner.token()}
    headers = {**SAME_SITE, "Accept-Language": "en"}
    answer = owner.post(f"{PAGE}/save-stage?pipeline=1", form, headers)
    assert "There is one called “意向” already" in answer.text


def test_two_admins_do_not_overwrite_each_other_unawares(desk: Seat, shop: Database) -> None:
    owner, other = desk("qianer", "owner"), desk("lisi", "admin")
    one = ids(shop)["意向"]
    path = f"{PAGE}/save-stage?stage={one}"
    old = seen(owner.get(f"{PAGE}/stage?stage={one}"))
    other.act(path, name="有意向", asks="", color="teal", seen=old)
    answer = owner.act(path, name="感兴趣", asks="", color="red", seen=old)
    assert answer.status_code == 422
    assert "刚刚有人改过这里" in answer.text
    assert "<bdi>有意向</bdi>" in answer.text
    assert 'value="感兴趣"' in answer.text
    assert names(shop)[2] == "有意向"
    owner.act(path, name="感兴趣", asks="", color="red", seen=seen(answer))
    assert names(shop)[2] == "感兴趣"


def test_a_stage_moves_up_in_its_place_and_without_script_too(desk: Seat, shop: Database) -> None:
    owner, one = desk("qianer", "owner"), ids(shop)["意向"]
    answer = shift(owner, stage=one, way="up", seen=order(shop))
    assert answer.status_code == 200
    assert "<!doctype" not in answer.text
    assert re.search(
        rf'value="{one}"((?!</form>).)*value="up"((?!</form>).)*autofocus', answer.text, re.DOTALL
    )
    answer = shift(owner, SAME_SITE, stage=one, way="up", seen=order(shop))
    assert answer.status_code == 303
    assert "「意向」现在排第 1" in owner.get(PAGE).text
    assert names(shop)[:2] == ["意向", "新客户"]
    assert audited(shop)[-1] == ("stage_shifted", {"stage": "意向", "place": 1})


def test_an_order_that_somebody_else_changed_is_shown_first(desk: Seat, shop: Database) -> None:
    owner, one, old = desk("qianer", "owner"), ids(shop)["意向"], order(shop)
    shift(owner, stage=one, way="up", seen=old)
    answer = shift(owner, stage=one, way="up", seen=old)
    assert answer.status_code == 409
    assert "刚刚有人改过这里" in answer.text
    assert names(shop)[1] == "意向"


def test_archiving_says_how_many_stand_there_and_asks_where_they_go(
    desk: Seat, shop: Database, runtime: Runtime
) -> None:
    crowd(shop, 3)
    owner, stages = desk("qianer", "owner"), ids(shop)
    page = owner.get(f"{PAGE}/stage-archive?stage={stages['新客户']}")
    assert "3 位客户在这个阶段。归档以后，他们去哪里？" in page.text
    assert "新客户先进「初步沟通」" in page.text
    path = f"{PAGE}/archive-stage?stage={stages['新客户']}"
    refused = owner.act(path, seen=seen(page))
    assert refused.status_code == 422
    assert "请选他们去哪个阶段" in refused.text
    owner.act(path, seen=seen(page), to=str(stages["成交"]))
    assert audited(shop) == [
        ("stage_archived", {"stage": "新客户", "count": 3, "to_stage": "成交"})
    ]
    shop.commit(lambda session: move_on(session, stages["新客户"], most=1))
    shown = owner.get(PAGE).text
    assert "正在把「新客户」的客户移到「成交」：还有 2 位，共 3 位" in shown
    move_customers_on(runtime)
    assert "客户都移完了" in owner.get(f"{PAGE}/moving", **HTMX).text
    assert "3 位客户移到了「成交」" in owner.get(PAGE).text
    with shop.read() as session:
        assert get_stage_boards(session, "wmMany0")[0].now.name == "成交"


def test_an_archived_stage_is_restored(desk: Seat, shop: Database) -> None:
    owner, stages = desk("qianer", "owner"), ids(shop)
    page = owner.get(f"{PAGE}/stage-archive?stage={stages['意向']}")
    assert "没有客户在这个阶段" in page.text
    owner.act(f"{PAGE}/archive-stage?stage={stages['意向']}", seen=seen(page))
    assert "意向" not in names(shop)
    assert owner.get(f"{PAGE}/stage?stage={stages['意向']}").status_code == 404
    owner.act(f"{PAGE}/restore-stage", stage=str(stages["意向"]))
    assert names(shop)[-1] == "意向"
    assert "已恢复「意向」" in owner.get(PAGE).text
    assert [action for action, _detail in audited(shop)] == ["stage_archived", "stage_restored"]


def test_a_second_pipeline_comes_and_goes(desk: Seat, shop: Database) -> None:
    crowd(shop, 2)
    owner = desk("qianer", "owner")
    owner.act(f"{PAGE}/save-pipeline", name="售后", stages="待处理\n\n已解决\n")
    assert names(shop, 1) == ["待处理", "已解决"]
    page = owner.get(f"{PAGE}/pipeline-archive?pipeline=1")
    assert "2 位客户在这条流程里" in page.text
    assert "「售后」成为默认，新客户先进「待处理」" in page.text
    owner.act(f"{PAGE}/archive-pipeline?pipeline=1")
    assert names(shop) == ["待处理", "已解决"]
    assert "2 位客户的阶段还保留着" in owner.get(PAGE).text
    owner.act(f"{PAGE}/restore-pipeline", pipeline="1")
    assert names(shop, 1) == DEFAULT
    actions = [action for action, _detail in audited(shop)]
    assert actions == ["pipeline_added", "pipeline_archived", "pipeline_restored"]


def test_the_last_ones_cannot_be_archived_and_the_page_says_why(desk: Seat, shop: Database) -> None:
    owner = desk("qianer", "owner")
    assert "最后一条流程，不能归档" in owner.get(f"{PAGE}/pipeline-archive?pipeline=1").text
    answer = owner.act(f"{PAGE}/archive-pipeline?pipeline=1")
    assert answer.status_code == 422
    owner.act(f"{PAGE}/save-pipeline", name="售后", stages="待处理")
    one = ids(shop)["待处理"]
    assert "不能归档" in owner.get(f"{PAGE}/stage-archive?stage={one}").text


def test_a_pipeline_is_renamed(desk: Seat, shop: Database) -> None:
    owner = desk("qianer", "owner")
    form = owner.get(f"{PAGE}/pipeline?pipeline=1")
    owner.act(f"{PAGE}/save-pipeline?pipeline=1", name="<b>销售", seen=seen(form))
    assert "&lt;b&gt;销售" in owner.get(PAGE).text
    detail = {"before": "客户阶段", "after": "<b>销售"}
    assert audited(shop) == [("pipeline_changed", detail)]
