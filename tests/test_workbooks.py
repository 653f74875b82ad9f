"""Workbooks that people keep: texts stay texts, and a long one is never held as a whole."""

import io
import tracemalloc
import zipfile
from collections.abc import Iterator
from decimal import Decimal

import pytest

from app.sheet_files import read_sheet
from app.workbooks import stream_xlsx
from tests.test_sheets import HOSTILE


def read_back(data: bytes) -> list[tuple[str, ...]]:
    rows = read_sheet("a.xlsx", io.BytesIO(data), size=len(data))
    return [row.cells for row in rows]


def test_what_was_written_is_read_again() -> None:
    rows: list[list[object]] = [
        ["李晓雯 <b>&", Decimal("3000.50"), 7, None, "两\n行"],
        ["_x000A_", "", "", "", "末"],
    ]
    data = b"".join(stream_xlsx(["甲", "乙", "丙", "丁", "戊"], [rows]))
    assert read_back(data) == [
        ("甲", "乙", "丙", "丁", "戊"),
        ("李晓雯 <b>&", "3000.5", "7", "", "两\n行"),
        ("_x000A_", "", "", "", "末"),
    ]


@pytest.mark.parametrize("value", HOSTILE)
def test_no_cell_is_a_formula(value: str) -> None:
    data = b"".join(stream_xlsx([value], [[[value]]]))
    sheet = zipfile.ZipFile(io.BytesIO(data)).read("xl/worksheets/sheet1.xml").decode()
    assert sheet.count('t="inlineStr"') == 2
    assert "<f>" not in sheet


def peak(rows: int) -> int:
    """Write so many rows, keep none of them, and return the most that was held at a time."""

    def pieces() -> Iterator[list[list[object]]]:
        for start in range(0, rows, 500):
            yield [[f"客户{start + n}", "一段不短的备注" * 4, n] for n in range(500)]

    tracemalloc.start()
    for _piece in stream_xlsx(["甲", "乙", "丙"], pieces()):
        pass
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most


def test_memory_is_flat_however_many_rows_there_are() -> None:
    peak(500)
    assert peak(40_000) < 1.5 * peak(10_000)
