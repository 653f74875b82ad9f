"""A member at the sidebar, as his WeCom would be: sign in, look at a card, tap a stage."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

import requests

from app.cli.demo.plot import Move
from app.outbox import customer_path

SECONDS = 10.0
# The sandbox signs in whom this cookie names, as WeCom's client does without asking.
CLIENT_COOKIE = "sandbox_member"
FORM = "stage-form"
FRAGMENT = {"HX-Request": "true"}


class StageNotMoved(Exception):
    """The sidebar did not take it; the text says what it answered."""


class SidebarVisits:
    """The members' clients, one each, at the front of the sandbox."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._clients: dict[str, requests.Session] = {}

    def move(self, move: Move) -> None:
        """Open the customer's card and tap the stage; sign in first where that is asked for.

        Raises:
            StageNotMoved: the card has no such stage, or the answer is no.
        """
        client = self._client(move.userid)
        page = f"{self._address}{customer_path(move.external_userid)}"
        form = _Form()
        form.feed(self._card(client, page))
        if move.stage not in form.stages:
            raise StageNotMoved(f"no stage to tap on the card that came: {sorted(form.stages)}")
        values = form.values | {"to": form.stages[move.stage]}
        _text(client.post(f"{page}/stage", data=values, headers=FRAGMENT, timeout=SECONDS))

    def _card(self, client: requests.Session, page: str) -> str:
        """Read the card as the frame does; whoever is not signed in opens the page, and is then."""
        card = client.get(page, headers=FRAGMENT, timeout=SECONDS)
        if card.status_code == requests.codes.unauthorized:
            card = client.get(page, timeout=SECONDS)
        return _text(card)

    def _client(self, userid: str) -> requests.Session:
        if userid not in self._clients:
            client = self._clients[userid] = requests.Session()
            # Nobody's proxy leads to this machine.
            client.trust_env = False
            client.cookies.set(CLIENT_COOKIE, userid, path="/")
        return self._clients[userid]


@dataclass
class _Open:
    """The stage whose name is being read."""

    value: str = ""
    name: list[str] = field(default_factory=list)


class _Form(HTMLParser):
    """The form of the stages in a card: its hidden values, and what each stage's button sends."""

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, str] = {}
        self.stages: dict[str, str] = {}
        self._inside = False
        self._open: _Open | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take the form's inputs and begin its buttons."""
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._inside = given.get("id") == FORM
        elif self._inside and tag == "input":
            self.values[given["name"]] = given["value"]
        elif self._inside and tag == "button":
            self._open = _Open(given["value"])

    def handle_data(self, data: str) -> None:
        """Take a button's text."""
        if self._open:
            self._open.name.append(data)

    def handle_endtag(self, tag: str) -> None:
        """End a button, or the form."""
        if tag == "button" and self._open:
            self.stages["".join(self._open.name).strip()] = self._open.value
            self._open = None
        elif tag == "form":
            self._inside = False


def _text(answer: requests.Response) -> str:
    if not answer.ok:
        raise StageNotMoved(f"{answer.request.method} {answer.status_code}")
    return answer.text
