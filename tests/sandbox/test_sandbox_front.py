"""The front: one origin for browser, WeCom and server; the clock file; control; the process."""

import gc
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from app.sandbox.front import ADDRESS
from app.sandbox.server import Sandbox, SandboxServer

from .conftest import Client
from .receiver import Receiver

ROOT = Path(__file__).parents[2]


@pytest.fixture
def browser() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session


def test_other_paths_are_passed_on_by_a_wecom_client(
    browser: requests.Session, address: str, receiver: Receiver
) -> None:
    answer = browser.get(f"{address}/sidebar/%E5%AE%A2?a=1%2B", headers={"X-Mine": "kept"})
    assert answer.content == b"from the server"
    method, path, headers = receiver.seen[-1]
    assert (method, path) == ("GET", "/sidebar/%E5%AE%A2?a=1%2B")
    assert "wxwork/5.0.11" in headers["User-Agent"]
    assert headers["X-Mine"] == "kept"
    assert headers["Host"] == address.removeprefix("http://")
    assert not [name for name in headers if name.lower().startswith("x-forwarded")]


def test_every_cookie_of_the_server_passes(
    browser: requests.Session, address: str, receiver: Receiver
) -> None:
    assert receiver.url
    assert browser.get(f"{address}/sidebar/").cookies.get_dict() == {"a": "1", "b": "2"}


def test_bodies_are_passed_on(browser: requests.Session, address: str, receiver: Receiver) -> None:
    browser.post(f"{address}/callbacks/app?x=1", data=b"z" * 100_000)
    assert receiver.posts[0].body == b"z" * 100_000


def test_an_absent_server_is_told_in_chinese(
    browser: requests.Session, box: Sandbox, address: str
) -> None:
    box.connect(server_url="http://127.0.0.1:1")
    answer = browser.get(f"{address}/sidebar/")
    assert answer.status_code == 502
    assert "服务暂时连不上" in answer.text


def test_a_browser_that_breaks_off_leaves_no_connection_open(box: Sandbox, address: str) -> None:
    front = urlsplit(address)
    asked = f"GET /sidebar/ HTTP/1.1\r\nHost: {front.netloc}\r\n\r\n".encode()
    with socket.create_server((ADDRESS, 0)) as server:
        box.connect(server_url=f"http://{ADDRESS}:{server.getsockname()[1]}")
        # When it goes is a matter of moments; one of these is the wrong one.
        for _number in range(20):
            ended = threading.Event()
            threading.Thread(target=_answer, args=(server, ended)).start()
            with socket.create_connection((ADDRESS, front.port or 0)) as browser:
                browser.sendall(asked)
                assert browser.recv(1)
                # It does not want the rest, and says so with a reset.
                browser.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            assert ended.wait(10)
    # A socket that nobody had closed would be complained of here.
    gc.collect()


def _answer(server: socket.socket, ended: threading.Event) -> None:
    """Answer one request, and wait until the one who asked hangs up."""
    connection, _address = server.accept()
    with connection:
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nwell")
        while connection.recv(4096):
            continue
    ended.set()


def test_pages_can_be_rewritten(browser: requests.Session, receiver: Receiver) -> None:
    other = Sandbox()
    other.connect(server_url=receiver.url)
    with SandboxServer(other, rewrite_html=lambda path, html: path.encode() + html) as address:
        assert browser.get(f"{address}/sidebar/").content == b"/sidebar/from the server"


def test_signing_in_brings_a_code_that_serves_once(
    browser: requests.Session, box: Sandbox, wecom: Client
) -> None:
    box.app.redirect_domain = "127.0.0.1:8000"
    query = {
        "appid": box.corp_id,
        "redirect_uri": "http://127.0.0.1:8000/sidebar/?x=1",
        "state": "abc",
        "as": "lisi",
    }
    url = f"{wecom.address}/connect/oauth2/authorize"
    answer = browser.get(url, params=query, allow_redirects=False)
    back = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert (back["x"], back["state"]) == (["1"], ["abc"])
    code = back["code"][0]
    assert wecom.get("auth/getuserinfo", code=code)["userid"] == "lisi"
    assert wecom.get("auth/getuserinfo", code=code)["errcode"] == 42022
    query["redirect_uri"] = "http://127.0.0.1:8001/"
    assert browser.get(url, params=query, allow_redirects=False).status_code == 400


