"""A member at the sidebar, as his WeCom would be: sign in, look at a card, do what is planned."""

import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import parse_qs, urlsplit

import requests

from app.cli.demo.visit import Move, Typed, Visit, Written
from app.outbox import customer_path

SECONDS = 10.0
# The sandbox signs in whom this cookie names, as WeCom's client does without asking.
CLIENT_COOKIE = "sandbox_member"
AGENT = "wxwork/5.0.11 MicroMessenger/7.0.1 Language/zh"
FRAGMENT = {"HX-Request": "true"}
# What was prepared is told to the page's script; only with its key does it count as sent.
PREPARED = re.compile(r'"key": "([^"]+)"')
CSRF, NOTES, DONE, STAGE_NOTE = "csrf_token", "follow_ups", "完成", "/stage-note"


class VisitFailed(Exception):
    """The sidebar did not take it; the text says what it answered."""


class SidebarDesk:
    """A member's client at the server's address, for as long as a sign-in lasts."""

    def __init__(self, server: str, userid: str) -> None:
        self._client = _Client(server, userid)

    def pay(self, visit: Visit) -> None:
        """Open the customer's card and do it all.

        Raises:
            VisitFailed: a page lacks what it takes, or an answer is no. What comes after that is
                not done.
        """
        client, who = self._client, visit.external_userid
        if visit.done:
            client.press(client.read(customer_path(who, NOTES)), DONE)
        on_profile = visit.moves or visit.fields or visit.lost or visit.consent
        if on_profile or not client.is_signed_in:
            _see_to_profile(client, client.read(customer_path(who)), visit)
        for shelf, title in visit.sent:
            _send(client, customer_path(who, shelf), title)
        for written in visit.notes:
            _write(client, customer_path(who, NOTES), written)


def _see_to_profile(client: "_Client", card: "_Page", visit: Visit) -> None:
    for move in visit.moves:
        _move(client, card, move)
    for name, typed in visit.fields.items():
        _fill(client, card, name, typed)
    if visit.lost:
        client.press(card, visit.lost.reason, {"note": visit.lost.note})
    if visit.consent:
        answer = _Page.of(client.press(card, visit.consent.answer))
        if visit.consent.way:
            client.press(answer, visit.consent.way)


def _move(client: "_Client", card: "_Page", move: Move) -> None:
    answer = client.press(card, move.stage)
    if move.said:
        forms = _Page.of(answer).forms
        form = next((one for one in forms if one.action.endswith(STAGE_NOTE)), None)
        if form is None:
            raise VisitFailed(f"nothing can be added to {move.stage}")
        client.post(form.action, form.values | dict(move.said))


def _fill(client: "_Client", card: "_Page", name: str, typed: Typed) -> None:
    path, field_id = card.follow(name, "field")
    chosen = {f"option-{n}": one for n, one in enumerate(typed)}
    values = {"text": typed} if isinstance(typed, str) else chosen
    # Nobody has touched it: each field of the demo is filled once.
    client.post(f"{path}/field", values | {"field": field_id, "seen": "0"})


def _send(client: "_Client", shelf: str, title: str) -> None:
    """Count it as sent; that it stands in the chat is for the sandbox to see to."""
    path, item_id = client.read(f"{shelf}?tab=corp").follow(title, "item")
    prepared = client.post(f"{path}/prepare", {"item": item_id})
    key = PREPARED.search(prepared)
    if key is None:
        raise VisitFailed(f"{title} was not prepared")
    client.post(f"{path}/sent", {"item": item_id, "parts": "1", "key": key[1]})


def _write(client: "_Client", panel: str, written: Written) -> None:
    values = {"text": written.text, "key": secrets.token_hex(8)}
    if written.remind_at:
        values |= {"when": "own", "at": f"{written.remind_at:%Y-%m-%dT%H:%M}"}
    client.post(f"{panel}/record", values)


class _Client:
    """What talks to the server. The CSRF token of its session stands on every page it has read."""

    def __init__(self, server: str, userid: str) -> None:
        self._server = server
        self._token = ""
        self._http = requests.Session()
        self._http.headers["User-Agent"] = AGENT
        # Nobody's proxy leads to this machine.
        self._http.trust_env = False
        self._http.cookies.set(CLIENT_COOKIE, userid, path="/")

    @property
    def is_signed_in(self) -> bool:
        """Whether a page has been read."""
        return bool(self._token)

    def read(self, path: str) -> "_Page":
        """Read a page: the first one whole, which signs him in, another one as the frame does."""
        headers = FRAGMENT if self.is_signed_in else None
        answer = self._http.get(f"{self._server}{path}", headers=headers, timeout=SECONDS)
        page = _Page.of(_text(answer))
        tokens = (form.values.get(CSRF, "") for form in page.forms)
        self._token = next(filter(None, tokens), self._token)
        return page

    def press(self, page: "_Page", button: str, also: Mapping[str, str] | None = None) -> str:
        """Press a button, with more values than it brings; return the answer."""
        for form in page.forms:
            if button in form.buttons:
                name, value = form.buttons[button]
                return self.post(form.action, form.values | {name: value} | dict(also or {}))
        raise VisitFailed(f"no button {button} on the page that came")

    def post(self, path: str, values: Mapping[str, str]) -> str:
        """Send a form; return the answer."""
        given = {CSRF: self._token} | dict(values)
        url = f"{self._server}{path}"
        return _text(self._http.post(url, data=given, headers=FRAGMENT, timeout=SECONDS))


@dataclass
class _Form:
    """A form: where it goes, its hidden values, and what each of its buttons adds, by its text."""

    action: str
    values: dict[str, str] = field(default_factory=dict)
    buttons: dict[str, tuple[str, str]] = field(default_factory=dict)


class _Page(HTMLParser):
    """A page or a piece of one: its forms, and its links by the text that they begin with."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[_Form] = []
        self.links: dict[str, str] = {}
        self._form: _Form | None = None
        # What takes the text that comes next.
        self._named: Callable[[str], object] | None = None

    @classmethod
    def of(cls, html: str) -> "_Page":
        """Read it."""
        page = cls()
        page.feed(html)
        return page

    def follow(self, link: str, name: str) -> tuple[str, str]:
        """Return whereto a link leads, up to its last part, and one value of its query."""
        parts = urlsplit(self.links.get(link, ""))
        values: Sequence[str] = parse_qs(parts.query).get(name, ())
        if not values:
            raise VisitFailed(f"no link {link} on the page that came")
        return parts.path.rpartition("/")[0], values[0]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a form, take what stands in it, or begin a link."""
        given = {name: value or "" for name, value in attrs}
        form = self._form
        if tag == "form":
            self._form = _Form(given.get("action", ""))
            self.forms.append(self._form)
        elif form and tag == "input" and given.get("type") == "hidden":
            form.values[given["name"]] = given["value"]
        elif form and tag == "button" and "name" in given:
            value = given["name"], given["value"]
            self._named = lambda text: form.buttons.setdefault(text, value)
        elif tag == "a" and "href" in given:
            self._named = lambda text: self.links.setdefault(text, given["href"])

    def handle_data(self, data: str) -> None:
        """Take the text that a button or a link begins with."""
        text = data.strip()
        if self._named and text:
            self._named(text)
            self._named = None

    def handle_endtag(self, tag: str) -> None:
        """End a form."""
        if tag == "form":
            self._form = None


def _text(answer: requests.Response) -> str:
    if not answer.ok:
        raise VisitFailed(f"{answer.request.method} {answer.status_code}")
    return answer.text
