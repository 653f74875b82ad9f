"""The page 标签: the corp's tags as WeCom has them; what is changed is changed there first."""

import re
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select

from app import clock
from app.audit.models import AuditEntry
from app.customers.actions import Change, mark_tag, record_change
from app.customers.jobs import sync_tags
from app.customers.models import Tag
from app.reports import queries
from app.reports.jobs import keep_reports
from app.runtime import Runtime
from app.sandbox.server import Sandbox
from tests.admin.conftest import Desk, Seat

GROUP = {"group_name": "意向", "names": "高\r\n中\r\n\r\n高\r\n"}


@pytest.fixture
def owner(desk: Seat, runtime: Runtime) -> Desk:
    sync_tags(runtime)
    return desk("qianer", "owner")


def wecoms(box: Sandbox) -> dict[str, list[str]]:
    """Return what WeCom has: the living tags by their groups' names."""
    return {
        group.group_name: [tag.name for tag in group.tags if not tag.deleted]
        for group in box.world.tag_groups.values()
        if not group.deleted
    }


def shown(page: str) -> dict[str, list[str]]:
    """Return the names on the page: tags by their groups."""
    found = {}
    for section in page.split('class="card-body tag-head"')[1:]:
        [name] = re.findall(r'id="group-\d+">(?:<del>)?<bdi>([^<]*)', section)
        tags = re.findall(r'scope="row"[^>]*>(<del>)?<bdi>([^<]*)', section)
        found[name] = [f"~{tag}" if gone else tag for gone, tag in tags]
    return found


def key_of(runtime: Runtime, name: str) -> str:
    with runtime.db.read() as session:
        return str(session.scalars(select(Tag.id).where(Tag.name == name)).one())


def group_of(runtime: Runtime, name: str) -> str:
    with runtime.db.read() as session:
        return session.scalars(select(Tag.group_id).where(Tag.name == name)).one()


def deeds(runtime: Runtime) -> list[tuple[str, Any]]:
    wanted = select(AuditEntry).where(AuditEntry.action.like("tag%")).order_by(AuditEntry.id)
    with runtime.db.read() as session:
        return [(entry.action, entry.detail) for entry in session.scalars(wanted)]


def give(runtime: Runtime, tag: str, *customers: str, userid: str = "zhaoyi") -> None:
    key = int(key_of(runtime, tag))
    for customer in customers:
        change = Change(userid=userid, external_userid=customer, kind="add", at=clock.utcnow())
        runtime.db.commit(partial(record_change, change=change))
        runtime.db.commit(
            partial(mark_tag, external_userid=customer, userid=userid, tag_key=key, on=True)
        )


def test_tags_are_listed_with_how_many_customers_have_each(owner: Desk, runtime: Runtime) -> None:
    give(runtime, "门店扫码", "wmA", "wmB")
    give(runtime, "门店扫码", "wmA", userid="lisi")
    give(runtime, "朋友推荐", "wmB")
    page = owner.get("/admin/tags").text
    assert shown(page)["客户来源"] == ["门店扫码", "朋友推荐", "线上活动"]
    assert "3 个标签，2 位客户" in page
    counts = re.findall(r"text-nowrap\">(\d+) 位客户", page)
    assert counts[:3] == ["2", "1", "0"]
    gone = Change(userid="zhaoyi", external_userid="wmB", kind="customer", at=clock.utcnow())
    runtime.db.commit(partial(record_change, change=gone))
    assert "3 个标签，1 位客户" in owner.get("/admin/tags").text


def test_where_very_many_are_counted_ahead_the_page_says_when(
    owner: Desk, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "READY_ABOVE", 1)
    give(runtime, "门店扫码", "wmA", "wmB")
    keep_reports(runtime)
    give(runtime, "门店扫码", "wmC")
    page = owner.get("/admin/tags").text
    assert "3 个标签，2 位客户" in page
    assert re.search("客户数统计于 .+，每小时更新。", page)


