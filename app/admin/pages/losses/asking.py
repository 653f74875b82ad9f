"""What the page of losses is asked for: read from its address, checked, and written back into it.

Members stand in the address as fingerprints: a userid is for no server's log on the way.
"""

from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from flask import request
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.admin.pages.parts import Admin
from app.admin.problems import Problem
from app.admin.reading import Times, number, times
from app.churn.models import Loss
from app.churn.queries import WIN_BACKS, LossFilter, list_channels
from app.customers.queries import list_default_stages
from app.i18n import N_, _
from app.members.models import Member
from app.members.queries import (
    Scope,
    find_departments_below,
    list_departments,
    list_people,
)
from app.runtime import Runtime
from app.words import clean

DEFAULT_DAYS = 30
LONGEST = 128
KEY_PURPOSE, KEY_LENGTH = "losses.member", 16
# Who ended it: things that are never mixed up; of what reconciliation found, nobody knows. The
# first is what is shown unasked.
KINDS = {
    "customer": N_("客户删除员工"),
    "member": N_("员工删除客户"),
    "transfer": N_("转接给同事"),
    "reconcile": N_("对账发现"),
    "all": N_("全部"),
}


@dataclass(frozen=True)
class Wish:
    """What stands in the address. Both days are among what is wanted; "" and 0: all."""

    since: date
    until: date
    member: str = ""
    department: int = 0
    state: str = ""
    stage: int = 0
    kind: str = "customer"
    win_back: str = ""

    def query(self, **more: object) -> str:
        """Write it as the part of an address behind the "?"; what is "" or 0 is left out."""
        values = asdict(self) | {"since": self.since.isoformat(), "until": self.until.isoformat()}
        return urlencode({name: value for name, value in (values | more).items() if value})


@dataclass(frozen=True)
class Asked:
    """A wish that is understood: whose losses it is about, and what else could be asked for."""

    wish: Wish
    wanted: LossFilter
    now: Times
    before: int

    def days(self, count: int, *, ago: int = 0) -> dict[str, datetime]:
        """Return when so many days began and ended, the last of which was `ago` days ago."""
        last = self.now.now.date() - timedelta(days=ago)
        first = last - timedelta(days=count - 1)
        after = last + timedelta(days=1)
        return {"since": _begin(first, self.now), "until": _begin(after, self.now)}


def read_asked(runtime: Runtime, session: Session, admin: Admin) -> Asked:
    """Read what this request asks for.

    Raises:
        Problem: no_such_page, it names somebody who is not in this admin's scope.
    """
    now, scope = times(runtime), admin.scope(session)
    wish = _read_wish(now.now.date())
    wanted = LossFilter(
        since=_begin(wish.since, now),
        until=_begin(wish.until + timedelta(days=1), now),
        scope=scope,
        kind="" if wish.kind == "all" else wish.kind,
        userid=_find_member(runtime, session, scope, wish.member),
        departments=_find_departments(session, scope, wish.department),
        state=wish.state or None,
        stage_id=wish.stage,
        win_back=wish.win_back,
    )
    return Asked(wish, wanted, now, number(request.args.get("before")))


def list_choices(runtime: Runtime, session: Session, asked: Asked) -> dict[str, Any]:
    """List what can be chosen in each of the filters, as (value, words)."""
    wanted = asked.wanted
    channels = list(list_channels(session, wanted))
    if wanted.state is not None and wanted.state not in channels:
        channels.append(wanted.state)
    people = list_people(session, wanted.scope)
    departments = list_departments(session, wanted.scope)
    return {
        "members": [(key_of(runtime, one.userid), _name(one)) for one in people],
        "departments": [(one.id, clean(one.name)) for one in departments],
        "channels": [(state, clean(state)) for state in channels],
        "stages": [(stage_id, clean(name)) for stage_id, name in list_default_stages(session)],
        "kinds": [(name, _(words)) for name, words in KINDS.items()],
        "win_backs": [(name, _(words)) for name, words in WIN_BACKS.items()],
    }


def key_of(runtime: Runtime, userid: str) -> str:
    """Return what a member is called in an address."""
    return runtime.sealer.fingerprint(userid, purpose=KEY_PURPOSE)[:KEY_LENGTH]


def _read_wish(today: date) -> Wish:
    given = {name: request.args.get(name, "")[:LONGEST] for name in Wish.__dataclass_fields__}
    until = _day(given["until"]) or today
    since = _day(given["since"]) or until - timedelta(days=DEFAULT_DAYS - 1)
    wish = Wish(
        since=min(since, until),
        until=max(since, until),
        member=given["member"],
        department=number(given["department"]),
        state=given["state"],
        stage=number(given["stage"]),
    )
    if given["kind"] in KINDS:
        wish = replace(wish, kind=given["kind"])
    return replace(wish, win_back=given["win_back"]) if given["win_back"] in WIN_BACKS else wish


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    # Times of the first and the last years there are do not exist in every zone.
    return day if date(2000, 1, 1) <= day <= date(2999, 12, 31) else None


def _begin(day: date, now: Times) -> datetime:
    return datetime.combine(day, time(), tzinfo=now.zone)


def _find_member(runtime: Runtime, session: Session, scope: Scope, key: str) -> str:
    if not key:
        return ""
    # Some have customers and are no member whom WeCom lets us see.
    for known in (Member.userid, Loss.userid):
        for userid in session.scalars(select(known).where(scope.holds(known)).distinct()):
            if key_of(runtime, userid) == key:
                return userid
    raise Problem("no_such_page", reason="member")


def _find_departments(session: Session, scope: Scope, department: int) -> frozenset[int] | None:
    if not department:
        return None
    if scope.manager and department not in scope.departments:
        raise Problem("no_such_page", reason="department")
    return find_departments_below(session, [department])


def _name(member: Member) -> str:
    name = clean(member.name) or member.userid
    return _("{name}（已离开）", name=name) if member.removed_at else name
