"""A member's web view at the sidebar: it keeps cookies and goes where WeCom leads it."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import requests
from flask import Flask
from werkzeug.test import TestResponse

CLIENT = "Mozilla/5.0 wxwork/5.0.11 MicroMessenger/7.0.1 Language/zh ColorScheme/Light"
HTMX = {"HX-Request": "true"}


class Browser:
    """One web view. `userid`: whom WeCom's client belongs to; "" for a browser of nobody's."""

    def __init__(self, app: Flask, userid: str = "", *, agent: str = CLIENT) -> None:
        self._web = app.test_client()
        self._base = app.extensions["banke_runtime"].config.server.base_url
        self._agent = agent
        self.userid = userid

    def get(self, path: str, *, htmx: bool = False) -> TestResponse:
        """Open an address, or have htmx ask for it."""
        return self.ask("GET", path, HTMX if htmx else {})

    def post(self, path: str, *, token: str = "", **more: Any) -> TestResponse:
        """Send a form or JSON, as htmx does, with the CSRF token of the page."""
        return self.ask("POST", path, HTMX | {"X-CSRF-Token": token}, **more)

    def begin(self, path: str = "/sidebar/") -> str:
        """Open an address without a session and return where it leads: WeCom's sign-in."""
        response = self.get(path)
        assert response.status_code == 302, response.text
        return response.headers["Location"]

    def answer(self, authorize_url: str) -> str:
        """Let WeCom sign this member in and return where it leads back to, without the host."""
        with requests.Session() as session:
            session.trust_env = False
            response = session.get(
                authorize_url,
                cookies={"sandbox_member": self.userid},
                allow_redirects=False,
                timeout=5,
            )
        assert response.status_code == 302, response.text
        back = urlsplit(response.headers["Location"])
        return f"{back.path}?{back.query}"

    def sign_in(self, path: str = "/sidebar/") -> TestResponse:
        """Go the whole way and return what answers at its end."""
        response = self.get(self.answer(self.begin(path)))
        if response.status_code != 303:
            return response
        return self.get(response.headers["Location"])

    def csrf_token(self) -> str:
        """Return the token that the frame carries."""
        found = re.search(r'data-csrf-token="([0-9a-f]+)"', self.get("/sidebar/").text)
        assert found
        return found[1]

    def cookie(self, name: str) -> str | None:
        """Return a cookie's value."""
        found = self._web.get_cookie(name, domain=urlsplit(self._base).hostname or "")
        return found.value if found else None

    def set_cookie(self, name: str, value: str) -> None:
        """Put a cookie into this browser."""
        self._web.set_cookie(name, value, domain=urlsplit(self._base).hostname or "")

    def ask(self, method: str, path: str, headers: Mapping[str, str], **more: Any) -> TestResponse:
        """Send any request as this browser."""
        given = {"User-Agent": self._agent, **headers}
        return self._web.open(path, method=method, base_url=self._base, headers=given, **more)


def problem_in(response: TestResponse) -> str | None:
    """Return the kind of the problem that is shown outside the frame's templates."""
    shown = re.sub(r"<template.*?</template>", "", _text_of(response), flags=re.DOTALL)
    found = re.search(r'data-problem="(\w+)"', shown)
    return found[1] if found else None


def _text_of(response: TestResponse) -> str:
    return str(response.data, errors="replace")
