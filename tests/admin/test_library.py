"""The page 话术与素材: what the corp offers, who sends it, and how it is kept."""

import re
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select

from app import clock
from app.audit.models import AuditEntry
from app.library.actions import (
    Draft,
    DraftPart,
    create_group,
    record_use,
    save_corp_item,
)
from app.library.models import LibraryItem, LibraryUse
from app.library.queries import list_groups, list_items
from app.materials.actions import PIECE_BYTES
from app.runtime import Runtime
from tests.admin.conftest import Desk, Seat
from tests.library.shelves import draft, image, save

SCRIPT = {"shelf": "scripts", "title": "问候", "a_type": "text", "a_content": "您好{{客户称呼}}"}


@pytest.fixture
def owner(desk: Seat) -> Desk:
    return desk("qianer", "owner")


def keep(runtime: Runtime, title: str, *texts: str, group: str = "") -> int:
    """Put a script on the corp's shelf."""
    parts = tuple(DraftPart("text", {"content": text}) for text in texts or ("您好",))
    draft = Draft(title, group, parts)
    return runtime.db.commit(
        lambda session: save_corp_item(session, "scripts", draft, by="qianer").id
    )


def send(runtime: Runtime, item_id: int, userid: str, *, times: int = 1, days: int = 0) -> None:
    for number in range(times):
        key = f"{item_id}-{userid}-{days}-{number}"
        use = partial(record_use, userid=userid, item_id=item_id, key=key, parts=1)
        runtime.db.commit(use)
        with runtime.db.write() as session:
            row = session.scalars(select(LibraryUse).where(LibraryUse.key == key)).one()
            row.at = clock.utcnow() - timedelta(days=days)


def shelf(runtime: Runtime, name: str = "scripts") -> list[tuple[str, str, list[Any]]]:
    """Return what a member finds: titles, groups, and what the parts say."""
    with runtime.db.read() as session:
        items, _more = list_items(session, "lisi", name, tab="corp")
        return [
            (
                item.title,
                item.group_name,
                [part.fields or (part.material and part.material.filename) for part in item.parts],
            )
            for item in items
        ]


def group_names(runtime: Runtime) -> list[str]:
    with runtime.db.read() as session:
        return [one.name for one in list_groups(session, "lisi", "scripts", "corp")]


def deeds(runtime: Runtime) -> list[str]:
    wanted = select(AuditEntry.action).where(AuditEntry.action.like("library%"))
    with runtime.db.read() as session:
        return list(session.scalars(wanted.order_by(AuditEntry.id)))


def value(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found
    return found[1]


def test_what_is_saved_members_find_and_it_is_on_record(owner: Desk, runtime: Runtime) -> None:
    led = owner.act("/admin/library/save", **SCRIPT, new_group="接待")
    assert led.status_code == 303
    assert shelf(runtime) == [("问候", "接待", [{"content": "您好{{客户称呼}}"}])]
    page = owner.get(led.headers["Location"])
    assert "您好{{客户称呼}}" in page.text
    assert "还没有人发送过" in page.text
    assert "接待" in owner.get("/admin/library").text
    assert deeds(runtime) == ["library_item_created"]
    assert "新建话术或素材" in owner.get("/admin/audit").text


def test_a_form_that_is_sent_twice_makes_one_item(owner: Desk, runtime: Runtime) -> None:
    for _time in range(2):
        assert owner.act("/admin/library/save", **SCRIPT, key="once").status_code == 303
    assert len(shelf(runtime)) == 1
    answer = owner.act("/admin/library/save", **(SCRIPT | {"a_content": "别的"}), key="once")
    assert answer.status_code == 422
    assert "已经保存过一次" in answer.text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"title": " "}, "还没有标题"),
        ({"a_content": "{{没有的}}"}, "变量「没有的」不存在"),
        ({"a_content": ""}, "缺少文字"),
        ({"a_content": "长" * 1334}, "最多 4000 字节"),
        ({"a_type": "image", "a_material": "999"}, "素材已不存在"),
        ({"a_type": "news", "a_link": "javascript:1", "a_title": "x"}, "https:// 或 http:// 开头"),
        ({"group": "没有这组"}, "刚被改名或删除"),
    ],
)
def test_what_will_not_do_stays_in_the_form_and_says_why(
    owner: Desk, runtime: Runtime, changes: dict[str, str], words: str
) -> None:
    answer = owner.act("/admin/library/save", **(SCRIPT | {"title": "我写的"} | changes))
    assert answer.status_code == 422
    assert words in answer.text
    if "title" not in changes:
        assert "我写的" in answer.text
    assert shelf(runtime) == []
    assert deeds(runtime) == []


