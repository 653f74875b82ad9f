"""Reading a long spreadsheet row by row: what it holds never lies in memory as a whole. Pure.

As `app.sheet_files` does it for short ones, and as careful. The strings that a workbook shares
among its cells are written to a file of their own, since there may be as many as cells.
"""

import codecs
import csv
import io
import tempfile
import zipfile
import zlib
from array import array
from collections.abc import Iterator
from decimal import Decimal
from typing import IO
from xml.parsers import expat

from app.errors import Refused
from app.i18n import _
from app.sheet_files import (
    BINARY,
    ENCODINGS,
    MARKS,
    MEGABYTE,
    MOST_CELL,
    MOST_COLUMNS,
    MOST_ENTRIES,
    OLE,
    PAGE,
    SHEET,
    ZIP,
    SheetRow,
    column_of,
    read_number,
    unescape,
)

MOST_BYTES, MOST_ROWS = 20 * MEGABYTE, 100_000
MOST_UNPACKED, MOST_ELEMENTS = 400 * MEGABYTE, 6_000_000
PIECE = 64 * 1024
# As many digits as a spreadsheet's numbers have.
DIGITS = ".15g"


def read_long_sheet(filename: str, file: IO[bytes], *, size: int) -> Iterator[SheetRow]:
    """Read every row that holds anything, the heading too, from a file that can be gone back in.

    Raises:
        Refused: it is no spreadsheet, another kind than its name says, damaged or too much; what
            stands far down may be found out late.
    """
    if not size:
        raise Refused(_("文件是空的"))
    if size > MOST_BYTES:
        told = f"{size / MEGABYTE:.1f}"
        most = MOST_BYTES // MEGABYTE
        raise Refused(_("文件有 {size} MB，最大 {most} MB，请分成几份", size=told, most=most))
    start = file.read(8)
    file.seek(0)
    suffix = filename.lower().rpartition(".")[2]
    if start.startswith(OLE):
        raise Refused(_("这是旧的 .xls、加了密码的表格，或别的 Office 文件；请另存为 .xlsx 或 CSV"))
    is_zip = start.startswith(ZIP)
    if suffix not in {"csv", "xlsx"} or is_zip != (suffix == "xlsx"):
        raise Refused(_("只能导入 CSV 或 .xlsx 表格，文件名和内容要一致"))
    count = -1
    for count, row in enumerate(_read_xlsx(file) if is_zip else _read_csv(file)):
        if count > MOST_ROWS:
            raise Refused(_("表格超过 {most} 行，请分成几份", most=f"{MOST_ROWS:,}"))
        yield row
    if count < 0:
        raise Refused(_("表格里什么都没有"))


def _read_csv(file: IO[bytes]) -> Iterator[SheetRow]:
    text = io.TextIOWrapper(file, encoding=_find_encoding(file), newline="")
    heading = text.readline()
    if PAGE.match(heading):
        raise Refused(_("文件名是 CSV，内容却不是表格"))
    # Excel writes "Unicode text" with tabs, and CSV with semicolons where commas are decimal.
    delimiter = max(",\t;", key=heading.count)
    text.seek(0)
    number = 0
    try:
        for number, cells in enumerate(
            csv.reader(_sound(text), delimiter=delimiter, strict=True), 1
        ):
            if any(cell.strip() for cell in cells):
                yield SheetRow(number, tuple(cell[:MOST_CELL] for cell in cells[:MOST_COLUMNS]))
    except csv.Error as error:
        raise Refused(_("第 {n} 行读不懂：引号没有配对，或内容太长", n=number + 1)) from error
    finally:
        # Whoever opened the file closes it.
        text.detach()


def _sound(lines: Iterator[str]) -> Iterator[str]:
    for line in lines:
        if BINARY.search(line):
            raise Refused(_("文件名是 CSV，内容却不是表格"))
        yield line


def _find_encoding(file: IO[bytes]) -> str:
    start = file.read(4)
    marked = [encoding for mark, encoding in MARKS.items() if start.startswith(mark)]
    for encoding in marked or ENCODINGS:
        file.seek(0)
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            while piece := file.read(PIECE):
                decoder.decode(piece)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            continue
        file.seek(0)
        return encoding
    raise Refused(_("文件的文字编码读不懂，请另存为 UTF-8 的 CSV 或 .xlsx"))


def _read_xlsx(file: IO[bytes]) -> Iterator[SheetRow]:
    try:
        with zipfile.ZipFile(file) as archive, tempfile.TemporaryFile() as kept:
            names = archive.namelist()
            sheets = sorted(filter(SHEET.fullmatch, names), key=lambda name: (len(name), name))
            if len(names) > MOST_ENTRIES or not sheets or "xl/workbook.xml" not in names:
                raise Refused(_("文件名是 .xlsx，内容却不是表格"))
            if any(name.lower().endswith("vbaproject.bin") for name in names):
                raise Refused(_("表格里带有宏，请另存为不带宏的 .xlsx 或 CSV"))
            strings = _Strings(kept)
            if "xl/sharedStrings.xml" in names:
                for _piece in _parse(archive, "xl/sharedStrings.xml", strings):
                    pass
            cells = _Cells(strings)
            for _piece in _parse(archive, sheets[0], cells):
                yield from cells.take()
    except (zipfile.BadZipFile, zlib.error, RuntimeError, OSError, EOFError) as error:
        raise Refused(_("表格打不开，可能已经损坏或加了密码")) from error
    except expat.ExpatError as error:
        raise Refused(_("表格打不开，可能已经损坏")) from error


