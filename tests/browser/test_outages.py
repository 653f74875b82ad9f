"""While a member works, the web process is killed, Redis stops or stands still, WeCom is slow.

Whatever he does is done, or the page says in words that it was not and keeps what he typed; a
second try then does it.
"""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, Route, expect
from sqlalchemy import update
from sqlalchemy.orm import Session

from app.materials.models import Material
from app.outbox import customer_path
from tests.browser.client import ChatClient, newcomer, settle
from tests.browser.desk import Desk
from tests.browser.watching import Browsing
from tests.browser.works import WORKS
from tests.deployment import Deployment, wait_until
from tests.sidebar.shelves import keep, picture_of

GONE = r"status of 50\d|net::ERR|Failed to fetch|^Object "
# Within what the server waits for WeCom, and beyond it.
SLOW_SECONDS, TOO_SLOW_SECONDS = 1.5, 4.0
SLOW_APIS = (
    "externalcontact/remark",
    "externalcontact/mark_tag",
    "externalcontact/get",
    "media/upload",
)
TICKETS = ("get_jsapi_ticket", "ticket/get")
SIDEBAR = "**/sidebar/**"
# Of these the member hears; Redis and WeCom are no concern of who works here.
TOLD = {"network_gone", "server_gone"}

Outage = Callable[[Page, Deployment], None]


def network_gone(page: Page, stage: Deployment) -> None:
    del stage
    page.route(SIDEBAR, lambda route: route.abort())


def server_gone(page: Page, stage: Deployment) -> None:
    """Have somebody between answer, as a proxy does whose server is being started anew."""
    del stage
    answer = {"status": 502, "content_type": "text/html", "body": "<h1>502 Bad Gateway</h1>"}
    page.route(SIDEBAR, lambda route: route.fulfill(**answer))


def web_killed(page: Page, stage: Deployment) -> None:
    del page
    stage.kill("web")


def redis_killed(page: Page, stage: Deployment) -> None:
    del page
    stage.kill("redis")


def redis_frozen(page: Page, stage: Deployment) -> None:
    del page
    for process in stage.children("redis"):
        process.suspend()


def wecom_slow(page: Page, stage: Deployment) -> None:
    del page
    slow_down(stage, SLOW_APIS, SLOW_SECONDS)


def slow_down(stage: Deployment, apis: tuple[str, ...], seconds: float) -> None:
    for api in apis:
        stage.box.faults.latency(api, seconds)


OUTAGES = [network_gone, server_gone, web_killed, redis_killed, redis_frozen, wecom_slow]
# A web process takes its time to come back; what is typed most is enough.
WHILE_KILLED = ("stage", "remark", "field", "tag", "note", "own item's draft")


def mend(page: Page, stage: Deployment) -> None:
    """End every outage, and wait until the server is back."""
    page.unroute_all()
    mend_stage(stage)


def mend_stage(stage: Deployment) -> None:
    stage.box.faults.clear()
    for process in stage.children("redis"):
        process.resume()
    wait_until(stage.is_ready)


@pytest.fixture(autouse=True)
def mended(stage: Deployment) -> Iterator[None]:
    """Leave the stage well."""
    yield
    mend_stage(stage)


@pytest.fixture(scope="module", autouse=True)
def kept(stage: Deployment) -> None:
    """Have something on the shelves."""
    with stage.db.write() as session:
        keep(session, "断线时的问候", "您好，秋装到了")
        keep(session, "断线时的海报", picture_of(session), shelf="materials")


@pytest.fixture
def places(stage: Deployment) -> dict[str, str]:
    """Give the addresses of the places where a member works."""
    people = stage.box.people
    customer, lost = newcomer(stage, "李春分"), newcomer(stage, "去霜降")
    people.customer_deletes_member("zhaoyi", lost)
    chat_id = people.group_created("zhaoyi", "断线试验群", members=["lisi", customer]).chat_id
    settle(stage)
    paths = {panel: customer_path(customer, panel) for panel in ("profile", "follow_ups")}
    paths["scripts"] = f"{customer_path(customer, 'scripts')}?tab=corp"
    paths |= {"lost": customer_path(lost), "group": f"/sidebar/groups/{chat_id}/group"}
    return {name: f"{stage.front}{path}" for name, path in paths.items()}


@pytest.mark.parametrize("outage", OUTAGES)
def test_nothing_is_lost_and_everything_is_said(
    open_page: Browsing, stage: Deployment, places: dict[str, str], outage: Outage
) -> None:
    open_page.allow(GONE)
    page = open_page(places["profile"], cookies={"sandbox_member": "zhaoyi"})
    for name in WHILE_KILLED if outage is web_killed else WORKS:
        place = places[WORKS[name].place]
        if page.url.split("#")[0] != place:
            page.goto(place)
        do_in_spite_of(name, page, stage, outage)
        page.keyboard.press("Escape")
        page.locator("#sheet-box").wait_for(state="hidden")


