"""Spreadsheets that people hand in: read as text row by row, or refused in words."""

import io
import tracemalloc
from collections.abc import Sequence

import pytest

from app.errors import Refused
from app.sheet_files import SHORT, SheetRow, read_sheet, read_short_sheet
from app.workbooks import stream_xlsx
from tests.sheet_maker import SPACE, WORKBOOK, make_csv, make_xlsx, make_zip

ROWS = [["标题", "内容"], ["问候", "您好，\n欢迎"], ["", ""], ["报价", '"引号", 逗号']]
READ = [
    SheetRow(1, ("标题", "内容")),
    SheetRow(2, ("问候", "您好，\n欢迎")),
    SheetRow(4, ("报价", '"引号", 逗号')),
]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_csv_is_read_in_whatever_encoding_excel_writes(encoding: str) -> None:
    found = read_short_sheet("a.csv", make_csv(ROWS, encoding=encoding))
    assert [(row.number, row.cells) for row in found] == [(row.number, row.cells) for row in READ]


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_a_csv_may_have_other_signs_between_its_cells(delimiter: str) -> None:
    data = f"标题{delimiter}内容\n问候{delimiter}您好\n".encode()
    assert read_short_sheet("a.CSV", data)[1].cells == ("问候", "您好")


def test_an_xlsx_is_read_with_the_numbers_of_its_rows() -> None:
    assert read_short_sheet("a.xlsx", make_xlsx(ROWS)) == READ


def test_a_formula_is_told_and_its_value_is_not_hidden_behind_it() -> None:
    [_head, row] = read_short_sheet("a.xlsx", make_xlsx([["标题", "内容"], ["问候", "=1+1"]]))
    assert row.formulas == frozenset({1})


def test_numbers_inline_texts_and_escapes_are_texts() -> None:
    cells = (
        '<c r="A1"><v>12</v></c><c r="B1" t="inlineStr"><is><t>甲_x000A_乙</t></is></c>'
        '<c t="str"><v>丙_xD800__x0000_</v></c>'
    )
    sheet = f'<worksheet {SPACE}><sheetData><row r="1">{cells}</row></sheetData></worksheet>'
    data = make_zip({"xl/workbook.xml": WORKBOOK, "xl/worksheets/sheet1.xml": sheet})
    assert read_short_sheet("a.xlsx", data) == [SheetRow(1, ("12", "甲\n乙", "丙"))]


def test_a_row_of_an_absurd_number_is_counted_on() -> None:
    row = f'<row r="{"9" * 5000}"><c t="s"><v>{"9" * 5000}</v></c><c><v>1</v></c></row>'
    sheet = f"<worksheet {SPACE}><sheetData>{row}</sheetData></worksheet>"
    data = make_zip({"xl/workbook.xml": WORKBOOK, "xl/worksheets/sheet1.xml": sheet})
    assert read_short_sheet("a.xlsx", data) == [SheetRow(1, ("", "1"))]


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("<c><v>1.3800001234E10</v></c>", "13800001234"),
        ("<c><v>0.30000000000000004</v></c>", "0.3"),
        ("<c><v>46356</v></c>", "46356"),
        ('<c t="b"><v>1</v></c>', "是"),
        ('<c t="s"><v>99</v></c>', ""),
        (f"<c><v>{'9' * 400}</v></c>", "9" * 400),
    ],
)
def test_numbers_are_read_as_they_are_shown(cell: str, shown: str) -> None:
    row = f"<row>{cell}<c t='str'><v>末</v></c></row>"
    sheet = f"<worksheet {SPACE}><sheetData>{row}</sheetData></worksheet>"
    data = make_zip({"xl/workbook.xml": WORKBOOK, "xl/worksheets/sheet1.xml": sheet})
    assert read_short_sheet("a.xlsx", data) == [SheetRow(1, (shown, "末"))]


