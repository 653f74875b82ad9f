"""Waiting for WeCom's check of our callback address: what came, and what it says of the Token."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from app.admin.reading import Times
from app.arrivals import ANSWERED, CHECK, EVENT, NOBODY, Arrival, list_arrivals
from app.config import Config
from app.i18n import N_, _

# What the verdict on a check of the address comes to.
VERDICTS: dict[str, str] = {
    "signature": N_(
        "收到请求，但签名不符：Token 与控制台里的不一致。改过 config.toml 的话，还要重启进程。"
    ),
    "ciphertext": N_("收到请求，签名相符，但解不开：EncodingAESKey 与控制台里的不一致。"),
    "padding": N_("收到请求，签名相符，但解不开：EncodingAESKey 与控制台里的不一致。"),
    "length": N_("收到请求，签名相符，但解不开：EncodingAESKey 与控制台里的不一致。"),
    "receiveid": N_("收到请求，也解开了，但它是给另一个企业的：请核对 wecom.corp_id。"),
    "parameters": N_("收到请求，但参数不全：可能是在浏览器里打开了这个地址，或者代理改动了参数。"),
}
# Anybody can send such a request; it says nothing about how the console is filled in.
OF_STRANGERS = frozenset({"parameters"})
LONG = timedelta(minutes=10)
LATELY = timedelta(days=1)


def list_waiting(
    session: Session, config: Config, now: Times, *, since: datetime
) -> list[dict[str, Any]]:
    """Tell how every receiver's address was last checked; `since`: when somebody began to wait."""
    lost = [one for one in list_arrivals(session, NOBODY) if one.at >= since]
    return [
        {
            "path": f"/callbacks/{name}",
            "is_lost": bool(lost),
            **_show_receiver(list_arrivals(session, name), now, since=since),
        }
        for name in config.callbacks
    ]


def _show_receiver(came: Sequence[Arrival], now: Times, *, since: datetime) -> dict[str, Any]:
    checks = [one for one in came if one.kind == CHECK]
    events = [one for one in came if one.kind == EVENT and now.now - one.at < LATELY]
    shown = {"refused_event": now.second(events[0].at) if events else ""}
    telling = next((one for one in checks if one.verdict not in OF_STRANGERS), None)
    seen = telling or next(iter(checks), None)
    if seen is None or (seen is not telling and seen.at < since):
        is_long = now.now - since > LONG
        return shown | {"state": "silent" if is_long else "waiting"}
    is_answered = seen.verdict == ANSWERED
    return shown | {
        "state": "answered" if is_answered else "refused",
        "at": now.second(seen.at),
        "words": "" if is_answered else _(VERDICTS.get(seen.verdict, seen.verdict)),
        "is_new": seen.at >= since,
    }
