"""The way to WeCom's server API: one client for a corp and its app, safe to use from many threads.

Subclasses wechatpy's `work.WeChatClient` for its endpoint wrappers and replaces how it speaks:
wechatpy fetches tokens unlocked and without bound from a hard-wired host, sets no timeout, follows
redirects, and lets exceptions out whose text holds the address with its secrets.
"""

import json
import logging
import random
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError, NewConnectionError
from wechatpy.work import WeChatClient

from app import clock
from app.config import Config
from app.config import WeCom as WeComSettings
from app.log import scrub
from app.seal import Sealer
from app.wecom.answers import Answer
from app.wecom.codes import error_for
from app.wecom.errors import (
    TryAgainLater,
    WeComError,
    garbled,
    insecure,
    too_busy,
    unanswered,
    unreachable,
)
from app.wecom.limits import Limits
from app.wecom.tokens import Issued, SecretState, SharedSecretCache, SharedSecrets

if TYPE_CHECKING:
    from redis import Redis
    from urllib3 import BaseHTTPResponse

CONNECT_SECONDS = 2.0
READ_SECONDS = 4.0
# WeCom answers an upload only when it has stored the file.
SLOW_READ_SECONDS = {"media/upload": 20.0, "media/uploadimg": 20.0}
# What a call without a budget of its own may take, waiting for its turn included.
DEFAULT_BUDGET_SECONDS = 40.0
MAX_ANSWER_BYTES = 16 * 1024 * 1024
MOST_ERRCODE = 2**31 - 1
POOL = 64

TRIES = 3
# A patient call waits no longer than this between its tries.
LONGEST_WAIT_SECONDS = 10.0

# 40001 is documented for a wrong secret, but a call answers it for a bad token too.
TOKEN_IS_BAD = {40001, 40014, 42001}
FREQUENCY = 45009
CONCURRENCY = 45033

# Values under these keys are taken out of WeCom's own words, should it repeat them.
SECRET_KEYS = ("access_token", "corpsecret", "welcome_code", "code", "user_ticket")
MASK = "…"


def connect_wecom(config: Config, redis: "Redis | None") -> "WeComClient":
    """Build the client of a deployment.

    `redis` needs short timeouts of its own (0.3 s) and no retries: what it costs when it is frozen
    is one of them every few seconds.
    """
    sealer = Sealer(config.server.secret_key.get_secret_value())
    return WeComClient(config.wecom, tokens=SharedSecrets(sealer, redis), limits=Limits())


