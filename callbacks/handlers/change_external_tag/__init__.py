"""change_external_tag (企业客户标签变更): developer.work.weixin.qq.com/document/path/92130.

An event names one tag or group, and a day of tidying up brings many: each has the whole list read
again, which is one call.
"""

from app.customers.jobs import sync_tags
from app.runtime import Runtime
from callbacks.reaction import StoredEvent


def read_tags(runtime: Runtime, _event: StoredEvent) -> None:
    """Read the corp's tags from WeCom."""
    sync_tags(runtime)
