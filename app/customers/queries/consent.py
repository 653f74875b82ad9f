"""Whether a customer wants to hear of offers (营销意愿): what every sending to many must ask.

The law (个人信息保护法, articles 13 to 16 and 24) wants a consent that was given, and an end when
it is taken back. So whoever is to be sent an offer is chosen by `may_market`, or in an audience's
SQL by `marketing_allowed`, and by nothing else; a test of the house holds whatever calls one of
WeCom's sendings to many to that.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, literal, select
from sqlalchemy.orm import Session, aliased

from app.customers.models import ConsentChange, Customer, MarketingConsent
from app.i18n import N_, _
from app.rows import among
from app.sections import Marketing

UNASKED, AGREED, REFUSED = "", "agreed", "refused"
CONSENT_STATES = {UNASKED: N_("未询问"), AGREED: N_("同意"), REFUSED: N_("拒绝")}
# The customer himself said so: by these alone a refusal may be lifted.
OWN_WAYS = {
    "chat": N_("聊天中询问"),
    "form": N_("客户填写的表单"),
    "own": N_("客户主动提出"),
}
CONSENT_WAYS = {**OWN_WAYS, "import": N_("从表格导入")}
AT_ONCE = 1000


@dataclass(frozen=True)
class ConsentNow:
    """Where a customer stands. `change_id` 0: nobody ever wrote anything down."""

    state: str = UNASKED
    change_id: int = 0
    way: str = ""
    note: str = ""
    userid: str = ""
    at: datetime | None = None


def may_market(session: Session, external_userids: Collection[str], *, rule: Marketing) -> set[str]:
    """Return those of these customers who may be sent an offer; whom we do not know may not."""
    ids, allowed = list(external_userids), set[str]()
    for begin in range(0, len(ids), AT_ONCE):
        chosen = select(Customer.external_userid).where(
            among(session, Customer.external_userid, ids[begin : begin + AT_ONCE]),
            marketing_allowed(Customer.external_userid, rule=rule),
        )
        allowed.update(session.scalars(chosen))
    return allowed


def marketing_allowed(external_userid: Any, *, rule: Marketing) -> ColumnElement[bool]:
    """Say in SQL that the customer of this column may be sent an offer.

    He agreed; or, where the corp's configuration lets that do, he did not refuse.
    """
    if rule.unasked_allowed:
        return ~consent_is(external_userid, REFUSED)
    return consent_is(external_userid, AGREED)


def consent_is(external_userid: Any, state: str) -> ColumnElement[bool]:
    """Say in SQL where the customer of this column stands."""
    consent = aliased(MarketingConsent)
    his = consent.external_userid == external_userid
    if state == UNASKED:
        return ~_has(his, consent.state != UNASKED)
    return _has(his, consent.state == state)


def get_consent(session: Session, external_userid: str) -> ConsentNow:
    """Return where a customer stands, and who wrote that down."""
    row = session.execute(
        select(MarketingConsent.state, ConsentChange)
        .join(ConsentChange, ConsentChange.id == MarketingConsent.change_id)
        .where(MarketingConsent.external_userid == external_userid)
    ).one_or_none()
    if row is None:
        return ConsentNow()
    change = row.ConsentChange
    return ConsentNow(
        row.state, change.id, change.way, change.note, change.userid, change.changed_at
    )


def list_consent_changes(
    session: Session, external_userid: str, *, limit: int = 20
) -> Sequence[ConsentChange]:
    """List the changes, the newest first."""
    return session.scalars(
        select(ConsentChange)
        .where(ConsentChange.external_userid == external_userid)
        .order_by(ConsentChange.id.desc())
        .limit(limit)
    ).all()


def word_consent(state: str) -> str:
    """Name where a customer stands, in the reader's language."""
    return _(CONSENT_STATES.get(state, state))


def word_way(way: str) -> str:
    """Name how it is known; "" stays ""."""
    return _(CONSENT_WAYS[way]) if way in CONSENT_WAYS else way


def _has(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """Say that there is such a row, looked for by itself for each customer, by its key.

    Not with EXISTS: of that some databases make a join, and read all consents for a few customers.
    """
    return select(literal(1)).where(*conditions).limit(1).scalar_subquery().is_not(None)
