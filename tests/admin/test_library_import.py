"""Bringing the library in from a spreadsheet: looked at first, then done, and nothing else."""

import csv
import io
import re

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.audit.models import AuditEntry
from app.library.actions import archive_item
from app.library.models import LibraryImport, LibraryItem
from app.materials.actions import PIECE_BYTES
from app.materials.models import Material, Upload
from app.runtime import Runtime
from tests.admin.conftest import Desk, Seat
from tests.admin.test_library import deeds, keep, shelf, value
from tests.library.shelves import import_toml, script
from tests.sheet_maker import make_csv, make_xlsx
from tests.test_sheets import HOSTILE

HEAD = ["编号", "类型", "分组", "标题", "内容", "内容2", "网址"]
GOOD = ["", "", "接待", "问候", "您好{{客户称呼}}", "请坐", ""]
LINK = ["", "链接", "门店", "地址", "", "", "https://example.com/shop"]
BAD = ["", "", "接待", "坏的", "{{没有的}}", "", ""]
FATES = ("refused", "created", "changed", "unchanged")


@pytest.fixture
def owner(desk: Seat) -> Desk:
    return desk("qianer", "owner")


def hand_in(owner: Desk, data: bytes, filename: str = "话术.csv") -> TestResponse:
    return owner.hand_in("/admin/library/check", file=(io.BytesIO(data), filename))


def look(owner: Desk, *rows: list[str], head: list[str] | None = None) -> str:
    """Hand in a table and return the page that says what it would change."""
    answer = hand_in(owner, make_csv([head or HEAD, *rows]))
    assert answer.status_code == 303, answer.text
    return owner.get("/admin/library/import").text


def agree(owner: Desk, page: str) -> TestResponse:
    return owner.act("/admin/library/confirm", digest=value(page, "digest"))


def counts(page: str) -> dict[str, int]:
    found = re.findall(r'ad-count__figure[^"]*">(\d+)<', page)
    return dict(zip(FATES, map(int, found), strict=True))


def faults(page: str) -> list[tuple[str, str]]:
    """Return the refused rows' numbers and reasons."""
    refused = page.partition('id="fate-refused"')[2].partition("</table>")[0]
    rows = refused.split("<tr>")[2:]
    return [
        (
            re.findall(r'ad-figure">(\d+)<', row)[0],
            "；".join(re.findall(r"danger-emphasis\">([^<]+)<", row)),
        )
        for row in rows
    ]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_nothing_is_changed_before_somebody_agrees_and_then_all_but_the_bad_rows(
    owner: Desk, runtime: Runtime, kind: str
) -> None:
    rows = [HEAD, GOOD, BAD, LINK]
    data = make_csv(rows) if kind == "csv" else make_xlsx(rows)
    assert hand_in(owner, data, f"a.{kind}").status_code == 303
    page = owner.get("/admin/library/import").text
    assert counts(page) == {"refused": 1, "created": 2, "changed": 0, "unchanged": 0}
    [(number, why)] = faults(page)
    assert number == "3"
    assert "变量「没有的」不存在" in why
    assert shelf(runtime) == []
    assert agree(owner, page).headers["Location"] == "/admin/library"
    assert "新增 2 条，修改 0 条，1 行没有导入" in owner.get("/admin/library").text
    texts = [{"content": "您好{{客户称呼}}"}, {"content": "请坐"}]
    assert shelf(runtime) == [("问候", "接待", texts)]
    link = {"title": "地址", "link": "https://example.com/shop"}
    assert shelf(runtime, "materials") == [("地址", "门店", [link])]
    with runtime.db.read() as session:
        [entry] = session.scalars(select(AuditEntry).where(AuditEntry.action == "library_imported"))
        assert entry.detail == {"created": 2, "changed": 0, "refused": 1}
        assert session.scalars(select(LibraryImport)).all() == []


