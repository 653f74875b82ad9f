"""The door over real sockets: what a client cannot be trusted to say about its own request."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.callbacks.letters import seal, xml
from tests.deployment import Deployment


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Give a deployment of which only the web process runs."""
    with Deployment(tmp_path_factory.mktemp("web")) as deployment:
        deployment.start("web")
        deployment.wait_ready()
        yield deployment


def send(web: Deployment, head: str, body: bytes) -> bytes:
    """Write a request by hand; return the status line, as far as it comes."""
    with socket.create_connection(("127.0.0.1", web.port), timeout=10) as connection:
        connection.sendall(f"{head}\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        try:
            connection.sendall(body)
        except OSError:
            # The server has made up its mind before the end, which is what is asked for.
            return connection.recv(1024)
        return connection.recv(1024)


QUERY = f"?msg_signature={'0' * 40}&timestamp=1700000000&nonce=n"


@pytest.mark.parametrize("place", ["/callbacks/app", "/sidebar/", "/", "/static/x"])
def test_a_body_announced_as_too_long_is_refused_unread(web: Deployment, place: str) -> None:
    head = f"POST {place}{QUERY} HTTP/1.1\r\nContent-Length: 70000"
    assert b" 413 " in send(web, head, b"x" * 65536)


def test_a_long_body_in_chunks_is_refused(web: Deployment) -> None:
    head = f"POST /callbacks/app{QUERY} HTTP/1.1\r\nTransfer-Encoding: chunked"
    chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    assert b"HTTP/1.1 4" in send(web, head, chunk * 20 + b"0\r\n\r\n")


def test_many_slow_bodies_hold_nobody_else_up(web: Deployment) -> None:
    head = f"POST /callbacks/app{QUERY} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nx"
    slow = [socket.create_connection(("127.0.0.1", web.port), timeout=20) for _ in range(100)]
    for connection in slow:
        connection.sendall(head.encode())
    assert requests.get(f"{web.address}/healthz", timeout=4).status_code == 200
    letter = seal(xml(), receiveid=web.box.corp_id, token=web.box.token, aes_key=web.box.aes_key)
    answer = requests.post(
        f"{web.address}/callbacks/app", params=letter.query, data=letter.body, timeout=4
    )
    assert answer.status_code == 200
    assert all(b" 408 " in connection.recv(1024) for connection in slow)
    for connection in slow:
        connection.close()


def test_the_sandboxs_check_of_the_address_passes(web: Deployment) -> None:
    assert web.box.verify_callback_url() == []


def test_every_answer_carries_the_security_headers(web: Deployment) -> None:
    head = f"POST /callbacks/app{QUERY} HTTP/1.1\r\nContent-Length: 0"
    assert b"nosniff" in send(web, head, b"").lower()


def test_an_old_schema_is_refused_and_the_command_named(tmp_path: Path) -> None:
    with Deployment(tmp_path) as deployment:
        with deployment.db.engine.begin() as connection:
            connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0000_old'")
        for part in ("serve", "web", "worker", "relay"):
            done = deployment.command(part, check=False)
            assert done.returncode != 0
            assert "flask upgrade" in done.stderr
