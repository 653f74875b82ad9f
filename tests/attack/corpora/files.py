"""Files that are two things at once, unpack without end, or name what is not theirs."""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterable, Mapping

from PIL import Image

from tests.materials.images import END, START, drawn, jpeg, segment
from tests.sheet_maker import SPACE, WORKBOOK, make_xlsx, make_zip

# What a browser would run, if anything served it as a page.
SCRIPT = b"<html><script>alert('polyglot')</script></html>"
PNG = b"\x89PNG\r\n\x1a\n"
ROWS = [["external_userid", "follow"], ["wmNobody", "x"]]


def chunk(kind: bytes, body: bytes, *, crc: int | None = None) -> bytes:
    """Return a chunk of a PNG."""
    right = zlib.crc32(kind + body) if crc is None else crc
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", right)


def png(width: int, height: int, *, more: Iterable[bytes] = (), depth: int = 8) -> bytes:
    """Return a PNG that says it is so large, with these chunks before its few pixels."""
    head = struct.pack(">IIBBBBB", width, height, depth, 2, 0, 0, 0)
    pixels = chunk(b"IDAT", zlib.compress(b"\0\xff\xff\xff"))
    return PNG + chunk(b"IHDR", head) + b"".join(more) + pixels + chunk(b"IEND", b"")


def _packed(size: int) -> bytes:
    return zlib.compress(bytes(size), 9)


def _moving(form: str) -> bytes:
    made = io.BytesIO()
    frames = [Image.new("RGB", (20, 20), (n, 0, 0)) for n in range(30)]
    frames[0].save(made, form, save_all=True, append_images=frames[1:])
    return made.getvalue()


def _as(form: str) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (20, 20)).save(made, form)
    return made.getvalue()


