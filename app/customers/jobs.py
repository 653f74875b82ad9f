"""Reading customers from WeCom again: an event is only a hint."""

from app.customers.actions import record_detail
from app.runtime import Runtime
from app.wecom import external_contact
from app.wecom.errors import NoSuchRelation


def sync_customer(runtime: Runtime, external_userid: str) -> bool:
    """Read one customer and everybody who follows him; False when WeCom shows no relation.

    A customer who added a member one-sidedly (免验证) is not shown until the member adds him back.
    """
    try:
        detail = external_contact.get(runtime.wecom, external_userid)
    except NoSuchRelation:
        return False
    with runtime.db.write() as session:
        record_detail(session, detail)
    return True