def test_the_web_login_asks_whoever_stands_before_it(
    browser: requests.Session, box: Sandbox, wecom: Client
) -> None:
    query = {"appid": box.corp_id, "redirect_uri": "http://127.0.0.1:8000/", "state": "s1"}
    url = f"{wecom.address}/wwlogin/sso/login"
    page = browser.get(url, params=query, cookies={"sandbox_member": "lisi"}).text
    assert page.count("state=s1&amp;as=") == len(box.world.members)


def test_a_sign_in_code_dies_after_five_minutes(
    browser: requests.Session, box: Sandbox, wecom: Client
) -> None:
    query = {"appid": box.corp_id, "redirect_uri": "http://127.0.0.1:8000/", "as": "lisi"}
    url = f"{wecom.address}/wwlogin/sso/login"
    answer = browser.get(url, params=query, allow_redirects=False)
    code = parse_qs(urlsplit(answer.headers["Location"]).query)["code"][0]
    box.clock.move(300)
    assert wecom.get("auth/getuserinfo", code=code)["errcode"] == 42003


def test_a_visitor_who_is_no_member_is_known_by_openid(box: Sandbox, wecom: Client) -> None:
    customer = next(iter(box.world.customers))
    url = f"{wecom.address}/connect/oauth2/authorize"
    query = {"appid": box.corp_id, "redirect_uri": "http://127.0.0.1/", "as": customer}
    answer = wecom.session.get(url, params=query, allow_redirects=False)
    code = parse_qs(urlsplit(answer.headers["Location"]).query)["code"][0]
    told = wecom.get("auth/getuserinfo", code=code)
    assert told["external_userid"] == customer
    assert "userid" not in told


def test_the_clock_is_written_for_the_server(tmp_path: Path) -> None:
    file = tmp_path / "clock"
    box = Sandbox(clock_file=file)
    assert float(file.read_text()) == 0
    box.clock.move(12.5)
    assert float(file.read_text()) == 12.5
    assert os.listdir(tmp_path) == ["clock"]  # noqa: PTH208 -- names are what is asked


def test_another_process_can_drive_the_sandbox(
    browser: requests.Session, box: Sandbox, address: str
) -> None:
    api = f"{address}/sandbox/api"
    browser.post(f"{api}/clock", json={"move": 30})
    assert box.clock.offset == 30
    scan = browser.post(f"{api}/people/customer_scans", json={"userid": "zhaoyi"}).json()
    assert box.ledger.events(external_userid=scan["result"]["external_userid"])
    rows = browser.get(f"{api}/ledger?kind=event").json()["rows"]
    assert rows[0]["welcome_code"] == scan["result"]["welcome_code"]
    held = browser.post(f"{api}/faults", json={"kind": "hold", "api": "message/send"}).json()
    number = held["fault"]["fault_id"]
    assert browser.post(f"{api}/faults/{number}/release", json={}).ok
    browser.post(f"{api}/faults/callbacks", json={"copies": 2})
    assert box.faults.callbacks.copies == 2


def test_control_refuses_what_it_does_not_know(browser: requests.Session, address: str) -> None:
    api = f"{address}/sandbox/api"
    assert browser.post(f"{api}/people/_begin", json={}).status_code == 400
    assert browser.post(f"{api}/people/customer_scans", json={"wrong": 1}).status_code == 400
    assert browser.post(f"{api}/faults", json={"kind": "clear"}).status_code == 400
    assert browser.post(f"{api}/clock", data="move=30").status_code == 415


def test_the_process_says_when_it_is_ready_and_ends_cleanly(
    browser: requests.Session, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "app.sandbox", "--port", "0", "--seed"]
    command += ["--clock-file", str(tmp_path / "clock")]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        words = process.stdout.readline().split()
        assert words[:2] == ["SANDBOX", "READY"]
        assert browser.get(f"{words[2]}sandbox/api/state", timeout=5).json()["members"] == 5
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


def test_the_process_refuses_a_foreign_target() -> None:
    command = [sys.executable, "-m", "app.sandbox", "--port", "0"]
    command += ["--callback-url", "https://example.com/callbacks/app"]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 2
    assert "this machine" in done.stderr


def test_connections_that_were_refused_are_taken_again_at_the_same_address(
    browser: requests.Session,
) -> None:
    server = SandboxServer(Sandbox())
    with server as address:
        server.refuse()
        with pytest.raises(requests.ConnectionError):
            browser.get(f"{address}/cgi-bin/gettoken", timeout=5)
        server.accept()
        answer = browser.get(f"{address}/cgi-bin/gettoken", timeout=5)
    assert answer.json()["errcode"] == 41002
