"""Reading a spreadsheet that somebody hands in: CSV or XLSX, as text, within bounds. Pure.

What it is, its first bytes say, and its name must agree. Of an XLSX only the first sheet's values
are read: nothing is run, nothing that it names is fetched, and what unpacks to too much is refused.
"""

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from app.errors import Refused
from app.i18n import _

MEGABYTE = 1024 * 1024
MOST_BYTES, MOST_UNPACKED = MEGABYTE, 16 * MEGABYTE
MOST_ROWS, MOST_COLUMNS, MOST_CELL = 1000, 60, 20_000
MOST_ENTRIES, MOST_ELEMENTS = 2000, 400_000
# More digits than any row or shared string has.
DIGITS = 7
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
class SheetRow:
    """A row that holds anything. `number` as the program that shows it counts, from 1.

    `formulas`: the places, from 0, of cells that are formulas, whose values are not read.
    """

    number: int
    cells: tuple[str, ...]
    formulas: frozenset[int] = frozenset()


def read_sheet(filename: str, data: bytes) -> list[SheetRow]:
    """Read every row that holds anything, the heading too.

    Raises:
        Refused: it is no spreadsheet, another kind than its name says, damaged or too much.
    """
    if not data.strip():
        raise Refused(_("文件是空的"))
    if len(data) > MOST_BYTES:
        raise Refused(
            _(
                "文件有 {size} MB，最大 {most} MB，请分成几份",
                size=f"{len(data) / MEGABYTE:.1f}",
                most=MOST_BYTES // MEGABYTE,
            )
        )
    suffix = filename.lower().rpartition(".")[2]
    if data.startswith(OLE):
        raise Refused(_("这是旧的 .xls、加了密码的表格，或别的 Office 文件；请另存为 .xlsx 或 CSV"))
    is_zip = data.startswith(ZIP)
    if suffix not in {"csv", "xlsx"} or is_zip != (suffix == "xlsx"):
        raise Refused(_("只能导入 CSV 或 .xlsx 表格，文件名和内容要一致"))
    rows = list(_read_xlsx(data) if is_zip else _read_csv(data))
    if not rows:
        raise Refused(_("表格里什么都没有"))
    if len(rows) > MOST_ROWS + 1:
        raise Refused(_("表格超过 {most} 行，请分成几份", most=MOST_ROWS))
    return rows


