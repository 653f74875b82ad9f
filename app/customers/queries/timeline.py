"""Reads of the timeline (动态), and what its entries say."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.customers.models import TimelineEntry
from app.i18n import N_, _

# What each kind of timeline entry says; `{…}` are keys of its data.
ENTRY_WORDS = {
    "added": N_("添加了员工"),
    "added_half": N_("添加了员工，员工还没有通过"),
    "removed_by_customer": N_("客户删除了员工"),
    "removed_by_member": N_("员工删除了客户"),
    "removed_by_transfer": N_("客户已转接给其他员工"),
    "transfer_failed": N_("转接没有成功：{reason}"),
    "archive_agreed": N_("客户同意存档会话内容"),
    "group_joined": N_("加入客户群「{group_name}」"),
    "group_left": N_("退出客户群「{group_name}」"),
    "group_dismissed": N_("客户群「{group_name}」已解散"),
}
REASON_WORDS = {
    "customer_refused": N_("客户拒绝了转接"),
    "customer_limit_exceed": N_("接替员工的客户数已到上限"),
}


def list_timeline(
    session: Session, external_userid: str, *, limit: int = 50
) -> Sequence[TimelineEntry]:
    """Return the newest entries of a customer's timeline."""
    return session.scalars(
        select(TimelineEntry)
        .where(TimelineEntry.external_userid == external_userid)
        .order_by(TimelineEntry.at.desc(), TimelineEntry.id.desc())
        .limit(limit)
    ).all()


def word_entry(entry: TimelineEntry) -> str:
    """Say what an entry means, in the reader's language."""
    values = {"group_name": "", "reason": "", **entry.data}
    reason = REASON_WORDS.get(str(values["reason"]))
    return _(ENTRY_WORDS[entry.kind], **(values | ({"reason": _(reason)} if reason else {})))