@dataclass(kw_only=True)
class _Call:
    """One call, and how much time it has."""

    method: str
    api: str
    give_up_at: float
    # What may hold a secret stays out of the repr.
    params: dict[str, Any] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)
    files: Any = field(default=None, repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    bulk: bool = False

    def left(self) -> float:
        return self.give_up_at - clock.monotonic()

    def timeouts(self) -> tuple[float, float]:
        left = self.left()
        if left <= 0:
            raise too_busy(self.api, 1.0)
        longest = SLOW_READ_SECONDS.get(self.api, READ_SECONDS)
        return min(CONNECT_SECONDS, left), min(longest, left)

    def scrub(self, text: str, *more: str) -> str:
        for secret in (*self.secrets, *more):
            text = text.replace(secret, MASK)
        return scrub(text)


class WeComClient(WeChatClient):  # type: ignore[misc]  # wechatpy ships no types
    """Calls WeCom's endpoints as the app, with tokens, limits and timeouts seen to.

    `get` and `post` take besides `params`, `data` and `files`: `within`, the seconds for
    everything; `bulk`, work that can wait for people's; `patient`, to try again a few times.
    Both raise `WeComError`s only.
    """

    def __init__(
        self,
        settings: WeComSettings,
        *,
        tokens: SharedSecrets,
        limits: Limits,
        waiter: Callable[[float], None] = time.sleep,
    ) -> None:
        # The secret stays out of wechatpy, which puts ten characters of it into key names.
        super().__init__(settings.corp_id, "", auto_retry=False)
        self.API_BASE_URL = f"{settings.api_base}/cgi-bin/"
        self.agent_id = settings.agent_id
        self.tokens = tokens
        self.limits = limits
        self._corpsecret = settings.secret
        self._waiter = waiter
        self._http = _session()
        self._skew: float | None = None
        self._token = self.shared("access_token", self._fetched_token)

    @property
    def access_token(self) -> str:
        """Refuse: the token goes out with each call and is for nobody to read.

        wechatpy's constructor reads every property, which here must not call WeCom.
        """
        raise AttributeError("access_token")

    def fetch_access_token(self) -> None:
        """Refuse: tokens are shared between processes (`app.wecom.tokens`)."""
        raise RuntimeError("tokens come from app.wecom.tokens")

    def shared(self, kind: str, fetch: Callable[[float], Issued]) -> SharedSecretCache:
        """Return the cache of this app's token or ticket of a kind; see `SharedSecrets.cache`."""
        secret = self._corpsecret.get_secret_value()
        return self.tokens.cache(kind, self.corp_id, secret, fetch=fetch)

    def token_state(self) -> SecretState | None:
        """Tell how our token stands; None: there is none yet."""
        return self._token.state()

    def clock_skew(self) -> float | None:
        """Return the seconds that our clock is ahead of WeCom's; None before the first answer.

        WeCom's `Date` has whole seconds, so it is about half a second too much.
        """
        return self._skew

    def close(self) -> None:
        """Close the connections; the next call opens new ones."""
        self._http.close()

    def _request(self, method: str, url_or_endpoint: str, **kwargs: Any) -> Any:
        """Make a call; wechatpy's wrappers and `get` and `post` all come here."""
        if "://" in url_or_endpoint:
            raise ValueError("endpoints are named without a host: it is configured")
        processor = kwargs.pop("result_processor", None)
        tries = TRIES if kwargs.pop("patient", False) else 1
        call = _built_call(method.upper(), url_or_endpoint, kwargs)
        result = self._tried(call, tries)
        return processor(result) if processor else result

    def _tried(self, call: _Call, tries: int) -> dict[str, Any]:
        for _ in range(tries - 1):
            try:
                return self._with_token(call)
            except TryAgainLater as error:
                # Up to half as long again, so that many do not come back at the same moment.
                pause = error.retry_after * random.uniform(1.0, 1.5)  # noqa: S311 -- not a secret
                if pause > min(LONGEST_WAIT_SECONDS, call.left()):
                    raise
                self._waiter(pause)
        return self._with_token(call)

    def _with_token(self, call: _Call) -> dict[str, Any]:
        """Call once, and once more with another token if WeCom rejects this one.

        Both in one turn: a token that is taken before the turn, or waits for a second one, may be
        revoked meanwhile.
        """
        with self._turn(call):
            token = self._token.get(within=call.left())
            try:
                return self._answer(call, access_token=token.value)
            except WeComError as error:
                if error.errcode not in TOKEN_IS_BAD:
                    raise
            token = self._token.invalidate(token.version, within=call.left())
            return self._answer(call, access_token=token.value)

    def _fetched_token(self, within: float) -> Issued:
        call = _Call(method="GET", api="gettoken", give_up_at=clock.monotonic() + within)
        secret = self._corpsecret.get_secret_value()
        with self._turn(call):
            answer = Answer(call.api, self._answer(call, corpid=self.corp_id, corpsecret=secret))
        return Issued(value=answer.text("access_token"), expires_in=answer.integer("expires_in"))

    def _turn(self, call: _Call) -> AbstractContextManager[None]:
        return self.limits.slot(call.api, within=call.left(), bulk=call.bulk)

    def _answer(self, call: _Call, **credentials: str) -> dict[str, Any]:
        answer = self._exchanged(call, credentials)
        if answer["errcode"] == 0:
            return answer
        self._heed(call.api, answer["errcode"])
        errmsg = call.scrub(str(answer.get("errmsg", "")), *credentials.values())
        raise error_for(answer["errcode"], errmsg, api=call.api)

    def _heed(self, api: str, errcode: int) -> None:
        if errcode == FREQUENCY:
            self.limits.shut(api)
        elif errcode == CONCURRENCY:
            self.limits.crowded(api)

    def _exchanged(self, call: _Call, credentials: Mapping[str, str]) -> dict[str, Any]:
        """Send and read; `from None` everywhere, as the causes' texts hold the address."""
        timeouts = call.timeouts()
        try:
            response = self._http.request(
                call.method,
                self.API_BASE_URL + call.api,
                params={**call.params, **credentials},
                data=call.body,
                files=call.files,
                headers={"Content-Type": "application/json"} if call.body else None,
                timeout=timeouts,
                allow_redirects=False,
                stream=True,
            )
        except requests.RequestException as error:
            raise _failure(call.api, error) from None
        with response:
            self._note_date(response.headers.get("Date"))
            body = _body(call.api, response, give_up_at=clock.monotonic() + timeouts[1])
            return _parsed(call.api, response.status_code, body)

    def _note_date(self, date: str | None) -> None:
        try:
            theirs = parsedate_to_datetime(date or "")
            self._skew = (clock.utcnow() - theirs) / timedelta(seconds=1)
        except (TypeError, ValueError):
            return


def _session() -> requests.Session:
    session = requests.Session()
    # No proxy, netrc or certificate bundle from the environment: secrets go where config says.
    session.trust_env = False
    session.headers["User-Agent"] = "banke"
    # Answers are small, and a compressed one could unpack to any size.
    session.headers["Accept-Encoding"] = "identity"
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    adapter = HTTPAdapter(pool_connections=4, pool_maxsize=POOL, max_retries=0)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    # At its most talkative urllib3 writes addresses, and WeCom's hold the token.
    logging.getLogger("urllib3").setLevel(logging.WARNING)
    return session


def _built_call(method: str, api: str, kwargs: dict[str, Any]) -> _Call:
    within = kwargs.get("within")
    params = dict(kwargs.get("params") or {})
    data = kwargs.get("data", kwargs.get("json"))
    named = {**params, **data} if isinstance(data, Mapping) else params
    return _Call(
        method=method,
        api=api,
        give_up_at=clock.monotonic() + (DEFAULT_BUDGET_SECONDS if within is None else within),
        params=params,
        body=_encoded(data),
        files=kwargs.get("files"),
        secrets=tuple(str(named[key]) for key in SECRET_KEYS if named.get(key)),
        bulk=kwargs.get("bulk", False),
    )


def _encoded(data: Any) -> bytes | None:
    """Encode JSON as raw UTF-8: WeCom refuses escapes in some fields (40033)."""
    if data is None or isinstance(data, bytes):
        return data
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()


def _failure(api: str, error: requests.RequestException) -> TryAgainLater:
    """Tell what could not be sent from what was sent and not answered."""
    reason = getattr(error.args[0], "reason", None) if error.args else None
    if isinstance(error, requests.exceptions.SSLError):
        return insecure(api)
    if isinstance(error, requests.ConnectTimeout) or isinstance(reason, NewConnectionError):
        return unreachable(api)
    return unanswered(api)


def _body(api: str, response: requests.Response, *, give_up_at: float) -> bytes:
    """Read what arrives, up to a size and a time: a trickle does not hold us for ever."""
    raw: BaseHTTPResponse = response.raw
    chunks, size = [], 0
    try:
        while chunk := raw.read1(65536):
            chunks.append(chunk)
            size += len(chunk)
            if size > MAX_ANSWER_BYTES:
                raise garbled(api, "the answer is too long")
            if clock.monotonic() > give_up_at:
                raise unanswered(api)
    except (HTTPError, OSError):
        raise unanswered(api) from None
    return b"".join(chunks)


def _parsed(api: str, status: int, body: bytes) -> dict[str, Any]:
    """Return the JSON object with `errcode` as a number; the status decides only for 5xx."""
    if status >= requests.codes.server_error:
        raise garbled(api, f"HTTP {status}")
    try:
        # WeCom's own escapes may hold half a character, which no database takes.
        text = body.decode("utf-8", "replace")
        answer = json.loads(text, parse_constant=_refuse_constant)
        if "\\ud" in text.lower():
            answer = _whole(answer)
        return {**answer, "errcode": _number(answer["errcode"])}
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        raise garbled(api, f"HTTP {status}, not WeCom's JSON") from None


def _number(errcode: Any) -> int:
    number = int(errcode)
    if abs(number) > MOST_ERRCODE:
        raise ValueError("no number of WeCom's, and none that a database takes")
    return number


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _whole(value: Any) -> Any:
    """Put the replacement mark for every lone half of a character."""
    if isinstance(value, dict):
        return {_whole(key): _whole(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_whole(part) for part in value]
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return value
