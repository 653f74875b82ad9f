"""Every panel, sheet and problem, empty and overfull, in every look, open to all.

At 360 and 430 px, light and dark, axe finds nothing and nothing scrolls sideways; nor in English,
nor with the largest text, where nothing is cut off either. `make gallery` has it all as
pictures. Panels, sheets and problems come from their boards: a new one is walked by itself.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page, Route, expect

import sidebar
from app.db import Database
from app.factory import create_app
from app.i18n import speaking
from app.outbox import customer_path
from sidebar.pages import MARK, render_problem
from sidebar.panels import GROUP_PANELS, PANELS, Panel
from sidebar.problems import KINDS, Problem
from tests import settings
from tests.browser.extremes import CROWD, EMPTY, FULL, HALF, LOST, OVER, make_extremes
from tests.browser.gallery import HEIGHT, WIDTHS, Gallery, photograph
from tests.browser.serving import serve
from tests.browser.watching import Browsing

LIBRARY = ("scripts", "materials")
# Boxes that stand in the frame, and not on a page of their own.
BOXES = ("no_permission", "wecom_busy", "network_gone", "server_error", "sign_in_expired")


@pytest.fixture
def app(tmp_path: Path, db: Database) -> Flask:
    """Give the application on a database with the extremes."""
    db.commit(make_extremes)
    return create_app(settings.make_config(tmp_path, database={"url": str(db.url)}))


@pytest.fixture
def gallery(app: Flask, open_page: Browsing) -> Iterator[Gallery]:
    """Give zhaoyi's gallery of the application."""
    open_page.allow("status of (404|422)")
    with serve(app) as address:
        made = Gallery(open_page, address, app)
        yield made
        # A card that still asks how far a change has come would miss the server.
        for page in made.pages.values():
            page.close()


def parts_of(seen: set[str]) -> set[str]:
    return {part.partition("?")[0] for part in seen}


def sheets_of(panel: Panel[Any]) -> set[str]:
    """Return the parts of a panel that are sheets."""
    folder = Path(sidebar.__file__).parent
    return {
        name
        for name, part in panel.parts.items()
        if "call sheet(" in (folder / part.template).read_text(encoding="utf-8")
    }


@pytest.mark.parametrize("panel", PANELS, ids=[panel.name for panel in PANELS])
def test_a_panel_of_a_customer_holds_whatever_is_in_it(gallery: Gallery, panel: Panel[Any]) -> None:
    seen = gallery.walk("full", f"/sidebar/customers/{FULL}", panel)
    gallery.show(f"empty-{panel.name}", f"/sidebar/customers/{EMPTY}/{panel.name}")
    assert gallery.found == {}
    assert parts_of(seen) >= sheets_of(panel)


@pytest.mark.parametrize("panel", GROUP_PANELS, ids=[panel.name for panel in GROUP_PANELS])
def test_a_panel_of_a_group_holds_whatever_is_in_it(gallery: Gallery, panel: Panel[Any]) -> None:
    seen = gallery.walk("crowd", f"/sidebar/groups/{CROWD}", panel)
    gallery.show(f"over-{panel.name}", f"/sidebar/groups/{OVER}/{panel.name}")
    assert gallery.found == {}
    assert parts_of(seen) >= sheets_of(panel)


@pytest.mark.parametrize("panel", [panel for panel in PANELS if panel.name in LIBRARY], ids=LIBRARY)
def test_what_is_ones_own_is_written_whatever_is_in_it(gallery: Gallery, panel: Panel[Any]) -> None:
    seen = gallery.walk("own", f"/sidebar/customers/{FULL}", panel, query="?tab=own")
    assert gallery.found == {}
    assert seen >= {"edit?", "item?item", "edit?item"}


def test_a_card_that_says_more_about_its_customer_bars_nobody(gallery: Gallery) -> None:
    for name, external_userid in (("lost", LOST), ("half", HALF)):
        gallery.show(name, f"/sidebar/customers/{external_userid}/profile")
    gallery.sign_in("sunsan")
    gallery.show("manager", f"/sidebar/customers/{FULL}/profile")
    assert gallery.found == {}


