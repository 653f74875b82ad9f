"""The admin web over a real sandbox, and browsers of people with and without a role."""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from io import BytesIO
from urllib.parse import urlencode, urlsplit

import pytest
import requests
from flask import Flask
from werkzeug.test import TestResponse

from app.accounts.actions import grant_role
from app.admin.auth import COOKIE, CSRF_HEADER
from app.runtime import Runtime
from tests.sidebar.conftest import app, box, build, runtime, wait, wecom

__all__ = ["app", "box", "build", "runtime", "wait", "wecom"]

HOST = "127.0.0.1"
SAME_SITE = {"Sec-Fetch-Site": "same-origin"}
AGENT = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/156.0 Safari/537.36"


class Desk:
    """One browser at the admin web. `userid`: whose face is before WeCom's QR code."""

    def __init__(self, app: Flask, userid: str) -> None:
        self._web = app.test_client()
        self._base = app.extensions["banke_runtime"].config.server.base_url
        self.userid = userid

    def get(self, path: str, **headers: str) -> TestResponse:
        """Open an address."""
        given = {"User-Agent": AGENT, **headers}
        # A browser takes all of an answer.
        return self._web.get(path, base_url=self._base, headers=given, buffered=True)

    def post(
        self,
        path: str,
        form: Mapping[str, Sequence[str]] | None = None,
        headers: dict[str, str] | None = None,
    ) -> TestResponse:
        """Send a form, from a page of ours unless `headers` say otherwise."""
        given = {"User-Agent": AGENT, **(SAME_SITE if headers is None else headers)}
        return self._web.post(path, base_url=self._base, data=form or {}, headers=given)

    def act(self, path: str, **form: str) -> TestResponse:
        """Send a form with the token of the page."""
        return self.post(path, {**form, "csrf_token": self.token()})

    def upload(self, path: str, data: bytes, **form: str) -> TestResponse:
        """Send a piece of a file as the page's script does."""
        fields = {**form, "csrf_token": self.token(), "data": (BytesIO(data), "blob")}
        given = {"User-Agent": AGENT, "HX-Request": "true", **SAME_SITE}
        return self._web.post(path, base_url=self._base, data=fields, headers=given)

    def hand_in(self, path: str, **files: tuple[BytesIO, str]) -> TestResponse:
        """Send files with a plain form."""
        given = {"User-Agent": AGENT, **SAME_SITE}
        fields = {"csrf_token": self.token(), **files}
        return self._web.post(path, base_url=self._base, data=fields, headers=given)

    def answer(self, begin: str = "/admin/sign-in/wecom", **query: str) -> str:
        """Begin a sign-in, let WeCom answer, and return the address that it leads to."""
        address = self.get(f"{begin}?{urlencode(query)}" if query else begin).headers["Location"]
        with requests.Session() as session:
            session.trust_env = False
            said = session.get(f"{address}&as={self.userid}", allow_redirects=False, timeout=5)
        back = urlsplit(said.headers["Location"])
        return f"{back.path}?{back.query}"

    def sign_in(self) -> TestResponse:
        """Sign in through WeCom."""
        return self.get(self.answer())

    def choose(self, page: str, **chosen: str) -> TestResponse:
        """Choose on a page what is to be seen, and look at it."""
        led = self.act(f"/admin/{page}/choose", **chosen)
        assert led.status_code == 303
        return self.get(led.headers["Location"])

    def cookie(self) -> str:
        """Return the session's cookie."""
        found = self._web.get_cookie(COOKIE, domain=HOST)
        assert found
        return found.value

    def take_cookie(self, value: str, name: str = COOKIE) -> None:
        """Put somebody's cookie into this browser."""
        self._web.set_cookie(name, value, domain=HOST)

    def ask(self, method: str, path: str) -> TestResponse:
        """Send a request of any method, from a page of ours and with its token."""
        given = {"User-Agent": AGENT, **SAME_SITE, CSRF_HEADER: self.token()}
        return self._web.open(path, method=method, base_url=self._base, headers=given)

    def token(self) -> str:
        """Return the CSRF token of the pages."""
        found = re.search(r'name="csrf_token" value="(\w+)"', self.get("/admin/sessions").text)
        assert found
        return found[1]


Seat = Callable[..., Desk]


@pytest.fixture
def desk(app: Flask, runtime: Runtime) -> Seat:
    """Give what seats a member before the admin web: with a role, signed in; without, outside."""

    def seat(userid: str, role: str = "") -> Desk:
        made = Desk(app, userid)
        if role:
            runtime.db.commit(partial(grant_role, userid=userid, role=role))
            assert made.sign_in().status_code == 303
        return made

    return seat
