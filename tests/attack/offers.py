"""What a page offers: every address and form in it, as a browser would ask for them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

from werkzeug.test import TestResponse

Fields = tuple[tuple[str, str], ...]
TOKEN = "csrf_token"
ASKING = {"hx-get": "GET", "hx-post": "POST"}
# What holds no text of its own: a box that is empty is filled, so that the form is taken.
FILLED = {"text", "search", "textarea"}


@dataclass(frozen=True)
class Asking:
    """One request, as a page offers it. The CSRF token is added when it is sent."""

    method: str
    path: str
    query: Fields = ()
    form: Fields = ()

    @property
    def address(self) -> str:
        """Path and query."""
        return (
            f"{self.path}?{urlencode(self.query, errors='surrogatepass')}"
            if self.query
            else self.path
        )

    @property
    def shape(self) -> tuple[str, str, tuple[str, ...], tuple[str, ...]]:
        """What makes it another request than others: all but the values."""
        names = tuple(sorted({name for name, _ in self.query}))
        return self.method, self.path, names, tuple(sorted({name for name, _ in self.form}))

    def with_value(self, name: str, value: str) -> "Asking":
        """Return it with another value of this name, in its query or form."""
        return replace(
            self, query=_exchanged(self.query, name, value), form=_exchanged(self.form, name, value)
        )


def _exchanged(fields: Fields, name: str, value: str) -> Fields:
    return tuple((key, value if key == name else was) for key, was in fields)


def said_by(answer: TestResponse) -> str:
    """Return all that an answer says, whatever it is."""
    return f"{answer.headers}\n" + str(answer.data, errors="replace")


def offers_of(html: str, *, at: str, typed: str) -> Iterator[Asking]:
    """Yield what a page at this address offers; what is to be typed in is `typed`."""
    reader = _Reader(at, typed)
    reader.feed(html)
    reader.close()
    yield from reader.found()


@dataclass
class _Form:
    fields: list[tuple[str, str]] = field(default_factory=list)
    # (method, address, more fields): the form itself and every button that asks.
    ways: list[tuple[str, str, Fields]] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self, at: str, typed: str) -> None:
        super().__init__(convert_charrefs=True)
        self._at, self._typed = at, typed
        self._outside = _Form()
        self._forms = [self._outside]
        self._inside: _Form | None = None
        self._select = ""

    def found(self) -> Iterator[Asking]:
        for form in self._forms:
            fields = () if form is self._outside else tuple(form.fields)
            for method, address, more in form.ways:
                yield from self._asked(method, address, fields, more)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name.partition(":")[0]: value or "" for name, value in attrs}
        if tag == "form":
            self._inside = _Form()
            self._forms.append(self._inside)
            if "hx-post" not in given and "hx-get" not in given:
                method = given.get("method", "get").upper()
                self._inside.ways.append((method, given.get("action", ""), ()))
        if tag == "a" and "href" in given:
            self._outside.ways.append(("GET", given["href"], ()))
        self._note_asking(given)
        self._note_field(tag, given)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = None
        if tag == "select":
            self._select = ""

    def _note_asking(self, given: dict[str, str]) -> None:
        for attribute, method in ASKING.items():
            if attribute in given:
                more = json.loads(given.get("hx-vals") or "{}")
                own = {given["name"]: given.get("value", "")} if "name" in given else {}
                fields = tuple((name, str(value)) for name, value in {**more, **own}.items())
                form = self._inside or self._outside
                form.ways.append((method, given[attribute], fields))

    def _note_field(self, tag: str, given: dict[str, str]) -> None:
        if self._inside is None:
            return
        name = given.get("name", "")
        if tag == "select":
            self._select = name
        elif tag == "option" and self._select:
            self._inside.fields.append((self._select, given.get("value", "")))
        elif tag == "button" and name:
            for method, address, _ in self._inside.ways[:1]:
                self._inside.ways.append((method, address, ((name, given.get("value", "")),)))
        elif tag in {"input", "textarea"} and name and given.get("type") != "file":
            kind = given.get("type", "text") if tag == "input" else tag
            value = given.get("value", "")
            self._inside.fields.append((name, value or (self._typed if kind in FILLED else "")))

    def _asked(self, method: str, address: str, fields: Fields, more: Fields) -> Iterator[Asking]:
        parts = urlsplit(urljoin(f"http://here{self._at}", address))
        if parts.netloc != "here" or not parts.path.startswith(("/sidebar/", "/admin/")):
            return
        query = tuple(parse_qsl(parts.query, keep_blank_values=True))
        sent = tuple(dict(kept for kept in (*fields, *more) if kept[0] != TOKEN).items())
        if method == "GET":
            yield Asking("GET", parts.path, query + sent)
        else:
            yield Asking("POST", parts.path, query, sent)
