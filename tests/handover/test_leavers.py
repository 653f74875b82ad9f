"""A member goes away: who is told, once, and who hears what he would; he is back: all is undone."""

from datetime import timedelta

from sqlalchemy import select

from app import clock
from app.churn.actions import record_transfer_failure
from app.customers.actions import Change, Wish, create_reminder, record_change
from app.customers.models import FollowUser
from app.deliveries.models import Delivery
from app.handover.jobs import tell_of_leavers
from app.handover.queries import list_leavers
from app.members.jobs import sync_member, sync_members
from app.members.queries import WHOLE_CORP, find_scope, list_managers
from tests.churn.shop import Shop


def keep(shop: Shop, *customers: str, userid: str = "lisi", hours: float = 24) -> None:
    """Have a member follow these customers."""
    at = clock.utcnow() - timedelta(hours=hours)
    with shop.runtime.db.write() as session:
        for one in customers:
            change = Change(userid=userid, external_userid=one, kind="add", at=at)
            record_change(session, change)


def leave(shop: Shop, userid: str = "lisi") -> None:
    shop.box.people.member_leaves(userid)
    sync_member(shop.runtime, userid)


def disable(shop: Shop, userid: str = "lisi", *, status: int = 2) -> None:
    shop.box.world.members[userid].status = status
    sync_members(shop.runtime)


def tell(shop: Shop) -> None:
    tell_of_leavers(shop.runtime)
    shop.send()


def waiting(shop: Shop) -> dict[str, int]:
    with shop.runtime.db.read() as session:
        return {one.member.userid: one.customers for one in list_leavers(session, WHOLE_CORP)}


def remind(shop: Shop) -> None:
    wish = Wish(
        userid="lisi",
        external_userid="wm1",
        key="k",
        due_at=clock.utcnow() + timedelta(hours=1),
        text="回访",
    )
    shop.runtime.db.commit(lambda session: create_reminder(session, wish))


def test_his_manager_and_the_admins_hear_once_how_many_wait(shop: Shop) -> None:
    keep(shop, "wm1", "wm2")
    leave(shop)
    tell(shop)
    tell(shop)
    for userid in ("sunsan", "qianer"):
        assert shop.titles(userid) == ["2 位客户待交接"]
    assert shop.titles("lisi") == []


def test_of_one_who_leaves_nobody_behind_nothing_is_told(shop: Shop) -> None:
    leave(shop)
    tell(shop)
    assert shop.deliveries() == []


def test_a_disabled_member_counts_as_one_who_left(shop: Shop) -> None:
    keep(shop, "wm1")
    disable(shop)
    tell(shop)
    assert waiting(shop) == {"lisi": 1}
    assert shop.titles("sunsan") == ["1 位客户待交接"]


def test_who_is_back_is_off_the_list_and_told_of_anew_when_he_leaves_again(shop: Shop) -> None:
    keep(shop, "wm1")
    disable(shop)
    tell(shop)
    disable(shop, status=1)
    assert waiting(shop) == {}
    disable(shop)
    tell(shop)
    assert shop.titles("sunsan") == ["1 位客户待交接"] * 2


def test_who_is_back_before_the_message_goes_out_is_not_told_of(shop: Shop) -> None:
    keep(shop, "wm1")
    disable(shop)
    tell_of_leavers(shop.runtime)
    disable(shop, status=1)
    shop.send()
    assert set(shop.outcomes()) == {("cancelled", "member_back")}


def test_several_at_once_are_one_message(shop: Shop) -> None:
    for userid in ("lisi", "zhaoyi", "zhouwu"):
        keep(shop, f"wm-{userid}", userid=userid)
        leave(shop, userid)
    with shop.runtime.db.write() as session:
        # The minute is full.
        for number in range(shop.runtime.config.alerts.digest_above):
            shared = {"kind": "win_back", "recipient": "qianer", "detail": {}, "outcome": "sent"}
            times = dict.fromkeys(("created_at", "wanted_at", "tried_at"), clock.utcnow())
            session.add(Delivery(dedupe_key=f"full:{number}", **shared, **times))
    tell(shop)
    assert shop.titles("qianer") == ["3 位客户待交接"]


def test_on_every_database_who_waits_is_who_nobody_has_taken_over(many: Shop) -> None:
    keep(many, "wm1", "wm2", "wm3", "wm4")
    # A colleague had one from before: he has not taken over.
    keep(many, "wm1", userid="zhaoyi", hours=30)
    # One was given to him in the hour before we knew of the leaving.
    keep(many, "wm2", userid="zhaoyi", hours=0.5)
    with many.runtime.db.write() as session:
        given = session.scalars(
            select(FollowUser).where(
                FollowUser.userid == "zhaoyi", FollowUser.external_userid == "wm2"
            )
        ).one()
        given.add_way = 202
    leave(many)
    # One came to him afterwards; one has left.
    keep(many, "wm3", userid="zhaoyi", hours=-0.01)
    assert waiting(many) == {"lisi": 2}
    gone = Change(userid="lisi", external_userid="wm4", kind="customer", at=clock.utcnow())
    many.runtime.db.commit(lambda session: record_change(session, gone))
    assert waiting(many) == {"lisi": 1}
    with many.runtime.db.read() as session:
        assert list_leavers(session, find_scope(session, "zhouwu")) == []
        [one] = list_leavers(session, find_scope(session, "sunsan"))
    assert one.managers == ("sunsan",)


def test_a_reminder_that_comes_due_is_his_managers_to_read_and_not_to_end(shop: Shop) -> None:
    keep(shop, "wm1")
    remind(shop)
    leave(shop)
    shop.wait(3601)
    shop.send()
    shop.send()
    (card,) = shop.cards("sunsan")
    assert card["main_title"]["desc"] == "回访"
    assert card["card_type"] == "text_notice"
    assert card["horizontal_content_list"][-1] == {
        "keyname": "员工",
        "value": "李思远（已不在岗）",
    }
    assert [one.reason for one in shop.deliveries() if one.recipient == "lisi"] == ["handed_on"]


def test_without_a_manager_the_admins_hear_what_was_for_him(shop: Shop) -> None:
    keep(shop, "wm1", userid="zhouwu")
    leave(shop, "zhouwu")
    with shop.runtime.db.write() as session:
        assert list_managers(session, "zhouwu") == []
        about = {"userid": "zhouwu", "external_userid": "wm1"}
        record_transfer_failure(session, **about, event_key="e", reason="customer_refused")
    shop.send()
    shop.send()
    assert shop.titles("qianer") == ["转接没有成功"]
    assert shop.titles("zhouwu") == []


def test_a_loss_that_was_for_him_is_heard_by_his_manager_and_nobody_hears_it_twice(
    shop: Shop,
) -> None:
    shop.lose("wm1")
    leave(shop)
    shop.send()
    shop.send()
    assert shop.titles("lisi") == []
    assert shop.titles("sunsan") == ["客户删除了员工"]
    assert shop.titles("qianer") == ["客户删除了员工"]
