"""Spreadsheets for the tests: CSV and XLSX as people's programs write them, and worse ones."""

import csv
import io
import zipfile
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

WORKBOOK = (
    '<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    '<sheets><sheet name="S" sheetId="1"/></sheets></workbook>'
)
SPACE = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


def make_csv(rows: Sequence[Sequence[str]], *, encoding: str = "utf-8-sig") -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode(encoding)


def make_xlsx(rows: Sequence[Sequence[str]], *, more: Mapping[str, str] | None = None) -> bytes:
    """Make a workbook with shared strings; a cell that begins with "=" is a formula."""
    strings: list[str] = []
    lines = []
    for number, row in enumerate(rows, 1):
        cells = []
        for place, cell in enumerate(row):
            name = f"{chr(ord('A') + place)}{number}"
            if cell.startswith("="):
                cells.append(f'<c r="{name}"><f>{escape(cell[1:])}</f><v>2</v></c>')
            elif cell:
                strings.append(f"<si><t>{escape(cell)}</t><rPh><t>yin</t></rPh></si>")
                cells.append(f'<c r="{name}" t="s"><v>{len(strings) - 1}</v></c>')
        lines.append(f'<row r="{number}">{"".join(cells)}</row>')
    sheet = f"<worksheet {SPACE}><sheetData>{''.join(lines)}</sheetData></worksheet>"
    files = {
        "xl/workbook.xml": WORKBOOK,
        "xl/worksheets/sheet1.xml": sheet,
        "xl/sharedStrings.xml": f"<sst {SPACE}>{''.join(strings)}</sst>",
    }
    return make_zip(files | dict(more or {}))


def make_zip(files: Mapping[str, str]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return made.getvalue()
