"""P8: how soon a phone's width of the sidebar is painted, and how many bytes it takes.

Each load is a cold one, in a browser that has nothing of ours; browser and server share the machine
and no network lies between, so this is our own part of the wait.
"""

import re
import statistics
from pathlib import Path

import requests
from playwright.sync_api import Browser, StorageState, ViewportSize, sync_playwright

from tests.bench.figures import Figure, Report
from tests.chromium import find_chromium
from tests.deployment import Deployment

LOADS = 10
BUDGET_MS, BUDGET_BYTES = 500, 70 * 1024
PHONE: ViewportSize = {"width": 360, "height": 800}
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"]
ASSET = re.compile(r'(?:src|href)="(/static/[^"]+)"')
# The observer is told of paints that were before it, too.
FIRST_PAINT = """() => new Promise((resolve) => {
  new PerformanceObserver((list, observer) => {
    const paint = list.getEntriesByName("first-contentful-paint")[0];
    if (paint) { observer.disconnect(); resolve(paint.startTime); }
  }).observe({ type: "paint", buffered: true });
})"""


def measure_paint(report: Report, folder: Path) -> None:
    """Load the frame and a card again and again, each time as somebody who was never here."""
    program = find_chromium()
    if program is None:
        report.add(Figure(measure="P8", what="first paint", value="not run: no Chromium"))
        return
    if not report.has_time_for(30, "first paint of the sidebar"):
        return
    report.section(f"First paint of the sidebar: {LOADS} cold loads at {PHONE['width']} px")
    folder.mkdir()
    with Deployment(folder, front=True) as deployment, sync_playwright() as playwright:
        deployment.serve()
        customer = deployment.box.people.customer_scans("zhaoyi", name="季春风").external_userid
        deployment.box.delivery.wait_idle()
        deployment.wait_worked()
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        member = signed_in(browser, deployment.front)
        paths = {"frame": "/sidebar/", "card": f"/sidebar/customers/{customer}/profile"}
        for what, path in paths.items():
            paints = [_paint(browser, deployment.front + path, member) for _ in range(LOADS)]
            report.add(_figure(what, sorted(paints)))
        page = browser.new_context(storage_state=member).new_page()
        page.goto(deployment.front + paths["card"])
        report.add(_weight(deployment.address, page.content()))
        browser.close()


def signed_in(browser: Browser, front: str) -> StorageState:
    """Let a member come through WeCom's sign-in once; return his cookies."""
    context = browser.new_context()
    context.add_cookies([{"name": "sandbox_member", "value": "zhaoyi", "url": front}])
    context.new_page().goto(f"{front}/sidebar/")
    kept = context.storage_state()
    context.close()
    return kept


def _paint(browser: Browser, address: str, member: StorageState) -> float:
    """Return the milliseconds from the tap to the first text, in a browser with an empty cache."""
    context = browser.new_context(viewport=PHONE, storage_state=member)
    page = context.new_page()
    page.goto(address)
    took = float(page.evaluate(FIRST_PAINT))
    context.close()
    return took


def _figure(what: str, paints: list[float]) -> Figure:
    median, worst = statistics.median(paints), paints[-1]
    return Figure(
        measure="P8",
        what=f"{what}, first contentful paint, median / worst",
        value=f"{median:.0f} / {worst:.0f} ms",
        budget=f"< {BUDGET_MS}",
        met=median < BUDGET_MS,
        raw={"paints": paints},
    )


def _weight(address: str, html: str) -> Figure:
    """Add up the scripts and style sheets of a page as they go over the wire."""
    sizes = {}
    for path in dict.fromkeys(ASSET.findall(html)):
        headers = {"Accept-Encoding": "gzip"}
        answer = requests.get(address + path, headers=headers, stream=True, timeout=5)
        answer.raise_for_status()
        sizes[path.partition("?")[0]] = len(answer.raw.read(decode_content=False))
    total = sum(sizes.values())
    return Figure(
        measure="P8",
        what=f"JS and CSS over the wire, {len(sizes)} files, gzip",
        value=f"{total / 1024:.1f} KB",
        budget=f"<= {BUDGET_BYTES // 1024} KB",
        met=bool(sizes) and total <= BUDGET_BYTES,
        raw=sizes,
    )
