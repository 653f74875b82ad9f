"""Whoever was erased stays away, however often WeCom lists him."""

from sqlalchemy import select

from app.customers.models import Customer, FollowChange, FollowUser
from app.privacy.actions import erase_person
from app.runtime import Runtime
from app.sandbox.server import Sandbox
from tests.sync.walks import ours, walk, wecoms


def test_a_sync_brings_nobody_back_who_was_erased(runtime: Runtime, box: Sandbox) -> None:
    walk(runtime)
    _userid, external_userid = min(wecoms(box))
    runtime.db.commit(
        lambda session: erase_person(session, runtime, external_userid, userid="qianer", origin="")
    )
    run = walk(runtime)
    assert (run.new, run.gone, run.missed_new) == (0, 0, 0)
    assert ours(runtime) == {
        pair: what for pair, what in wecoms(box).items() if pair[1] != external_userid
    }
    with runtime.db.read() as session:
        for table in (Customer, FollowUser, FollowChange):
            his = select(table).where(table.external_userid == external_userid)
            assert session.scalars(his).all() == []
