"""What must be so once everything is over: our tables against the sandbox."""

from collections import Counter

from sqlalchemy import select

from app.churn.models import Loss
from app.customers.models import CustomerStage, FollowChange, FollowUser, Tag, TagGroup
from app.runtime import Runtime
from app.sandbox.server import Sandbox
from tests.sync.lives import Lives
from tests.sync.walks import our_groups, ours, wecoms, wecoms_groups


def check(lives: Lives) -> None:
    """Hold our tables to the sandbox's, and losses and stages to what was done."""
    box, runtime = lives.corp.box, lives.corp.runtime
    check_relations(box, runtime)
    assert our_groups(runtime) == wecoms_groups(box)
    assert our_tags(runtime) == wecoms_tags(box)
    check_losses(lives)
    check_stages(lives)


def check_relations(box: Sandbox, runtime: Runtime) -> None:
    """Hold every relation that WeCom's API shows to ours.

    One-sided ones it does not show, and so nobody can tell of them but their events. Whom the
    customer has deleted a corp's API may show all the same: it is over if its event has come. One
    that began one-sided and became mutual is one to us, whatever happened unheard in between: from
    when WeCom counts it its documents do not say.
    """
    truth, mine = wecoms(box), ours(runtime)
    one_sided = list_one_sided(runtime)
    told = {pair for pair in truth if pair not in mine and bond(box, pair) == "member_only"}
    mine = {pair: what for pair, what in mine.items() if pair in truth or pair not in one_sided}
    truth = {pair: what for pair, what in truth.items() if pair not in told}
    for pair in list_begun_one_sided(runtime) & truth.keys() & mine.keys():
        if mine[pair]["added_at"] < truth[pair]["added_at"]:
            mine[pair] |= {name: truth[pair][name] for name in ("added_at", "state")}
    wrong = {
        pair: (mine.get(pair), truth.get(pair))
        for pair in mine.keys() | truth.keys()
        if mine.get(pair) != truth.get(pair)
    }
    assert not wrong, f"ours, then WeCom's: {wrong}"


def bond(box: Sandbox, pair: tuple[str, str]) -> str:
    """Return who still has whom."""
    relation = box.world.find_relation(*pair)
    return relation.bond if relation else ""


def list_one_sided(runtime: Runtime) -> set[tuple[str, str]]:
    """List the relations that to our knowledge only the customer has begun."""
    with runtime.db.read() as session:
        rows = session.execute(
            select(FollowUser.userid, FollowUser.external_userid).where(
                FollowUser.removed_at.is_(None), FollowUser.mutual_at.is_(None)
            )
        )
        return {(row.userid, row.external_userid) for row in rows}


def list_begun_one_sided(runtime: Runtime) -> set[tuple[str, str]]:
    """List the living relations that the customer began alone."""
    with runtime.db.read() as session:
        rows = session.execute(
            select(FollowUser.userid, FollowUser.external_userid)
            .join(
                FollowChange,
                (FollowChange.userid == FollowUser.userid)
                & (FollowChange.external_userid == FollowUser.external_userid)
                & (FollowChange.at == FollowUser.added_at),
            )
            .where(FollowUser.removed_at.is_(None), FollowChange.kind == "half")
        )
        return {(row.userid, row.external_userid) for row in rows}


def wecoms_tags(box: Sandbox) -> dict[str, tuple[str, str]]:
    """Return the corp tags that WeCom has: group and name by tag_id."""
    return {
        tag.id: (group.group_name, tag.name)
        for group in box.world.tag_groups.values()
        if not group.deleted
        for tag in group.tags
        if not tag.deleted
    }


def our_tags(runtime: Runtime) -> dict[str, tuple[str, str]]:
    """Return the corp tags that we have, likewise."""
    with runtime.db.read() as session:
        rows = session.execute(
            select(Tag.tag_id, TagGroup.name, Tag.name)
            .join(TagGroup, TagGroup.group_id == Tag.group_id)
            .where(Tag.removed_at.is_(None))
        )
        return {tag_id: (group, name) for tag_id, group, name in rows}


def check_losses(lives: Lives) -> None:
    """Hold every loss to an end in WeCom: by whom, where we say it."""
    with lives.corp.runtime.db.read() as session:
        rows = session.execute(select(Loss.userid, Loss.external_userid, Loss.kind)).all()
    recorded: dict[tuple[str, str], list[str]] = {}
    for userid, external_userid, kind in rows:
        recorded.setdefault((userid, external_userid), []).append(kind)
    for pair, kinds in recorded.items():
        ends = Counter(lives.ends.get(pair, []))
        assert len(kinds) <= ends.total(), (pair, kinds, ends)
        told = Counter(kind for kind in kinds if kind != "reconcile")
        assert told <= ends, (pair, kinds, ends)


def check_stages(lives: Lives) -> None:
    """Hold every customer to the stage that somebody put him into."""
    with lives.corp.runtime.db.read() as session:
        rows = session.execute(select(CustomerStage.external_userid, CustomerStage.stage_id))
        stages = {row.external_userid: row.stage_id for row in rows}
    assert {one: stages.get(one) for one in lives.stages} == lives.stages