def test_a_picture_comes_in_pieces_and_stands_in_the_item(owner: Desk, runtime: Runtime) -> None:
    data = image()
    told = {"key": "up", "kind": "image", "filename": "门店.png", "size": str(len(data))}
    for n, start in enumerate(range(0, len(data), PIECE_BYTES)):
        piece = data[start : start + PIECE_BYTES]
        assert owner.upload("/admin/library/piece", piece, **told, n=str(n)).status_code == 200
    made = owner.upload("/admin/library/finish", b"", key="up").text
    material = made.partition('data-material="')[2].partition('"')[0]
    form = {"shelf": "materials", "a_type": "image", "a_material": material}
    assert owner.act("/admin/library/save", **form).status_code == 303
    assert shelf(runtime, "materials") == [("门店", "", ["门店.png"])]
    picture = owner.get(f"/admin/library/picture?material={material}")
    assert picture.data.startswith(b"\xff\xd8")


def test_what_somebody_else_changed_meanwhile_is_not_overwritten_unawares(
    desk: Seat, owner: Desk, runtime: Runtime
) -> None:
    item_id = keep(runtime, "问候", "原来的")
    page = owner.get(f"/admin/library/edit?id={item_id}").text
    form = SCRIPT | {"id": str(item_id), "version": value(page, "version")}
    other = desk("sunsan", "admin")
    assert other.act("/admin/library/save", **(form | {"a_content": "他的"})).status_code == 303
    answer = owner.act("/admin/library/save", **(form | {"a_content": "我的"}))
    assert answer.status_code == 422
    assert "有人改过这一条" in answer.text
    assert "他的" in answer.text
    assert "我的" in answer.text
    assert shelf(runtime)[0][2] == [{"content": "他的"}]
    again = form | {"a_content": "我的", "version": value(answer.text, "version")}
    assert owner.act("/admin/library/save", **again).status_code == 303
    assert shelf(runtime)[0][2] == [{"content": "我的"}]


def test_an_item_is_archived_and_taken_back(owner: Desk, runtime: Runtime) -> None:
    item_id = keep(runtime, "问候")
    led = owner.act(f"/admin/library/archive?id={item_id}", id=str(item_id))
    assert shelf(runtime) == []
    assert "恢复" in owner.get(led.headers["Location"]).text
    assert "问候" not in owner.get("/admin/library").text
    assert "问候" in owner.get("/admin/library?archived=1").text
    assert owner.get(f"/admin/library/edit?id={item_id}").status_code == 404
    owner.act(f"/admin/library/restore?id={item_id}", id=str(item_id))
    owner.act(f"/admin/library/restore?id={item_id}", id=str(item_id))
    assert [title for title, _group, _parts in shelf(runtime)] == ["问候"]
    assert deeds(runtime) == ["library_item_archived", "library_item_restored"]


def test_the_list_is_searched_chosen_from_and_paged(owner: Desk, runtime: Runtime) -> None:
    for number in range(31):
        keep(runtime, f"第{number}条", group="一组" if number else "")
    first = owner.get("/admin/library?group=none").text
    assert "第0条" in first
    assert "第1条" not in first
    led = owner.act("/admin/library/choose", shelf="scripts", search="d30t")
    assert "d30t" not in led.headers["Location"]
    found = owner.get(led.headers["Location"]).text
    assert re.findall(r"<bdi>(第\d+条)</bdi>", found) == ["第30条"]
    whole = owner.get("/admin/library").text
    assert "共 31 条" in whole
    older = whole.rpartition("下一页")[0].rpartition('href="')[2].partition('"')[0]
    rest = owner.get(older.replace("&amp;", "&")).text
    assert re.findall(r"<bdi>(第\d+条)</bdi>", rest) == ["第0条"]
    assert "没有符合条件的内容" in owner.get("/admin/library?kind=image").text
    assert "还没有企业素材" in owner.get("/admin/library?shelf=materials").text


def test_how_often_and_by_whom_it_was_sent_is_told(owner: Desk, runtime: Runtime) -> None:
    item_id = keep(runtime, "问候")
    send(runtime, item_id, "zhaoyi", times=3)
    send(runtime, item_id, "lisi", times=2, days=40)
    page = owner.get("/admin/library").text
    row = page.partition("<tbody>")[2]
    assert re.findall(r'ad-figure">(\d+)<', row) == ["3", "5"]
    assert re.findall(r"<bdi>(赵忆南|李思远)</bdi> (\d)", row) == [("赵忆南", "3"), ("李思远", "2")]
    assert "近 30 天 3 次，累计 5 次" in owner.get(f"/admin/library/item?id={item_id}").text


