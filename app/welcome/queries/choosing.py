"""Which script greets: the one resolver, for sending, for `flask welcome explain` and the admin.

Channel state → member → nearest department → default. A script that is not in its time window lets
the next candidate step in; within one level a windowed rule goes before one without windows, then
the script saved last. Departments are looked up at this moment, so whoever joins later is included.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Select, bindparam, literal, select
from sqlalchemy.orm import Session, aliased

from app.i18n import _
from app.members.models import Department, Member, MemberDepartment
from app.welcome.models import WelcomeRule, WelcomeScript
from app.welcome.queries.scripts import Rule
from app.welcome.queries.windows import Window, load_windows, open_at, word_windows

# Deeper than any company; ends the walk if departments ever form a circle.
MAX_DEPTH = 30
SCOPES = ("state", "member", "department", "default")
# Later than any that was saved.
TRIAL_VERSION = 2**62


def _build_up() -> Select[int, int, str, int, int]:
    own = (
        select(
            Department.id.label("start"),
            Department.id.label("id"),
            Department.name.label("name"),
            Department.parentid.label("parentid"),
            literal(0).label("distance"),
        )
        .join(MemberDepartment, MemberDepartment.department_id == Department.id)
        .where(MemberDepartment.userid == bindparam("userid"))
    ).cte("up", recursive=True)
    above = aliased(Department)
    up = own.union_all(
        select(own.c.start, above.id, above.name, above.parentid, own.c.distance + 1)
        .join(own, above.id == own.c.parentid)
        .where(own.c.distance < MAX_DEPTH)
    )
    return select(up.c.start, up.c.id, up.c.name, up.c.parentid, up.c.distance)


# Made once: in a storm, putting a statement together costs more than running it.
UP = _build_up()
MEMBER = select(Member.userid, Member.name, Member.alias, Member.main_department).where(
    Member.folded == bindparam("folded"), Member.removed_at.is_(None)
)
RULES = (
    select(
        WelcomeRule.scope,
        WelcomeRule.target,
        WelcomeRule.windows,
        WelcomeScript.id,
        WelcomeScript.version_id,
        WelcomeScript.name,
    )
    .join(WelcomeScript, WelcomeScript.id == WelcomeRule.script_id)
    .where(
        WelcomeRule.scope.in_(SCOPES),
        WelcomeRule.target.in_(bindparam("targets", expanding=True)),
        WelcomeScript.removed_at.is_(None),
        WelcomeScript.version_id.is_not(None),
    )
)


@dataclass(frozen=True, kw_only=True)
class MemberFacts:
    """What a text may say about a member. The root department bears the company's name."""

    name: str
    alias: str
    department: str
    corp_name: str


@dataclass(frozen=True, kw_only=True)
class Choice:
    """The script that greets, and how it was found; `level` "" and no script: none holds.

    `member` None: he is not known to us, and department rules were passed over.
    """

    script_id: int | None = None
    version_id: int | None = None
    script_name: str = ""
    level: str = ""
    steps: tuple[str, ...] = ()
    member: MemberFacts | None = None


@dataclass(frozen=True, kw_only=True)
class Trial:
    """A script as if it were published now, instead of what the one with its id says."""

    script_id: int
    name: str
    rules: tuple[Rule, ...]


def choose_script(
    session: Session,
    *,
    userid: str,
    state: str,
    at: datetime,
    zone: ZoneInfo,
    trial: Trial | None = None,
) -> Choice:
    """Choose the script for a customer who adds `userid` through the channel `state` at `at`.

    With a `trial`, the choice is what it would be then; its script then has TRIAL_VERSION.
    """
    member = _find_member(session, userid)
    places = _walk_up(session, member) if member else []
    rules = _find_rules(session, userid=userid, state=state, places=places)
    if trial is not None:
        rules = [one for one in rules if one.script_id != trial.script_id] + _tried(trial)
    walk = _Walk(rules=rules, at=at, zone=zone)
    if state:
        walk.try_level("state", state, words=_("渠道 {state}", state=state))
    walk.try_level("member", userid.casefold(), words=_("员工 {userid}", userid=userid))
    if member is None:
        walk.say(_("部门：通讯录里还没有该员工，跳过"))
    for place in places:
        words = _("部门「{name}」", name=place.name)
        walk.try_level("department", str(place.department_id), words=words)
    walk.try_level("default", "", words=_("默认脚本"))
    return walk.choice(_facts(member, places) if member else None)