def _read_csv(data: bytes) -> Iterator[SheetRow]:
    text = _decode(data)
    if BINARY.search(text) or PAGE.match(text):
        raise Refused(_("文件名是 CSV，内容却不是表格"))
    heading = text.splitlines()[0]
    # Excel writes "Unicode text" with tabs, and CSV with semicolons where commas are decimal.
    delimiter = max(",\t;", key=heading.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number, count = 0, 0
    try:
        for number, cells in enumerate(reader, 1):
            if any(cell.strip() for cell in cells):
                count += 1
                yield SheetRow(number, _bounded(cells))
            if count > MOST_ROWS + 1:
                return
    except csv.Error as error:
        raise Refused(_("第 {n} 行读不懂：引号没有配对，或内容太长", n=number + 1)) from error


def _decode(data: bytes) -> str:
    marked = [encoding for mark, encoding in MARKS.items() if data.startswith(mark)]
    for encoding in marked or ENCODINGS:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Refused(_("文件的文字编码读不懂，请另存为 UTF-8 的 CSV 或 .xlsx"))


def _bounded(cells: list[str]) -> tuple[str, ...]:
    return tuple(cell[:MOST_CELL] for cell in cells[:MOST_COLUMNS])


def _read_xlsx(data: bytes) -> Iterator[SheetRow]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
            sheets = sorted(filter(SHEET.fullmatch, names), key=lambda name: (len(name), name))
            if len(names) > MOST_ENTRIES or not sheets or "xl/workbook.xml" not in names:
                raise Refused(_("文件名是 .xlsx，内容却不是表格"))
            if any(name.lower().endswith("vbaproject.bin") for name in names):
                raise Refused(_("表格里带有宏，请另存为不带宏的 .xlsx 或 CSV"))
            strings = _Strings()
            if "xl/sharedStrings.xml" in names:
                _parse(_unpack(archive, "xl/sharedStrings.xml"), strings)
            reading = _Cells(strings.found)
            _parse(_unpack(archive, sheets[0]), reading)
    except (zipfile.BadZipFile, zlib.error, RuntimeError, OSError, EOFError) as error:
        raise Refused(_("表格打不开，可能已经损坏或加了密码")) from error
    except expat.ExpatError as error:
        raise Refused(_("表格打不开，可能已经损坏")) from error
    yield from reading.rows()


def _unpack(archive: zipfile.ZipFile, name: str) -> bytes:
    """Read an entry, whatever its own header says of its size."""
    with archive.open(name) as entry:
        data = entry.read(MOST_UNPACKED + 1)
    if len(data) > MOST_UNPACKED:
        raise Refused(_("表格解开后太大，请分成几份"))
    return data


@dataclass
class _Strings:
    """Gathers the shared strings; what tells how a word is read aloud (rPh) is none of them."""

    found: list[str] = field(default_factory=list)
    _text: list[str] = field(default_factory=list)
    _is_text: bool = False
    _aloud: bool = False

    def start(self, name: str, _attributes: dict[str, str]) -> None:
        if name == "si":
            self._text = []
        self._aloud = self._aloud or name == "rPh"
        self._is_text = name == "t" and not self._aloud

    def end(self, name: str) -> None:
        if name == "si":
            self.found.append(unescape("".join(self._text)))
        self._aloud = self._aloud and name != "rPh"
        self._is_text = False

    def data(self, text: str) -> None:
        if self._is_text:
            self._text.append(text)


class _Cells:
    """Gathers the cells of a sheet, row by row, and no more of them than will be read."""

    def __init__(self, strings: list[str]) -> None:
        self._strings = strings
        self._found: dict[int, dict[int, str]] = {}
        self._formulas: dict[int, set[int]] = {}
        self._row, self._column, self._kind = 0, -1, ""
        self._text: list[str] = []
        self._is_text = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "row":
            self._row = read_number(attributes.get("r", ""), self._row + 1)
            self._column = -1
        elif name == "c":
            self._column = column_of(attributes.get("r", ""), self._column + 1)
            self._kind, self._text = attributes.get("t", "n"), []
        elif name == "f":
            self._formulas.setdefault(self._row, set()).add(self._column)
        self._is_text = name in {"v", "t"}

    def end(self, name: str) -> None:
        self._is_text = False
        if name != "c" or self._column >= MOST_COLUMNS:
            return
        text = self._value()
        if text.strip() or self._column in self._formulas.get(self._row, ()):
            if self._row not in self._found and len(self._found) > MOST_ROWS + 1:
                return
            self._found.setdefault(self._row, {})[self._column] = text[:MOST_CELL]

    def data(self, text: str) -> None:
        if self._is_text:
            self._text.append(text)

    def rows(self) -> Iterator[SheetRow]:
        for number in sorted(self._found):
            cells = self._found[number]
            made = tuple(cells.get(place, "") for place in range(max(cells) + 1))
            yield SheetRow(number, made, frozenset(self._formulas.get(number, ())))

    def _value(self) -> str:
        text = "".join(self._text)
        if self._kind == "s":
            place = read_number(text, -1)
            return self._strings[place] if 0 <= place < len(self._strings) else ""
        return unescape(text)


def _parse(data: bytes, reading: _Strings | _Cells) -> None:
    """Walk through a part of the package; one that declares entities is refused."""
    count = 0

    def refuse(*_declared: object) -> None:
        raise Refused(_("表格打不开，可能已经损坏"))

    def start(name: str, given: dict[str, str]) -> None:
        nonlocal count
        count += 1
        # Each takes its time, and what is empty takes hardly any bytes.
        if count > MOST_ELEMENTS:
            raise Refused(_("表格解开后太大，请分成几份"))
        reading.start(name.rpartition(" ")[2], given)

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = start
    parser.EndElementHandler = lambda name: reading.end(name.rpartition(" ")[2])
    parser.CharacterDataHandler = reading.data
    parser.Parse(data, True)  # noqa: FBT003 -- expat takes it by position


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
