"""Reading a spreadsheet that somebody hands in: CSV or XLSX, row by row, within bounds. Pure.

What it is, its first bytes say, and its name must agree. Of an XLSX only the first sheet's values
are read: nothing is run, nothing that it names is fetched, and what unpacks to too much is refused.
A table never lies in memory as a whole: the strings that a workbook shares among its cells are
written to a file of their own, since there may be as many as cells.
"""

import codecs
import csv
import io
import re
import tempfile
import zipfile
import zlib
from array import array
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from decimal import Decimal
from math import isfinite
from typing import IO
from xml.parsers import expat

from app.errors import Refused
from app.i18n import _

MEGABYTE = 1024 * 1024
MOST_COLUMNS, MOST_CELL, MOST_ENTRIES = 60, 20_000, 2000
PIECE = 64 * 1024
# More digits than any row or shared string has.
DIGITS = 7
# As many digits as a spreadsheet's numbers have.
SHOWN = ".15g"
ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
# Excel in China writes the second.
ENCODINGS = ("utf-8", "gb18030")
# What a table has no use for: control characters but tabs and line ends.
BINARY = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
PAGE = re.compile(r"\s*<(\?xml|!doctype|html|table|script)", re.IGNORECASE)
CELL = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
ESCAPES = {0x09: "\t", 0x0A: "\n", 0x5F: "_"}
ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
SHEET = re.compile(r"xl/worksheets/sheet[0-9]+\.xml")


@dataclass(frozen=True)
class Bounds:
    """How much is taken: bytes of the file, rows below the heading, bytes once unpacked, elements.

    An element takes its time, and one that is empty takes hardly any bytes.
    """

    size: int
    rows: int
    unpacked: int
    elements: int


SHORT = Bounds(size=MEGABYTE, rows=1000, unpacked=16 * MEGABYTE, elements=400_000)
LONG = Bounds(size=20 * MEGABYTE, rows=100_000, unpacked=400 * MEGABYTE, elements=6_000_000)


@dataclass(frozen=True)
class SheetRow:
    """A row that holds anything. `number` as the program that shows it counts, from 1.

    `formulas`: the places, from 0, of cells that are formulas, whose values are not read.
    """

    number: int
    cells: tuple[str, ...]
    formulas: frozenset[int] = frozenset()


def read_short_sheet(filename: str, data: bytes) -> list[SheetRow]:
    """Read every row of a small table at once; refuses as `read_sheet` does."""
    return list(read_sheet(filename, io.BytesIO(data), size=len(data), bounds=SHORT))


def read_sheet(
    filename: str, file: IO[bytes], *, size: int, bounds: Bounds = LONG
) -> Generator[SheetRow, None, None]:
    """Read every row that holds anything, the heading too, from a file that can be gone back in.

    Raises:
        Refused: it is no spreadsheet, another kind than its name says, damaged or too much; what
            stands far down may be found out late.
    """
    if not size:
        raise Refused(_("文件是空的"))
    if size > bounds.size:
        told = f"{size / MEGABYTE:.1f}"
        most = bounds.size // MEGABYTE
        raise Refused(_("文件有 {size} MB，最大 {most} MB，请分成几份", size=told, most=most))
    read = _read_xlsx if _is_workbook(filename, file) else _read_csv
    count = -1
    for count, row in enumerate(read(file, bounds)):
        if count > bounds.rows:
            raise Refused(_("表格超过 {most} 行，请分成几份", most=f"{bounds.rows:,}"))
        yield row
    if count < 0:
        raise Refused(_("表格里什么都没有"))


def _is_workbook(filename: str, file: IO[bytes]) -> bool:
    start = file.read(8)
    file.seek(0)
    if start.startswith(OLE):
        raise Refused(_("这是旧的 .xls、加了密码的表格，或别的 Office 文件；请另存为 .xlsx 或 CSV"))
    suffix = filename.lower().rpartition(".")[2]
    is_zip = start.startswith(ZIP)
    if suffix not in {"csv", "xlsx"} or is_zip != (suffix == "xlsx"):
        raise Refused(_("只能导入 CSV 或 .xlsx 表格，文件名和内容要一致"))
    return is_zip


def _read_csv(file: IO[bytes], _bounds: Bounds) -> Iterator[SheetRow]:
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


def _read_xlsx(file: IO[bytes], bounds: Bounds) -> Iterator[SheetRow]:
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
                for _piece in _parse(archive, "xl/sharedStrings.xml", strings, bounds):
                    pass
            cells = _Cells(strings)
            for _piece in _parse(archive, sheets[0], cells, bounds):
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
        number = float(text)
    except ValueError:
        return text
    return f"{Decimal(format(number, SHOWN)):f}" if isfinite(number) else text


def _parse(
    archive: zipfile.ZipFile, name: str, reading: _Strings | _Cells, bounds: Bounds
) -> Iterator[None]:
    """Walk through a part of the package, and stop after each piece of it."""
    count = 0

    def refuse(*_declared: object) -> None:
        raise Refused(_("表格打不开，可能已经损坏"))

    def start(name: str, given: dict[str, str]) -> None:
        nonlocal count
        count += 1
        if count > bounds.elements:
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
            if unpacked > bounds.unpacked:
                raise Refused(_("表格解开后太大，请分成几份"))
            parser.Parse(piece, False)  # noqa: FBT003 -- expat takes it by position
            yield
    parser.Parse(b"", True)  # noqa: FBT003 -- as above
    yield


def read_number(text: str, otherwise: int) -> int:
    """Read a row's number, or a string's."""
    fits = text.isascii() and text.isdigit() and len(text) <= DIGITS
    return int(text) if fits else otherwise


def column_of(place: str, otherwise: int) -> int:
    """Return the column, from 0, of a cell named like B3."""
    match = CELL.fullmatch(place)
    if match is None:
        return otherwise
    column = 0
    for letter in match[1]:
        column = column * 26 + ord(letter) - ord("A") + 1
    return column - 1


def unescape(text: str) -> str:
    """Write what Office writes as _x000A_ as the character that it means; others go."""
    return ESCAPED.sub(lambda found: ESCAPES.get(int(found[1], 16), ""), text)
