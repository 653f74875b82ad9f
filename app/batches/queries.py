"""How a batch gets on, and what became of each relation."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, case, func, or_, select
from sqlalchemy.orm import Session

from app.batches.consents import SAID_NO
from app.batches.importing import IMPORT
from app.batches.models import Batch, BatchItem
from app.customers.models import Customer, FollowUser
from app.i18n import N_
from app.members.models import Member
from app.pushes.models import Push

# What can become of a relation in a batch.
OUTCOMES = {
    "done": N_("已完成"),
    "same": N_("本来就是这样"),
    "gone": N_("已不是好友"),
    SAID_NO: N_("客户拒绝过营销，保持拒绝"),
    "refused": N_("没有成功"),
    "cancelled": N_("已取消"),
}
PAGE, MOST_LISTED = 50, 50


@dataclass(frozen=True)
class Progress:
    """How a batch gets on: relations by outcome ("" open), and WeCom's answers by outcome."""

    items: Counter[str]
    pushes: Counter[str]

    @property
    def open(self) -> int:
        """Count what is still to be done here."""
        return self.items[""]

    @property
    def untold(self) -> int:
        """Count what WeCom is still to be told."""
        return self.pushes[""]


@dataclass(frozen=True)
class ItemRow:
    """What became of one relation. `push`: the one that told WeCom, if there is one."""

    follow_id: int
    outcome: str
    external_userid: str
    name: str
    remark: str
    member: str
    push: Push | None


def became(batch: Batch) -> ColumnElement[str]:
    """Say in SQL what became of a batch's relation: one of OUTCOMES, "" while it is open."""
    beyond = "cancelled" if batch.cancelled_by else ""
    is_reached = or_(
        BatchItem.follow_id <= batch.reached_below,
        BatchItem.follow_id.between(batch.middle + 1, batch.reached),
    )
    return func.coalesce(BatchItem.outcome, case((is_reached, "done"), else_=beyond))


def find_batch(session: Session, batch_id: int, *, userid: str = "") -> Batch | None:
    """Find a batch; with `userid` only one of his own."""
    batch = session.get(Batch, batch_id)
    if batch is None or batch.kind == IMPORT:
        return None
    return batch if userid in {"", batch.userid} else None


def list_batches(session: Session, *, userid: str = "") -> Sequence[Batch]:
    """List the latest batches, the newest first; with `userid` only his own."""
    chosen = select(Batch).where(Batch.kind != IMPORT).order_by(Batch.id.desc()).limit(MOST_LISTED)
    return session.scalars(chosen.where(Batch.userid == userid) if userid else chosen).all()


def measure_progress(session: Session, batch_id: int) -> Progress:
    """Count how far a batch is."""
    outcome = became(session.get_one(Batch, batch_id)).label("became")
    items = session.execute(
        select(outcome, func.count()).where(BatchItem.batch_id == batch_id).group_by(outcome)
    )
    pushes = session.execute(
        select(Push.outcome, func.count()).where(Push.batch_id == batch_id).group_by(Push.outcome)
    )
    return Progress(
        Counter({row[0]: row[1] for row in items}),
        Counter({outcome or "": count for outcome, count in pushes}),
    )


def list_items(
    session: Session, batch: Batch, *, outcome: str = "", after: int = 0
) -> tuple[list[ItemRow], int]:
    """List a page of what became of the relations, and the last one's id if more follow.

    `outcome`: one of OUTCOMES, or failed: those of which WeCom would not be told; "" all.
    """
    chosen = (
        select(
            became(batch).label("outcome"),
            FollowUser,
            Customer.name,
            Member.name.label("member"),
        )
        .join(FollowUser, FollowUser.id == BatchItem.follow_id)
        .outerjoin(Customer, Customer.external_userid == FollowUser.external_userid)
        .outerjoin(Member, Member.userid == FollowUser.userid)
        .where(BatchItem.batch_id == batch.id, BatchItem.follow_id > after)
        .order_by(BatchItem.follow_id)
        .limit(PAGE + 1)
    )
    if outcome == "failed":
        chosen = chosen.join(
            Push,
            (Push.external_userid == FollowUser.external_userid)
            & (Push.userid == FollowUser.userid),
        ).where(Push.batch_id == batch.id, Push.outcome == "failed")
    elif outcome:
        chosen = chosen.where(became(batch) == outcome)
    found = session.execute(chosen).all()
    pushes = _pushes(session, batch.id, [row.FollowUser for row in found])
    rows = [
        ItemRow(
            follow_id=row.FollowUser.id,
            outcome=row.outcome,
            external_userid=row.FollowUser.external_userid,
            name=row.name or "",
            remark=row.FollowUser.remark,
            member=row.member or row.FollowUser.userid,
            push=pushes.get((row.FollowUser.userid, row.FollowUser.external_userid)),
        )
        for row in found[:PAGE]
    ]
    return rows, rows[-1].follow_id if len(found) > PAGE else 0


def _pushes(
    session: Session, batch_id: int, follows: Sequence[FollowUser]
) -> dict[tuple[str, str], Push]:
    people = [one.external_userid for one in follows]
    found = session.scalars(
        select(Push).where(Push.external_userid.in_(people), Push.batch_id == batch_id)
    )
    return {(push.userid, push.external_userid): push for push in found}
