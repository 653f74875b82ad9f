"""A browser that is watched: no page may fail in its console, and none may shut anybody out."""

import re
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Dialog,
    Error,
    Frame,
    Page,
    Request,
    WebError,
)

HEIGHT, PHONE, TABLET = 800, 360, 768
SECONDS = 10.0
# A frame is asked by itself: from outside, axe would wait half a second for one without axe in it.
AXE_OPTIONS: dict[str, Any] = {"resultTypes": ["violations"], "iframes": False}
# What else there is to see once the same page is dark.
COLOURS = AXE_OPTIONS | {"runOnly": ["color-contrast"]}
# After two frames: a chart is told of a new width after the first. Not innerWidth: on a phone a
# page that is too wide makes the window wider.
REACH = """async () => {
  for (let frame = 0; frame < 2; frame += 1) await new Promise(requestAnimationFrame);
  return [document.documentElement.clientWidth, document.scrollingElement.scrollWidth];
}"""


class Browsing:
    """Opens pages for one test and notes every fault of theirs.

    A fault is what the console shows as an error: a script that failed, a request that was answered
    with 4xx or 5xx, whatever a page's Content-Security-Policy forbade; a page that crashed, that
    opened a dialog, or that asked anybody but the origin it was opened at.
    """

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._contexts: list[BrowserContext] = []
        self._allowed: list[re.Pattern[str]] = []
        self._faults: list[str] = []

    def __call__(
        self,
        url: str,
        *,
        width: int = 360,
        height: int = HEIGHT,
        scale: int = 1,
        dark: bool = False,
        language: str = "zh-CN",
        user_agent: str | None = None,
        cookies: Mapping[str, str] | None = None,
        mobile: bool = False,
        motion: bool = False,
    ) -> Page:
        """Open an address as somebody who was never here: no cookies but these.

        `mobile`: as on a phone, where texts can be enlarged alone; `motion`: somebody who likes it.
        """
        context = self._browser.new_context(
            viewport={"width": width, "height": height},
            device_scale_factor=scale,
            color_scheme="dark" if dark else "light",
            locale=language,
            timezone_id="Asia/Shanghai",
            user_agent=user_agent,
            is_mobile=mobile,
            reduced_motion="no-preference" if motion else "reduce",
        )
        context.set_default_timeout(SECONDS * 1000)
        self._contexts.append(context)
        context.on("console", self._note_console)
        context.on("weberror", self._note_error)
        context.on("page", self._note_crashes)
        context.on("dialog", self._note_dialog)
        context.on("request", partial(self._note_request, urljoin(url, "/")))
        context.add_cookies(
            [
                {"name": name, "value": value, "url": urljoin(url, "/")}
                for name, value in (cookies or {}).items()
            ]
        )
        page = context.new_page()
        page.goto(url)
        return page

    def allow(self, pattern: str) -> None:
        """Let faults whose text matches this pattern happen."""
        self._allowed.append(re.compile(pattern))

    def unexpected(self) -> list[str]:
        """Return the faults so far that nobody allowed."""
        return [
            fault
            for fault in self._faults
            if not any(pattern.search(fault) for pattern in self._allowed)
        ]

    def photograph(self, folder: Path, name: str) -> list[Path]:
        """Keep what every open page looks like."""
        pages = [page for context in self._contexts for page in context.pages]
        kept = []
        for number, page in enumerate(pages):
            path = folder / f"{name}-{number}.png"
            try:
                page.screenshot(path=path)
            except Error:
                # It crashed, or hangs: there is nothing to see.
                continue
            kept.append(path)
        return kept

    def close(self) -> None:
        """Close every page; what they said until then is noted."""
        for context in self._contexts:
            context.close()

    def _note_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            place = message.location
            self._faults.append(f"{message.text} [{place['url']}:{place['lineNumber'] + 1}]")

    def _note_error(self, error: WebError) -> None:
        page = error.page
        self._faults.append(f"{error.error.stack or error.error} [{page.url if page else '?'}]")

    def _note_crashes(self, page: Page) -> None:
        page.on("crash", lambda crashed: self._faults.append(f"crashed [{crashed.url}]"))

    def _note_dialog(self, dialog: Dialog) -> None:
        self._faults.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _note_request(self, origin: str, request: Request) -> None:
        if not request.url.startswith((origin, "data:")):
            self._faults.append(f"elsewhere: {request.url}")


def barriers(place: Page | Frame, *, colours_alone: bool = False) -> str:
    """Return in words what axe finds wrong in a page or in one frame of it; nothing if all is well.

    Axe is evaluated and not put in as a script: our Content-Security-Policy would refuse that.
    """
    if not place.evaluate("'axe' in window"):
        place.evaluate(f"(() => {{ {AXE_SCRIPT} }})()")
    options = COLOURS if colours_alone else AXE_OPTIONS
    return word_barriers(place.evaluate("options => axe.run(options)", options)["violations"])


def look_over(page: Page, name: str, *widths: int) -> dict[str, str]:
    """Return what is wrong with a page as it stands, by width and in the dark; {}: all is well.

    On a phone and a tablet, too, it may not reach beyond the window. The page is left as wide as
    the first of the widths, and light.
    """
    size = page.viewport_size
    assert size
    found = {}
    for width in (PHONE, TABLET):
        page.set_viewport_size({"width": width, "height": size["height"]})
        found[f"{name} {width} wide"] = sideways(page)
    for width in reversed(widths):
        page.set_viewport_size({"width": width, "height": size["height"]})
        found[f"{name} {width}"] = barriers(page) + sideways(page)
    page.emulate_media(color_scheme="dark")
    found[f"{name} dark"] = barriers(page, colours_alone=True)
    page.emulate_media(color_scheme="light")
    return {place: words for place, words in found.items() if words}


def word_barriers(violations: Sequence[Mapping[str, Any]]) -> str:
    """Say in words what axe found."""
    return "\n".join(
        f"{violation['id']} ({violation['impact']}): {violation['help']}\n"
        f"  at {', '.join(str(target) for target in node['target'])}\n  {node['failureSummary']}"
        for violation in violations
        for node in violation["nodes"]
    )


def sideways(page: Page) -> str:
    """Say how far the page reaches beyond the window; nothing if it does not."""
    window, width = page.evaluate(REACH)
    return f"{width - window} px too wide at {window}" if width > window else ""
