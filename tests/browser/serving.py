"""A customer's card of the application alone, served to a browser, without the sandbox."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from flask import Flask
from playwright.sync_api import Error, Page
from werkzeug.serving import WSGIRequestHandler, make_server

from app.db import Database
from sidebar.session import MEMBER_COOKIE
from tests.browser.watching import Browsing
from tests.sidebar.browser import CLIENT
from tests.sidebar.cards import PATH, Card, card_of


@dataclass(frozen=True)
class Shown:
    """A card, and what opens it in a browser."""

    card: Card
    open: Callable[..., Page]


@contextmanager
def serve_card(
    app: Flask, db: Database, open_page: Browsing, *, userid: str = "zhaoyi"
) -> Iterator[Shown]:
    """Serve the application and give this member's card in it."""
    card = card_of(app, db, userid)
    cookie = card.client.get_cookie(MEMBER_COOKIE)
    assert cookie
    with serve(app) as address:
        opened: list[Page] = []

        def open_card(*, dark: bool = False, width: int = 360, motion: bool = False) -> Page:
            agent = CLIENT.replace("Light", "Dark") if dark else CLIENT
            cookies = {MEMBER_COOKIE: cookie.value}
            page = open_page(
                address + PATH, user_agent=agent, cookies=cookies, width=width, motion=motion
            )
            opened.append(page)
            return page

        yield Shown(card, open_card)
        # What they still ask for would be a fault once nobody answers.
        for page in opened:
            with suppress(Error):
                page.wait_for_load_state()


class _Quiet(WSGIRequestHandler):
    """Says nothing of what is asked for: our own servers keep no queries, this one would."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


@contextmanager
def serve(app: Flask) -> Iterator[str]:
    """Serve the application and give its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    app.extensions["banke_runtime"].db.close()