def test_what_was_deleted_in_wecom_is_shown_so_after_a_sync(
    owner: Desk, runtime: Runtime, box: Sandbox
) -> None:
    box.people.tag_deleted(box_tag(box, "朋友推荐"))
    owner.act("/admin/tags/sync")
    page = owner.get("/admin/tags")
    assert "已从企业微信同步" in page.text
    assert shown(page.text)["客户来源"] == ["门店扫码", "线上活动", "~朋友推荐"]
    assert shown(owner.get("/admin/tags?state=living").text)["客户来源"] == ["门店扫码", "线上活动"]
    assert shown(owner.get("/admin/tags?state=gone").text) == {"客户来源": ["~朋友推荐"]}
    assert deeds(runtime) == [("tags_synced", {})]


def box_tag(box: Sandbox, name: str) -> str:
    tags = [tag for group in box.world.tag_groups.values() for tag in group.tags]
    return next(tag.id for tag in tags if tag.name == name)


def test_a_group_is_made_in_wecom_with_its_tags(
    owner: Desk, runtime: Runtime, box: Sandbox
) -> None:
    assert owner.act("/admin/tags/create", **GROUP).status_code == 303
    assert wecoms(box)["意向"] == ["高", "中"]
    assert sorted(shown(owner.get("/admin/tags").text)["意向"]) == ["中", "高"]
    assert deeds(runtime) == [("tag_group_created", {"name": "意向", "count": 2})]
    assert "建立标签组" in owner.get("/admin/audit").text


def test_a_tag_is_added_renamed_and_deleted_in_wecom(
    owner: Desk, runtime: Runtime, box: Sandbox
) -> None:
    owner.act("/admin/tags/create", **GROUP)
    group = group_of(runtime, "高")
    assert owner.act("/admin/tags/add", group=group, names="低").status_code == 303
    assert wecoms(box)["意向"] == ["高", "中", "低"]
    form = {"tag": key_of(runtime, "低"), "was": "低", "name": " 很低 "}
    assert owner.act("/admin/tags/rename", **form).status_code == 303
    assert wecoms(box)["意向"] == ["高", "中", "很低"]
    form = {"group": group, "was": "意向", "name": "成交意向"}
    assert owner.act("/admin/tags/rename-group", **form).status_code == 303
    assert owner.act("/admin/tags/delete", tag=key_of(runtime, "中")).status_code == 303
    assert wecoms(box)["成交意向"] == ["高", "很低"]
    assert shown(owner.get("/admin/tags").text)["成交意向"][-1] == "~中"
    assert owner.act("/admin/tags/delete-group", group=group).status_code == 303
    assert "成交意向" not in wecoms(box)
    assert all(tag.startswith("~") for tag in shown(owner.get("/admin/tags").text)["成交意向"])
    assert [action for action, _detail in deeds(runtime)] == [
        "tag_group_created",
        "tag_created",
        "tag_renamed",
        "tag_group_renamed",
        "tag_deleted",
        "tag_group_deleted",
    ]
    # What we have is what WeCom has.
    before = shown(owner.get("/admin/tags").text)
    owner.act("/admin/tags/sync")
    assert shown(owner.get("/admin/tags").text) == before


def test_the_last_tag_of_a_group_takes_the_group_along(
    owner: Desk, runtime: Runtime, box: Sandbox
) -> None:
    owner.act("/admin/tags/create", group_name="独", names="一")
    owner.act("/admin/tags/delete", tag=key_of(runtime, "一"))
    assert "独" not in wecoms(box)
    assert "独" not in shown(owner.get("/admin/tags?state=living").text)


@pytest.mark.parametrize("action", ["rename", "delete"])
def test_what_somebody_else_made_stays_and_says_why(
    owner: Desk, runtime: Runtime, box: Sandbox, action: str
) -> None:
    form = {"tag": key_of(runtime, "门店扫码"), "was": "门店扫码", "name": "改"}
    answer = owner.act(f"/admin/tags/{action}", **form)
    assert answer.status_code == 422
    assert "只让应用修改、删除自己创建的标签" in answer.text
    assert "门店扫码" in wecoms(box)["客户来源"]
    assert shown(owner.get("/admin/tags").text)["客户来源"][0] == "门店扫码"
    assert deeds(runtime) == []


@pytest.mark.parametrize("action", ["add", "rename-group", "delete-group"])
@pytest.mark.parametrize("group", ["", "x" * 65, "x" * 9000])
def test_a_group_that_cannot_be_is_none(
    owner: Desk, runtime: Runtime, action: str, group: str
) -> None:
    answer = owner.act(f"/admin/tags/{action}", group=group, was="意向", name="改", names="新")
    assert answer.status_code == 422
    assert deeds(runtime) == []


