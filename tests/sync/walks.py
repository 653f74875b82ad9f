"""Walking to the end in this process, and what both sides know afterwards."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select, update

from app import clock
from app.claims import claim_due
from app.customers.models import (
    Customer,
    CustomerStage,
    FollowChange,
    FollowTag,
    FollowUser,
    TimelineEntry,
)
from app.deliveries.models import Delivery
from app.groups.models import GroupChange, GroupChat, GroupMember
from app.runtime import Runtime
from app.sandbox.server import Sandbox
from app.sync.actions import begin_run
from app.sync.jobs import work_sync
from app.sync.models import SyncRun
from tests.deployment import Deployment

Groups = dict[str, dict[str, Any]]
Truth = dict[tuple[str, str], dict[str, Any]]


def begin(runtime: Runtime, why: str = "manual") -> int:
    """Begin a run."""
    return runtime.db.commit(lambda session: begin_run(session, why=why).id)


def go_on(runtime: Runtime, run_id: int, *, most: int = 100) -> SyncRun:
    """Work a run as a worker does, until it ends or wants to wait."""
    for _number in range(most):
        with runtime.db.write() as session:
            claims = claim_due(session, SyncRun, limit=1, lease=60)
        if not claims:
            break
        for claim in claims:
            work_sync(runtime, claim)
    with runtime.db.read() as session:
        return session.get_one(SyncRun, run_id)


def walk(runtime: Runtime, why: str = "manual") -> SyncRun:
    """Walk from beginning to end."""
    run = go_on(runtime, begin(runtime, why))
    assert run.outcome == "done", (run.outcome, run.fault)
    return run


def give_back(runtime: Runtime) -> None:
    """Have the lease of a killed worker be over."""
    with runtime.db.write() as session:
        session.execute(update(SyncRun).values(due_at=clock.utcnow()).where(SyncRun.open_key == 1))


def wecoms(box: Sandbox) -> Truth:
    """Return every relation that WeCom's API shows."""
    truth: Truth = {}
    with box.world.lock:
        for userid, member in box.world.members.items():
            if not member.has_external:
                continue
            for one in box.world.relations_from(userid):
                customer = box.world.get_customer(one.external_userid)
                truth[userid, one.external_userid] = {
                    "name": customer.name,
                    "remark": one.remark,
                    "description": one.description,
                    "state": one.state,
                    "add_way": one.add_way,
                    "added_at": datetime.fromtimestamp(one.createtime, UTC),
                    "tags": {tag for tag in one.tag_ids if box.world.find_tag(tag)},
                }
    return truth


def ours(runtime: Runtime | Deployment) -> Truth:
    """Return every relation that we hold for alive."""
    with runtime.db.read() as session:
        rows = session.execute(
            select(FollowUser, Customer.name)
            .join(Customer, Customer.external_userid == FollowUser.external_userid)
            .where(FollowUser.removed_at.is_(None))
        ).all()
        marks: dict[int, set[str]] = {}
        for mark in session.scalars(select(FollowTag).where(FollowTag.tag_id != "")):
            marks.setdefault(mark.follow_id, set()).add(mark.tag_id)
    return {
        (row.FollowUser.userid, row.FollowUser.external_userid): {
            "name": row.name,
            "remark": row.FollowUser.remark,
            "description": row.FollowUser.description,
            "state": row.FollowUser.state,
            "add_way": row.FollowUser.add_way,
            "added_at": row.FollowUser.added_at,
            "tags": marks.get(row.FollowUser.id, set()),
        }
        for row in rows
    }


def wecoms_groups(box: Sandbox) -> Groups:
    """Return every customer group that WeCom's API shows, and who is in it since when."""
    with box.world.lock:
        return {
            one.chat_id: {
                "name": one.name,
                "owner": one.owner,
                "notice": one.notice,
                "people": {
                    who.userid: (who.type, datetime.fromtimestamp(who.join_time, UTC))
                    for who in one.members
                },
            }
            for one in box.world.groups.values()
            if not one.dismissed
        }


def our_groups(runtime: Runtime | Deployment) -> Groups:
    """Return every group that we hold for alive, likewise."""
    with runtime.db.read() as session:
        groups = session.scalars(select(GroupChat).where(GroupChat.dismissed_at.is_(None))).all()
        stays = session.scalars(select(GroupMember).where(GroupMember.left_at.is_(None))).all()
    return {
        group.chat_id: {
            "name": group.name,
            "owner": group.owner,
            "notice": group.notice,
            "people": {
                stay.userid: (stay.type, stay.joined_at)
                for stay in stays
                if stay.chat_id == group.chat_id
            },
        }
        for group in groups
    }


def everything(runtime: Runtime) -> dict[str, list[Any]]:
    """Return all that a walk writes about customers, without what is never the same twice."""
    with runtime.db.read() as session:
        whose = FollowUser.userid, FollowUser.external_userid, FollowUser.period
        values = FollowUser.remark, FollowUser.state, FollowUser.added_at, FollowUser.removed_by
        pair = FollowChange.userid, FollowChange.external_userid
        wanted = {
            "customers": select(Customer.external_userid, Customer.name, Customer.gender),
            "follow_users": select(*whose, *values),
            "facts": select(*pair, FollowChange.kind),
            "tags": select(*whose, FollowTag.tag_id).join(
                FollowTag, FollowTag.follow_id == FollowUser.id
            ),
            "timeline": select(
                TimelineEntry.external_userid, TimelineEntry.userid, TimelineEntry.kind
            ),
            "groups": select(GroupChat.chat_id, GroupChat.name, GroupChat.dismissed_at),
            "stays": select(
                GroupMember.chat_id, GroupMember.userid, GroupMember.joined_at, GroupMember.left_at
            ),
            "group facts": select(GroupChange.chat_id, GroupChange.userid, GroupChange.kind),
            "stages": select(CustomerStage.external_userid, CustomerStage.stage_id),
        }
        return {
            name: sorted((tuple(row) for row in session.execute(chosen)), key=repr)
            for name, chosen in wanted.items()
        }


def entries(runtime: Runtime, external_userid: str) -> list[str]:
    """Return the kinds of what a customer's timeline tells as found by reconciliation."""
    with runtime.db.read() as session:
        rows = session.scalars(
            select(TimelineEntry)
            .where(TimelineEntry.external_userid == external_userid)
            .order_by(TimelineEntry.id)
        ).all()
    return [row.kind for row in rows if row.data.get("found_by") == "reconcile"]


def count_deliveries(runtime: Runtime) -> int:
    """Count what anybody was sent or is to be sent."""
    with runtime.db.read() as session:
        return session.scalar(select(func.count()).select_from(Delivery)) or 0
