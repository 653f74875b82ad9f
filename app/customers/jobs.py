"""Reading customers from WeCom again: an event is only a hint."""

from collections.abc import Callable
from functools import partial

from sqlalchemy.orm import Session

from app.customers.actions import record_detail
from app.runtime import Runtime
from app.wecom import external_contact
from app.wecom.errors import NoSuchRelation


def read_customer(
    runtime: Runtime, external_userid: str, *, within: float | None = None
) -> Callable[[Session], None] | None:
    """Ask WeCom for a customer and everybody who follows him; return what records the answer.

    In `within` seconds; without it, patiently.

    None: WeCom shows no relation. So it is with a customer who added a member one-sidedly
    (免验证), until the member adds him back.
    """
    try:
        detail = external_contact.get(runtime.wecom, external_userid, within=within)
    except NoSuchRelation:
        return None
    return partial(_record, detail)


def _record(detail: external_contact.CustomerDetail, session: Session) -> None:
    record_detail(session, detail)
