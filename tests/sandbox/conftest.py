"""A seeded sandbox on a free port, a client of its API, and a receiver of its callbacks."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from app.sandbox.server import Sandbox, SandboxServer

from .receiver import Receiver, receiving


class Client:
    """Calls the sandbox as a server would, with the first app's token."""

    def __init__(self, box: Sandbox, address: str) -> None:
        self.box = box
        self.address = address
        self.session = requests.Session()
        self.session.trust_env = False

    def token(self) -> str:
        """Return the app's token."""
        query = {"corpid": self.box.corp_id, "corpsecret": self.box.secret}
        return str(self.plain("gettoken", **query)["access_token"])

    def plain(self, api: str, **query: Any) -> dict[str, Any]:
        """Get an API without a token of ours."""
        answer = self.session.get(f"{self.address}/cgi-bin/{api}", params=query)
        return dict(answer.json())

    def get(self, api: str, **query: Any) -> dict[str, Any]:
        """Get an API."""
        return self.plain(api, access_token=self.token(), **query)

    def post(self, api: str, /, **body: Any) -> dict[str, Any]:
        """Post JSON to an API."""
        return self.post_raw(api, json.dumps(body, ensure_ascii=False).encode())

    def post_raw(self, api: str, body: bytes) -> dict[str, Any]:
        """Post these very bytes to an API."""
        address = f"{self.address}/cgi-bin/{api}"
        query = {"access_token": self.token()}
        return dict(self.session.post(address, params=query, data=body).json())

    def upload(self, name: str, content: bytes, *, kind: str = "image") -> dict[str, Any]:
        """Upload a file."""
        query = {"access_token": self.token(), "type": kind}
        address = f"{self.address}/cgi-bin/media/upload"
        files = {"media": (name, content)}
        return dict(self.session.post(address, params=query, files=files).json())


@pytest.fixture
def box() -> Sandbox:
    return Sandbox(seed=True)


@pytest.fixture
def address(box: Sandbox) -> Iterator[str]:
    with SandboxServer(box) as address:
        yield address


@pytest.fixture
def wecom(box: Sandbox, address: str) -> Iterator[Client]:
    client = Client(box, address)
    with client.session:
        yield client


class PagesApi:
    """Calls /sandbox/api/ as the pages do, with a browser's cookies."""

    def __init__(self, address: str, session: requests.Session) -> None:
        self.address = f"{address}/sandbox/api"
        self.session = session

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        """Get JSON."""
        return dict(self.session.get(f"{self.address}/{path}", params=query).json())

    def post(self, path: str, /, **body: Any) -> dict[str, Any]:
        """Post JSON that must be taken."""
        answer = self.session.post(f"{self.address}/{path}", json=body)
        assert answer.ok, answer.text
        return dict(answer.json())

    def refused(self, path: str, /, **body: Any) -> int:
        """Post JSON and return the status."""
        return self.session.post(f"{self.address}/{path}", json=body).status_code

    def chat(self, userid: str, external_userid: str) -> list[dict[str, Any]]:
        """Return what a member sees of his chat with a customer."""
        return list(self.get(f"chats/{userid}/customer/{external_userid}")["messages"])

    def phone(self, external_userid: str, userid: str) -> list[dict[str, Any]]:
        """Return what a customer sees of his chat with a member."""
        return list(self.get(f"phones/{external_userid}/{userid}")["messages"])


@pytest.fixture
def api(address: str) -> Iterator[PagesApi]:
    with requests.Session() as session:
        session.trust_env = False
        yield PagesApi(address, session)


@pytest.fixture
def receiver(box: Sandbox, address: str) -> Iterator[Receiver]:
    del address  # the sandbox must stop before the receiver does
    box.delivery.retry_seconds = 0.01
    with receiving() as receiver:
        box.connect(callback_url=f"{receiver.url}/callbacks/app", server_url=receiver.url)
        yield receiver
        box.close()