def test_a_table_may_have_so_many_rows_below_its_heading() -> None:
    data = make_csv([["标题"], *[["甲"]] * SHORT.rows])
    assert len(read_short_sheet("a.csv", data)) == 1 + SHORT.rows


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
REFUSED = {
    "empty": ("a.csv", b"", "空的"),
    "blank": ("a.csv", b" \n,,\n", "什么都没有"),
    "huge": ("a.csv", b"a" * (SHORT.size + 1), "最大 1 MB"),
    "old excel": ("a.xls", b"\xd0\xcf\x11\xe0" + bytes(600), "另存为 .xlsx 或 CSV"),
    "locked": ("a.xlsx", b"\xd0\xcf\x11\xe0" + bytes(600), "加了密码"),
    "picture as csv": ("a.csv", b"\x89PNG\r\n\x1a\n" + bytes(60), "内容却不是表格"),
    "program as csv": ("a.csv", b"MZ\x90\x00\x03" + bytes(60), "编码读不懂"),
    "page as csv": ("a.csv", b"<html><table><tr><td>1", "内容却不是表格"),
    "page as xlsx": ("a.xlsx", b"<html><table><tr><td>1", "文件名和内容要一致"),
    "zip as csv": ("a.csv", make_xlsx(ROWS), "文件名和内容要一致"),
    "csv as xlsx": ("a.xlsx", make_csv(ROWS), "文件名和内容要一致"),
    "other": ("a.pdf", b"%PDF-1.7", "只能导入 CSV 或 .xlsx"),
    "document": ("a.xlsx", make_zip({"word/document.xml": "<x/>"}), "内容却不是表格"),
    "macros": ("a.xlsx", make_xlsx(ROWS, more={"xl/vbaProject.bin": "x"}), "宏"),
    "cut off": ("a.xlsx", make_xlsx(ROWS)[:300], "打不开"),
    "broken": ("a.xlsx", make_xlsx(ROWS, more={"xl/sharedStrings.xml": "<sst>"}), "打不开"),
    "entities": (
        "a.xlsx",
        make_xlsx(ROWS, more={"xl/sharedStrings.xml": f"{BOMB}<sst/>"}),
        "打不开",
    ),
    "bomb": (
        "a.xlsx",
        make_xlsx(ROWS, more={"xl/sharedStrings.xml": "<sst>" + " " * 17_000_000}),
        "解开后太大",
    ),
    "many cells": (
        "a.xlsx",
        make_xlsx(ROWS, more={"xl/sharedStrings.xml": f"<sst>{'<si/>' * 400_001}</sst>"}),
        "解开后太大",
    ),
    "many rows": ("a.csv", make_csv([["标题"], *[["甲"]] * (SHORT.rows + 1)]), "分成几份"),
    "many rows of xlsx": ("a.xlsx", make_xlsx([["甲"]] * (SHORT.rows + 5)), "分成几份"),
    "no quote's end": ("a.csv", '标题\n"甲\n'.encode(), "第 2 行读不懂"),
    "no encoding": ("a.csv", b"\xff\xff\xff\x81", "编码读不懂"),
}


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_spreadsheet_is_refused_in_words(name: str) -> None:
    filename, data, words = REFUSED[name]
    with pytest.raises(Refused, match=words):
        read_short_sheet(filename, data)


def long_table(rows: int, kind: str) -> bytes:
    table = [[f"客户{n}", "一段不短的备注" * 4 + str(n)] for n in range(rows)]
    if kind == "csv":
        return make_csv(table)
    return make_xlsx(table) if kind == "shared" else _inline(table)


def _inline(table: Sequence[Sequence[str]]) -> bytes:
    return b"".join(stream_xlsx(["甲", "乙"], [table]))


@pytest.mark.parametrize("kind", ["csv", "shared", "inline"])
def test_memory_is_flat_however_many_rows_there_are(kind: str) -> None:
    def peak(rows: int) -> int:
        file = io.BytesIO(data := long_table(rows, kind))
        tracemalloc.start()
        for _row in read_sheet(f"a.{'csv' if kind == 'csv' else 'xlsx'}", file, size=len(data)):
            pass
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    peak(100)
    # Of shared strings, where each ends is held: eight bytes of a cell.
    assert peak(20_000) < 2 * peak(5_000)
