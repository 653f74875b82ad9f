"""The corp's items and groups as admins keep them, on every database."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app import clock
from app.db import Database
from app.errors import NotFound, Refused
from app.library.actions import (
    MOST_CORP,
    Draft,
    DraftPart,
    archive_item,
    create_group,
    move_group,
    record_use,
    remove_group,
    rename_group,
    restore_corp_item,
    save_corp_item,
)
from app.library.actions import corp as corp_actions
from app.library.actions.kept_sheets import KEPT_FOR, find_sheet, keep_sheet
from app.library.actions.sheet_import import import_sheet, plan_import
from app.library.errors import ItemConflict, ItemRefused
from app.library.models import LibraryGroup, LibraryImport
from app.library.queries import (
    UNGROUPED,
    CorpFilter,
    list_corp_groups,
    list_corp_items,
)
from app.members.queries import WHOLE_CORP
from app.sheet_files import read_short_sheet
from tests.library.shelves import draft, image, save, upload
from tests.sheet_maker import make_csv

MONTH = timedelta(days=30)


def keep(db: Database, title: str, *, group: str = "", item_id: int = 0, version: int = 0) -> int:
    what = draft(title, group=group)
    return db.commit(
        lambda session: (
            save_corp_item(
                session, "scripts", what, by="qianer", item_id=item_id, version=version
            ).id
        )
    )


def listed(db: Database, **wanted: object) -> list[tuple[str, str, int]]:
    """Return titles, groups and recent sendings."""
    with db.read() as session:
        rows, total = list_corp_items(
            session,
            CorpFilter(**wanted),  # type: ignore[arg-type]  # the tests name its fields
            page=0,
            since=clock.utcnow() - MONTH,
            scope=WHOLE_CORP,
        )
    assert total == len(rows)
    return [(row.item.title, row.item.group_name, row.recent) for row in rows]


def groups(db: Database) -> list[tuple[str, int]]:
    with db.read() as session:
        return [(one.name, one.count) for one in list_corp_groups(session, "scripts")]


def test_items_stand_in_their_order_and_are_looked_through(any_db: Database) -> None:
    keep(any_db, "没有组的")
    keep(any_db, "开场问候", group="接待")
    keep(any_db, "报价一", group="报价")
    sent = keep(any_db, "报价二", group="报价")
    save(any_db, draft("私人的"))
    any_db.commit(lambda session: record_use(session, "zhaoyi", sent, key="k", parts=1))
    titles = [title for title, _group, _recent in listed(any_db)]
    assert titles == ["开场问候", "报价一", "报价二", "没有组的"]
    assert listed(any_db, search="kcwh") == [("开场问候", "接待", 0)]
    assert listed(any_db, search="报价 二") == [("报价二", "报价", 1)]
    assert listed(any_db, group_id=UNGROUPED) == [("没有组的", "", 0)]
    assert listed(any_db, kind="image") == []
    assert len(listed(any_db, kind="text")) == 4


def test_the_senders_of_an_item_are_told_the_busiest_first(any_db: Database) -> None:
    item_id = keep(any_db, "问候")
    with any_db.write() as session:
        for number in range(4):
            for userid in ("zhaoyi", "lisi", "sunsan", "qianer")[: number + 1]:
                record_use(session, userid, item_id, key=f"{userid}{number}", parts=1)
    with any_db.read() as session:
        [row], _total = list_corp_items(
            session, CorpFilter(), page=0, since=clock.utcnow() - MONTH, scope=WHOLE_CORP
        )
    assert [(one.userid, one.uses, one.recent) for one in row.senders] == [
        ("zhaoyi", 4, 4),
        ("lisi", 3, 3),
        ("sunsan", 2, 2),
    ]


def test_a_change_that_saw_an_older_version_is_a_conflict(any_db: Database) -> None:
    item_id = keep(any_db, "问候")
    keep(any_db, "问候二", item_id=item_id, version=1)
    with pytest.raises(ItemConflict):
        keep(any_db, "问候三", item_id=item_id, version=1)
    keep(any_db, "问候二", item_id=item_id, version=1)
    assert [title for title, _group, _recent in listed(any_db)] == ["问候二"]


def test_an_archived_item_cannot_be_changed_and_comes_back_as_it_was(any_db: Database) -> None:
    item_id = keep(any_db, "问候", group="接待")
    any_db.commit(lambda session: archive_item(session, item_id) is not None)
    assert listed(any_db) == []
    assert listed(any_db, is_archived=True) == [("问候", "接待", 0)]
    with pytest.raises(NotFound):
        keep(any_db, "别的", item_id=item_id, version=1)
    with any_db.write() as session:
        assert archive_item(session, item_id) is None
        assert restore_corp_item(session, item_id)
        assert restore_corp_item(session, item_id) is None
    assert listed(any_db) == [("问候", "接待", 0)]


def test_a_full_shelf_takes_no_more(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    assert MOST_CORP >= 1000
    monkeypatch.setattr(corp_actions, "MOST_CORP", 1)
    item_id = keep(db, "问候")
    with pytest.raises(ItemRefused, match="最多 1 条"):
        keep(db, "又一条")
    db.commit(lambda session: archive_item(session, item_id) is not None)
    keep(db, "又一条")
    with pytest.raises(ItemRefused), db.write() as session:
        restore_corp_item(session, item_id)


def test_a_file_that_somebody_else_brought_is_not_to_be_had(db: Database) -> None:
    material = upload(db, image(), by="lisi")
    what = Draft("图", "", (DraftPart("image", {}, material),))
    with pytest.raises(ItemRefused), db.write() as session:
        save_corp_item(session, "materials", what, by="qianer")
    with db.write() as session:
        save_corp_item(session, "materials", what, by="lisi")


def test_groups_keep_their_order_and_their_names_apart(any_db: Database) -> None:
    with any_db.write() as session:
        ids = [create_group(session, "scripts", name).id for name in ("甲", "乙", "丙")]
        create_group(session, "materials", "甲")
    keep(any_db, "问候", group="乙")
    assert groups(any_db) == [("甲", 0), ("乙", 1), ("丙", 0)]
    with any_db.write() as session:
        move_group(session, ids[2], up=True)
        move_group(session, ids[0], up=True)
    assert groups(any_db) == [("甲", 0), ("丙", 0), ("乙", 1)]
    with pytest.raises(Refused, match="已经有分组"), any_db.write() as session:
        rename_group(session, ids[0], "乙", was="甲")
    with any_db.write() as session:
        rename_group(session, ids[1], "问候", was="乙")
    assert listed(any_db) == [("问候", "问候", 0)]
    with any_db.write() as session:
        remove_group(session, ids[1])
    assert groups(any_db) == [("甲", 0), ("丙", 0)]
    assert listed(any_db) == [("问候", "", 0)]


def test_a_members_own_group_is_none_of_the_corps(db: Database) -> None:
    save(db, draft("私人的", group="我的"))
    with db.write() as session:
        group_id = session.scalars(select(LibraryGroup.id)).one()
        with pytest.raises(NotFound):
            rename_group(session, group_id, "改", was="我的")
        with pytest.raises(NotFound):
            remove_group(session, group_id)
    assert groups(db) == []


def test_a_sheet_is_planned_and_done_on_every_database(any_db: Database) -> None:
    keep(any_db, "问候", group="接待")
    rows = [
        ["分组", "标题", "内容", "内容2"],
        ["接待", "问候", "欢迎", ""],
        ["报价", "新的", "一", "二"],
    ]
    sheet = read_short_sheet("a.csv", make_csv(rows))
    with any_db.read() as session:
        plan = plan_import(session, sheet)
    assert [(row.number, row.fate) for row in plan.rows] == [(2, "changed"), (3, "created")]
    with any_db.write() as session:
        import_sheet(session, sheet, digest=plan.digest)
    assert listed(any_db) == [("问候", "接待", 0), ("新的", "报价", 0)]
    with any_db.read() as session:
        again = plan_import(session, sheet)
    assert again.count("unchanged") == 2


def test_one_sheet_an_admin_waits_and_not_for_ever(any_db: Database) -> None:
    for name in ("a.csv", "../b.csv"):
        with any_db.write() as session:
            keep_sheet(session, "qianer", filename=name, data=bytes(range(256)))
    with any_db.read() as session:
        kept = find_sheet(session, "qianer")
        assert kept
        assert (kept.filename, kept.data) == ("b.csv", bytes(range(256)))
        assert find_sheet(session, "lisi") is None
    with any_db.write() as session:
        session.query(LibraryImport).update({"made_at": clock.utcnow() - KEPT_FOR})
        assert find_sheet(session, "qianer") is None
