"""What this room holds about a customer."""

import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session, aliased

from app.config import Config
from app.deliveries.models import Delivery
from app.deliveries.queries import MESSAGES, word_outcome
from app.i18n import N_, _
from app.personal import Holding, Reader

WELCOME = N_("欢迎语")
PAYLOAD = "deliveries.payload"
# What a message says stands under these keys.
SAYING = ("title", "desc", "keyname", "value", "sub_title_text", "content")


def _about(external_userid: str) -> ColumnElement[bool]:
    return or_(Delivery.external_userid == external_userid, Delivery.recipient == external_userid)


def _with_others(external_userid: str) -> ColumnElement[bool]:
    """Find messages that took one about him along (`app.messages`)."""
    carried = aliased(Delivery)
    return Delivery.id.in_(
        select(carried.detail["digest"].as_integer()).where(
            carried.external_userid == external_userid, carried.reason == "in_digest"
        )
    ) & (Delivery.external_userid != external_userid)


def _kind(_reader: Reader, row: Delivery) -> str:
    return _(MESSAGES.get(row.kind, WELCOME))


def _text(reader: Reader, row: Delivery) -> str:
    """Say what a message says; not one that names others too."""
    said = "" if row.reason == "digest" else reader.open(row.payload, PAYLOAD)
    return "\n".join(_strings(json.loads(said))) if said else ""


def _strings(told: Any) -> Iterator[str]:
    parts = told.items() if isinstance(told, dict) else enumerate(told)
    for key, value in parts:
        if isinstance(value, (dict, list)):
            yield from _strings(value)
        elif key in SAYING and value:
            yield str(value)


def _forget_text(_session: Session, row: Delivery) -> None:
    # One that is still to be sent is built anew, without him.
    row.payload = None


def _kept(config: Config) -> str:
    kept = config.retention
    told = N_("发送后 {days} 天；其中消息的内容 {text_days} 天")
    return _(told, days=kept.delivery_days, text_days=kept.delivery_text_days)


HOLDINGS = (
    Holding(
        table=Delivery,
        title=N_("提到他的汇总消息"),
        purpose=N_("一次告诉员工几位客户的事，不打扰太多次"),
        find=_with_others,
        columns={
            N_("时间"): "wanted_at",
            N_("消息"): _kind,
            N_("接收人"): lambda reader, row: reader.member(row.recipient),
        },
        scrub=_forget_text,
        kept=_kept,
    ),
    Holding(
        table=Delivery,
        title=N_("发送记录"),
        purpose=N_("查得到发给客户的欢迎语，以及因为他发给员工的提醒"),
        find=_about,
        columns={
            N_("时间"): "wanted_at",
            N_("消息"): _kind,
            N_("结果"): lambda _reader, row: word_outcome(row),
            N_("员工"): lambda reader, row: reader.member(row.userid),
            N_("渠道"): "state",
            N_("发出时间"): "sent_at",
            N_("内容"): _text,
        },
        kept=_kept,
    ),
)
