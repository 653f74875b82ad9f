"""The rows of the log, as they are shown and as they are exported."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from app.admin.reading import Times
from app.customers.queries import list_customer_names
from app.deliveries.models import Delivery
from app.deliveries.queries import MESSAGES, OPEN, word_outcome
from app.i18n import N_, _
from app.members.queries import list_names
from app.welcome.queries import list_versions
from app.words import clean

# The columns of an exported table.
COLUMNS = {
    "at": N_("时间"),
    "kind": N_("类型"),
    "outcome": N_("结果"),
    "took_ms": N_("毫秒"),
    "member": N_("成员"),
    "userid": N_("成员账号"),
    "customer": N_("客户"),
    "external_userid": N_("客户（external_userid）"),
    "recipient": N_("发给"),
    "script": N_("欢迎语版本"),
    "state": N_("渠道"),
}


def word_kind(kind: str) -> str:
    """Say what was sent."""
    return _("欢迎语") if kind == "welcome" else _(MESSAGES.get(kind, N_("消息")))


def build_rows(
    session: Session, deliveries: Sequence[Delivery], now: Times
) -> list[dict[str, Any]]:
    """Word these deliveries, with the names of whom they are about."""
    members = list_names(session, {name for one in deliveries for name in _people(one)})
    customers = list_customer_names(
        session, {one.external_userid for one in deliveries if one.external_userid}
    )
    versions = list_versions(session, {number for one in deliveries if (number := _version(one))})
    return [
        {
            "at": now.second(one.wanted_at),
            "kind": word_kind(one.kind),
            "fate": one.outcome or OPEN,
            "outcome": word_outcome(one),
            "took_ms": one.took_ms,
            "member": clean(members.get(one.userid, "")),
            "userid": one.userid,
            "customer": clean(customers.get(one.external_userid, "")),
            "external_userid": one.external_userid,
            "recipient": _word_recipient(one, members),
            "script": _word_script(one, versions),
            "state": one.state,
        }
        for one in deliveries
    ]


def _people(delivery: Delivery) -> tuple[str, ...]:
    told = () if delivery.kind == "welcome" else (delivery.recipient,)
    return tuple(name for name in (delivery.userid, *told) if name)


def _version(delivery: Delivery) -> int:
    """Return the version of the script that a welcome said, 0 if it said none."""
    found = delivery.detail.get("version", 0)
    return found if delivery.kind == "welcome" and isinstance(found, int) else 0


def _word_recipient(delivery: Delivery, members: dict[str, str]) -> str:
    """Say who got it, where that is not the customer and not the member himself."""
    if delivery.kind == "welcome" or delivery.recipient == delivery.userid:
        return ""
    return clean(members.get(delivery.recipient, delivery.recipient))


def _word_script(delivery: Delivery, versions: dict[int, tuple[str, int]]) -> str:
    found = versions.get(_version(delivery))
    if found is None:
        return ""
    name, number = found
    return _("{name} 第 {number} 版", name=clean(name), number=number)
