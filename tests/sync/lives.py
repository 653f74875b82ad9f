"""What members, customers and admins do to one another, on both sides, one act after the other.

An act is a number: it picks one of those that are possible between two people at that moment, so
that hardly any number is wasted, whatever was done before. 0 is none.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.customers.actions import change_remark, change_stage, mark_tag, undo_stage
from app.customers.actions.follow import SLACK
from app.customers.models import Stage, Tag
from app.customers.queries.stages import find_stage_now
from app.errors import NotFound, Refused
from tests.sync.corp import Corp

GROUP = "等级"
NAMES = ("甲", "乙", "丙")
REMARKS = ("李姐", "城西店-李姐", "")
STATES = ("", "门店海报")
# Nobody parts and is together again within a moment.
A_WHILE = SLACK.total_seconds() + 1

Pair = tuple[str, str]
# Done in one of several ways, by number.
Act = Callable[[Pair, int], object]


@dataclass
class Lives:
    """The lives of all pairs of some members and customers. `number` makes their ids new ones.

    `stages`: where customers were put. `ends`: who has ended a relation, as often as it was.
    """

    corp: Corp
    number: int
    member_count: int
    customer_count: int
    tell: Callable[[str], object] = print
    stages: dict[str, int] = field(default_factory=dict)
    ends: dict[Pair, list[str]] = field(default_factory=dict)
    ways_back: list[Callable[[], object]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Have everybody be there, some of them friends from before."""
        self.people, self.world = self.corp.box.people, self.corp.box.world
        self.members = [f"m{self.number:04d}{number}" for number in range(self.member_count)]
        self.customers = [
            f"wm{self.number:04d}{number:03d}" for number in range(self.customer_count)
        ]
        for userid in self.members:
            self.people.member_joins(userid, f"员工{userid[-1]}")
        for number, external_userid in enumerate(self.customers):
            self.people.new_customer(f"客户{number}", external_userid=external_userid)
        for name in NAMES[:2]:
            self.people.tag_created(GROUP, name)
        for number, external_userid in enumerate(self.customers[1:]):
            self.people.customer_scans(self.members[number % self.member_count], external_userid)
        self.corp.letters.clear()

    def act(self, who: int, what: int) -> None:
        """Do one of the things that can be done now by or to two people."""
        if not what:
            return
        customer, member = divmod(who, self.member_count)
        pair = self.members[member], self.customers[customer]
        acts = list(self._possible(pair))
        way, choice = divmod(what - 1, len(acts))
        self.tell(f"{acts[choice].__name__} {pair[0]} {pair[1]} ({way})")
        acts[choice](pair, way)

    def _possible(self, pair: Pair) -> Iterator[Act]:
        relation = self.corp.relation(*pair)
        bond = relation.bond if relation else ""
        is_half = bond == "customer_only" and not (relation and relation.deleted_by_member)
        if bond == "both":
            yield from (self.notes_in_wecom, self.marks_in_wecom, self.unmarks_in_wecom)
            yield from (self.member_deletes, self.is_moved)
        if bond in {"both", "member_only"}:
            yield from (self.notes_here, self.marks_here, self.moves_stage, self.takes_back)
        if is_half:
            yield self.member_adds_back
        if bond != "both" and not is_half:
            yield from (self.customer_adds, self.customer_adds_half)
        if bond == "both" or is_half:
            yield self.customer_deletes
        if bond == "member_only":
            yield self.member_deletes
        yield self.corp_changes

    # Relations begin and end.

    def customer_adds(self, pair: Pair, way: int) -> None:
        self.corp.pass_time(A_WHILE)
        self.people.customer_scans(*pair, state=STATES[way % 2], add_way=1 + way % 3)

    def customer_adds_half(self, pair: Pair, way: int) -> None:
        self.corp.pass_time(A_WHILE)
        self.people.customer_scans(*pair, state=STATES[way % 2], half=True)

    def member_adds_back(self, pair: Pair, _way: int) -> None:
        self.corp.pass_time(1)
        self.people.member_adds_back(*pair)

    def customer_deletes(self, pair: Pair, _way: int) -> None:
        self._end(pair, "customer")
        self.people.customer_deletes_member(*pair)

    def member_deletes(self, pair: Pair, _way: int) -> None:
        self._end(pair, "member")
        self.people.member_deletes_customer(*pair)

    def is_moved(self, pair: Pair, _way: int) -> None:
        other = next(userid for userid in self.members if userid != pair[0])
        if self.corp.relation(other, pair[1]) is None:
            self.corp.pass_time(A_WHILE)
            self._end(pair, "transfer")
            self.people.transfer_done(pair[0], other, pair[1])

    def _end(self, pair: Pair, by: str) -> None:
        self.corp.pass_time(1)
        self.ends.setdefault(pair, []).append(by)

    # Members edit in WeCom. Two edits of one second are one event.

    def notes_in_wecom(self, pair: Pair, way: int) -> None:
        self.corp.pass_time(way % 2)
        text = REMARKS[way // 2 % 2] + "（企微）"
        self.people.member_edits_remark(*pair, remark=text, description=f"第 {way} 次")

    def marks_in_wecom(self, pair: Pair, way: int) -> None:
        self.corp.pass_time(way % 2)
        if tags := self._tags():
            self.people.member_marks_tags(*pair, add=[tags[way // 2 % len(tags)]])

    def unmarks_in_wecom(self, pair: Pair, way: int) -> None:
        self.corp.pass_time(way % 2)
        relation = self.corp.relation(*pair)
        if relation and relation.tag_ids:
            self.people.member_marks_tags(*pair, remove=relation.tag_ids[:1])

    # Members edit here; it is refused where we hold the two for strangers.

    def notes_here(self, pair: Pair, way: int) -> None:
        def write(session: Session) -> None:
            text = REMARKS[way % len(REMARKS)]
            change = change_remark(session, pair[1], userid=pair[0], remark=text)
            if change.way_back is not None:
                self.ways_back.append(lambda: self._write_remark(pair, str(change.way_back)))

        self._here(write)

    def marks_here(self, pair: Pair, way: int) -> None:
        def write(session: Session) -> None:
            tags = session.scalars(select(Tag.id).order_by(Tag.tag_id)).all()
            if tags:
                key = tags[way // 2 % len(tags)]
                mark_tag(session, pair[1], userid=pair[0], tag_key=key, on=way % 2 == 0)

        self._here(write)

    def moves_stage(self, pair: Pair, way: int) -> None:
        def write(session: Session) -> None:
            stages = session.scalars(select(Stage).order_by(Stage.id)).all()
            stage = stages[way % len(stages)]
            now = find_stage_now(session, pair[1], stage.pipeline_id)
            move = change_stage(
                session, pair[1], to_stage_id=stage.id, userid=pair[0], seen=now.change_id
            )
            self.stages[pair[1]] = stage.id
            if move.changed and now.stage_id:
                self.ways_back.append(
                    lambda: self._undo_stage(pair, move.change_id, now.stage_id or 0)
                )

        self._here(write)

    def takes_back(self, _pair: Pair, _way: int) -> None:
        if self.ways_back:
            self.ways_back.pop()()

    def _write_remark(self, pair: Pair, remark: str) -> None:
        self._here(lambda session: change_remark(session, pair[1], userid=pair[0], remark=remark))

    def _undo_stage(self, pair: Pair, change_id: int, stage_id: int) -> None:
        def write(session: Session) -> None:
            undo_stage(session, pair[1], change_id=change_id, userid=pair[0])
            self.stages[pair[1]] = stage_id

        self._here(write)

    def _here(self, write: Callable[[Session], object]) -> None:
        try:
            with self.corp.runtime.db.write() as session:
                write(session)
        except (NotFound, Refused):
            self.tell("refused")

    # What happens to all.

    def corp_changes(self, pair: Pair, way: int) -> None:
        tags, name = self._tags(), self._free_name(way // 4)
        if way % 4 == 0:
            # No event tells of it.
            self.world.customers[pair[1]].name = f"客户{way}"
        elif way % 4 == 1 and name:
            self.people.tag_created(GROUP, name)
        elif way % 4 == 2 and tags and name:
            self.people.tag_renamed(tags[way // 4 % len(tags)], name)
        elif tags:
            self.people.tag_deleted(tags[way // 4 % len(tags)])

    def _tags(self) -> list[str]:
        groups = self.world.tag_groups.values()
        return [tag.id for group in groups for tag in group.tags if not tag.deleted]

    def _free_name(self, way: int) -> str:
        groups = self.world.tag_groups.values()
        taken = {tag.name for group in groups for tag in group.tags if not tag.deleted}
        free = [name for name in NAMES if name not in taken]
        return free[way % len(free)] if free else ""