def test_the_same_again_changes_nothing_and_another_text_that_item_alone(
    owner: Desk, runtime: Runtime
) -> None:
    agree(owner, look(owner, GOOD, LINK))
    page = look(owner, GOOD, LINK)
    assert counts(page)["unchanged"] == 2
    assert "没有可以导入的行" in page
    page = look(owner, [*GOOD[:4], "欢迎", "请坐", ""], LINK)
    assert counts(page) == {"refused": 0, "created": 0, "changed": 1, "unchanged": 1}
    assert "欢迎" in page
    agree(owner, page)
    assert shelf(runtime)[0][2] == [{"content": "欢迎"}, {"content": "请坐"}]


def test_a_column_that_is_not_there_leaves_what_there_is(owner: Desk, runtime: Runtime) -> None:
    agree(owner, look(owner, GOOD))
    page = look(owner, ["问候", "欢迎"], head=["标题", "内容"])
    agree(owner, page)
    assert shelf(runtime) == [("问候", "接待", [{"content": "欢迎"}, {"content": "请坐"}])]


def test_a_number_names_an_item_whatever_it_is_called(owner: Desk, runtime: Runtime) -> None:
    import_toml(runtime.db, script("hello", "问候", group="接待"))
    agree(owner, look(owner, ["hello", "", "别组", "新的标题", "您好", "", ""]))
    assert shelf(runtime) == [("新的标题", "别组", [{"content": "您好"}])]
    agree(owner, look(owner, ["new-one", "", "", "又一条", "您好", "", ""]))
    assert counts(look(owner, ["new-one", "", "", "又一条", "您好", "", ""]))["unchanged"] == 1


def test_rows_that_cannot_be_taken_say_why(owner: Desk, runtime: Runtime) -> None:
    keep(runtime, "两条", group="甲")
    keep(runtime, "两条", "再来", group="乙")
    gone = keep(runtime, "归档的")
    runtime.db.commit(lambda session: archive_item(session, gone))
    with runtime.db.read() as session:
        key = session.get_one(LibraryItem, gone).key
    page = look(
        owner,
        GOOD,
        GOOD,
        ["", "视频", "", "甲", "", "", ""],
        ["", "链接", "", "甲", "文字", "", "https://example.com"],
        ["", "", "", "甲", "文字", "", "https://example.com"],
        ["大写KEY", "", "", "甲", "文字", "", ""],
        ["~nothing", "", "", "甲", "文字", "", ""],
        [key, "", "", "归档的", "文字", "", ""],
        ["", "", "", "", "文字", "", ""],
        ["", "链接", "", "乙", "", "", "ftp://example.com"],
        ["", "", "", "长" * 33, "文字", "", ""],
    )
    told = dict(faults(page))
    for number, words in {
        "3": "和第 2 行说的是同一条",
        "4": "类型「视频」不能用",
        "5": "链接没有「内容」这一项",
        "6": "话术没有「网址」这一项",
        "7": "编号要写成",
        "8": "新内容请把编号留空",
        "9": "已归档",
        "10": "还没有标题",
        "11": "https:// 或 http:// 开头",
        "12": "最多 32 个",
    }.items():
        assert words in told[number], number
    assert len(told) == 10
    doubles = dict(faults(look(owner, ["两条", "您好"], head=["标题", "内容"])))
    assert doubles["2"] == "有 2 条同名的内容，请写上编号"


def test_an_item_with_a_file_is_not_flattened(owner: Desk, runtime: Runtime) -> None:
    toml = (
        '[[script]]\nkey = "both"\ntitle = "两样"\nparts = [{ type = "text", content = "看" },'
        ' { type = "news", title = "店", link = "https://example.com" }]'
    )
    import_toml(runtime.db, toml)
    [(_number, why)] = faults(look(owner, ["both", "", "", "两样", "别的", "", ""]))
    assert "请在页面上修改" in why


def test_formulas_are_not_taken(owner: Desk) -> None:
    hand_in(owner, make_xlsx([HEAD, ["", "", "", "算的", "=1+1", "", ""]]), "a.xlsx")
    [(number, why)] = faults(owner.get("/admin/library/import").text)
    assert number == "2"
    assert "公式" in why


