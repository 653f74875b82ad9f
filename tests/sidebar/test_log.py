"""What the real server writes about the sidebar: ids that lead on, and nothing that is secret."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from sqlalchemy import text

from tests.deployment import Deployment

NAME = "只在客户资料里的名字"


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Deployment]:
    """Give the whole product, the sandbox in front."""
    with Deployment(tmp_path, front=True) as deployment:
        yield deployment.serve()


@pytest.fixture
def member() -> Iterator[requests.Session]:
    """Give a member's client."""
    with requests.Session() as session:
        session.trust_env = False
        session.cookies.set("sandbox_member", "zhaoyi")
        yield session


def test_the_id_of_a_problem_is_in_the_log_and_no_secret_is(
    served: Deployment, member: requests.Session
) -> None:
    customer = served.box.people.customer_scans("zhaoyi", name=NAME).external_userid
    address = f"{served.front}/sidebar/customers/{customer}/profile"
    page = member.get(address, timeout=20)
    assert NAME in page.text
    token = re.search(r'data-csrf-token="(\w+)"', page.text)
    assert token
    signed = member.post(
        f"{served.front}/sidebar/jssdk/signatures",
        json={"url": address},
        headers={"X-CSRF-Token": token[1]},
        timeout=20,
    )
    assert signed.status_code == 200
    with served.db.write() as session:
        session.execute(text("ALTER TABLE timeline RENAME TO away"))
    failed = member.get(address, timeout=20)
    problem_id = re.search(r"编号 B\d{3} · ([0-9a-f]{8})", failed.text)
    assert failed.status_code == 500
    assert problem_id

    log = served.log_text()
    assert problem_id[1] in log
    assert log.count("token_fetched") >= 3
    query = parse_qs(urlsplit(page.history[-1].url).query)
    tickets = [ticket for ticket, _ in served.box.world.tickets.values()]
    cookies = [cookie.value for cookie in member.cookies if cookie.name.startswith("banke_")]
    secrets = [*tickets, *cookies, query["code"][0], query["state"][0], token[1]]
    assert len(secrets) == 6
    for secret in (*secrets, NAME, customer):
        assert str(secret) not in log
