"""A month of a corp in which WeCom loses five of a hundred events: one comparison makes up for it.

Everything goes its real way, from the sandbox's callbacks over our door and our lanes back to its
API; only the lanes are worked by hand, and days pass by the moved clock.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from random import Random

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.serving import WSGIRequestHandler, make_server

from app.members.models import Department, Member, MemberDepartment
from app.runtime import Runtime
from app.sandbox import world
from app.sync.models import SyncRun
from app.welcome.actions import set_default
from callbacks import views
from tests.settings import new_file
from tests.soak import seeds
from tests.sync import oracle
from tests.sync.corp import Corp
from tests.sync.lives import A_WHILE, Lives, Pair
from tests.sync.walks import our_groups, ours, wecoms, wecoms_groups

DAYS, ACTS_A_DAY = 30, 20
MEMBERS, CUSTOMERS = 5, 150
LOST = 0.05
GATHERINGS_A_DAY = 2
HOUR = 3600.0
NOBODY: dict[str, dict[str, object]] = {"people": {}}
# A welcome_code is good for so many seconds.
CODE_SECONDS = 20
OUTAGES = {6, 13, 20, 27}
ENDS = {"del_follow_user", "del_external_contact"}
BEGINNINGS = {"add_external_contact", "add_half_external_contact"}


class Quiet(WSGIRequestHandler):
    """Says nothing."""

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002 -- werkzeug's name
        """Stay silent."""


@contextmanager
def door(corp: Corp) -> Iterator[str]:
    """Open the door for callbacks; give its address."""
    runtime = corp.runtime
    app = Flask("door")
    app.extensions["banke_door"] = views.open_door(runtime.config, runtime.db, runtime.sealer)
    app.register_blueprint(views.bp)
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.port}/callbacks/app"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def corp(tmp_path: Path) -> Iterator[Corp]:
    made = Corp(tmp_path, new_file(tmp_path / "banke.db"), held_percent=20)
    with made.runtime.db.write() as session:
        set_default(session, "您好")
    with door(made) as address:
        made.box.connect(callback_url=address)
        yield made
        made.close()


class Before:
    """What we hold for so before the comparison."""

    def __init__(self, runtime: Runtime) -> None:
        self.relations = ours(runtime)
        self.groups = our_groups(runtime)
        self.one_sided = oracle.list_one_sided(runtime)
        self._begun_one_sided = oracle.list_begun_one_sided(runtime)

    def knows_of_beginning(self, pair: Pair, added_at: datetime) -> bool:
        """Tell whether we know that these two are together, and since when."""
        if pair not in self.relations or pair in self.one_sided:
            return False
        return pair in self._begun_one_sided or self.relations[pair]["added_at"] == added_at


class Month:
    """What happens in it, by lot."""

    def __init__(self, corp: Corp, seed: int) -> None:
        self.corp, self.box, self.chance = corp, corp.box, Random(seed)
        self.box.world.lists_one_way = False
        self.box.world.departments[2] = world.Department(2, "门店部", 1)
        self.lives = Lives(corp, 0, MEMBERS, CUSTOMERS)
        self.joined = 0
        self.groups = 0
        self._make_group()

    def live(self) -> None:
        """Live through it: whatever happens is worked at once, but for an hour's outage a week."""
        for day in range(DAYS):
            for number in range(ACTS_A_DAY):
                self._act()
                self.box.delivery.wait_idle()
                if day in OUTAGES and number == 0:
                    self.corp.pass_time(HOUR)
                self.corp.work("urgent", "events", "pushes")
            self._office(day)
            self._gather(day)
            self.corp.pass_time(12 * HOUR)
            self.box.delivery.wait_idle()
            self.corp.settle()
            self.corp.pass_time(12 * HOUR)
        # An event of a group makes up for those before it: the last ones are lost for certain.
        self.box.faults.callbacks.lost = 1.0
        self._gather(DAYS)
        self.box.people.group_dismissed(self._alive()[0].chat_id)
        self.box.delivery.wait_idle()

    def _act(self) -> None:
        """Have two of them do something: mostly those who know each other."""
        customer, member = self.chance.randrange(CUSTOMERS), self.chance.randrange(MEMBERS)
        if self.chance.random() < 0.8 and customer:
            member = (customer - 1) % MEMBERS
        self.lives.act(customer * MEMBERS + member, self.chance.randint(1, 99))

    def _office(self, day: int) -> None:
        """Have members join, move and leave."""
        people, what = self.box.people, day % 5
        if what == 0:
            self.joined += 1
            people.member_joins(f"n{self.joined}", f"新人{self.joined}")
            self._tell_of_member("create_user", f"n{self.joined}")
        elif what == 1:
            self.box.world.members[f"n{self.joined}"].department = [2]
            self._tell_of_member("update_user", f"n{self.joined}")
        elif what == 4 and self.joined % 2:
            people.member_leaves(f"n{self.joined}")
            self._tell_of_member("delete_user", f"n{self.joined}")

    def _make_group(self) -> None:
        owner = f"m0000{self.groups % MEMBERS}"
        self.box.people.group_created(owner, "会员群", chat_id=f"wr{self.groups}")
        self.groups += 1

    def _alive(self) -> list[world.Group]:
        return [one for one in self.box.world.groups.values() if not one.dismissed]

    def _gather(self, day: int) -> None:
        """Have people come to groups and go, and groups be made, change and end."""
        people, alive = self.box.people, self._alive()
        for _number in range(GATHERINGS_A_DAY):
            self.corp.pass_time(A_WHILE)
            group = self.chance.choice(alive)
            inside = [one.userid for one in group.members if one.userid.startswith("wm")]
            outside = [one for one in self.lives.customers if one not in inside]
            if inside and self.chance.random() < 0.4:
                people.group_left(group.chat_id, self.chance.sample(inside, 1))
            else:
                people.group_joined(group.chat_id, self.chance.sample(outside, 2))
        what = day % 5
        if what == 0:
            self._make_group()
        elif what == 1:
            people.group_renamed(alive[-1].chat_id, f"会员群{day}")
        elif what == 2:
            people.group_owner_changed(alive[0].chat_id, f"m0000{day % MEMBERS}")
        elif what == 3 and len(alive) > 2:
            people.group_dismissed(alive[0].chat_id)

    def _tell_of_member(self, change_type: str, userid: str) -> None:
        self.box.people.something_happens("change_contact", ChangeType=change_type, UserID=userid)

    def lost(self, change_types: set[str] | None = None) -> set[Pair]:
        """Return whom the events were about that were lost."""
        return {
            (event.userid, event.external_userid)
            for event in self.box.ledger.events(outcome="lost")
            if change_types is None or event.change_type in change_types
        }


