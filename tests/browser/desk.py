"""A member beside a chat with a shelf of the library before him, and a client that hesitates."""

from time import monotonic
from typing import Self

from playwright.sync_api import Locator, Route, expect

from tests.browser.client import ChatClient, newcomer
from tests.browser.watching import SECONDS, Browsing
from tests.deployment import Deployment

SEND = "**/sandbox/api/bridge/sendChatMessage"


class Desk(ChatClient):
    """A member beside a chat, with a shelf of the corp's before him."""

    @classmethod
    def newcomer(
        cls, open_page: Browsing, stage: Deployment, name: str, *, shelf: str = "scripts"
    ) -> Self:
        """Let a customer come and open the chat with him, a shelf beside it."""
        client = cls.of(open_page, stage, customer=newcomer(stage, name))
        client.take(shelf)
        return client

    def take(self, shelf: str) -> None:
        """Go to a shelf, and there to what is the corp's."""
        expect(self.sidebar.locator("#panel .bk-profile")).to_be_visible()
        self.sidebar.locator(f".bk-tabs:not([hidden]) [data-panel={shelf}]").click()
        self.sidebar.get_by_role("link", name="企业", exact=True).click()
        expect(self.sidebar.locator("#tab-corp")).to_have_attribute("aria-current", "true")

    def item(self, title: str) -> Locator:
        """Return an item in the list."""
        return self.sidebar.locator(".bk-item").filter(has_text=title)

    def send(self, title: str) -> Locator:
        """Press an item's button and return it."""
        button = self.item(title).locator(".bk-send")
        # One that cannot send now says why; any other is pressed when it stands still.
        button.click(force=button.is_disabled())
        return button

    def said(self, *texts: str) -> None:
        """Expect these to be the last things that were said in the chat."""
        bubbles = self.messages.locator("[data-from=member] .bubble")
        expect(bubbles.last).to_have_text(texts[-1])
        assert bubbles.all_inner_texts()[-len(texts) :] == list(texts)

    def count(self) -> int:
        """Count what the chat shows of the member."""
        return self.messages.locator("[data-from=member]").count()

    def answer(self, err_msg: str) -> None:
        """Let the client answer so to whatever is to be sent."""
        self.page.route(SEND, lambda route: route.fulfill(json={"err_msg": err_msg}))

    def toast(self) -> Locator:
        """Return where the sidebar says what was done."""
        return self.sidebar.locator("#toast")


class Hold:
    """The client does not answer to what has this text, until the test does."""

    def __init__(self, desk: Desk, text: str) -> None:
        self._page, self._text = desk.page, text
        self.routes: list[Route] = []
        desk.page.route(SEND, self._work)

    def reached(self) -> Route:
        """Return what waits for an answer as soon as something does. Raises: TimeoutError."""
        end = monotonic() + SECONDS
        while not self.routes:
            if monotonic() > end:
                raise TimeoutError(f"nothing with {self._text} was sent within {SECONDS} s")
            # Playwright's own wait: only in it are requests handed over.
            self._page.wait_for_timeout(20)
        return self.routes[0]

    def _work(self, route: Route) -> None:
        if self._text in str(route.request.post_data_json):
            self.routes.append(route)
        else:
            route.continue_()