# One works on the reminder that the row before it sets.
TYPED = [name for name, work in WORKS.items() if work.typed and name != "reminder put off"]


@pytest.mark.parametrize("name", TYPED)
def test_trying_again_keeps_what_was_typed(
    open_page: Browsing, stage: Deployment, places: dict[str, str], name: str
) -> None:
    open_page.allow(GONE)
    work = WORKS[name]
    page = open_page(places[work.place], cookies={"sandbox_member": "zhaoyi"})
    work.begin(page)
    network_gone(page, stage)
    with page.expect_event("requestfailed"):
        work.act(page)
    again = page.locator("#notice .bk-problem__button")
    # Still out of reach: the box stays, and so does everything else.
    with page.expect_event("requestfailed", lambda request: request.method == "GET"):
        again.click()
    expect(again).to_be_visible()
    mend(page, stage)
    again.click()
    expect(page.locator("#notice .bk-problem")).to_have_count(0)
    for selector, text in work.typed.items():
        assert text in page.locator(selector).input_value()
    work.act(page)
    expect(work.done(page)).to_be_visible()


def do_in_spite_of(name: str, page: Page, stage: Deployment, outage: Outage) -> None:
    work = WORKS[name]
    work.begin(page)
    outage(page, stage)
    work.act(page)
    told = page.locator("#notice .bk-problem")
    expect(work.done(page).or_(told).first, name).to_be_visible()
    must_tell = outage in {network_gone, server_gone}
    if must_tell or told.is_visible():
        assert must_tell or outage is web_killed
        kinds = TOLD if outage is web_killed else {outage.__name__}
        assert told.get_attribute("data-problem") in kinds
        for selector, text in work.typed.items():
            assert text in page.locator(selector).input_value(), name
        mend(page, stage)
        work.act(page)
    expect(work.done(page), name).to_be_visible()
    mend(page, stage)


def test_a_late_answer_takes_nothing_away_that_went_wrong_after_it_was_asked_for(
    open_page: Browsing, places: dict[str, str]
) -> None:
    open_page.allow(GONE)
    page = open_page(places["scripts"], cookies={"sandbox_member": "zhaoyi"})
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/scripts/list?*", hold)
    with page.expect_request("**/scripts/list?*"):
        page.locator("#library-search").fill("没有这样的话术")
    page.route("**/favourite", lambda route: route.abort())
    page.locator(".bk-star").first.click()
    told = page.locator("#notice .bk-problem")
    expect(told).to_be_visible()
    held.pop().continue_()
    expect(page.locator(".bk-item")).to_have_count(0)
    expect(told).to_be_visible()


def test_what_is_sent_goes_once_or_the_panel_says_why(
    open_page: Browsing, stage: Deployment
) -> None:
    open_page.allow(GONE)
    desk = Desk.newcomer(open_page, stage, "送谷雨")
    for outage in OUTAGES:
        for title, shelf in (("断线时的问候", "scripts"), ("断线时的海报", "materials")):
            desk.take(shelf)
            send_in_spite_of(title, desk, stage, outage)


def send_in_spite_of(title: str, desk: Desk, stage: Deployment, outage: Outage) -> None:
    stage.db.commit(forget_files)
    sent = desk.count()
    outage(desk.page, stage)
    button = desk.send(title)
    done, told = desk.toast().get_by_text(title), desk.sidebar.locator("#notice .bk-problem")
    expect(done.or_(told), outage.__name__).to_be_visible()
    if told.is_visible():
        assert outage in {network_gone, server_gone, web_killed}
        assert desk.count() == sent
        mend(desk.page, stage)
        expect(button).to_have_text("发送")
        desk.send(title)
    expect(done, outage.__name__).to_be_visible()
    expect(desk.messages.locator("[data-from=member]")).to_have_count(sent + 1)
    mend(desk.page, stage)


def forget_files(session: Session) -> None:
    """Have every file to be brought to WeCom anew."""
    session.execute(update(Material).values(media_id=None, media_expires_at=None))


def test_tickets_that_come_late_are_waited_for_and_none_is_told(
    open_page: Browsing, stage: Deployment
) -> None:
    open_page.allow(GONE)
    customer = newcomer(stage, "票大寒")
    forget_tickets(stage)
    slow_down(stage, TICKETS, TOO_SLOW_SECONDS)
    client = ChatClient.of(open_page, stage, customer=customer)
    busy = client.sidebar.locator("#panel [data-problem=wecom_busy]")
    expect(busy).to_contain_text("企业微信正忙")
    stage.box.faults.clear()
    slow_down(stage, TICKETS, SLOW_SECONDS)
    client.reload()
    expect(client.stage("新客户")).to_be_visible()
    assert all(fault.hits for fault in stage.box.faults.active())


def forget_tickets(stage: Deployment) -> None:
    """Let both end who keep them: Redis, and the web process with copies of its own."""
    for part in ("redis", "web"):
        stage.kill(part)
    wait_until(stage.is_ready)