def test_what_changed_since_it_was_looked_at_is_looked_at_again(
    owner: Desk, runtime: Runtime
) -> None:
    page = look(owner, GOOD)
    keep(runtime, "问候", "同事写的", group="接待")
    answer = agree(owner, page)
    assert answer.status_code == 422
    assert "请再核对一次" in answer.text
    assert counts(answer.text)["changed"] == 1
    assert shelf(runtime)[0][2] == [{"content": "同事写的"}]
    assert agree(owner, answer.text).status_code == 303
    assert shelf(runtime)[0][2][0] == {"content": "您好{{客户称呼}}"}
    assert agree(owner, page).status_code == 422


def test_a_sheet_is_its_admins_own_and_can_be_dropped(desk: Seat, owner: Desk) -> None:
    page = look(owner, GOOD)
    other = desk("sunsan", "admin")
    assert "核对：" not in other.get("/admin/library/import").text
    assert other.act("/admin/library/confirm", digest=value(page, "digest")).status_code == 422
    owner.act("/admin/library/forget")
    assert "核对：" not in owner.get("/admin/library/import").text


@pytest.mark.parametrize(
    ("data", "filename", "words"),
    [
        (b"", "a.csv", "文件是空的"),
        (make_csv([["名字", "标题"]]), "a.csv", "不认识的列「名字」"),
        (make_csv([["内容"], ["您好"]]), "a.csv", "要有「标题」这一列"),
        (make_csv([["标题", "标题"], ["甲", "乙"]]), "a.csv", "出现了两次"),
        (make_csv([["标题", "内容"]]), "a.csv", "只有标题行"),
        (b"\x89PNG\r\n\x1a\n" + bytes(99), "<b>.csv", "内容却不是表格"),
    ],
)
def test_what_is_no_table_of_ours_is_refused_in_words(
    owner: Desk, data: bytes, filename: str, words: str
) -> None:
    answer = hand_in(owner, data, filename)
    assert answer.status_code == 422
    assert words in answer.text
    assert "<b>" not in answer.text.partition('role="alert"')[2].partition("</p>")[0]


def test_no_file_is_refused_in_words(owner: Desk) -> None:
    assert "请先选择文件" in owner.act("/admin/library/check").text
    assert "没有这次上传" in owner.act("/admin/library/check", key="nothing").text


def test_a_long_sheet_comes_in_pieces_and_is_no_material(owner: Desk, runtime: Runtime) -> None:
    rows = [["", "", "接待", f"第{number}条", "长" * 300, "", ""] for number in range(100)]
    data = make_csv([HEAD, *rows])
    assert len(data) > PIECE_BYTES
    told = {"key": "sheet", "kind": "file", "filename": "长.csv", "size": str(len(data))}
    for n, start in enumerate(range(0, len(data), PIECE_BYTES)):
        piece = data[start : start + PIECE_BYTES]
        assert owner.upload("/admin/library/piece", piece, **told, n=str(n)).status_code == 200
    assert owner.act("/admin/library/check", key="sheet").status_code == 303
    assert counts(owner.get("/admin/library/import").text)["created"] == 100
    with runtime.db.read() as session:
        assert session.scalars(select(Material)).all() == []
        assert session.scalars(select(Upload)).all() == []


def test_the_template_is_read_as_it_is(owner: Desk) -> None:
    table = owner.get("/admin/library/template")
    assert "attachment" in table.headers["Content-Disposition"]
    hand_in(owner, table.data)
    assert counts(owner.get("/admin/library/import").text)["created"] == 2


def test_what_is_exported_runs_in_no_program_and_comes_in_again_unchanged(
    owner: Desk, runtime: Runtime
) -> None:
    kept = [text for text in HOSTILE if text.strip()]
    for number, text in enumerate(kept):
        keep(runtime, f"第{number}条", text, group="=1+1")
    keep(runtime, "五段", *"一二三四五")
    table = owner.get("/admin/library/export").data
    rows = list(csv.reader(io.StringIO(table.decode("utf-8-sig"), newline="")))
    assert all(not cell or cell.lstrip()[0] not in "=+-@|%＝＋－＠" for row in rows for cell in row)
    hand_in(owner, table)
    page = owner.get("/admin/library/import").text
    assert counts(page)["unchanged"] == len(kept) + 1 == len(rows) - 1
    assert deeds(runtime)[-1] == "library_exported"
