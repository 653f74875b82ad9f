"""Reads of customers, their relations, stage and timeline."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.customers.models import (
    Customer,
    CustomerStage,
    FollowUser,
    Pipeline,
    Stage,
    TimelineEntry,
)
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


@dataclass(frozen=True)
class Standing:
    """How a customer stands with a member: what an alert needs to say."""

    name: str
    remark: str
    stage: str
    follow: FollowUser | None


def find_follow(session: Session, userid: str, external_userid: str) -> FollowUser | None:
    """Return the latest period of this pair."""
    return session.scalar(
        select(FollowUser)
        .where(FollowUser.userid == userid, FollowUser.external_userid == external_userid)
        .order_by(FollowUser.period.desc())
        .limit(1)
    )


def has_been_lost(session: Session, userid: str, external_userid: str) -> bool:
    """Tell whether these two were together once and parted."""
    return (
        session.scalar(
            select(FollowUser.id)
            .where(
                FollowUser.userid == userid,
                FollowUser.external_userid == external_userid,
                FollowUser.removed_at.is_not(None),
            )
            .limit(1)
        )
        is not None
    )


def list_periods(session: Session, userid: str, external_userid: str) -> Sequence[FollowUser]:
    """Return every period of this pair, oldest first."""
    return session.scalars(
        select(FollowUser)
        .where(FollowUser.userid == userid, FollowUser.external_userid == external_userid)
        .order_by(FollowUser.period)
    ).all()


def get_standing(session: Session, userid: str, external_userid: str) -> Standing:
    """Return name, remark and stage, as far as they are known."""
    customer = session.get(Customer, external_userid)
    follow = find_follow(session, userid, external_userid)
    return Standing(
        name=customer.name if customer else "",
        remark=follow.remark if follow else "",
        stage=find_stage_name(session, external_userid) or "",
        follow=follow,
    )


def find_stage_name(session: Session, external_userid: str) -> str | None:
    """Return the name of the customer's stage in the default pipeline."""
    return session.scalar(
        select(Stage.name)
        .join(CustomerStage, CustomerStage.stage_id == Stage.id)
        .join(Pipeline, Pipeline.id == CustomerStage.pipeline_id)
        .where(CustomerStage.external_userid == external_userid)
        .order_by(Pipeline.position)
        .limit(1)
    )


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
