"""Every answer keeps scripts, frames, caches and other sites out, and so does every cookie."""

from collections.abc import Iterator
from http.cookies import SimpleCookie

import pytest
from werkzeug.test import TestResponse

from tests.admin.house import OWN
from tests.attack.drawn import Lot, list_rules
from tests.attack.town import Town
from tests.attack.web import NOBODY, Web

# Who asks where.
WHERE = {NOBODY: "/", "member": "/sidebar", "admin": "/admin"}
HTMX = ("HX-Request", "true")
# Files that are the same for ever, and hold nothing of anybody's.
KEPT = "public, max-age=31536000, immutable"
ADMIN, SIDEBAR = "/admin", "/sidebar"
NEVER = ("Access-Control-Allow-Origin", "Server", "X-Powered-By", "X-AspNet-Version")
POLICY = ("default-src 'none'", "base-uri 'none'")
FRAMES = {ADMIN: "frame-ancestors 'none'", SIDEBAR: "frame-ancestors 'self'"}


@pytest.fixture(scope="module")
def web(shared_town: Town) -> Web:
    return Web(shared_town)


@pytest.fixture(scope="module")
def answers(web: Web, shared_town: Town) -> list[tuple[str, TestResponse]]:
    """Give an answer of every address to everybody, as a page and a fragment, or posted."""
    return [(lot.address, web.send(lot)) for who in WHERE for lot in lots(shared_town, who)]


def lots(town: Town, who: str) -> Iterator[Lot]:
    customer, chat_id = town.cards[OWN]
    paths = {
        rule.replace("customers/{}", f"customers/{customer}")
        .replace("groups/{}", f"groups/{chat_id}")
        .replace("{}", "x")
        for rule, _names in list_rules()
    }
    for path in sorted(paths - {"/admin/sign-out"}):
        if path.startswith(WHERE[who]):
            yield Lot(0, who, "GET", path)
            other = Lot(0, who, "POST", path, is_token_given=False)
            yield other if who == NOBODY else Lot(0, who, "GET", path, (HTMX,))


def faults(address: str, answer: TestResponse) -> Iterator[str]:
    """Say what is missing."""
    headers = answer.headers
    if headers.get("X-Content-Type-Options") != "nosniff":
        yield "nosniff"
    if headers.get("Referrer-Policy") not in {"no-referrer", "same-origin"}:
        yield "Referrer-Policy"
    is_file = address.startswith("/static/") and answer.status_code == 200
    if headers.get("Cache-Control") != (KEPT if is_file else "no-store"):
        yield f"Cache-Control {headers.get('Cache-Control')}"
    policy = headers.get("Content-Security-Policy", "")
    door = next((one for one in FRAMES if address.startswith(one)), "")
    if not all(part in policy for part in (*POLICY, FRAMES.get(door, FRAMES[ADMIN]))):
        yield f"policy {policy}"
    if "unsafe" in policy or "*;" in policy or "http:" in policy:
        yield f"policy {policy}"
    # What the door itself answers; a method that no route has comes to none.
    if door == ADMIN and "script-src" in policy and headers.get("X-Frame-Options") != "DENY":
        yield "X-Frame-Options"
    yield from (name for name in NEVER if name in headers)


def test_every_route_gives_every_header_to_everybody(
    answers: list[tuple[str, TestResponse]],
) -> None:
    assert len(answers) > 1000
    wrong = {(address, fault) for address, answer in answers for fault in faults(address, answer)}
    assert wrong == set()


def test_every_cookie_is_out_of_reach_of_scripts_and_other_sites(
    answers: list[tuple[str, TestResponse]],
) -> None:
    cookies = [
        (address, cookie)
        for address, answer in answers
        for line in answer.headers.getlist("Set-Cookie")
        for cookie in SimpleCookie(line).values()
    ]
    assert cookies
    for address, cookie in cookies:
        assert cookie["httponly"], address
        assert (cookie["path"], cookie["samesite"], cookie["domain"]) == ("/", "Lax", ""), address
