"""What a member finds: by tab and group in their order, and by what he types, in Chinese or not."""

import pytest

from app.db import Database
from app.library.actions import mark_favourite, record_use, remove_item
from app.library.models import LibraryItem
from app.library.queries import PAGE, list_groups, list_items
from tests.library.shelves import LI, ZHAO, draft, ids, import_toml, save, script


def listed(
    db: Database, tab: str = "corp", *, group_id: int = 0, search: str = "", by: str = ZHAO
) -> list[str]:
    with db.read() as session:
        items, _more = list_items(session, by, "scripts", tab=tab, group_id=group_id, search=search)
    return [item.title for item in items]


def groups(db: Database, tab: str) -> list[tuple[str, int]]:
    with db.read() as session:
        return [(one.name, one.count) for one in list_groups(session, ZHAO, "scripts", tab)]


def use(db: Database, item_id: int, *, by: str = ZHAO, key: str) -> None:
    db.commit(lambda session: record_use(session, by, item_id, key=key, parts=1))


def like(db: Database, item_id: int, *, on: bool = True) -> None:
    db.commit(lambda session: mark_favourite(session, ZHAO, item_id, on=on))


@pytest.fixture(autouse=True)
def shelf(request: pytest.FixtureRequest) -> None:
    """Have four items of the corp's and one of each member's, in whichever database there is."""
    name = "any_db" if "any_db" in request.fixturenames else "db"
    db: Database = request.getfixturevalue(name)
    import_toml(
        db,
        script("loose", "营业时间", content="每天 10:00–22:00")
        + script("hello", "问候新客", group="接待", content="您好，欢迎光临")
        + script("bank", "银行转账", group="售后", content="转账后请截图，100% 到账")
        + script("thanks", "感谢到店", group="接待", content="谢谢 YOU_ME"),
    )
    save(db, draft("我的问候", content="哈喽", group="自用"))
    save(db, draft("她的问候"), by=LI)


def test_the_corps_items_stand_in_the_files_order_group_by_group(db: Database) -> None:
    assert listed(db) == ["问候新客", "感谢到店", "银行转账", "营业时间"]
    assert groups(db, "corp") == [("接待", 2), ("售后", 1)]


def test_a_group_alone_can_be_listed(db: Database) -> None:
    with db.read() as session:
        group = list_groups(session, ZHAO, "scripts", "corp")[0]
    assert listed(db, group_id=group.id) == ["问候新客", "感谢到店"]


def test_frequent_is_what_he_likes_then_what_he_sends_then_what_all_send(any_db: Database) -> None:
    known = ids(any_db)
    for n in range(2):
        use(any_db, known["loose"], by=LI, key=f"li-{n}-00")
    use(any_db, known["hello"], by=LI, key="li-3-0000")
    assert listed(any_db, "frequent") == ["营业时间", "问候新客"]
    use(any_db, known["bank"], key="zhao-1-00")
    use(any_db, known["hello"], key="zhao-2-00")
    like(any_db, known["bank"])
    like(any_db, known["thanks"])
    assert listed(any_db, "frequent") == ["感谢到店", "银行转账", "问候新客", "营业时间"]
    assert groups(any_db, "frequent") == [("接待", 2), ("售后", 1)]
    like(any_db, known["bank"], on=False)
    assert listed(any_db, "frequent") == ["感谢到店", "问候新客", "银行转账", "营业时间"]


def test_ones_own_are_listed_latest_change_first(db: Database) -> None:
    later = save(db, draft("我的告别"))
    assert listed(db, "own") == ["我的告别", "我的问候"]
    db.commit(lambda session: remove_item(session, ZHAO, later))
    assert listed(db, "own") == ["我的问候"]


@pytest.mark.parametrize(
    ("search", "titles"),
    [
        # At the title's start, then in it; nothing of anybody else's.
        ("问候", ["问候新客", "我的问候"]),
        ("欢迎", ["问候新客"]),
        ("yhzz", ["银行转账"]),
        ("wenhou", ["问候新客", "我的问候"]),
        ("you_me", ["感谢到店"]),
        # Each word, wherever it stands.
        ("转账 截图", ["银行转账"]),
        ("转账 欢迎", []),
        # Signs of LIKE are letters like others.
        ("100%", ["银行转账"]),
        ("1%0", []),
        ("y_u", []),
        ("/", []),
        ("ＹＯＵ", ["感谢到店"]),
        # Sounds before texts: 谢 is an xi of its own, 您好 none.
        ("   ", ["问候新客", "感谢到店", "银行转账", "营业时间"]),
    ],
)
def test_a_search_finds_by_words_and_by_sounds(
    db: Database, search: str, titles: list[str]
) -> None:
    assert listed(db, search=search) == titles


def test_a_search_is_the_same_on_every_database(any_db: Database) -> None:
    for search in ("问候", "WENHOU", "wh"):
        assert listed(any_db, "own", search=search) == ["问候新客", "我的问候"]
    assert listed(any_db, search="you_me 谢谢") == ["感谢到店"]
    assert listed(any_db, search="100%") == ["银行转账"]
    assert listed(any_db, search="1%0") == []


def test_of_equal_finds_what_he_sends_most_goes_first(db: Database) -> None:
    save(db, draft("问候老客"))
    assert listed(db, search="问候")[0] == "问候新客"
    with db.read() as session:
        items, _more = list_items(session, ZHAO, "scripts", tab="own")
    use(db, items[0].id, key="zhao-1-00")
    assert listed(db, search="问候")[0] == "问候老客"


def test_a_long_shelf_comes_in_pages(db: Database) -> None:
    import_toml(db, "".join(script(f"n{n}", f"第{n}条") for n in range(PAGE)))
    with db.read() as session:
        first, more = list_items(session, ZHAO, "scripts", tab="corp")
        rest, none = list_items(session, ZHAO, "scripts", tab="corp", page=1)
    assert (len(first), more, len(rest), none) == (PAGE, True, 4, False)
    assert not {item.id for item in first} & {item.id for item in rest}


def test_a_shelf_shows_nothing_of_the_other(db: Database) -> None:
    with db.write() as session:
        session.query(LibraryItem).filter_by(key="hello").update({"shelf": "materials"})
    assert "问候新客" not in listed(db)
    assert "问候新客" not in listed(db, search="问候")
