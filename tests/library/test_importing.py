"""The corp's shelves out of a file: all or none, in its order, twice is once."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from app.cli.library import group
from app.db import Database
from app.library.errors import ItemRefused
from app.library.models import LibraryItem
from app.library.queries import Item, find_file, find_picture, list_shelf
from app.materials.models import Material
from tests.library.shelves import LI, ZHAO, draft, image, import_toml, save, script
from tests.settings import settings, write_toml

FILE = """
[[script]]
key = "hello"
title = "问候"
group = "接待"
text = "您好，{{客户称呼}}！"

[[script]]
key = "sizes"
title = "尺码表"
parts = [
  { type = "text", content = "这是尺码表：" },
  { type = "image", file = "pictures/sizes.png" },
]

[[material]]
key = "shop"
title = "门店地址"
type = "news"
link = "https://example.com/shop"

[[material]]
key = "mall"
title = "商城"
[[material.parts]]
type = "miniprogram"
appid = "wx0123456789abcdef"
title = "线上商城"
imgUrl = "https://example.com/a.png"
page = "pages/index.html"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "sizes.png").write_bytes(image())
    return tmp_path


def shelf(db: Database, name: str = "scripts") -> list[Item]:
    with db.read() as session:
        return [row.item for row in list_shelf(session, name)]


def titles(db: Database) -> list[tuple[str, str]]:
    return [(item.group_name, item.title) for item in shelf(db)]


def faults(db: Database, toml: str, folder: Path = Path()) -> tuple[str, ...]:
    with pytest.raises(ItemRefused) as refusal:
        import_toml(db, toml, folder)
    return tuple(str(fault) for fault in refusal.value.faults)


def test_a_file_fills_both_shelves(any_db: Database, folder: Path) -> None:
    created = ("问候", "尺码表", "门店地址", "商城")
    assert import_toml(any_db, FILE, folder) == {"created": created}
    hello, sizes = shelf(any_db)
    assert hello.parts[0].fields == {"content": "您好，{{客户称呼}}！"}
    assert [part.msgtype for part in sizes.parts] == ["text", "image"]
    shop, mall = shelf(any_db, "materials")
    assert shop.parts[0].fields == {"title": "门店地址", "link": "https://example.com/shop"}
    assert mall.parts[0].fields["title"] == "线上商城"
    assert import_toml(any_db, FILE, folder) == {"unchanged": created}


def test_a_picture_has_its_small_one_which_every_member_sees(db: Database, folder: Path) -> None:
    import_toml(db, FILE, folder)
    material = shelf(db)[1].parts[1].material
    assert material
    with db.read() as session:
        assert find_picture(session, LI, material.id)
        stored = find_file(session, LI, material.id, kind="image")
    assert stored
    assert (stored.filename, stored.content_type) == ("sizes.png", "image/png")
    assert stored.data == image()


def test_items_and_groups_stand_in_the_order_of_the_last_file(db: Database) -> None:
    import_toml(db, script("a", "甲", group="一") + script("b", "乙", group="二"))
    import_toml(db, script("c", "丙", group="二") + script("b", "乙", group="二"))
    assert titles(db) == [("二", "丙"), ("二", "乙"), ("一", "甲")]


def test_an_item_changes_only_where_the_file_does(db: Database) -> None:
    import_toml(db, script("a", "甲") + script("b", "乙"))
    changed = import_toml(db, script("a", "甲") + script("b", "乙乙", content="再见"))
    assert changed == {"unchanged": ("甲",), "changed": ("乙乙",)}
    assert [item.version for item in shelf(db)] == [1, 2]


def test_what_is_removed_is_gone_until_a_file_has_it_again(db: Database) -> None:
    import_toml(db, script("a", "甲"))
    removal = '[[script]]\nkey = "a"\nremoved = true\n'
    assert import_toml(db, removal) == {"removed": ("a",)}
    assert import_toml(db, removal) == {"unchanged": ("a",)}
    assert titles(db) == []
    assert import_toml(db, script("a", "甲")) == {"changed": ("甲",)}
    assert titles(db) == [("", "甲")]


def test_every_fault_is_told_with_its_place_and_nothing_is_kept(db: Database, folder: Path) -> None:
    (folder / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(50))
    toml = (
        script("Big", "甲")
        + script("b", "乙", content="{{客户昵称}")
        + script("b", "乙")
        + '[[script]]\nkey = "c"\ntitle = ""\nparts = [{ type = "voice" }, { type = "image" }]\n'
        + '[[material]]\nkey = "d"\ntitle = "丁"\ntype = "image"\nfile = "../a.png"\n'
        + '[[material]]\nkey = "e"\ntitle = "戊"\ntype = "image"\nfile = "broken.png"\n'
        + '[[material]]\nkey = "f"\ntitle = "己"\ntype = "news"\nlink = "x"\nurl = "y"\n'
    )
    assert faults(db, toml, folder) == (
        "第 1 条话术：key 要写成 1 到 32 个小写字母、数字、下划线或连字符",
        "第 2 条话术「b」：文字里的双花括号没有配对，变量要写成「{{客户昵称}}」这样",
        "第 4 条话术「c」：第 1 条：type 只能是 text、image、video、file、news、miniprogram",
        "第 4 条话术「c」：还没有标题",
        "第 4 条话术「c」：第 2 条：图片没有选择素材",
        "第 1 条素材「d」：文件「../a.png」要放在导入文件所在的文件夹里",
        "第 2 条素材「e」：图片「broken.png」打不开，可能已经损坏",
        "第 3 条素材「f」：链接没有「url」这一项",
        "第 3 条素材「f」：网址要以 https:// 或 http:// 开头",
        "[[script]] 的 key「b」出现了多次",
    )
    with db.read() as session:
        assert session.query(LibraryItem).count() == session.query(Material).count() == 0


def test_a_file_touches_no_members_own_items(db: Database) -> None:
    save(db, draft("我的"), by=ZHAO, key="a")
    assert import_toml(db, script("a", "甲")) == {"created": ("甲",)}
    assert titles(db) == [("", "甲")]


def test_the_command_tells_what_became_of_each_and_of_the_files(
    folder: Path, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = settings(folder, database={"url": str(db.url)})
    monkeypatch.setenv("BANKE_CONFIG", str(write_toml(folder / "config.toml", tree)))

    def run(*arguments: str) -> str:
        return CliRunner().invoke(group, arguments).output

    assert run("list") == "还没有话术和素材。用 flask library import 文件.toml 添加。\n"
    (folder / "library.toml").write_text(FILE, encoding="utf-8")
    told = run("import", str(folder / "library.toml"))
    assert "新增：问候、尺码表、门店地址、商城" in told
    # There is no WeCom here: the items are saved all the same.
    assert "有 1 个素材还没能上传" in told
    listed = run("list")
    assert "话术 · 接待\n  问候（hello）：文字\n" in listed
    assert "话术 · 未分组\n  尺码表（sizes）：文字、图片，sizes.png：" in listed
    (folder / "library.toml").write_text("[[script]]\n", encoding="utf-8")
    assert run("import", str(folder / "library.toml")).startswith(
        "没有导入任何内容：\n第 1 条话术："
    )
