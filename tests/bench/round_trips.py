"""How long a member waits after a tap: from the click to the answer in the page.

Each trip goes through the whole product, `flask serve` on SQLite, while that tells the sandbox's
WeCom of remark and tags; browser and server share the machine and no network lies between.
"""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page, sync_playwright
from sqlalchemy import select

from app.customers.models import CustomField
from sidebar.paces import CHANGES
from tests.bench.figures import Figure, Report
from tests.bench.paint import ARGUMENTS, PHONE, signed_in
from tests.chromium import find_chromium
from tests.deployment import Deployment

TRIPS, WARM_UP = 40, 3
BUDGET_MS = 100
SECONDS = 60
# From the trusted event on, until every selector's first element has its text.
WATCH = """([event, wanted]) => {
  window.trip = new Promise((resolve, reject) => {
    setTimeout(reject, 10000, new Error(`no ${JSON.stringify(wanted)}`));
    let began = 0;
    const first = (selector) => document.querySelector(selector);
    const isThere = ([selector, text]) => first(selector)?.textContent.includes(text);
    const look = () => {
      if (!began || !wanted.every(isThere)) return;
      watcher.disconnect();
      resolve(performance.now() - began);
    };
    const watcher = new MutationObserver(look);
    const all = { subtree: true, childList: true, attributes: true, characterData: true };
    watcher.observe(document, all);
    const begin = ({ timeStamp }) => { began ||= timeStamp; };
    addEventListener(event, begin, { capture: true, once: true });
  });
}"""
SAID, NEWEST = "#toast .bk-say__text", "#timeline .bk-entry__text"


@dataclass(frozen=True)
class Trip:
    """One thing to do: `act` ends in `event`, and then every selector of `wanted` has its text."""

    what: str
    act: Callable[[Page], None]
    wanted: dict[str, str]
    event: str = "click"


Maker = Callable[[int], Trip]


def measure_round_trips(report: Report, folder: Path) -> None:
    """Do everything that a member does fifty times a day, again and again."""
    program = find_chromium()
    if program is None:
        report.add(Figure(measure="P8", what="round trips", value="not run: no Chromium"))
        return
    if not report.has_time_for(SECONDS, "round trips of the sidebar"):
        return
    report.section(f"Round trips of the sidebar: {TRIPS} each at {PHONE['width']} px, SQLite")
    folder.mkdir()
    with Deployment(folder, front=True) as deployment, sync_playwright() as playwright:
        deployment.serve()
        customer = deployment.box.people.customer_scans("zhaoyi", name="季春风").external_userid
        deployment.box.delivery.wait_idle()
        deployment.wait_worked()
        with deployment.db.read() as session:
            field = session.scalars(select(CustomField.id).filter_by(kind="text")).first()
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        member = signed_in(browser, deployment.front)
        context = browser.new_context(viewport=PHONE, storage_state=member, locale="zh-CN")
        page = context.new_page()
        # Straight to the server: the sandbox in front of it is no part of the product.
        card = f"{deployment.address}/sidebar/customers/{customer}"
        page.goto(f"{card}/profile")
        own = (_stage, _undo, _remark, _open_field(field), _save_field(field))
        _repeat(report, page, own)
        page.locator("#tags-open").click()
        _repeat(report, page, [_tag])
        page.goto(f"{card}/follow_ups")
        _repeat(report, page, [_note])
        browser.close()


def _repeat(report: Report, page: Page, trips: Sequence[Maker]) -> None:
    """Make these trips one after the other, again and again."""
    took: dict[str, list[float]] = {}
    for number in range(WARM_UP + TRIPS):
        # The server lets nobody change more than that for long.
        time.sleep(len(trips) / CHANGES)
        for make in trips:
            trip = make(number)
            page.evaluate(WATCH, [trip.event, list(trip.wanted.items())])
            trip.act(page)
            milliseconds = float(page.evaluate("window.trip"))
            if number >= WARM_UP:
                took.setdefault(trip.what, []).append(milliseconds)
    report.add(*(_figure(what, sorted(each)) for what, each in took.items()))


def _figure(what: str, took: list[float]) -> Figure:
    median, p95 = statistics.median(took), took[int(len(took) * 0.95)]
    return Figure(
        measure="P8",
        what=f"{what}, click to answer, p50 / p95",
        value=f"{median:.0f} / {p95:.0f} ms",
        budget=f"p95 < {BUDGET_MS}",
        met=p95 < BUDGET_MS,
        raw={"took": took},
    )


def _stage(_number: int) -> Trip:
    def act(page: Page) -> None:
        page.locator("#stage-form .bk-stage", has_text="意向").first.click()

    return Trip("stage", act, {SAID: "已改为「意向」", NEWEST: "→ 意向"})


def _undo(_number: int) -> Trip:
    def act(page: Page) -> None:
        page.locator("#toast button").click()

    return Trip("undo", act, {SAID: "已撤销", NEWEST: "撤销修改"})


def _remark(number: int) -> Trip:
    remark = f"城西店-{number}号"

    def act(page: Page) -> None:
        page.locator("#remark-edit summary").click()
        page.locator("#remark-input").fill(remark)
        page.keyboard.press("Enter")

    wanted = {SAID: remark, "#remark summary": remark}
    return Trip("remark", act, wanted, event="keydown")


def _open_field(field: int | None) -> Maker:
    def act(page: Page) -> None:
        page.locator(f"#field-{field}-edit").click()

    return lambda _number: Trip("field, to its input", act, {f"#field-{field} .bk-edit": ""})


def _save_field(field: int | None) -> Maker:
    def make(number: int) -> Trip:
        value = f"示例{number}"

        def act(page: Page) -> None:
            page.locator(f"#field-{field} [name=text]").fill(value)
            page.keyboard.press("Enter")

        wanted = {f"#field-{field} dd bdi": value, NEWEST: value}
        return Trip("field, saved", act, wanted, event="keydown")

    return make


def _tag(number: int) -> Trip:
    is_on = number % 2 == 0

    def act(page: Page) -> None:
        page.locator("#tag-form details .bk-chip").first.click()

    # The chip shows the tap before the answer is there; the toast does not.
    return Trip("tag", act, {SAID: "已加上" if is_on else "已去掉"})


def _note(number: int) -> Trip:
    text = f"第 {number} 次到店，看了蓝色的"

    def act(page: Page) -> None:
        page.locator("#note-text").fill(text)
        page.locator("#note-form .bk-box__button").click()

    return Trip("note", act, {"#history .bk-entry__text": text})
