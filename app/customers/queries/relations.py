"""Reads of relations: the periods of a pair, and how a customer stands with a member."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.customers.models import Customer, CustomerStage, FollowUser, Pipeline, Stage


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


def list_customer_names(session: Session, external_userids: Iterable[str]) -> dict[str, str]:
    """Return the names of those of these customers who have one."""
    rows = session.execute(
        select(Customer.external_userid, Customer.name).where(
            Customer.external_userid.in_(list(external_userids)), Customer.name != ""
        )
    )
    return {row.external_userid: row.name for row in rows}


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
        .where(CustomerStage.external_userid == external_userid, Pipeline.removed_at.is_(None))
        .order_by(Pipeline.position, Pipeline.id)
        .limit(1)
    )
