"""Requests that no browser of ours sends, drawn by lot: a seed and a number make one, every time.

Two kinds are mixed: what the pages offer, bent in a few places, and any rule of the application
with any names that its code and its templates know.
"""

import json
import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from urllib.parse import quote

from werkzeug.datastructures import Headers

from app.admin.pages import PAGES
from app.admin.views import CHOOSE
from sidebar.panels import BOARDS
from tests.attack.corpora.values import HEADERS, VALUES
from tests.attack.offers import Asking
from tests.attack.town import ADMIN, SIDEBAR

ROOT = Path(__file__).parents[2]
# Where the names of fields stand: what the code asks for, and what the forms hold.
NAMED = re.compile(r"""(?:\.get(?:list)?\(|form\[|args\[|\bname=)["']([\w-]{1,30})["']""")
METHODS = ("GET", "GET", "GET", "POST", "POST", "POST", "POST", "PUT", "DELETE", "PATCH", "HEAD")
KINDS = (
    "application/x-www-form-urlencoded",
    "application/json",
    "multipart/form-data; boundary=here",
    "multipart/form-data",
    "text/plain",
    "application/xml",
    "application/x-www-form-urlencoded; charset=utf-16",
    "",
)
BOUNDARY = "here"
FORM = "Content-Type", KINDS[0]
MOST_FIELDS = 8
# Besides panels and pages, by the names that are known there.
OTHERS = {
    "code state url": (
        *("/sidebar", "/sidebar/", "/sidebar/signed-in", "/sidebar/jssdk/signatures"),
        *("/sidebar/{}", "/sidebar/{}/{}", "/sidebar/customers/{}/{}/{}", "/sidebar/groups/{}/{}"),
    ),
    "code state next link f": (
        *("/admin", "/admin/", "/admin/sign-in", "/admin/sign-in/wecom", "/admin/signed-in"),
        *("/admin/sign-in/link", "/admin/prove", "/admin/sign-out", "/admin/{}", "/admin/{}/{}"),
    ),
    "msg_signature timestamp nonce echostr v": (
        *("/static/{}", "/static/{}/{}", "/callbacks/app", "/callbacks/{}", "/WW_verify_{}.txt"),
        *("/healthz", "/readyz", "/metrics", "/{}"),
    ),
}


@dataclass(frozen=True)
class Lot:
    """One request, of which the sender adds only who he is. `is_token_given`: the good one."""

    number: int
    who: str
    method: str
    address: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    is_token_given: bool = True


@dataclass
class Known:
    """What a lot is made of: what the pages offer, and values that mean something here."""

    offered: Mapping[str, list[Asking]]
    rules: list[tuple[str, str]]
    ids: list[str] = field(default_factory=list)


def draw(known: Known, seed: int, number: int, seats: tuple[str, ...]) -> Lot:
    """Draw the request of this number."""
    chance = random.Random(f"{seed}:{number}")
    who = chance.choice(seats)
    offered = known.offered.get(who, [])
    if offered and chance.random() < 0.6:
        asking = chance.choice(offered)
        method = asking.method if chance.random() < 0.9 else chance.choice(METHODS)
        query = list(_bent(chance, known, asking.query))
        form = list(_bent(chance, known, asking.form))
        path = _bent_path(chance, known, asking.path)
    else:
        rule, names = chance.choice(known.rules)
        method, path = chance.choice(METHODS), _filled(chance, known, rule)
        query = [_field(chance, known, names) for _ in range(chance.randrange(4))]
        form = [_field(chance, known, names) for _ in range(chance.randrange(MOST_FIELDS))]
    headers, body = _body(chance, method, form)
    return Lot(
        number=number,
        who=who,
        method=method,
        address=path + ("?" + _encoded(chance, query) if query else ""),
        headers=(*headers, *_headers(chance)),
        body=body,
        is_token_given=chance.random() < 0.95,
    )


def names_of(page: str) -> str:
    """Return the names that a page or panel knows, joined: every one of them once."""
    return " ".join(_names()[page])


def list_rules() -> Iterator[tuple[str, str]]:
    """Yield every address, with the place for what is drawn as {}, and the names known there."""
    for board, panels in BOARDS.items():
        for panel in panels:
            names = names_of(f"sidebar/panels/{panel.name}")
            for below in ("", *panel.actions, *panel.parts, *panel.files):
                yield f"/sidebar/{board}/{{}}/{panel.name}/{below}".rstrip("/"), names
    for page in PAGES:
        names = names_of(f"app/admin/pages/{page.name}")
        for below in ("", CHOOSE, *page.parts, *page.actions):
            yield f"{page.path}/{below}".rstrip("/"), names
    yield from ((rule, names) for names, rules in OTHERS.items() for rule in rules)


@cache
def _names() -> dict[str, list[str]]:
    found: dict[str, set[str]] = {}
    for place in ("sidebar/panels", "app/admin/pages"):
        for file in sorted((ROOT / place).rglob("*")):
            if file.suffix in {".py", ".html"} and file.parent != ROOT / place:
                text = file.read_text(encoding="utf-8")
                page = f"{place}/{file.relative_to(ROOT / place).parts[0]}"
                found.setdefault(page, set()).update(NAMED.findall(text))
    # Scripts and materials are the library's two shelves.
    for shelf in ("scripts", "materials"):
        found[f"sidebar/panels/{shelf}"] = found["sidebar/panels/library"]
    return {page: sorted(names | {"f", "q", "page"}) for page, names in found.items()}