@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", seeds([1]))
def test_after_one_comparison_our_tables_say_what_wecom_says(corp: Corp, seed: int) -> None:
    month = Month(corp, seed)
    corp.box.delivery.wait_idle()
    corp.settle()
    corp.compare()
    corp.box.faults.callbacks.lost, corp.box.faults.callbacks.seed = LOST, seed
    month.live()
    corp.pass_time(HOUR)
    before, greeted = Before(corp.runtime), corp.box.ledger.count("welcome")
    run = corp.compare()
    oracle.check(month.lives)
    assert our_members(corp) == wecoms_members(corp)
    nobody_is_greeted_late(corp, greeted)
    what_is_missed_was_lost(month, run, before)


def what_is_missed_was_lost(month: Month, run: SyncRun, before: Before) -> None:
    """Hold what the run says it missed to what the sandbox dropped.

    Of a lost event a later one may have told all the same: what it would have changed was read
    then. The others are the differences that the run has found, each of them.
    """
    truth = wecoms(month.box)
    began = {pair for pair in truth if not before.knows_of_beginning(pair, truth[pair]["added_at"])}
    ended = before.relations.keys() - truth.keys() - before.one_sided
    assert (run.missed_new, run.missed_gone) == (len(began), len(ended))
    assert began <= month.lost(BEGINNINGS | ENDS)
    assert ended <= month.lost(ENDS)
    groups = wecoms_groups(month.box)
    assert run.groups_dismissed == len(before.groups.keys() - groups.keys()) > 0
    moved = [
        before.groups.get(chat_id, NOBODY)["people"].keys() ^ groups[chat_id]["people"].keys()
        for chat_id in groups
    ]
    assert run.group_moves == sum(map(len, moved)) > 0
    assert run.changed
    total = len(month.box.ledger.events())
    assert 0.02 * total < len(month.box.ledger.events(outcome="lost")) < 0.09 * total


def nobody_is_greeted_late(corp: Corp, before: int) -> None:
    """Hold every call that greets to the twenty seconds; comparing has greeted nobody."""
    posts = corp.box.ledger.welcome_posts()
    assert posts
    for post in posts:
        code = corp.box.world.codes[post.params["body"]["welcome_code"]]
        assert post.at - code.at < CODE_SECONDS
    assert corp.box.ledger.count("welcome") == before


def our_members(corp: Corp) -> dict[str, tuple[str, list[int]]]:
    """Return the members whom we hold for present: name and departments by userid."""
    with corp.runtime.db.read() as session:
        members = session.scalars(select(Member).where(Member.removed_at.is_(None))).all()
        places = session.execute(select(MemberDepartment.userid, MemberDepartment.department_id))
        where: dict[str, list[int]] = {}
        for userid, department_id in places:
            where.setdefault(userid, []).append(department_id)
        assert {one.name for one in session.scalars(select(Department))} >= {"门店部"}
    return {one.userid: (one.name, sorted(where.get(one.userid, []))) for one in members}


def wecoms_members(corp: Corp) -> dict[str, tuple[str, list[int]]]:
    """Return the members whom WeCom has, likewise."""
    members = corp.box.world.members.values()
    return {one.userid: (one.name, sorted(one.department)) for one in members}