class _Strings:
    """The shared strings, in a file; what tells how a word is read aloud (rPh) is none of them."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._ends = array("Q", [0])
        self._text: list[str] = []
        self._is_text = self._aloud = False

    def __getitem__(self, place: int) -> str:
        if not 0 <= place < len(self._ends) - 1:
            return ""
        start, end = self._ends[place], self._ends[place + 1]
        self._file.seek(start)
        return self._file.read(end - start).decode()

    def start(self, name: str, _attributes: dict[str, str]) -> None:
        if name == "si":
            self._text = []
        self._aloud = self._aloud or name == "rPh"
        self._is_text = name == "t" and not self._aloud

    def end(self, name: str) -> None:
        if name == "si":
            data = unescape("".join(self._text))[:MOST_CELL].encode(errors="replace")
            self._file.write(data)
            self._ends.append(self._ends[-1] + len(data))
        self._aloud = self._aloud and name != "rPh"
        self._is_text = False

    def data(self, text: str) -> None:
        if self._is_text:
            self._text.append(text)


class _Cells:
    """Gathers the cells of a sheet, and gives up every row that is whole."""

    def __init__(self, strings: _Strings) -> None:
        self._strings = strings
        self._whole: list[SheetRow] = []
        self._row, self._column, self._kind = 0, -1, ""
        self._cells: dict[int, str] = {}
        self._formulas: set[int] = set()
        self._text: list[str] = []
        self._is_text = False

    def take(self) -> list[SheetRow]:
        whole, self._whole = self._whole, []
        return whole

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "row":
            number = read_number(attributes.get("r", ""), self._row + 1)
            if number <= self._row:
                raise Refused(_("表格打不开，可能已经损坏"))
            self._row, self._column = number, -1
            self._cells, self._formulas = {}, set()
        elif name == "c":
            self._column = column_of(attributes.get("r", ""), self._column + 1)
            self._kind, self._text = attributes.get("t", "n"), []
        elif name == "f":
            self._formulas.add(self._column)
        self._is_text = name in {"v", "t"}

    def end(self, name: str) -> None:
        self._is_text = False
        if name == "c" and self._column < MOST_COLUMNS:
            text = self._value()[:MOST_CELL]
            if text.strip():
                self._cells[self._column] = text
        elif name == "row" and (self._cells or self._formulas):
            width = max((*self._cells, *self._formulas)) + 1
            cells = tuple(self._cells.get(place, "") for place in range(min(width, MOST_COLUMNS)))
            self._whole.append(SheetRow(self._row, cells, frozenset(self._formulas)))

    def data(self, text: str) -> None:
        if self._is_text:
            self._text.append(text)

    def _value(self) -> str:
        text = "".join(self._text)
        if self._kind == "s":
            return self._strings[read_number(text, -1)]
        if self._kind == "b":
            return _("是") if text == "1" else _("否")
        if self._kind == "n" and text:
            return _plain(text)
        return unescape(text)


def _plain(text: str) -> str:
    """Write a number as the spreadsheet shows it: neither 1.38E10 nor 0.30000000000000004."""
    try:
        return f"{Decimal(format(float(text), DIGITS)):f}"
    except (ValueError, ArithmeticError):
        return text


def _parse(archive: zipfile.ZipFile, name: str, reading: _Strings | _Cells) -> Iterator[None]:
    """Walk through a part of the package, and stop after each piece of it."""
    count = 0

    def refuse(*_declared: object) -> None:
        raise Refused(_("表格打不开，可能已经损坏"))

    def start(name: str, given: dict[str, str]) -> None:
        nonlocal count
        count += 1
        if count > MOST_ELEMENTS:
            raise Refused(_("表格解开后太大，请分成几份"))
        reading.start(name.rpartition(" ")[2], given)

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = start
    parser.EndElementHandler = lambda name: reading.end(name.rpartition(" ")[2])
    parser.CharacterDataHandler = reading.data
    unpacked = 0
    with archive.open(name) as part:
        while piece := part.read(PIECE):
            unpacked += len(piece)
            if unpacked > MOST_UNPACKED:
                raise Refused(_("表格解开后太大，请分成几份"))
            parser.Parse(piece, False)  # noqa: FBT003 -- expat takes it by position
            yield
    parser.Parse(b"", True)  # noqa: FBT003 -- as above
    yield