def test_a_manager_sees_which_of_his_people_sent_it(desk: Seat, runtime: Runtime) -> None:
    item_id = keep(runtime, "问候")
    send(runtime, item_id, "zhaoyi")
    send(runtime, item_id, "qianer")
    manager = desk("sunsan", "manager")
    for page in ("/admin/library", f"/admin/library/item?id={item_id}"):
        text = manager.get(page).text
        assert "赵忆南" in text
        assert "钱尔雅" not in text
        assert "/admin/library/edit" not in text
    assert manager.act("/admin/library/save", **SCRIPT).status_code == 403


def test_members_own_items_are_none_of_the_desks(owner: Desk, runtime: Runtime) -> None:
    own = save(runtime.db, draft("私人的"))
    assert "私人的" not in owner.get("/admin/library").text
    assert owner.get(f"/admin/library/item?id={own}").status_code == 404
    assert owner.get(f"/admin/library/edit?id={own}").status_code == 404
    assert owner.act(f"/admin/library/archive?id={own}", id=str(own)).status_code == 404
    form = SCRIPT | {"id": str(own), "version": "1"}
    assert owner.act("/admin/library/save", **form).status_code == 422
    with runtime.db.read() as session:
        item = session.get_one(LibraryItem, own)
        assert (item.title, item.removed_at) == ("私人的", None)


def test_groups_are_made_renamed_ordered_and_removed(owner: Desk, runtime: Runtime) -> None:
    for name in ("接待", "报价"):
        owner.act("/admin/library/group-create", shelf="scripts", name=name)
        keep(runtime, f"{name}的", group=name)
    assert group_names(runtime) == ["接待", "报价"]
    page = owner.get("/admin/library/groups?shelf=scripts").text
    first, second = re.findall(
        r'name="group" value="(\d+)">\s*<input type="hidden" name="was"', page
    )
    move = {"shelf": "scripts", "group": second, "to": "up"}
    owner.act("/admin/library/group-move", **move)
    assert group_names(runtime) == ["报价", "接待"]
    rename = {"shelf": "scripts", "group": first, "was": "接待", "name": "问候"}
    owner.act("/admin/library/group-rename", **rename)
    assert group_names(runtime) == ["报价", "问候"]
    owner.act("/admin/library/group-remove", shelf="scripts", group=first)
    assert group_names(runtime) == ["报价"]
    assert ("接待的", "", [{"content": "您好"}]) in shelf(runtime)
    assert set(deeds(runtime)) == {
        "library_group_created",
        "library_group_moved",
        "library_group_renamed",
        "library_group_removed",
    }


def test_a_group_that_will_not_do_says_why(owner: Desk, runtime: Runtime) -> None:
    group = runtime.db.commit(lambda session: create_group(session, "scripts", "接待").id)
    for action, form, words in (
        ("create", {"name": "接待"}, "已经有分组「接待」"),
        ("create", {"name": " \u202e "}, "请写分组的名称"),
        ("create", {"name": "长" * 17}, "最多 16 个"),
        ("rename", {"group": str(group), "was": "以前", "name": "新"}, "刚被改名为「接待」"),
        ("rename", {"group": "999", "was": "接待", "name": "新"}, "没有这个分组"),
        ("remove", {"group": "999"}, "没有这个分组"),
    ):
        answer = owner.act(f"/admin/library/group-{action}", shelf="scripts", **form)
        assert answer.status_code == 422, action
        assert words in answer.text


@pytest.mark.parametrize("hostile", ["<script>x</script>", '"><img src=x>', "{{ 7*7 }}"])
def test_what_people_wrote_is_text(owner: Desk, runtime: Runtime, hostile: str) -> None:
    item_id = keep(
        runtime, hostile, f"说{hostile}".replace("{", "(").replace("}", ")"), group=hostile[:16]
    )
    for path in ("", "/groups", f"/item?id={item_id}", f"/edit?id={item_id}"):
        text = owner.get(f"/admin/library{path}").text
        assert "<script>x" not in text
        assert "<img src=x" not in text
        assert ("{{ 7*7 }}" in text) == (hostile == "{{ 7*7 }}")
