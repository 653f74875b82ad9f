"""Reading customers and tags from WeCom again: an event is only a hint."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from sqlalchemy.orm import Session

from app import clock
from app.customers.actions import record_detail, record_tags
from app.log import get_logger
from app.runtime import Runtime
from app.wecom import external_contact
from app.wecom.errors import NoSuchRelation

log = get_logger(__name__)


def read_customer(
    runtime: Runtime, external_userid: str, *, within: float | None = None
) -> Callable[[Session], None] | None:
    """Ask WeCom for a customer and everybody who follows him; return what records the answer.

    In `within` seconds; without it, patiently.

    None: WeCom shows no relation. So it is with a customer who added a member one-sidedly
    (免验证), until the member adds him back.
    """
    asked_at = clock.utcnow()
    try:
        detail = external_contact.get(runtime.wecom, external_userid, within=within)
    except NoSuchRelation:
        return None
    return partial(_record, detail, asked_at)


def _record(detail: external_contact.CustomerDetail, asked_at: datetime, session: Session) -> None:
    record_detail(session, detail, asked_at=asked_at)


def sync_tags(runtime: Runtime) -> None:
    """Pull the corp's tags.

    Raises:
        WeComError: they could not be read.
    """
    groups = external_contact.get_corp_tag_list(runtime.wecom)
    runtime.db.commit(lambda session: record_tags(session, groups))
    log.info("tags_synced", groups=len(groups), tags=sum(len(group.tags) for group in groups))