def has_department_rules(session: Session) -> bool:
    """Tell whether it matters at all in which department a member is."""
    wanted = (
        select(WelcomeRule.id)
        .join(WelcomeScript, WelcomeScript.id == WelcomeRule.script_id)
        .where(WelcomeRule.scope == "department", WelcomeScript.removed_at.is_(None))
        .limit(1)
    )
    return session.scalar(wanted) is not None


@dataclass(frozen=True)
class _Known:
    userid: str
    name: str
    alias: str
    main_department: int | None


@dataclass(frozen=True)
class _Place:
    """A department over a member; `distance` 0: he is in it himself."""

    department_id: int
    name: str
    parentid: int
    distance: int
    through_main: bool


@dataclass(frozen=True)
class _Rule:
    scope: str
    target: str
    windows: tuple[Window, ...]
    script_id: int
    version_id: int
    script_name: str


@dataclass
class _Walk:
    """One walk through the levels: takes the first rule that is open, and remembers every step."""

    rules: Sequence[_Rule]
    at: datetime
    zone: ZoneInfo
    steps: list[str] = field(default_factory=list)
    taken: _Rule | None = None

    def say(self, step: str) -> None:
        if self.taken is None:
            self.steps.append(step)

    def try_level(self, scope: str, target: str, *, words: str) -> None:
        if self.taken is not None:
            return
        rules = [rule for rule in self.rules if rule.scope == scope and rule.target == target]
        if not rules:
            self.say(_("{level}：没有脚本", level=words))
        for rule in sorted(rules, key=lambda rule: (not rule.windows, -rule.version_id)):
            if self.taken is None:
                self._try(rule, words)

    def _try(self, rule: _Rule, words: str) -> None:
        when = word_windows(rule.windows)
        if not open_at(rule.windows, self.at, zone=self.zone):
            verdict = _("现在不在时间段内（{when}）", when=when)
        else:
            verdict = _("采用（在时间段 {when} 内）", when=when) if when else _("采用")
        if rule.scope == "default":
            self.say(_("默认脚本「{name}」：{verdict}", name=rule.script_name, verdict=verdict))
        else:
            named = rule.script_name
            self.say(
                _("{level}：脚本「{name}」：{verdict}", level=words, name=named, verdict=verdict)
            )
        if open_at(rule.windows, self.at, zone=self.zone):
            self.taken = rule

    def choice(self, member: MemberFacts | None) -> Choice:
        if self.taken is None:
            return Choice(steps=(*self.steps, _("没有适用的脚本，不发送欢迎语")), member=member)
        return Choice(
            script_id=self.taken.script_id,
            version_id=self.taken.version_id,
            script_name=self.taken.script_name,
            level=self.taken.scope,
            steps=tuple(self.steps),
            member=member,
        )


def _find_member(session: Session, userid: str) -> _Known | None:
    row = session.execute(MEMBER, {"folded": userid.casefold()}).first()
    return _Known(*row) if row else None


def _walk_up(session: Session, member: _Known) -> list[_Place]:
    """List the departments over a member, nearest first, in one query.

    Where two are as near, the one over his main department (主部门) goes first.
    """
    places: dict[int, _Place] = {}
    rows = (
        _Place(department_id, name, parentid, distance, start == member.main_department)
        for start, department_id, name, parentid, distance in session.execute(
            UP, {"userid": member.userid}
        )
    )
    for place in sorted(rows, key=_nearness):
        places.setdefault(place.department_id, place)
    return list(places.values())


def _nearness(place: _Place) -> tuple[int, bool, int]:
    return place.distance, not place.through_main, place.department_id


def _find_rules(
    session: Session, *, userid: str, state: str, places: Iterable[_Place]
) -> list[_Rule]:
    """Find the live rules of all these targets, of whatever scope: the walk tells them apart."""
    targets = ["", state, userid.casefold(), *(str(place.department_id) for place in places)]
    return [
        _Rule(scope, target, load_windows(windows), script_id, version_id or 0, name)
        for scope, target, windows, script_id, version_id, name in session.execute(
            RULES, {"targets": targets}
        )
    ]


def _tried(trial: Trial) -> list[_Rule]:
    return [
        _Rule(
            one.scope,
            one.target.casefold() if one.scope == "member" else one.target,
            one.windows,
            trial.script_id,
            TRIAL_VERSION,
            trial.name,
        )
        for one in trial.rules
    ]


def _facts(member: _Known, places: Sequence[_Place]) -> MemberFacts:
    own = [place for place in places if place.distance == 0]
    root = next((place for place in places if place.parentid == 0), None)
    return MemberFacts(
        name=member.name,
        alias=member.alias or member.name,
        department=own[0].name if own else "",
        corp_name=root.name if root else "",
    )
