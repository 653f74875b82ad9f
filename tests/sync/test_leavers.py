"""Of whom WeCom tells nothing any more: customers of members who left, or may have none."""

from sqlalchemy import select

from app import clock
from app.churn.models import Loss
from app.customers.models import FollowUser
from app.members.actions import record_departed
from app.runtime import Runtime
from app.sandbox.server import Sandbox
from app.sync.models import SyncRun, SyncSuspect
from app.sync.queries import list_unasked
from tests.sync.walks import begin, go_on, walk


def living(runtime: Runtime, userid: str) -> int:
    with runtime.db.read() as session:
        mine = FollowUser.userid == userid, FollowUser.removed_at.is_(None)
        return len(session.scalars(select(FollowUser.id).where(*mine)).all())


def losses(runtime: Runtime) -> list[str]:
    with runtime.db.read() as session:
        return list(session.scalars(select(Loss.userid)))


def unasked(runtime: Runtime) -> list[tuple[str, int]]:
    with runtime.db.read() as session:
        return [(one.userid, one.customers) for one in list_unasked(session)]


def test_who_may_have_no_customers_any_more_loses_none_and_is_said(
    runtime: Runtime, box: Sandbox
) -> None:
    external = box.people.customer_scans("zhaoyi").external_userid
    walk(runtime)
    count = living(runtime, "zhaoyi")
    assert unasked(runtime) == []
    box.world.members["zhaoyi"].has_external = False
    walk(runtime)
    assert (losses(runtime), living(runtime, "zhaoyi")) == ([], count)
    assert unasked(runtime) == [("zhaoyi", count)]
    box.world.members["zhaoyi"].has_external = True
    box.world.lists_one_way = False
    box.people.customer_deletes_member("zhaoyi", external)
    walk(runtime)
    # Now WeCom can be asked again, and says it.
    assert unasked(runtime) == []
    assert losses(runtime) == ["zhaoyi"]


def test_a_member_who_left_loses_none_and_is_not_unasked(runtime: Runtime, box: Sandbox) -> None:
    box.people.customer_scans("zhaoyi")
    walk(runtime)
    count = living(runtime, "zhaoyi")
    box.people.member_leaves("zhaoyi")
    walk(runtime)
    assert (losses(runtime), living(runtime, "zhaoyi")) == ([], count)
    assert unasked(runtime) == []


def test_who_leaves_before_the_second_look_loses_none(runtime: Runtime, box: Sandbox) -> None:
    external = box.people.customer_scans("lisi").external_userid
    walk(runtime)
    with runtime.db.write() as session:
        follow = session.scalars(
            select(FollowUser).where(FollowUser.external_userid == external)
        ).one()
        times = {"missed_at": clock.utcnow(), "known_at": clock.utcnow()}
        pair = {"userid": "lisi", "external_userid": external}
        session.add(
            SyncSuspect(follow_id=follow.id, run_id=1, released_by="qianer", **pair, **times)
        )
        record_departed(session, "lisi", clock.utcnow())
    box.people.member_deletes_customer("lisi", external)
    box.world.members["lisi"].has_external = False
    run_id = begin(runtime, "released")
    with runtime.db.write() as session:
        session.get_one(SyncRun, run_id).phase = "look"
    go_on(runtime, run_id)
    assert losses(runtime) == []
    with runtime.db.read() as session:
        assert session.scalars(select(SyncSuspect)).all() == []
