"""Long spreadsheets: read row by row, and what is none is refused in words."""

import io
import tracemalloc
from collections.abc import Sequence

import pytest

from app import long_sheets
from app.errors import Refused
from app.long_sheets import read_long_sheet
from app.workbooks import stream_xlsx
from tests.sheet_maker import SPACE, WORKBOOK, make_csv, make_xlsx, make_zip

ROWS = [["客户", "备注"], ["李晓雯", "两\n行"], ["", ""], ["王建国", "尾"]]
READ = [(1, ("客户", "备注")), (2, ("李晓雯", "两\n行")), (4, ("王建国", "尾"))]


def read(data: bytes, name: str = "a.csv") -> list[tuple[int, tuple[str, ...]]]:
    rows = read_long_sheet(name, io.BytesIO(data), size=len(data))
    return [(row.number, row.cells) for row in rows]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_csv_is_read_in_whatever_it_is_written(encoding: str) -> None:
    assert read(make_csv(ROWS, encoding=encoding)) == READ


def test_a_workbook_is_read_with_its_shared_strings() -> None:
    assert read(make_xlsx(ROWS), "a.xlsx") == READ


def test_what_is_a_formula_is_not_read() -> None:
    data = make_xlsx([["甲", "乙"], ["=1+1", "字"]])
    [_head, row] = read_long_sheet("a.xlsx", io.BytesIO(data), size=len(data))
    assert 0 in row.formulas


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("<c><v>1.3800001234E10</v></c>", "13800001234"),
        ("<c><v>0.30000000000000004</v></c>", "0.3"),
        ("<c><v>46356</v></c>", "46356"),
        ('<c t="b"><v>1</v></c>', "是"),
        ('<c t="s"><v>99</v></c>', ""),
    ],
)
def test_numbers_are_read_as_they_are_shown(cell: str, shown: str) -> None:
    row = f"<row>{cell}<c t='str'><v>末</v></c></row>"
    sheet = f"<worksheet {SPACE}><sheetData>{row}</sheetData></worksheet>"
    data = make_zip({"xl/workbook.xml": WORKBOOK, "xl/worksheets/sheet1.xml": sheet})
    assert read(data, "a.xlsx") == [(1, (shown, "末"))]


@pytest.mark.parametrize(
    ("data", "name", "words"),
    [
        (b"", "a.csv", "文件是空的"),
        (b"\xd0\xcf\x11\xe0" * 8, "a.xls", "旧的 .xls"),
        (make_xlsx(ROWS), "a.csv", "文件名和内容要一致"),
        (make_csv(ROWS), "a.xlsx", "文件名和内容要一致"),
        (make_csv(ROWS), "a.txt", "文件名和内容要一致"),
        (b"<html><table></table></html>", "a.csv", "内容却不是表格"),
        ("甲,乙\n".encode() + b"\x00\x01\x02,1\n", "a.csv", "内容却不是表格"),
        ('甲,乙\n"没有关,1\n'.encode(), "a.csv", "读不懂"),
        (b"\xff\xff\xff\x80,\xff", "a.csv", "文字编码读不懂"),
        (b"PK\x03\x04" + b"x" * 50, "a.xlsx", "打不开"),
        (make_zip({"a.txt": "甲"}), "a.xlsx", "内容却不是表格"),
        (make_xlsx(ROWS, more={"xl/vbaProject.bin": "x"}), "a.xlsx", "带有宏"),
        (
            make_xlsx(ROWS, more={"xl/sharedStrings.xml": '<!DOCTYPE a [<!ENTITY b "c">]><a/>'}),
            "a.xlsx",
            "打不开",
        ),
        (b"\n\n,,\n", "a.csv", "什么都没有"),
    ],
)
def test_what_is_no_table_is_refused_in_words(data: bytes, name: str, words: str) -> None:
    with pytest.raises(Refused, match=words):
        read(data, name)


def test_too_many_rows_and_too_large_files_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(long_sheets, "MOST_ROWS", 2)
    assert len(read(make_csv([["甲"], ["1"], ["2"]]))) == 3
    with pytest.raises(Refused, match="超过 2 行"):
        read(make_csv([["甲"], ["1"], ["2"], ["3"]]))
    monkeypatch.setattr(long_sheets, "MOST_BYTES", 5)
    with pytest.raises(Refused, match="最大"):
        read(make_csv(ROWS))


def test_what_unpacks_to_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(long_sheets, "MOST_UNPACKED", 1000)
    with pytest.raises(Refused, match="解开后太大"):
        read(make_xlsx([["长" * 2000]]), "a.xlsx")


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
        for _row in read_long_sheet(
            f"a.{'csv' if kind == 'csv' else 'xlsx'}", file, size=len(data)
        ):
            pass
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    peak(100)
    # Of shared strings, where each ends is held: eight bytes of a cell.
    assert peak(20_000) < 2 * peak(5_000)
