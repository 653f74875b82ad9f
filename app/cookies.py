"""Signed cookies, and the sign-ins that a browser has begun with WeCom and not ended yet.

A sign-in has a state of its own, kept in the browser's cookie: an answer of WeCom is good for the
browser that asked.
"""

import hmac
import secrets
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from flask import Request, Response
from itsdangerous import BadSignature, TimestampSigner, URLSafeTimedSerializer

from app import clock
from app.config import Config

SIGN_IN_SECONDS = 600
# Web views that sign in at the same time, each with a state of its own.
PARALLEL_SIGN_INS = 4


class _Signer(TimestampSigner):
    """Signs with the time that everything else goes by."""

    def get_timestamp(self) -> int:
        return int(clock.utcnow().timestamp())


@dataclass(frozen=True)
class PendingSignIn:
    """A sign-in that has begun: its state, the page that was wanted, when it ends (unix)."""

    state: str
    next_path: str
    ends_at: int


class Jar:
    """Writes and reads the cookies of one deployment; nobody but us can make one."""

    def __init__(self, config: Config) -> None:
        self._secure = config.server.base_url.startswith("https://")
        self._key = config.server.secret_key.get_secret_value()
        self._corp_id = config.wecom.corp_id

    def read(self, request: Request, name: str, *, purpose: str, seconds: int) -> Any:
        """Return what we have written under this name for this purpose, not longer ago; or None."""
        try:
            return self._serializer(purpose).loads(self.plain(request, name), max_age=seconds)
        except BadSignature:
            return None

    def write(
        self, response: Response, name: str, value: Any, *, purpose: str, seconds: int
    ) -> None:
        """Write a value that JSON can hold."""
        signed = str(self._serializer(purpose).dumps(value))
        self.write_plain(response, name, signed, seconds=seconds)

    def plain(self, request: Request, name: str) -> str:
        """Return a cookie as it is; "" when there is none."""
        return request.cookies.get(self._name(name), "")

    def write_plain(self, response: Response, name: str, value: str, *, seconds: int) -> None:
        """Write a cookie whose value is a secret by itself."""
        response.set_cookie(
            self._name(name),
            value,
            max_age=seconds,
            secure=self._secure,
            httponly=True,
            samesite="Lax",
        )

    def delete(self, response: Response, name: str) -> None:
        """Take a cookie away."""
        response.delete_cookie(self._name(name), secure=self._secure, httponly=True, samesite="Lax")

    def _name(self, name: str) -> str:
        # A browser lets nobody but this very host set a cookie of that prefix.
        return f"__Host-{name}" if self._secure else name

    def _serializer(self, purpose: str) -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer(
            self._key,
            f"{purpose}.{self._corp_id}",
            signer=_Signer,
            signer_kwargs={"key_derivation": "hmac", "digest_method": sha256},
        )


class SignIns:
    """The sign-ins of one door that browsers have begun. `name`: of the cookie."""

    def __init__(self, jar: Jar, *, name: str, purpose: str) -> None:
        self._jar = jar
        self._name = name
        self._purpose = purpose

    def read(self, request: Request) -> list[PendingSignIn]:
        """Return those of this browser that may still end, oldest first."""
        value = self._jar.read(request, self._name, purpose=self._purpose, seconds=SIGN_IN_SECONDS)
        begun = [PendingSignIn(*entry) for entry in value or ()]
        now = clock.utcnow().timestamp()
        return [one for one in begun if one.ends_at > now]

    def write(self, response: Response, pending: list[PendingSignIn]) -> None:
        """Keep the youngest of these, or take the cookie away with the last one."""
        if not pending:
            self._jar.delete(response, self._name)
            return
        kept = [(one.state, one.next_path, one.ends_at) for one in pending[-PARALLEL_SIGN_INS:]]
        self._jar.write(response, self._name, kept, purpose=self._purpose, seconds=SIGN_IN_SECONDS)


def new_sign_in(next_path: str) -> PendingSignIn:
    """Begin a sign-in. WeCom takes 128 letters and digits for a state, and nothing else."""
    ends_at = int(clock.utcnow().timestamp()) + SIGN_IN_SECONDS
    return PendingSignIn(secrets.token_hex(16), next_path, ends_at)


def find_of_state(pending: list[PendingSignIn], state: str) -> PendingSignIn | None:
    """Return the one of this state."""
    given = state.encode()
    return next((p for p in pending if hmac.compare_digest(p.state.encode(), given)), None)
