"""A sending counts once, for him and for all, and stands in the customer's timeline."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from app.customers.queries import get_timeline_page, word_entry
from app.db import Database
from app.errors import NotFound
from app.library.actions import mark_favourite, record_use
from app.library.queries import Item, find_item
from tests.library.shelves import LI, ZHAO, draft, ids, import_toml, save, script

WANG = "wmWang"


def sent(db: Database, item_id: int, key: str, *, by: str = ZHAO, to: str = WANG) -> None:
    db.commit(
        lambda session: record_use(session, by, item_id, key=key, external_userid=to, parts=1)
    )


def found(db: Database, item_id: int, userid: str = ZHAO) -> Item:
    with db.read() as session:
        item = find_item(session, userid, item_id)
    assert item
    return item


def told(db: Database) -> list[str]:
    with db.read() as session:
        return [word_entry(line.entry) for line in get_timeline_page(session, WANG).lines]


def test_a_sending_counts_once_however_often_it_is_told(any_db: Database) -> None:
    item_id = save(any_db, draft("问候"))
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda _n: sent(any_db, item_id, "sending-1"), range(4)))
    item = found(any_db, item_id)
    assert (item.uses, item.own_uses) == (1, 1)
    assert item.used_at
    assert told(any_db) == ["发送了话术「问候」"]


def test_everybodys_sendings_count_for_all_and_his_own_for_him(db: Database) -> None:
    import_toml(db, script("hello", "问候"))
    item_id = ids(db)["hello"]
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda n: sent(db, item_id, f"li-{n}", by=LI), range(3)))
    sent(db, item_id, "zhao-1")
    item = found(db, item_id)
    assert (item.uses, item.own_uses) == (4, 1)


def test_a_material_is_worded_as_one(db: Database) -> None:
    import_toml(
        db, '[[material]]\nkey="shop"\ntitle="门店"\ntype="news"\nlink="https://a.example"\n'
    )
    sent(db, ids(db, "materials")["shop"], "sending-1")
    assert told(db) == ["发送了素材「门店」"]


def test_a_sending_to_a_group_stands_in_nobodys_timeline(db: Database) -> None:
    item_id = save(db, draft())
    db.commit(
        lambda session: record_use(session, ZHAO, item_id, key="s-1", chat_id="wrChat", parts=2)
    )
    assert found(db, item_id).uses == 1
    assert told(db) == []


def test_nobody_marks_or_sends_what_he_may_not_see(db: Database) -> None:
    item_id = save(db, draft())
    with pytest.raises(NotFound):
        sent(db, item_id, "sending-1", by=LI)
    with pytest.raises(NotFound):
        db.commit(lambda session: mark_favourite(session, LI, item_id, on=True))


def test_a_favourite_is_his_alone(db: Database) -> None:
    import_toml(db, script("hello", "问候"))
    item_id = ids(db)["hello"]
    db.commit(lambda session: mark_favourite(session, ZHAO, item_id, on=True))
    assert found(db, item_id).is_favourite
    assert not found(db, item_id, LI).is_favourite
