"""A member's browser that goes through the sidebar, noting what is wrong.

Pictures of all that it sees go into the folder that GALLERY names (`make gallery`); else none are
made.
"""

import os
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from flask import Flask
from playwright.sync_api import Page, expect

from sidebar.panels import Panel
from sidebar.session import MEMBER_COOKIE
from tests.browser.watching import Browsing, barriers, sideways
from tests.sidebar.cards import cookie_of

FOLDER = os.environ.get("GALLERY")
AGENT = "Mozilla/5.0 wxwork/5.0.11 MicroMessenger/7.0.1 Language/{}"
WIDTHS = (360, 430)
LOOKS = [(width, dark) for width in WIDTHS for dark in (False, True)]
# What axe looks for does not depend on seventy pixels more; what does is looked for at both.
AXE_AT = WIDTHS[0]
NARROWEST = 320
HEIGHT = 800
PART_LINKS = """all => all.filter(one => one.getAttribute("hx-target") === "#sheet")
  .map(one => one.getAttribute("hx-get"))"""
OPEN = "address => { htmx.ajax('GET', address, { target: '#sheet', swap: 'innerHTML' }); }"
MANY = "all => all.forEach(one => { one.textContent = '999999999'; })"
# What the largest text of WeCom's client does to a page on a phone: texts grow, boxes do not.
LARGE = "160%"
ENLARGE = "size => { document.body.style.webkitTextSizeAdjust = size; }"
# Texts that are cut off, or reach out of what holds them. A line that is shortened on purpose ends
# in an ellipsis, as a clamped text does; what only screen readers get is no text to look at.
# Two characters on two lines are cut off from one another.
CLIPPED = """() => {
  const found = new Set();
  const hides = (way) => way === "hidden" || way === "clip";
  const note = (what, one) => found.add(`${what}: ${one.tagName} ${one.className}`);
  // What asks to be typed in has one line; of one that is a search nothing is lost.
  const pen = document.createElement("canvas").getContext("2d");
  for (const one of document.querySelectorAll("input:placeholder-shown")) {
    const style = getComputedStyle(one, "::placeholder");
    pen.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
    const { paddingLeft, paddingRight, textOverflow } = getComputedStyle(one);
    const room = one.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight);
    const isShort = textOverflow === "ellipsis" && one.type !== "search";
    const isWide = pen.measureText(one.placeholder).width > room + 1;
    if (isWide && !isShort && one.checkVisibility()) note("cut hint", one);
  }
  // A field scrolls.
  const unseen = "input, select, textarea, .bk-unseen, .weui-hidden_abs";
  for (const one of document.querySelectorAll(`body *:not(${unseen})`)) {
    const style = getComputedStyle(one);
    if (style.display === "inline" || !one.checkVisibility()) continue;
    if (style.webkitLineClamp !== "none") continue;
    const isShort = style.textOverflow === "ellipsis";
    const isWide = one.scrollWidth > one.clientWidth + 1;
    const box = one.getBoundingClientRect();
    if (hides(style.overflowY) && one.scrollHeight > one.clientHeight + 1) note("cut below", one);
    if (hides(style.overflowX) && isWide && !isShort) note("cut", one);
    for (const text of one.childNodes) {
      if (text.nodeType !== Node.TEXT_NODE || !text.data.trim()) continue;
      if (box.height < parseFloat(style.lineHeight) - 1) note("too low", one);
      const range = document.createRange();
      range.selectNodeContents(text);
      const lines = new Set([...range.getClientRects()].map(({ top }) => Math.round(top)));
      if (lines.size > 1 && text.data.trim().length <= 2) note("broken", one);
      for (const { left, right } of isShort ? [] : range.getClientRects()) {
        if (left < box.left - 1 || right > box.right + 1) note("reaches out", one);
      }
    }
  }
  return [...found].join(", ");
}"""


