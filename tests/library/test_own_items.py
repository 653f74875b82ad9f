"""A member's own items: one for a form however often it is sent, whole, his alone."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from app import clock
from app.db import Database
from app.errors import NotFound
from app.library.actions import (
    MOST_OWN,
    Draft,
    DraftPart,
    forget_draft,
    remove_item,
    restore_item,
    save_draft,
)
from app.library.errors import ItemConflict, ItemRefused
from app.library.models import LibraryItem
from app.library.queries import (
    Item,
    find_draft,
    find_file,
    find_item,
    find_picture,
    list_groups,
    list_items,
)
from tests.library.shelves import (
    LI,
    ZHAO,
    draft,
    ids,
    image,
    import_toml,
    save,
    script,
    text,
    upload,
)


def found(db: Database, item_id: int, userid: str = ZHAO) -> Item | None:
    with db.read() as session:
        return find_item(session, userid, item_id)


def own(db: Database, userid: str = ZHAO, shelf: str = "scripts") -> list[str]:
    with db.read() as session:
        items, _more = list_items(session, userid, shelf, tab="own")
    return [item.title for item in items]


def refused(db: Database, what: Draft, *, shelf: str = "scripts") -> Sequence[str]:
    with pytest.raises(ItemRefused) as refusal:
        save(db, what, shelf=shelf)
    return tuple(str(fault) for fault in refusal.value.faults)


def test_an_item_is_found_as_it_was_said(any_db: Database) -> None:
    picture = upload(any_db, image())
    parts = [text("  {{客户称呼}}，您好\r\n欢迎 "), DraftPart("image", {}, picture)]
    item = found(any_db, save(any_db, draft("问候", parts, group="接待")))
    assert item
    assert (item.title, item.group_name, item.is_own, item.version) == ("问候", "接待", True, 1)
    assert [(part.n, part.msgtype, part.fields) for part in item.parts] == [
        (1, "text", {"content": "{{客户称呼}}，您好\n欢迎"}),
        (2, "image", {}),
    ]
    assert item.parts[1].material
    assert item.parts[1].material.has_picture


def test_the_same_form_twice_is_one_item(any_db: Database) -> None:
    with ThreadPoolExecutor() as pool:
        sent = list(pool.map(lambda _n: save(any_db, draft(), key="form-1"), range(4)))
    assert len(set(sent)) == 1
    assert own(any_db) == ["问候"]


def test_what_was_typed_on_after_a_lost_answer_counts(db: Database) -> None:
    first = save(db, draft("问候"), key="form-1")
    assert save(db, draft("问候老客户"), key="form-1") == first
    assert own(db) == ["问候老客户"]


def test_another_members_form_of_the_same_key_is_another_item(db: Database) -> None:
    assert save(db, draft(), key="form-1") != save(db, draft(), key="form-1", by=LI)


def test_an_item_of_his_own_is_seen_by_nobody_else(db: Database) -> None:
    item_id = save(db, draft())
    assert found(db, item_id, LI) is None
    assert own(db, LI) == []
    with pytest.raises(NotFound):
        db.commit(lambda session: remove_item(session, LI, item_id))
    with pytest.raises(NotFound):
        save(db, draft("改"), by=LI, item_id=item_id, version=1)


def test_an_item_of_the_corps_is_changed_by_no_member(db: Database) -> None:
    import_toml(db, script("hello", "问候"))
    item_id = ids(db)["hello"]
    with pytest.raises(NotFound):
        save(db, draft("改"), item_id=item_id, version=1)
    with pytest.raises(NotFound):
        db.commit(lambda session: remove_item(session, ZHAO, item_id))


def test_a_change_puts_new_parts_in_the_place_of_the_old(db: Database) -> None:
    item_id = save(db, draft("问候", [text("一"), text("二")], group="接待"))
    save(db, draft("再问候", [text("三")]), item_id=item_id, version=1)
    item = found(db, item_id)
    assert item
    assert (item.title, item.group_name, item.version) == ("再问候", "", 2)
    assert [part.fields["content"] for part in item.parts] == ["三"]


def test_two_windows_do_not_write_over_each_other(db: Database) -> None:
    item_id = save(db, draft("一"))
    save(db, draft("二"), item_id=item_id, version=1)
    with pytest.raises(ItemConflict):
        save(db, draft("三"), item_id=item_id, version=1)
    # The same change again, whose answer got lost, is none.
    save(db, draft("二"), item_id=item_id, version=1)
    assert own(db) == ["二"]


def test_a_removed_item_can_be_taken_back(db: Database) -> None:
    item_id = save(db, draft())
    db.commit(lambda session: remove_item(session, ZHAO, item_id))
    assert own(db) == []
    assert found(db, item_id) is None
    db.commit(lambda session: restore_item(session, ZHAO, item_id))
    assert own(db) == ["问候"]


def test_every_fault_is_told_at_once(db: Database) -> None:
    parts = [text("{{客户名}}"), DraftPart("news", {"link": "banke.example", "title": "店"})]
    faults = refused(db, draft("长" * 33, parts, group="组" * 17))
    told = "\n".join(faults)
    assert len(faults) == 4
    for words in ("标题有 33 个字", "分组名称有 17 个字", "第 1 条：文字里的变量", "第 2 条：网址"):
        assert words in told


@pytest.mark.parametrize(
    ("shelf", "part", "fault"),
    [
        ("scripts", DraftPart("text", {}), "缺少文字"),
        ("scripts", text("长" * 1334), "文字有 4002 字节，最多 4000 字节（一个汉字 3 字节）"),
        ("scripts", DraftPart("image", {}), "图片没有选择素材"),
        ("scripts", DraftPart("image", {}, 77), "素材已不存在"),
        ("materials", text(), "素材不能只是文字，文字请放到话术里"),
        (
            "materials",
            DraftPart("news", {"link": "https://a.example", "title": "{{客户称呼}}"}),
            "变量只能写在文字里",
        ),
        (
            "materials",
            DraftPart(
                "miniprogram",
                {
                    "appid": "wx0123456789abcdef",
                    "title": "商城",
                    "imgUrl": "https://a.example/a.png",
                    "page": "pages/index",
                },
            ),
            "页面路径要以 .html 结尾",
        ),
        (
            "materials",
            DraftPart("msgmenu", {}),
            "类型「msgmenu」不能用，可用的有：text、image、video、file、news、miniprogram",
        ),
    ],
)
def test_what_wecom_would_not_send_is_refused(
    db: Database, shelf: str, part: DraftPart, fault: str
) -> None:
    assert refused(db, draft(parts=[part]), shelf=shelf) == (fault,)


def test_a_material_is_one_message_and_a_script_nine_at_most(db: Database) -> None:
    news = DraftPart("news", {"link": "https://a.example", "title": "店"})
    assert refused(db, draft(parts=[news, news]), shelf="materials") == ("有 2 条内容，最多 1 条",)
    assert refused(db, draft(parts=[text()] * 10)) == ("有 10 条内容，最多 9 条",)


def test_a_file_is_for_those_alone_who_may_see_it(db: Database) -> None:
    hers = upload(db, image(), by=LI)
    save(db, draft(parts=[DraftPart("image", {}, hers)]), by=LI)
    assert refused(db, draft(parts=[DraftPart("image", {}, hers)])) == ("素材已不存在",)
    with db.read() as session:
        assert find_picture(session, LI, hers)
        assert find_picture(session, ZHAO, hers) is None
        assert find_file(session, ZHAO, hers, kind="image") is None


def test_a_member_has_only_so_many_items(db: Database) -> None:
    save(db, draft())
    fill(db, MOST_OWN - 1)
    assert refused(db, draft("再一条")) == ("个人内容最多 500 条，请先删除不用的",)


def fill(db: Database, count: int) -> None:
    now = clock.utcnow()
    with db.write() as session:
        session.add_all(
            LibraryItem(
                shelf="scripts",
                owner=ZHAO,
                key=f"~{n}",
                title=f"第{n}条",
                words="",
                sounds="",
                created_at=now,
                updated_at=now,
            )
            for n in range(count)
        )


def test_what_was_removed_comes_back_only_where_there_is_room_for_it(db: Database) -> None:
    item_id = save(db, draft("回来"), key="form-0001")
    db.commit(lambda session: remove_item(session, ZHAO, item_id))
    fill(db, MOST_OWN)
    with pytest.raises(ItemRefused, match="最多 500 条"):
        db.commit(lambda session: restore_item(session, ZHAO, item_id))
    with pytest.raises(ItemRefused, match="最多 500 条"):
        save(db, draft("回来"), key="form-0001")
    assert found(db, item_id) is None


def test_a_member_who_has_all_he_may_have_still_changes_them(db: Database) -> None:
    item_id = save(db, draft("问候"), key="form-0001")
    fill(db, MOST_OWN - 1)
    save(db, draft("再问候"), key="form-0001")
    db.commit(lambda session: restore_item(session, ZHAO, item_id))
    item = found(db, item_id)
    assert item
    assert item.title == "再问候"


def test_groups_are_ones_own_and_gone_with_their_items(db: Database) -> None:
    item_id = save(db, draft(group="接待"))
    save(db, draft(group="售后"))
    save(db, draft(group="她的"), by=LI)

    def names() -> list[tuple[str, int]]:
        with db.read() as session:
            return [(one.name, one.count) for one in list_groups(session, ZHAO, "scripts", "own")]

    assert names() == [("接待", 1), ("售后", 1)]
    save(db, draft(group="售后"), item_id=item_id, version=1)
    assert names() == [("售后", 2)]


def test_a_form_is_kept_as_it_was_typed_last(any_db: Database) -> None:
    def keep(title: str, version: int) -> bool:
        form = {"title": title, "parts": ["一", "二"]}
        return any_db.commit(
            lambda session: save_draft(session, ZHAO, "scripts", 0, form=form, version=version)
        )

    assert keep("问", 1_700_000_000_001)
    assert keep("问候", 1_700_000_000_003)
    assert not keep("问候老", 1_700_000_000_002)
    with any_db.read() as session:
        kept = find_draft(session, ZHAO, "scripts", 0)
        assert kept
        assert (kept.form, kept.version) == (
            {"title": "问候", "parts": ["一", "二"]},
            1_700_000_000_003,
        )
        assert find_draft(session, LI, "scripts", 0) is None
    any_db.commit(lambda session: forget_draft(session, ZHAO, "scripts", 0))
    with any_db.read() as session:
        assert find_draft(session, ZHAO, "scripts", 0) is None


def test_saving_empties_the_draft_of_its_form(db: Database) -> None:
    db.commit(
        lambda session: save_draft(session, ZHAO, "scripts", 0, form={"title": "问"}, version=1)
    )
    save(db, draft())
    with db.read() as session:
        assert find_draft(session, ZHAO, "scripts", 0) is None


def test_a_draft_that_is_too_big_is_not_kept(db: Database) -> None:
    form = {"title": "长" * 100_000}
    assert not db.commit(
        lambda session: save_draft(session, ZHAO, "scripts", 0, form=form, version=1)
    )


def test_a_draft_that_comes_after_its_form_was_saved_is_not_kept(db: Database) -> None:
    save(db, draft(), key="form-0001")

    def keep(key: str) -> bool:
        form = {"title": "问"}
        return db.commit(
            lambda session: save_draft(session, ZHAO, "scripts", 0, form=form, version=1, key=key)
        )

    assert not keep("form-0001")
    assert keep("form-0002")


def test_a_draft_is_of_an_own_item_or_a_new_one(any_db: Database) -> None:
    own, removed, hers = save(any_db, draft()), save(any_db, draft()), save(any_db, draft(), by=LI)
    any_db.commit(lambda session: remove_item(session, ZHAO, removed))

    def keep(item_id: int, shelf: str = "scripts") -> bool:
        return any_db.commit(
            lambda session: save_draft(session, ZHAO, shelf, item_id, form={"a": "b"}, version=1)
        )

    foreign = [keep(item_id) for item_id in (removed, hers, 4711)]
    assert [*foreign, keep(own, "materials"), keep(own)] == [False] * 4 + [True]


def test_what_a_form_saves_again_is_there_though_it_was_removed(db: Database) -> None:
    item_id = save(db, draft(), key="form-0001")
    for title in ("问候", "问候老客户"):
        db.commit(lambda session: remove_item(session, ZHAO, item_id))
        assert save(db, draft(title), key="form-0001") == item_id
        item = found(db, item_id)
        assert item
        assert item.title == title


def test_a_material_that_is_nothing_yet_is_asked_for_what_it_is_and_not_for_a_title(
    db: Database,
) -> None:
    empty = Draft(title="", group_name="", parts=())
    with pytest.raises(ItemRefused) as refused:
        save(db, empty, shelf="materials")
    assert [str(fault) for fault in refused.value.faults] == ["请先添加图片、视频、文件或链接"]