def test_every_problem_is_told_to_everybody(gallery: Gallery, app: Flask) -> None:
    for kind in KINDS:
        for language, page in gallery.pages.items():
            with app.test_request_context("/sidebar/"), speaking(language):
                config = app.extensions["banke_runtime"].config
                html = render_problem(config, Problem(kind)).get_data(as_text=True)
            # One that opens itself again would do so while it is photographed.
            page.set_content(html.replace(" data-retry-after=", " data-held="))
            expect(page.locator("[data-problem] h1")).to_be_visible()
        gallery.look(f"problem-{kind}", whole=False)
        gallery.look_narrow(f"problem-{kind}", whole=False)
    assert gallery.found == {}


@pytest.mark.parametrize("kind", BOXES)
def test_a_box_in_the_frame_is_told_to_everybody(
    gallery: Gallery, app: Flask, open_page: Browsing, kind: str
) -> None:
    open_page.allow("status of|ERR_FAILED|Failed to fetch")
    page, answer = gallery.page, answer_with(app, kind)
    page.goto(f"{gallery.address}{customer_path(EMPTY)}")
    page.route("**/stage", answer)
    page.locator(".bk-stage").first.click()
    expect(page.locator(f"#notice [data-problem={kind}]")).to_be_visible()
    gallery.look(f"box-above-{kind}", whole=False)
    page.route("**/signatures", answer)
    page.goto(f"{gallery.address}/sidebar/")
    expect(page.locator(f"#panel [data-problem={kind}]")).to_be_visible()
    gallery.look(f"box-in-panel-{kind}", whole=False)
    assert gallery.found == {}


def answer_with(app: Flask, kind: str) -> Callable[[Route], None]:
    """Return what answers a request with this problem, as the server does."""
    if kind == "network_gone":
        return lambda route: route.abort()
    headers = {"HX-Request": "true"}
    with app.test_request_context("/sidebar/", headers=headers), speaking("zh"):
        told = render_problem(app.extensions["banke_runtime"].config, Problem(kind))
    given = {**told.headers, MARK: "1"}
    body = told.get_data(as_text=True)
    return lambda route: route.fulfill(status=told.status_code, headers=given, body=body)


@pytest.mark.parametrize("width", WIDTHS)
def test_what_is_said_hides_nothing(gallery: Gallery, width: int) -> None:
    page = gallery.page
    page.set_viewport_size({"width": width, "height": HEIGHT})
    page.goto(f"{gallery.address}{customer_path(FULL)}")
    page.locator("#tags-open").click()
    chip = page.locator("#tag-form .bk-chip").last
    chip.click()
    expect(page.locator(".bk-say")).to_be_visible()
    chip.focus()
    chip.evaluate("one => one.scrollIntoView({ block: 'end' })")
    page.locator("#sheet-box").evaluate("box => box.scrollTo(0, box.scrollHeight)")
    photograph(page, f"toast-over-sheet-{width}")
    assert bottom_of(page, "#tag-form .bk-chip >> nth=-1") <= top_of(page, ".bk-say")

    page.goto(f"{gallery.address}{customer_path(FULL)}")
    row = page.locator(".bk-field", has_text="纪念日")
    row.evaluate("one => one.scrollIntoView({ block: 'end' })")
    row.get_by_role("link").click()
    row.locator("[name=text]").evaluate("one => { one.type = 'text'; one.value = 'x'; }")
    page.keyboard.press("Enter")
    expect(row.locator(".bk-fault")).to_be_visible()
    photograph(page, f"fault-above-tabs-{width}")
    assert bottom_of(page, ".bk-fault") <= top_of(page, ".bk-tabs:not([hidden])")


def bottom_of(page: Page, selector: str) -> float:
    box = page.locator(selector).bounding_box()
    assert box
    return box["y"] + box["height"]


def top_of(page: Page, selector: str) -> float:
    box = page.locator(selector).bounding_box()
    assert box
    return box["y"]
