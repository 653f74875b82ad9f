"""What the log of the pages reads: callbacks plain and sealed, and the ledger as it grows."""

import threading
import time

from app.sandbox.letters import EVENTS_KEPT
from app.sandbox.server import Sandbox, SandboxServer

from .conftest import PagesApi
from .receiver import Receiver, decrypt


def test_a_letter_shows_both_texts_and_every_attempt(
    box: Sandbox, api: PagesApi, receiver: Receiver
) -> None:
    receiver.statuses = [500, 200]
    event = box.people.customer_scans("zhaoyi")
    box.delivery.wait_idle()
    letter = api.get(f"letters/{event.event_id}")
    assert f"<WelcomeCode><![CDATA[{event.welcome_code}]]>" in letter["plaintext"]
    assert letter["ciphertext"].encode() == receiver.posts[-1].body
    assert decrypt(receiver.posts[-1].encrypted, box.aes_key)[0] == letter["plaintext"]
    assert [(one["number"], one["status"]) for one in letter["attempts"]] == [(1, 500), (2, 200)]
    assert all(one["ms"] > 0 for one in letter["attempts"])


def test_only_the_newest_letters_are_kept(box: Sandbox, api: PagesApi, receiver: Receiver) -> None:
    assert receiver.url
    first = box.people.customer_scans("zhaoyi")
    box.delivery.wait_idle()
    box.people.customers_scan(EVENTS_KEPT, "zhaoyi")
    box.delivery.wait_idle()
    letter = api.get(f"letters/{first.event_id}")
    assert (letter["kept"], letter["ciphertext"]) == (False, "")
    assert first.external_userid in letter["plaintext"]


def test_there_is_no_letter_without_an_event(api: PagesApi) -> None:
    assert api.session.get(f"{api.address}/letters/999").status_code == 404


def test_a_waiting_page_is_answered_with_what_happens(box: Sandbox, api: PagesApi) -> None:
    timer = threading.Timer(0.2, box.people.customer_scans, ["zhaoyi"])
    timer.start()
    began = time.monotonic()
    page = api.get("ledger", after=box.ledger.revision, kind="event", wait=20)
    timer.join()
    assert {row["userid"] for row in page["rows"]} == {"zhaoyi"}
    assert time.monotonic() - began < 5


def test_rows_of_another_kind_do_not_end_the_waiting(box: Sandbox, api: PagesApi) -> None:
    timer = threading.Timer(0.1, box.ledger.act, ["something"])
    timer.start()
    began = time.monotonic()
    page = api.get("ledger", kind="event", wait=0.6)
    timer.join()
    assert page == {"rows": [], "next": 1, "instance": box.instance}
    assert time.monotonic() - began >= 0.5


def test_a_page_can_begin_with_the_newest_rows(box: Sandbox, api: PagesApi) -> None:
    for number in range(5):
        box.ledger.act(f"act {number}")
    page = api.get("ledger", latest=2)
    assert [row["name"] for row in page["rows"]] == ["act 3", "act 4"]
    assert page["next"] == 5


def test_the_newest_rows_of_a_kind_are_not_pushed_out_by_others(
    box: Sandbox, api: PagesApi
) -> None:
    box.people.customer_scans("zhaoyi", name="陆先生")
    box.people.customer_scans("zhaoyi", name="陆女士")
    for number in range(5):
        box.ledger.act(f"act {number}")
    page = api.get("ledger", latest=1, kind="event")
    assert [row["external_userid"] for row in page["rows"]] == [next(reversed(box.world.customers))]
    assert page["next"] == box.ledger.revision


def test_many_waiting_pages_hold_nothing_up(box: Sandbox, api: PagesApi) -> None:
    def wait() -> None:
        api.get("ledger", after=0, kind="welcome", wait=3)

    waiting = [threading.Thread(target=wait) for _ in range(80)]
    for thread in waiting:
        thread.start()
    began = time.monotonic()
    box.people.customers_scan(200, "zhaoyi")
    assert api.get("state")["customers"] == 212
    assert time.monotonic() - began < 2
    for thread in waiting:
        thread.join()


def test_a_sandbox_that_stops_lets_waiting_pages_go() -> None:
    box = Sandbox()
    done = threading.Event()

    def wait() -> None:
        box.ledger.await_rows(0, kind="event", timeout=25)
        done.set()

    with SandboxServer(box):
        threading.Thread(target=wait).start()
    assert done.wait(5)