def test_what_wecom_refuses_is_not_ours_either(owner: Desk, runtime: Runtime, box: Sandbox) -> None:
    group = group_of(runtime, "门店扫码")
    answer = owner.act("/admin/tags/add", group=group, names="朋友推荐")
    assert answer.status_code == 422
    assert "标签名已存在或不合规" in answer.text
    assert 'value="朋友推荐"' in answer.text
    box.faults.errcode("externalcontact/add_corp_tag", 48002)
    answer = owner.act("/admin/tags/create", **GROUP)
    assert "可调用接口的应用" in answer.text
    assert "意向" in answer.text
    assert "意向" not in shown(owner.get("/admin/tags").text)
    assert deeds(runtime) == []


@pytest.mark.parametrize(
    ("action", "form", "words"),
    [
        ("create", {"group_name": "", "names": "一"}, "请写名称"),
        ("create", {"group_name": "组", "names": " \n"}, "请至少写一个标签"),
        ("create", {"group_name": "组", "names": "长" * 31}, "最多 30 个"),
        ("add", {"group": "etNone", "names": "一"}, "没有这个标签组"),
        ("add", {"group": "", "names": "一"}, "没有这个标签组"),
        ("rename", {"tag": "999", "was": "", "name": "一"}, "没有这个标签"),
        ("delete", {"tag": "x"}, "没有这个标签组"),
        ("delete-group", {"group": "etNone"}, "没有这个标签组"),
    ],
)
def test_what_will_not_do_never_reaches_wecom(
    owner: Desk, box: Sandbox, action: str, form: dict[str, str], words: str
) -> None:
    before = wecoms(box)
    answer = owner.act(f"/admin/tags/{action}", **form)
    assert answer.status_code == 422
    assert words in answer.text
    assert wecoms(box) == before


def test_a_tag_that_somebody_renamed_meanwhile_is_not_renamed_unawares(
    owner: Desk, runtime: Runtime, box: Sandbox
) -> None:
    owner.act("/admin/tags/create", **GROUP)
    key = key_of(runtime, "高")
    owner.act("/admin/tags/rename", tag=key, was="高", name="很高")
    answer = owner.act("/admin/tags/rename", tag=key, was="高", name="最高")
    assert answer.status_code == 422
    assert "刚被改名为「很高」" in answer.text
    assert "很高" in wecoms(box)["意向"]


def test_deleting_says_first_how_many_customers_lose_it(owner: Desk, runtime: Runtime) -> None:
    give(runtime, "门店扫码", "wmA", "wmB")
    page = owner.get("/admin/tags").text
    assert "「门店扫码」会从企业微信删除，2 位客户会失去它" in page
    assert "整组 3 个标签都会从企业微信删除，2 位客户会失去它们" in page


def test_an_answer_that_does_not_come_says_what_to_do(owner: Desk, box: Sandbox) -> None:
    box.faults.drop_reply("externalcontact/add_corp_tag")
    answer = owner.act("/admin/tags/create", **GROUP)
    assert answer.status_code == 422
    assert "请先点“从企业微信同步”" in answer.text
    owner.act("/admin/tags/sync")
    assert "意向" in shown(owner.get("/admin/tags").text)


def test_tags_are_looked_for_and_what_people_wrote_is_text(owner: Desk) -> None:
    owner.act("/admin/tags/create", group_name="<b>组", names="<script>x\n100%_")
    page = owner.choose("tags", search="100%").text
    assert shown(page) == {"&lt;b&gt;组": ["100%_"]}
    assert shown(owner.choose("tags", search="门店").text) == {"客户来源": ["门店扫码"]}
    assert shown(owner.choose("tags", search="等级").text).keys() == {"客户等级"}
    assert "没有符合条件的标签" in owner.choose("tags", search="没有的").text
    assert "<script>x" not in owner.get("/admin/tags").text


def test_an_auditor_sees_tags_and_changes_none_and_a_manager_sees_none(desk: Seat) -> None:
    auditor = desk("lisi", "auditor")
    assert "/admin/tags/create" not in auditor.get("/admin/tags").text
    assert auditor.act("/admin/tags/create", **GROUP).status_code == 403
    assert desk("sunsan", "manager").get("/admin/tags").status_code == 403
