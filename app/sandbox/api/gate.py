"""The one way into every endpoint: ledger, faults, token, permissions, limits, then the endpoint.

The order is WeCom's: token, caller's address, permission, rate, body. Faults stand around it: held
before WeCom sees the call, refused instead of worked, held or dropped after it acted.
"""

import json
import re
import time
from collections import Counter
from functools import lru_cache
from typing import Any

from flask import Blueprint, Request, Response, request
from werkzeug.utils import secure_filename

from app.sandbox.clock import Clock, monotonic
from app.sandbox.errors import Refused, refusal
from app.sandbox.faults import Fault, Faults, Met
from app.sandbox.hang_up import hang_up
from app.sandbox.ledger import Ledger
from app.sandbox.records import CallRecord
from app.sandbox.world import App, World

from . import ENDPOINTS
from .call import Answer, Call, Endpoint, Upload
from .messages import Mailroom
from .tokens import check_token

SHARED_LISTS = ("userid_list",)
SECRET_PARAMS = ("access_token", "corpsecret")
# An escape such as \u4f60 in the raw body; a doubled backslash before the u is plain text.
ESCAPED = re.compile(rb"(?<!\\)(?:\\\\)*\\u[0-9a-fA-F]{4}")
MINUTE = 60
MULTIPART = "multipart/form-data"
CALLS_PER_MINUTE = 10_000
PAGE = "<html><body><h1>502 Bad Gateway</h1></body></html>"

NOBODY = App(agentid=0, secret="", name="", token="", aes_key="")


class Abandoned(Exception):
    """The connection closes without an answer."""


