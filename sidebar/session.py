"""The two signed cookies of the sidebar: who is signed in, and who is just signing in.

A session is a cookie and nothing else: WeCom's web views lose what a page stores in them. Both are
bound to the corp and to `server.secret_key`. The CSRF token is a fingerprint of the session's id.
"""

import hmac
import secrets
from dataclasses import astuple, dataclass, fields

from flask import Request, Response

from app.config import Config
from app.cookies import Jar, PendingSignIn, SignIns
from app.seal import Sealer

MEMBER_COOKIE = "banke_member"
SIGN_IN_COOKIE = "banke_sign_in"
SESSION_SECONDS = 12 * 3600
SESSION_PURPOSE = "sidebar.session"

CSRF_HEADER = "X-CSRF-Token"
CSRF_FIELD = "csrf_token"
CSRF_PURPOSE = "sidebar.csrf"


@dataclass(frozen=True)
class MemberSession:
    """Who is signed in. `session_id` is random and of this sign-in.

    `stay`: the member's when he signed in. It ends when he leaves, whoever bears his userid then.
    """

    userid: str
    session_id: str
    stay: int


class Cookies:
    """Writes and reads the cookies of one deployment."""

    def __init__(self, config: Config, sealer: Sealer) -> None:
        self._sealer = sealer
        self._jar = Jar(config)
        self._sign_ins = SignIns(self._jar, name=SIGN_IN_COOKIE, purpose="sidebar.sign_in")

    def read_session(self, request: Request) -> MemberSession | None:
        """Return who is signed in, if the cookie is ours and not older than twelve hours."""
        value = self._jar.read(
            request, MEMBER_COOKIE, purpose=SESSION_PURPOSE, seconds=SESSION_SECONDS
        )
        if not isinstance(value, list) or len(value) != len(fields(MemberSession)):
            return None
        return MemberSession(*value)

    def write_session(self, response: Response, session: MemberSession) -> None:
        """Sign a member in."""
        self._jar.write(
            response,
            MEMBER_COOKIE,
            astuple(session),
            purpose=SESSION_PURPOSE,
            seconds=SESSION_SECONDS,
        )

    def csrf_token(self, session: MemberSession) -> str:
        """Return what every POST of this session has to bring."""
        return self._sealer.fingerprint(session.session_id, purpose=CSRF_PURPOSE)

    def has_csrf_token(self, request: Request, session: MemberSession) -> bool:
        """Tell whether a request brings it, in the header or in the form."""
        given = request.headers.get(CSRF_HEADER) or request.form.get(CSRF_FIELD, "")
        return hmac.compare_digest(given.encode(), self.csrf_token(session).encode())

    def read_sign_ins(self, request: Request) -> list[PendingSignIn]:
        """Return the sign-ins that this browser has begun and that may still end, oldest first."""
        return self._sign_ins.read(request)

    def write_sign_ins(self, response: Response, pending: list[PendingSignIn]) -> None:
        """Keep the youngest of these, or take the cookie away with the last one."""
        self._sign_ins.write(response, pending)


def new_session(userid: str, stay: int) -> MemberSession:
    """Begin a session."""
    return MemberSession(userid, secrets.token_hex(16), stay)
