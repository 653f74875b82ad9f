"""A shelf of the library in a test: read and posted as a browser does, answers taken apart."""

import html
import json
import re
from typing import Any

from werkzeug.test import TestResponse

from sidebar.session import CSRF_HEADER
from tests.sidebar.cards import LI, Card, Page, card_of
from tests.sidebar.shelves import keep

BOARD = f"/sidebar/customers/{LI}"
GROUP = "/sidebar/groups/wr1"
AGENT = {"User-Agent": "Mozilla/5.0 wxwork/5.0.11 MicroMessenger/7.0.1 Language/zh"}


class Shelf:
    """A member before a shelf."""

    def __init__(self, card: Card, *, path: str = f"{BOARD}/scripts") -> None:
        self.card, self.path, self.db = card, path, card.db

    def get(self, place: str = "", *, htmx: bool = True) -> TestResponse:
        headers = {"HX-Request": "true"} if htmx else {}
        return self.card.client.get(self.path + place, headers=headers | AGENT)

    def post(self, action: str, **form: int | str) -> TestResponse:
        headers = {"HX-Request": "true", CSRF_HEADER: self.card.csrf} | AGENT
        return self.card.client.post(f"{self.path}/{action}", data=form, headers=headers)

    def titles(self, query: str = "") -> list[str]:
        """Return the titles of the items that are listed."""
        return re.findall(
            r'class="bk-item__open".*?<bdi>(.*?)</bdi>', self.get(f"/list{query}").text
        )

    def keep(self, title: str, *parts: Any, **more: Any) -> int:
        with self.db.write() as session:
            return keep(session, title, *parts, **more)


def of(shelf: Shelf, userid: str) -> Shelf:
    """Return the same shelf before another member."""
    return Shelf(card_of(shelf.card.client.application, shelf.db, userid), path=shelf.path)


def beside(shelf: Shelf, path: str) -> Shelf:
    """Return what else the same member has before him."""
    return Shelf(shelf.card, path=path)


def job_in(response: TestResponse) -> dict[str, Any]:
    """Return what the page is to send."""
    found = re.search(r"data-messages='(.*?)'", response.text)
    assert found, response.text
    job: dict[str, Any] = json.loads(html.unescape(found[1]))
    return job


def told(response: TestResponse) -> str:
    return Page(response.text).text
