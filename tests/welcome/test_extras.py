"""What else a script does when it greets: once, and never over what a member did himself."""

from sqlalchemy import select

from app import clock
from app.customers.actions import change_remark, change_stage
from app.customers.jobs import sync_tags
from app.customers.models import FollowTag, FollowUser, Stage, Tag
from app.customers.queries.stages import find_stage_now
from app.pushes.models import Push
from app.runtime import Runtime
from app.sandbox.records import EventRecord
from app.sandbox.server import Sandbox
from app.welcome.actions import Extras, Rule
from callbacks.handlers.change_external_contact import arrange
from callbacks.handlers.change_external_contact.add_external_contact import REACTIONS
from callbacks.reaction import Reaction
from tests.groups.corp import Corp
from tests.welcome.world import EVERYWHERE, add_script


def add(runtime: Runtime, extras: Extras, *rules: Rule, name: str = "默认") -> None:
    with runtime.db.write() as session:
        add_script(session, name, *(rules or (EVERYWHERE,)), extras=extras)


def react(runtime: Runtime, box: Sandbox, event: EventRecord, *reactions: Reaction) -> None:
    """Run reactions to an event, and record what they want recorded."""
    stored = Corp(box, runtime).stored(event)
    for reaction in reactions or REACTIONS:
        record = reaction(runtime, stored)
        if record is not None:
            runtime.db.commit(record)


def stage(runtime: Runtime, name: str) -> int:
    with runtime.db.read() as session:
        return session.scalars(select(Stage.id).where(Stage.name == name)).one()


def tags(runtime: Runtime, *, count: int = 2) -> tuple[str, ...]:
    """Take the corp's tags over and return some."""
    sync_tags(runtime)
    with runtime.db.read() as session:
        return tuple(session.scalars(select(Tag.tag_id).order_by(Tag.id).limit(count)))


def told(runtime: Runtime) -> list[tuple[str, str]]:
    """Return what WeCom is to be told."""
    with runtime.db.read() as session:
        return [(push.kind, push.value) for push in session.scalars(select(Push).order_by(Push.id))]


def test_tags_stage_and_remark_are_as_the_script_says(runtime: Runtime, box: Sandbox) -> None:
    wanted = tags(runtime)
    stage_id = stage(runtime, "意向")
    add(runtime, Extras(tag_ids=wanted, stage_id=stage_id, remark="{{客户昵称}}-{{渠道}}"))
    event = box.people.customer_scans("zhaoyi", name="王女士", state="门店")
    react(runtime, box, event)
    with runtime.db.read() as session:
        assert set(session.scalars(select(FollowTag.tag_id))) == set(wanted)
        assert session.scalars(select(FollowUser.remark)).one() == "王女士-门店"
        found = find_stage_now(session, event.external_userid, 1)
    assert found.stage_id == stage_id
    assert sorted(told(runtime)) == [("remark", "王女士-门店"), ("tags", "add"), ("tags", "add")]


def test_twice_is_once(runtime: Runtime, box: Sandbox) -> None:
    add(runtime, Extras(tag_ids=tags(runtime), stage_id=stage(runtime, "意向"), remark="贵客"))
    event = box.people.customer_scans("zhaoyi", name="王女士")
    react(runtime, box, event)
    before = told(runtime)
    react(runtime, box, event, arrange)
    assert told(runtime) == before


def test_what_a_member_did_himself_stays(runtime: Runtime, box: Sandbox) -> None:
    add(runtime, Extras(stage_id=stage(runtime, "意向"), remark="脚本写的"))
    event = box.people.customer_scans("zhaoyi", name="王女士")
    react(runtime, box, event, *REACTIONS[:-1])
    customer, own = event.external_userid, stage(runtime, "成交")
    with runtime.db.write() as session:
        change_remark(session, customer, userid="zhaoyi", remark="我写的")
        change_stage(session, customer, to_stage_id=own, userid="zhaoyi", seen=0)
    react(runtime, box, event, arrange)
    with runtime.db.read() as session:
        assert session.scalars(select(FollowUser.remark)).one() == "我写的"
        assert find_stage_now(session, customer, 1).stage_id == own


def test_a_long_remark_is_cut_and_one_without_a_letter_left_out(
    runtime: Runtime, box: Sandbox
) -> None:
    add(runtime, Extras(remark="{{客户昵称}}" * 3))
    react(runtime, box, box.people.customer_scans("zhaoyi", name="一二三四五六七八九"))
    react(runtime, box, box.people.customer_scans("lisi", name="\u2800"))
    with runtime.db.read() as session:
        remarks = session.scalars(select(FollowUser.remark).order_by(FollowUser.id)).all()
    assert remarks[0] == "一二三四五六七八九一二三四五六七八九一二"
    assert told(runtime) == [("remark", remarks[0])]


def test_what_is_gone_by_now_is_passed_over(runtime: Runtime, box: Sandbox) -> None:
    wanted, stage_id = tags(runtime), stage(runtime, "意向")
    add(runtime, Extras(tag_ids=wanted, stage_id=stage_id))
    with runtime.db.write() as session:
        gone = clock.utcnow()
        session.get_one(Stage, stage_id).removed_at = gone
        session.scalars(select(Tag).where(Tag.tag_id == wanted[0])).one().removed_at = gone
    event = box.people.customer_scans("zhaoyi", name="王女士")
    react(runtime, box, event)
    assert told(runtime) == [("tags", "add")]


def test_it_is_the_script_that_greets_whose_extras_count(runtime: Runtime, box: Sandbox) -> None:
    add(runtime, Extras(remark="默认的"))
    add(runtime, Extras(remark="渠道的"), Rule(scope="state", target="门店"), name="渠道")
    react(runtime, box, box.people.customer_scans("zhaoyi", name="王女士", state="门店"))
    assert told(runtime) == [("remark", "渠道的")]
