"""A customer's package: one page to be read and one file of JSON with the same, in a ZIP.

Both are written as the rows are read, a few at a time, into a file that lies on the disk once it is
larger than a few megabytes.
"""

import json
from collections.abc import Iterator
from tempfile import SpooledTemporaryFile
from typing import IO
from zipfile import ZIP_DEFLATED, ZipFile

from markupsafe import Markup

from app import clock
from app.customers.models import Customer
from app.i18n import N_, _, spoken
from app.personal import Holding, Reader
from app.privacy.reading import in_reading_order

IN_MEMORY = 4 * 1024 * 1024
PAGE, DATA = N_("客户资料.html"), "data.json"
STYLE = """
body { margin: 2rem auto; max-width: 60rem; padding: 0 1rem; color: #1f2329; background: #fff;
  font: 1rem/1.6 system-ui, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin: 2rem 0 .25rem; }
.note { color: #4a5058; margin: 0 0 .5rem; }
dl { display: grid; grid-template-columns: 10rem 1fr; gap: .1rem 1rem; margin: 0;
  padding: .6rem 0; border-top: 1px solid #d5d9de; break-inside: avoid; }
dt { color: #4a5058; } dd { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; }
@page { margin: 18mm; }
@media print { body { margin: 0; max-width: none; font-size: 10pt; } h2 { break-after: avoid; } }
@media (max-width: 40rem) { dl { grid-template-columns: 1fr; } }
"""


def write_package(reader: Reader, customer: Customer) -> IO[bytes]:
    """Write everything that is held about a customer; the file stands at its beginning."""
    made: IO[bytes] = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 -- it is handed on
    with ZipFile(made, "w", ZIP_DEFLATED) as package:
        with package.open(_(PAGE), "w") as page:
            for text in _page(reader, customer):
                page.write(text.encode())
        with package.open(DATA, "w") as data:
            for text in _data(reader, customer):
                data.write(text.encode())
    made.seek(0)
    return made


def _page(reader: Reader, customer: Customer) -> Iterator[str]:
    title = _("关于「{name}」的资料", name=customer.name or customer.external_userid)
    yield Markup(
        '<!doctype html>\n<html lang="{}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        "<title>{}</title>\n<style>"
    ).format({"zh": "zh-CN"}.get(spoken(), spoken()), title)
    yield STYLE
    yield Markup('</style>\n</head>\n<body>\n<main>\n<h1>{}</h1>\n<p class="note">{}</p>\n').format(
        title, _made(reader)
    )
    for holding in in_reading_order():
        yield from _section(reader, holding, customer.external_userid)
    yield "</main>\n</body>\n</html>\n"


def _made(reader: Reader) -> str:
    return _(
        "{when} 由伴客导出。手机号码没有遮盖，请妥善保管。",
        when=reader.word(clock.utcnow())[: len("2026-11-30 10:00")],
    )


def _section(reader: Reader, holding: Holding, external_userid: str) -> Iterator[str]:
    is_empty = True
    for row in holding.read(reader, external_userid):
        if is_empty:
            yield Markup('<section>\n<h2>{}</h2>\n<p class="note">{}</p>\n').format(
                _(holding.title), _(holding.purpose)
            )
            is_empty = False
        lines = [
            Markup("<dt>{}</dt><dd>{}</dd>").format(_(heading), text)
            for heading, text in holding.tell(reader, row).items()
        ]
        yield Markup("<dl>{}</dl>\n").format(Markup("").join(lines))
    if not is_empty:
        yield "</section>\n"


def _data(reader: Reader, customer: Customer) -> Iterator[str]:
    about = {"external_userid": customer.external_userid, "name": customer.name}
    made = reader.word(clock.utcnow())
    yield f'{{"made_at": {_json(made)},\n"customer": {_json(about)},\n"holdings": ['
    for number, holding in enumerate(in_reading_order()):
        yield ",\n" if number else "\n"
        table, title = _json(holding.table.__tablename__), _json(_(holding.title))
        yield f'{{"table": {table}, "title": {title}, "rows": ['
        for place, row in enumerate(holding.read(reader, customer.external_userid)):
            said = {_(heading): text for heading, text in holding.tell(reader, row).items()}
            yield (",\n" if place else "\n") + _json(said)
        yield "]}"
    yield "\n]}\n"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
