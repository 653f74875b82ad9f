"""GET and POST /callbacks/<receiver>: verify, decrypt, store, ring, answer. Decides nothing."""

from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, Response, abort, current_app, request
from prometheus_client import Counter
from werkzeug.exceptions import RequestEntityTooLarge

from app import clock
from app.access import access
from app.arrivals import ANSWERED, CHECK, EVENT, NOBODY, OWN_CHECK, UNKNOWN, Came
from app.config import Config
from app.db import Database
from app.inbox.actions import Received
from app.inbox.models import BODY_PURPOSE
from app.log import Tally
from app.seal import Sealer
from app.wecom.crypto import REFUSALS, CallbackCipher, CallbackError, Proof, find_encrypt
from app.wecom.envelope import (
    Unreadable,
    event_key,
    plaintext_key,
    read_event,
)
from callbacks.knocks import Knocks
from callbacks.store import NotStored, Store

MAX_BODY = 64 * 1024

bp = Blueprint("callbacks", __name__, url_prefix="/callbacks")

refusals = Tally("callbacks_refused", every=10.0)
CALLBACKS = Counter("banke_callbacks_total", "Callbacks by how they were answered", ["answer"])
REFUSED = Counter("banke_callbacks_refused_total", "Refused requests by reason", ["reason"])
# From the beginning, so that the first of a kind is seen as a rise.
for _answer in ("stored", "unreadable", "refused", "not_stored"):
    CALLBACKS.labels(_answer)
for _reason in (*REFUSALS, UNKNOWN):
    REFUSED.labels(_reason)


@dataclass(frozen=True)
class Door:
    """What the views need: one cipher a receiver, the seal, the store, and who writes knocks."""

    corp_id: str
    ciphers: dict[str, CallbackCipher]
    sealer: Sealer
    store: Store
    knocks: Knocks


def open_door(config: Config, db: Database, sealer: Sealer) -> Door:
    """Make the door of this configuration."""
    return Door(
        corp_id=config.wecom.corp_id,
        ciphers={
            name: CallbackCipher(
                token=receiver.token.get_secret_value(),
                aes_key=receiver.aes_key.get_secret_value(),
                receiveid=config.wecom.corp_id,
            )
            for name, receiver in config.callbacks.items()
        },
        sealer=sealer,
        store=Store(db),
        knocks=Knocks(db),
    )


@bp.get("/<receiver>")
@access("wecom-signature")
def verify_url(receiver: str) -> Response:
    """Answer WeCom's check of the address with the decrypted echo string, to the byte."""
    cipher = _door().ciphers[_known(receiver)]
    echo = cipher.open(_only("echostr"), _proof())
    _note(receiver, ANSWERED)
    return Response(echo, 200, mimetype="text/plain")


@bp.post("/<receiver>")
@access("wecom-signature")
def take(receiver: str) -> Response:
    """Store one event and answer 200; everything else happens later and elsewhere."""
    door = _door()
    cipher, proof = door.ciphers[_known(receiver)], _proof()
    plaintext = cipher.open(find_encrypt(_body()), proof)
    received = _received(door, receiver, proof, plaintext)
    door.store.put(received)
    CALLBACKS.labels(received.fate or "stored").inc()
    return Response(status=200)


@bp.errorhandler(CallbackError)
def refuse(error: CallbackError) -> Response:
    """Say no, and nothing more: every refused proof gets the same answer."""
    CALLBACKS.labels("refused").inc()
    REFUSED.labels(error.reason).inc()
    refusals.note(error.reason)
    receiver = (request.view_args or {}).get("receiver", "")
    if receiver in _door().ciphers:
        _note(receiver, error.reason)
    return Response(status=error.status)


@bp.errorhandler(NotStored)
def not_stored(_error: NotStored) -> Response:
    """Have WeCom send it again."""
    CALLBACKS.labels("not_stored").inc()
    return Response(status=503)


def _door() -> Door:
    door: Door = current_app.extensions["banke_door"]
    return door


def _known(receiver: str) -> str:
    if receiver not in _door().ciphers:
        CALLBACKS.labels("refused").inc()
        REFUSED.labels(UNKNOWN).inc()
        _note(NOBODY, UNKNOWN)
        abort(404)
    return receiver


def _note(receiver: str, verdict: str) -> None:
    if OWN_CHECK not in request.headers:
        kind = CHECK if request.method in {"GET", "HEAD"} else EVENT
        _door().knocks.note(Came(receiver, kind, verdict))


def _proof() -> Proof:
    return Proof(_only("msg_signature"), _only("timestamp"), _only("nonce"))


def _only(name: str) -> str:
    values = request.args.getlist(name)
    if len(values) != 1:
        raise CallbackError("parameters", status=400)
    return values[0]


def _body() -> bytes:
    if (request.content_length or 0) > MAX_BODY:
        raise CallbackError("size", status=413)
    request.max_content_length = MAX_BODY
    try:
        return request.get_data(cache=False)
    except RequestEntityTooLarge:
        raise CallbackError("size", status=413) from None


def _received(door: Door, receiver: str, proof: Proof, plaintext: bytes) -> Received:
    now = clock.utcnow()
    body = door.sealer.seal(plaintext, purpose=BODY_PURPOSE)
    try:
        event = read_event(plaintext)
    except Unreadable:
        return _unreadable(door, receiver, proof, key=plaintext_key(plaintext), body=body, now=now)
    return Received(
        corp_id=door.corp_id,
        dedupe_key=event_key(event),
        receiver=receiver,
        lane="urgent" if event.welcome_code else "events",
        event=event.event,
        change_type=event.change_type,
        userid=event.userid,
        external_userid=event.external_userid,
        chat_id=event.chat_id,
        create_time=event.create_time,
        body=body,
        msg_signature=proof.msg_signature,
        received_at=now,
    )


def _unreadable(
    door: Door, receiver: str, proof: Proof, *, key: str, body: bytes, now: datetime
) -> Received:
    return Received(
        corp_id=door.corp_id,
        dedupe_key=key,
        receiver=receiver,
        lane="events",
        event="",
        change_type="",
        userid="",
        external_userid="",
        chat_id="",
        create_time=None,
        body=body,
        msg_signature=proof.msg_signature,
        received_at=now,
        fate="unreadable",
    )