class Gate:
    """Answers /cgi-bin/<api>."""

    def __init__(self, world: World, clock: Clock, *, ledger: Ledger, faults: Faults) -> None:
        self._world = world
        self._clock = clock
        self._ledger = ledger
        self._faults = faults
        self._mailroom = Mailroom()
        self._rates: Counter[tuple[str, int]] = Counter()

    def blueprint(self) -> Blueprint:
        """Return the routes."""
        routes = Blueprint("cgi_bin", __name__)
        routes.add_url_rule(
            "/cgi-bin/<path:api>", "api", self.answer, methods=["GET", "POST", "PUT", "DELETE"]
        )
        return routes

    def answer(self, api: str) -> Response:
        """Answer one call and write down what came of it."""
        began = monotonic()
        record = self._ledger.add(
            CallRecord(api, _params(request), ip=request.remote_addr or "", monotonic=began)
        )
        try:
            response = self._work(api, record)
        except Abandoned:
            state = "dropped" if record.acted else "abandoned"
            self._ledger.change(record, state=state, ms=(monotonic() - began) * 1000)
            return hang_up()
        self._ledger.change(
            record, state="answered", status=response.status_code, ms=(monotonic() - began) * 1000
        )
        return response

    def _work(self, api: str, record: CallRecord) -> Response:
        met = self._faults.meet(api)
        if met.before and not self._stand(met.before.stand, record):
            raise Abandoned
        flight = self._ledger.enter(record)
        try:
            return self._answer_unless_broken(api, record, met=met, flight=flight)
        finally:
            self._ledger.leave(record)

    def _answer_unless_broken(
        self, api: str, record: CallRecord, *, met: Met, flight: int
    ) -> Response:
        if met.refusal and met.refusal.kind != "errcode":
            time.sleep(met.latency)
            return _broken(met.refusal)
        try:
            answer: Answer = {"errcode": 0, "errmsg": "ok"} | self._act(
                api, record, met=met, flight=flight
            )
        except Refused as refused:
            answer = refusal(refused.errcode, record.ip, detail=refused.detail)
        record.errcode = answer["errcode"]
        record.acted = record.errcode == 0
        if met.after and not self._stand(met.after.stand, record):
            raise Abandoned
        if met.drop_reply:
            raise Abandoned
        return _json(answer)

    def _stand(self, stand: Any, record: CallRecord) -> bool:
        self._ledger.change(record, state="held")
        went_on: bool = stand(record)
        self._ledger.change(record, state="received")
        return went_on

    def _act(self, api: str, record: CallRecord, *, met: Met, flight: int) -> Answer:
        endpoint = ENDPOINTS.get(api)
        if endpoint is None:
            record.answered = False
            raise Refused(404001, api)
        if met.refusal:
            time.sleep(met.latency)
            raise Refused(int(met.refusal.value))
        with self._world.lock:
            call = self._admit(api, endpoint, record=record, flight=flight)
            if endpoint.begin:
                endpoint.begin(call)
        time.sleep(met.latency)
        with self._world.lock:
            return endpoint.act(call)

    def _admit(self, api: str, endpoint: Endpoint, *, record: CallRecord, flight: int) -> Call:
        """Check all that WeCom checks before it looks at what is asked. Raises: Refused."""
        app = NOBODY
        if request.method != endpoint.method:
            raise Refused(43002 if endpoint.method == "POST" else 43001)
        if endpoint.token:
            token = request.args.get("access_token", "")
            app = check_token(self._world, token, self._clock.time())
            record.agentid = app.agentid
            if app.trusted_ips is not None and record.ip not in app.trusted_ips:
                raise Refused(60020)
        if endpoint.customers and not app.callable_external:
            raise Refused(48002)
        self._check_pace(api, flight)
        return Call(
            api=api,
            query=request.args.to_dict(),
            body=_body(request),
            world=self._world,
            clock=self._clock,
            ledger=self._ledger,
            ip=record.ip,
            app=app,
            upload=_upload(request),
            notes={"mailroom": self._mailroom},
        )

    def _check_pace(self, api: str, flight: int) -> None:
        limit = self._faults.limits.get(api)
        if limit is not None and flight > limit:
            raise Refused(45033)
        minute = int(self._clock.time() // MINUTE)
        self._rates[api, minute] += 1
        if self._rates[api, minute] > self._faults.calls_per_minute.get(api, CALLS_PER_MINUTE):
            raise Refused(45009)


def _params(asked: Request) -> dict[str, Any]:
    """Return what was asked, without secrets: the query, and the body as JSON or as file names."""
    params: dict[str, Any] = {
        name: value for name, value in asked.args.items() if name not in SECRET_PARAMS
    }
    if asked.mimetype == MULTIPART:
        params["files"] = {
            name: secure_filename(one.filename or "") for name, one in asked.files.items()
        }
    elif raw := asked.get_data():
        try:
            params["body"] = _share_lists(json.loads(raw))
        except ValueError:
            params["bytes"] = len(raw)
    return params


def _share_lists(body: Any) -> Any:
    """Keep one list for all calls of a walk, each of which names the same hundred members."""
    if not isinstance(body, dict):
        return body
    return {
        name: _one_list(tuple(value)) if name in SHARED_LISTS and _is_of_texts(value) else value
        for name, value in body.items()
    }


def _is_of_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


@lru_cache(maxsize=16)
def _one_list(values: tuple[str, ...]) -> list[str]:
    return list(values)


def _body(asked: Request) -> Answer:
    # WeCom reads JSON whatever the content type says.
    raw = b"" if asked.mimetype == MULTIPART else asked.get_data()
    if asked.method != "POST" or not raw:
        return {}
    if ESCAPED.search(raw):
        raise Refused(40033)
    try:
        body = json.loads(raw)
    except ValueError as problem:
        raise Refused(47001) from problem
    if not isinstance(body, dict):
        raise Refused(47001)
    return body


def _upload(asked: Request) -> Upload | None:
    if asked.mimetype != MULTIPART:
        return None
    given = asked.files.get("media") or next(iter(asked.files.values()), None)
    return Upload(given.filename or "", given.read()) if given else None


def _json(answer: Answer) -> Response:
    body = json.dumps(answer, ensure_ascii=False)
    return Response(body, content_type="application/json; charset=UTF-8")


def _broken(fault: Fault) -> Response:
    if fault.kind == "html":
        return Response(PAGE, content_type="text/html")
    if fault.kind == "empty":
        return Response(b"", content_type="application/json; charset=UTF-8")
    return Response(b"", status=int(fault.value), content_type="text/plain")
