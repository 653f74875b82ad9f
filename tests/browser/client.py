"""The sandbox's page as a person uses it: chats, phone, notices, faults, sidebar."""

from typing import Self

from playwright.sync_api import Frame, FrameLocator, Locator, Page, expect

from app.outbox import customer_path
from app.sandbox.ledger import Ledger
from app.sandbox.world import Relation
from tests.browser.watching import Browsing
from tests.deployment import Deployment

WIDE = 1280


class ChatClient:
    """One member's window of the sandbox."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.chats = page.locator("[data-hook=chat]")
        self.opened = page.locator("[data-hook=chat][aria-current=true]")
        self.messages = page.locator("#messages")
        self.phone = page.locator("[data-hook=phone-screen]")
        self.notices = page.locator("[data-hook=chat][data-kind=notices]")
        self.sheet = page.locator("#sheet")
        self.toasts = page.locator("#toasts")

    @classmethod
    def of(
        cls,
        open_page: Browsing,
        stage: Deployment,
        *,
        userid: str = "zhaoyi",
        customer: str = "",
        width: int = WIDE,
        dark: bool = False,
    ) -> Self:
        """Open the page as this member, beside this customer if one is named."""
        cookies = {"sandbox_member": userid, "sandbox_theme": "dark" if dark else "light"}
        chat = f"&chat=customer/{customer}" if customer else ""
        url = f"{stage.front}/?as={userid}{chat}"
        client = cls(open_page(url, width=width, dark=dark, cookies=cookies))
        expect(client.page.locator("body[data-ready]")).to_be_attached()
        return client

    @property
    def userid(self) -> str:
        """Who plays."""
        return self.page.locator("#member").input_value()

    @property
    def sidebar(self) -> FrameLocator:
        """What is in the frame beside the chat."""
        return self.page.frame_locator("[data-hook=sidebar]")

    @property
    def frame(self) -> Frame:
        """The frame itself."""
        element = self.page.locator("[data-hook=sidebar]").element_handle()
        frame = element.content_frame()
        assert frame
        return frame

    @property
    def panel(self) -> Locator:
        """The sidebar's panel: a card, a problem, or the wait for one."""
        return self.sidebar.locator("#panel, .bk-sorry")

    def button(self, hook: str) -> Locator:
        """Return a button of the page by its hook."""
        return self.page.locator(f"button[data-hook={hook}]")

    def scan(self, name: str, *, channel: str = "门店海报") -> None:
        """Let a new customer scan the code of the member who plays."""
        self.button("scan").click()
        self.sheet.locator("[name=name]").fill(name)
        self.sheet.locator("[name=state]").select_option(channel)
        self.button("sheet-done").click()

    def open(self, name: str) -> None:
        """Open a chat by the name that the list shows."""
        self.chats.filter(has_text=name).click()

    def reload(self) -> None:
        """Load the sidebar anew, as a member does by opening the chat again."""
        self.page.locator("#side-reload").click()

    def stage(self, name: str) -> Locator:
        """Return the button of a stage on the card."""
        return self.sidebar.get_by_role("button", name=name, exact=True)

    def timeline(self) -> Locator:
        """Return the lines of the timeline, newest first."""
        return self.sidebar.locator(".bk-entry__text")

    def turn(self, fault: str, *, on: bool) -> None:
        """Switch a fault on or off with its button."""
        switch = self.page.locator(f"[data-hook=fault][data-name={fault}]")
        if not switch.is_visible():
            self.button("tab-faults").click()
        switch.click()
        expect(switch).to_have_attribute("aria-checked", str(on).lower())


def card_address(stage: Deployment, external_userid: str) -> str:
    """Return the address of a customer's card, as an alert names it."""
    return f"{stage.front}{customer_path(external_userid)}"


def newcomer(stage: Deployment, name: str, *, userid: str = "zhaoyi", state: str = "") -> str:
    """Let a customer come and be greeted, and return who he is."""
    customer = stage.box.people.customer_scans(userid, name=name, state=state).external_userid

    def is_greeted(ledger: Ledger) -> bool:
        return bool(ledger.accepted_welcomes(external_userid=customer))

    stage.box.ledger.wait_for(is_greeted)
    settle(stage)
    return customer


def unheard_of(stage: Deployment, name: str, *, userid: str = "zhaoyi") -> str:
    """Give a member a customer from before the server's time: it has to ask WeCom for him."""
    box = stage.box
    with box.world.lock:
        customer = box.people.new_customer(name).external_userid
        made = box.clock.unix()
        relation = Relation(userid, customer, bond="both", createtime=made, chatted=True)
        box.world.add_relation(relation)
    box.people.talk(userid, customer, by="customer", text="在吗？")
    return customer


def settle(stage: Deployment) -> None:
    """Wait until every callback so far has come and is worked."""
    stage.box.delivery.wait_idle()
    stage.wait_worked()