class Gallery:
    """Zhaoyi's browser, as on a phone, in Chinese and in English.

    What is wrong with what it sees stands in `found`, by the name of the picture.
    """

    def __init__(self, open_page: Browsing, address: str, app: Flask) -> None:
        self.address = address
        self.found: dict[str, str] = {}
        self._app = app
        self.pages = {
            language: open_page(
                f"{address}/sidebar/no-such-page",
                user_agent=AGENT.format(language),
                language=language,
                mobile=True,
            )
            for language in ("zh", "en")
        }
        self.sign_in("zhaoyi")

    @property
    def page(self) -> Page:
        """The page in Chinese."""
        return self.pages["zh"]

    def sign_in(self, userid: str) -> None:
        """Be this member from now on."""
        cookie = cookie_of(self._app, userid)
        for page in self.pages.values():
            page.context.add_cookies(
                [{"name": MEMBER_COOKIE, "value": cookie, "url": self.address}]
            )

    def show(self, name: str, path: str) -> None:
        """Open an address and look at it in every way."""
        for page in self.pages.values():
            page.goto(self.address + path)
            expect(page.locator("main:not([aria-busy])")).to_be_visible()
            page.eval_on_selector_all(".bk-count dd", MANY)
        self.look(name)
        self.look_narrow(name)
        self._note(f"{name}-english", barriers(self.pages["en"]))

    def look(self, name: str, *, whole: bool = True) -> None:
        """Look at what the page in Chinese shows; `whole`: with what lies below the window."""
        page = self.page
        for width, dark in LOOKS:
            page.set_viewport_size({"width": width, "height": HEIGHT})
            page.emulate_media(color_scheme="dark" if dark else "light", reduced_motion="reduce")
            look = f"{name}-{width}-{'dark' if dark else 'light'}"
            self._keep(page, look, whole=whole)
            if width == AXE_AT:
                self._note(look, barriers(page, colours_alone=dark))
        self._look_large(f"{name}-{WIDTHS[0]}-large", whole=whole)

    def look_narrow(self, name: str, *, whole: bool = True) -> None:
        """Look at it in English, and at the narrowest that there is."""
        self._keep(self.pages["en"], f"{name}-360-english", whole=whole)
        self.page.set_viewport_size({"width": NARROWEST, "height": HEIGHT})
        self._note(f"{name}-{NARROWEST}", sideways(self.page))

    def walk(
        self,
        name: str,
        path: str,
        panel: Panel[Any],
        *,
        query: str = "",
    ) -> set[str]:
        """Look at a panel and at every sheet that leads on from it; return the parts seen.

        One that is asked for in another way is another one: edit?, edit?item.
        """
        self.show(f"{name}-{panel.name}", f"{path}/{panel.name}{query}")
        seen: set[str] = set()
        waiting = self._sheets()
        while waiting:
            address = waiting.pop(0)
            part = asked_for(address)
            if part in seen:
                continue
            seen.add(part)
            sheet = f"{name}-{panel.name}-{part.replace('?', '-').strip('-')}"
            self._show_sheet(sheet, address)
            waiting += self._sheets()
            for page in self.pages.values():
                page.keyboard.press("Escape")
                expect(page.locator("#sheet-box")).to_be_hidden()
        return seen

    def _show_sheet(self, name: str, address: str) -> None:
        for page in self.pages.values():
            page.evaluate(OPEN, address)
            expect(page.locator("#sheet-title")).to_be_visible()
        self.look(name, whole=False)
        self.look_narrow(name, whole=False)

    def _sheets(self) -> list[str]:
        links = self.page.eval_on_selector_all("[hx-get]", PART_LINKS)
        return list(dict.fromkeys(links))

    def _look_large(self, look: str, *, whole: bool) -> None:
        page = self.page
        page.set_viewport_size({"width": WIDTHS[0], "height": HEIGHT})
        page.emulate_media(color_scheme="light", reduced_motion="reduce")
        page.evaluate(ENLARGE, LARGE)
        self._keep(page, look, whole=whole)
        self._note(look, page.evaluate(CLIPPED))
        page.evaluate(ENLARGE, "")

    def _keep(self, page: Page, look: str, *, whole: bool) -> None:
        photograph(page, look, whole=whole)
        self._note(look, sideways(page))

    def _note(self, look: str, words: str) -> None:
        if words:
            self.found[look] = f"{self.found.get(look, '')}{words}"


def photograph(page: Page, look: str, *, whole: bool = False) -> None:
    """Make a picture, if pictures are wanted; `whole`: with what lies below the window."""
    if FOLDER:
        path = Path(FOLDER, f"{look}.png")
        page.screenshot(path=path, full_page=whole, animations="disabled")


def asked_for(address: str) -> str:
    """Return which part an address asks for, and by which names in its query."""
    parts = urlsplit(address)
    return f"{parts.path.rpartition('/')[2]}?{'&'.join(sorted(parse_qs(parts.query)))}"
