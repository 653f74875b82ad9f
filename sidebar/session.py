"""The two signed cookies of the sidebar: who is signed in, and who is just signing in.

A session is a cookie and nothing else: WeCom's web views lose what a page stores in them. Both are
bound to the corp and to `server.secret_key`. The CSRF token is a fingerprint of the session's id.
"""

import hmac
import secrets
from dataclasses import astuple, dataclass, fields
from hashlib import sha256
from typing import Any

from flask import Request, Response
from itsdangerous import BadSignature, TimestampSigner, URLSafeTimedSerializer

from app import clock
from app.config import Config
from app.seal import Sealer

MEMBER_COOKIE = "banke_member"
SIGN_IN_COOKIE = "banke_sign_in"
SESSION_SECONDS = 12 * 3600
SIGN_IN_SECONDS = 600
# Web views that sign in at the same time, each with a state of its own.
PARALLEL_SIGN_INS = 4

CSRF_HEADER = "X-CSRF-Token"
CSRF_FIELD = "csrf_token"
CSRF_PURPOSE = "sidebar.csrf"


class _Signer(TimestampSigner):
    """Signs with the time that everything else goes by."""

    def get_timestamp(self) -> int:
        return int(clock.utcnow().timestamp())


@dataclass(frozen=True)
class MemberSession:
    """Who is signed in. `session_id` is random and of this sign-in.

    `stay`: the member's when he signed in. It ends when he leaves, whoever bears his userid then.
    """

    userid: str
    session_id: str
    stay: int


@dataclass(frozen=True)
class PendingSignIn:
    """A sign-in that has begun: its state, the page that was wanted, when it ends (unix)."""

    state: str
    next_path: str
    ends_at: int


class Cookies:
    """Writes and reads the cookies of one deployment."""

    def __init__(self, config: Config, sealer: Sealer) -> None:
        self._sealer = sealer
        self._secure = config.server.base_url.startswith("https://")
        key, corp_id = config.server.secret_key.get_secret_value(), config.wecom.corp_id
        self._sessions = _serializer(key, f"sidebar.session.{corp_id}")
        self._sign_ins = _serializer(key, f"sidebar.sign_in.{corp_id}")

    def read_session(self, request: Request) -> MemberSession | None:
        """Return who is signed in, if the cookie is ours and not older than twelve hours."""
        value = _opened(self._sessions, self._given(request, MEMBER_COOKIE), SESSION_SECONDS)
        if not isinstance(value, list) or len(value) != len(fields(MemberSession)):
            return None
        return MemberSession(*value)

    def write_session(self, response: Response, session: MemberSession) -> None:
        """Sign a member in."""
        sealed = self._sessions.dumps(astuple(session))
        self._set(response, MEMBER_COOKIE, str(sealed), SESSION_SECONDS)

    def csrf_token(self, session: MemberSession) -> str:
        """Return what every POST of this session has to bring."""
        return self._sealer.fingerprint(session.session_id, purpose=CSRF_PURPOSE)

    def has_csrf_token(self, request: Request, session: MemberSession) -> bool:
        """Tell whether a request brings it, in the header or in the form."""
        given = request.headers.get(CSRF_HEADER) or request.form.get(CSRF_FIELD, "")
        return hmac.compare_digest(given.encode(), self.csrf_token(session).encode())

    def read_sign_ins(self, request: Request) -> list[PendingSignIn]:
        """Return the sign-ins that this browser has begun and that may still end, oldest first."""
        value = _opened(self._sign_ins, self._given(request, SIGN_IN_COOKIE), SIGN_IN_SECONDS)
        begun = [PendingSignIn(*entry) for entry in value or ()]
        now = clock.utcnow().timestamp()
        return [one for one in begun if one.ends_at > now]

    def write_sign_ins(self, response: Response, pending: list[PendingSignIn]) -> None:
        """Keep the youngest of these, or take the cookie away with the last one."""
        if not pending:
            response.delete_cookie(
                self._name(SIGN_IN_COOKIE), secure=self._secure, httponly=True, samesite="Lax"
            )
            return
        kept = [(one.state, one.next_path, one.ends_at) for one in pending[-PARALLEL_SIGN_INS:]]
        self._set(response, SIGN_IN_COOKIE, str(self._sign_ins.dumps(kept)), SIGN_IN_SECONDS)

    def _name(self, name: str) -> str:
        # A browser lets nobody but this very host set a cookie of that prefix.
        return f"__Host-{name}" if self._secure else name

    def _given(self, request: Request, name: str) -> str:
        return request.cookies.get(self._name(name), "")

    def _set(self, response: Response, name: str, value: str, seconds: int) -> None:
        response.set_cookie(
            self._name(name),
            value,
            max_age=seconds,
            secure=self._secure,
            httponly=True,
            samesite="Lax",
        )


def new_session(userid: str, stay: int) -> MemberSession:
    """Begin a session."""
    return MemberSession(userid, secrets.token_hex(16), stay)


def new_sign_in(next_path: str) -> PendingSignIn:
    """Begin a sign-in. WeCom takes 128 letters and digits for a state, and nothing else."""
    ends_at = int(clock.utcnow().timestamp()) + SIGN_IN_SECONDS
    return PendingSignIn(secrets.token_hex(16), next_path, ends_at)


def _serializer(key: str, salt: str) -> URLSafeTimedSerializer:
    how: dict[str, Any] = {"key_derivation": "hmac", "digest_method": sha256}
    return URLSafeTimedSerializer(key, salt, signer=_Signer, signer_kwargs=how)


def _opened(serializer: URLSafeTimedSerializer, text: str, seconds: int) -> Any:
    try:
        return serializer.loads(text, max_age=seconds)
    except BadSignature:
        return None