def _value(chance: random.Random, known: Known) -> str:
    return chance.choice(known.ids) if chance.random() < 0.4 else chance.choice(VALUES)


def _field(chance: random.Random, known: Known, names: str) -> tuple[str, str]:
    name = chance.choice(names.split()) if chance.random() < 0.95 else chance.choice(VALUES)
    return name, _value(chance, known)


def _bent(
    chance: random.Random, known: Known, fields: tuple[tuple[str, str], ...]
) -> Iterator[tuple[str, str]]:
    """Yield the fields, one or two of them changed, left out or doubled."""
    touched = {chance.randrange(len(fields)) for _ in range(chance.randrange(3))} if fields else ()
    for at, (name, value) in enumerate(fields):
        if at not in touched:
            yield name, value
            continue
        yield from chance.choice(
            (
                [(name, _value(chance, known))],
                [(name, _value(chance, known))],
                [(name, value + chance.choice(VALUES))],
                [(name, value[: len(value) // 2])],
                [(name, value), (name, _value(chance, known))],
                [(f"{name}[]", value)],
                [],
            )
        )


def _bent_path(chance: random.Random, known: Known, path: str) -> str:
    if chance.random() < 0.8:
        return path
    parts = path.split("/")
    parts[chance.randrange(1, len(parts))] = _quoted(_value(chance, known))
    return "/".join(parts)


def _filled(chance: random.Random, known: Known, rule: str) -> str:
    while "{}" in rule:
        rule = rule.replace("{}", _quoted(_value(chance, known)), 1)
    return rule


def _encoded(chance: random.Random, fields: list[tuple[str, str]]) -> str:
    """Encode them as a browser does, or hardly at all."""
    safe = "" if chance.random() < 0.9 else "/?:@!$'()*+,;=[]%"
    text = "&".join(f"{_quoted(name, safe)}={_quoted(value, safe)}" for name, value in fields)
    return text.replace("=", chance.choice(("", "==", "=%ff", "=%")), 1) if not safe else text


def _quoted(text: str, safe: str = "") -> str:
    """Write a text for an address, half a letter too."""
    return quote(text, safe=safe, errors="surrogatepass")


def _body(
    chance: random.Random, method: str, form: list[tuple[str, str]]
) -> tuple[list[tuple[str, str]], bytes]:
    if method in {"GET", "HEAD"} and chance.random() < 0.95:
        return [], b""
    kind = KINDS[0] if chance.random() < 0.6 else chance.choice(KINDS)
    if kind == "application/json" and chance.random() < 0.8:
        return [("Content-Type", kind)], _json(chance, form)
    if BOUNDARY in kind:
        return [("Content-Type", kind)], _parts(chance, form)
    if chance.random() < 0.1:
        return [("Content-Type", kind)], chance.randbytes(chance.randrange(300))
    return [("Content-Type", kind)], encoded(form)


def encoded(form: list[tuple[str, str]]) -> bytes:
    """Write a form as a browser does."""
    return "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in form).encode()


def _json(chance: random.Random, form: list[tuple[str, str]]) -> bytes:
    given = dict(form) | {"url": chance.choice(VALUES)}
    ways = (
        json.dumps(given),
        json.dumps(given)[:-1],
        json.dumps(list(given.values())),
        '{"url": ' * 500,
        '{"url": 1e999}',
        '{"url": "\\ud800"}',
        "null",
        '"\\u0000"',
        "[" * 5000,
    )
    return chance.choice(ways).encode(errors="surrogatepass")


def _parts(chance: random.Random, form: list[tuple[str, str]]) -> bytes:
    """Write a multipart form, whose last field may be a file and whose end may be missing."""
    pieces = []
    for at, (name, value) in enumerate(form):
        is_file = at == len(form) - 1 and chance.random() < 0.5
        more = f'; filename="{_quoted(chance.choice(VALUES))}"' if is_file else ""
        data = value.encode(errors="surrogatepass")
        head = (
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{_quoted(name)}"{more}\r\n\r\n'
        )
        pieces.append(head.encode() + data + b"\r\n")
    end = f"--{BOUNDARY}--\r\n".encode() if chance.random() < 0.9 else b""
    return b"".join(pieces) + end


def _headers(chance: random.Random) -> Iterator[tuple[str, str]]:
    if chance.random() < 0.5:
        yield "HX-Request", "true"
    for _ in range(chance.randrange(3)):
        name, values = chance.choice(HEADERS)
        yield name, chance.choice(values)


def with_headers(lot: Lot, more: Mapping[str, str]) -> Headers:
    """Return all headers of a request; what is drawn wins over what every browser sends."""
    headers = Headers(list(more.items()))
    for name, value in lot.headers:
        headers[name] = value
    return headers


__all__ = ["ADMIN", "SIDEBAR", "Known", "Lot", "draw", "list_rules", "with_headers"]