SMALL = drawn(20, 20)
JPG = drawn(20, 20, "JPEG")
IMAGES: Mapping[str, bytes] = {
    "a page": SCRIPT,
    "a page behind PNG's first bytes": PNG + SCRIPT,
    "a page behind JPEG's first bytes": START + b"\xff\xe0" + SCRIPT,
    "PNG and page": SMALL + SCRIPT,
    "JPEG and page": JPG + SCRIPT,
    "PNG with a page in a text": png(1, 1, more=[chunk(b"tEXt", b"Comment\0" + SCRIPT)]),
    "PNG with a page in a chunk of its own": png(1, 1, more=[chunk(b"htMl", SCRIPT)]),
    "PNG with a page for pixels": png(1, 1, more=[chunk(b"IDAT", SCRIPT)]),
    "JPEG with a page in a comment": START + segment(0xFE, SCRIPT) + JPG[2:],
    "JPEG with a page as EXIF": START + segment(0xE1, b"Exif\0\0" + SCRIPT) + JPG[2:],
    "JPEG with a script as its header": START + segment(0xE0, b"/*" + SCRIPT + b"*/=1") + JPG[2:],
    "PNG and ZIP": SMALL + make_zip({"x": "y" * 1000}),
    "JPEG and ZIP": JPG + make_zip({"x": "y" * 1000}),
    "PNG and PDF": SMALL + b"%PDF-1.7\n/JS (app.alert(1))",
    "PDF": b"%PDF-1.7\n/JS (app.alert(1))",
    "SVG": b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
    "SVG behind PNG's first bytes": PNG + b"<svg onload='alert(1)'/>",
    "GIF": _as("GIF"),
    "GIF that is a script": b"GIF89a/*" + bytes(20) + b"*/=1;alert(1)",
    "BMP": _as("BMP"),
    "TIFF": _as("TIFF"),
    "WebP": _as("WEBP"),
    "ICO": _as("ICO"),
    "PPM": _as("PPM"),
    "EPS": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(id) system",
    "program": b"MZ" + bytes(200),
    "ELF": b"\x7fELF" + bytes(200),
    "archive": make_zip({"x": "y"}),
    "moving PNG": _moving("PNG"),
    "PNG of no width": png(0, 1),
    "PNG of no height": png(1, 0),
    "PNG of all widths": png(2**31 - 1, 2**31 - 1),
    "PNG beyond all widths": png(2**32 - 1, 1),
    "PNG of many pixels": png(60_000, 60_000),
    "PNG of one tall line": png(1, 2**31 - 1),
    "PNG of many bits": png(1, 1, depth=255),
    "PNG that unpacks to too much": png(100, 100, more=[chunk(b"IDAT", _packed(60_000_000))]),
    "PNG with a text that does": png(1, 1, more=[chunk(b"zTXt", b"a\0\0" + _packed(60_000_000))]),
    "PNG with a profile that does": png(
        1, 1, more=[chunk(b"iCCP", b"a\0\0" + _packed(60_000_000))]
    ),
    "PNG with words that do": png(
        1, 1, more=[chunk(b"iTXt", b"a\0\1\0\0\0" + _packed(60_000_000))]
    ),
    "PNG of very many chunks": png(1, 1, more=[chunk(b"tEXt", b"a\0b")] * 30_000),
    "PNG with a wrong sum": PNG + chunk(b"IHDR", bytes(13), crc=1) + chunk(b"IEND", b""),
    "PNG with a chunk longer than itself": PNG + struct.pack(">I", 2**31 - 1) + b"IHDR" + bytes(13),
    "PNG without an end": SMALL[: len(SMALL) // 2],
    "PNG of the first bytes alone": PNG + bytes(8),
    "JPEG of all pixels": jpeg(65_535, 65_535),
    "JPEG of very many scans": jpeg(5000, 5000, frame=0xC2, scans=500),
    "JPEG without an end": JPG[: len(JPG) // 2],
    "JPEG of nothing": START + END + bytes(8),
    "JPEG of FF alone": START + b"\xff" * 5000,
    "JPEG in a JPEG": START + segment(0xE1, JPG) + JPG[2:],
}


def _archive(files: Iterable[tuple[str | zipfile.ZipInfo, bytes]]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, data in files:
            archive.writestr(name, data)
    return made.getvalue()


def _sheet(inner: str, before: str = "", more: Mapping[str, str] | None = None) -> bytes:
    text = f"{before}<worksheet {SPACE}><sheetData>{inner}</sheetData></worksheet>"
    files = {"xl/workbook.xml": WORKBOOK, "xl/worksheets/sheet1.xml": text}
    return make_zip(files | dict(more or {}))


def _link(name: str, target: str) -> tuple[zipfile.ZipInfo, bytes]:
    info = zipfile.ZipInfo(name)
    info.external_attr = 0o120777 << 16
    return info, target.encode()


def _patched(data: bytes, was: bytes, now: bytes) -> bytes:
    assert was in data
    return data.replace(was, now)


GOOD = make_xlsx(ROWS)
ENTITY = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
LAUGHS = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]>'
CELL = '<row r="1"><c r="A1" t="inlineStr"><is><t>{}</t></is></c></row>'
TABLES: Mapping[str, tuple[str, bytes]] = {
    "entity in a sheet": ("a.xlsx", _sheet(CELL.format("&e;"), ENTITY)),
    "laughs in a sheet": ("a.xlsx", _sheet(CELL.format("&b;"), LAUGHS)),
    "entity in shared strings": (
        "a.xlsx",
        make_xlsx(ROWS, more={"xl/sharedStrings.xml": f"{ENTITY}<sst>&e;</sst>"}),
    ),
    "entity in the workbook": ("a.xlsx", make_xlsx(ROWS, more={"xl/workbook.xml": ENTITY})),
    "links to elsewhere": (
        "a.xlsx",
        make_xlsx(ROWS, more={"xl/externalLinks/externalLink1.xml": "<externalLink/>"}),
    ),
    "a sheet that unpacks to too much": (
        "a.xlsx",
        _sheet(CELL.format("a" * 60_000_000)),
    ),
    "strings that unpack to too much": (
        "a.xlsx",
        make_xlsx(ROWS, more={"xl/sharedStrings.xml": "<sst>" + " " * 60_000_000}),
    ),
    "very many files": ("a.xlsx", _archive((f"x{n}", b"") for n in range(5000))),
    "an archive in an archive": (
        "a.xlsx",
        _archive([("xl/workbook.xml", b"<x/>"), ("x.zip", GOOD * 50)]),
    ),
    "names outside": ("a.xlsx", _archive([("../../etc/cron.d/x", b"x"), ("/etc/x", b"x")])),
    "a link outside": ("a.xlsx", _archive([_link("xl/workbook.xml", "/etc/passwd")])),
    "a file twice": (
        "a.xlsx",
        _patched(make_xlsx(ROWS, more={"xl/worksheets/sheet2.xml": "<x/>"}), b"sheet2", b"sheet1"),
    ),
    "locked": (
        "a.xlsx",
        _patched(GOOD, b"PK\x01\x02\x14\x03\x14\0\0\0", b"PK\x01\x02\x14\x03\x14\0\1\0"),
    ),
    "packed as nobody does": (
        "a.xlsx",
        _patched(GOOD, b"\x14\0\0\0\x08\0", b"\x14\0\0\0\x63\0"),
    ),
    "a directory that is cut off": ("a.xlsx", GOOD[:-30]),
    "first bytes alone": ("a.xlsx", b"PK\x03\x04" + bytes(60)),
    "bytes before the archive": ("a.xlsx", SCRIPT + GOOD),
    "deep": ("a.xlsx", _sheet("<a>" * 20_000)),
    "names without end": ("a.xlsx", _sheet(f"<{'a' * 900_000}/>")),
    "a row of no number": ("a.xlsx", _sheet('<row r="-1"><c r="A1"><v>1</v></c></row>')),
    "a row far below": ("a.xlsx", _sheet('<row r="999999999999"><c><v>1</v></c></row>')),
    "a cell far to the right": ("a.xlsx", _sheet('<row r="1"><c r="ZZZ1"><v>1</v></c></row>')),
    "a cell nowhere": ("a.xlsx", _sheet('<row r="1"><c r="%%%"><v>1</v></c></row>')),
    "a string that is not there": (
        "a.xlsx",
        _sheet('<row r="1"><c r="A1" t="s"><v>-1</v></c><c r="B1" t="s"><v>9e9</v></c></row>'),
    ),
    "a number without end": (
        "a.xlsx",
        _sheet(f'<row r="1"><c r="A1"><v>1e{"9" * 99}</v></c></row>'),
    ),
    "half letters": ("a.xlsx", _sheet(CELL.format("_xD800_&#xFFFE;"))),
    "a formula": ("a.xlsx", make_xlsx([["external_userid"], ["=cmd|' /C calc'!A0"]])),
    "a formula as text": ("a.csv", b"external_userid\n=cmd|' /C calc'!A0\n@SUM(1)\n+1\n-1\n"),
    "CSV and page": ("a.csv", b"external_userid\n" + SCRIPT),
    "NUL": ("a.csv", b"external_userid\n\0\0\n"),
    "a quote that does not end": ("a.csv", b'external_userid\n"' + b"a\n" * 3000),
    "a line without end": ("a.csv", b"a" * 900_000),
    "columns without end": ("a.csv", b"," * 900_000),
    "lines without end": ("a.csv", b"\n" * 900_000),
    "quotes alone": ("a.csv", b'"' * 99_999),
    "UTF-7": ("a.csv", b"external_userid\n+ADw-script+AD4-\n"),
    "UTF-16 that does not say so": ("a.csv", "external_userid\nwm".encode("utf-16-le")),
    "UTF-32": ("a.csv", "external_userid\nwm".encode("utf-32")),
    "half of UTF-16": ("a.csv", b"\xff\xfea"),
    "half letters of UTF-16": ("a.csv", b"\xff\xfe\x00\xd8a\0"),
    "a picture": ("a.csv", SMALL),
    "a picture that is an archive": ("a.xlsx", SMALL + GOOD),
    "a name of another kind": ("a.csv.html", b"external_userid\nwm"),
    "a name that leads away": ("../../a.csv", b"external_userid\nwm"),
    "a name of two lines": ("a\r\nX-Evil: 1.csv", b"external_userid\nwm"),
}
