"""What the list of customers is asked for: read from the sealed choices, and checked."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any

from flask import request
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from app import clock
from app.admin.pages.parts import Admin
from app.admin.problems import Problem
from app.admin.reading import Times, choices, number, seal_choices, times
from app.customers.actions import digest_value, read_number, read_value
from app.customers.errors import FieldRefused
from app.customers.queries import (
    AGREED,
    CONSENT_STATES,
    REFUSED,
    STANDINGS,
    UNASKED,
    CustomerFilter,
    Field,
    FieldTest,
    Value,
    digest_number,
    find_tags,
    list_fields,
    list_stage_choices,
    list_states,
    list_tag_board,
    word_field,
    word_option,
)
from app.errors import Refused
from app.i18n import N_, _
from app.members.queries import (
    Scope,
    find_departments_below,
    list_departments,
    list_people,
)
from app.money import parse_amount
from app.runtime import Runtime
from app.words import clean

LONGEST, MOST_TAGS = 128, 20
STANDING_WORDS = {
    "with": N_("在跟进"),
    "lost": N_("已流失"),
    "all": N_("全部"),
    "waiting": N_("待交接"),
}
# What a customer said of offers, as a form calls it.
CONSENTS = {"agreed": AGREED, "refused": REFUSED, "unasked": UNASKED}
QUIET_DAYS = (3, 7, 14, 30, 90)
MOST_DAYS = 3650
# Columns that may stand beside the customer, and those that do unasked.
COLUMNS = {
    "member": N_("员工"),
    "stage": N_("阶段"),
    "tags": N_("标签"),
    "added": N_("添加时间"),
    "state": N_("渠道"),
    "lost": N_("流失时间"),
    "noted": N_("最近跟进"),
    "others": N_("重复"),
    "consent": N_("营销意愿"),
}
USUAL_COLUMNS = ("member", "stage", "tags", "added", "state", "noted", "others")
# What is no filter.
COLUMN = "col"
# What a batch is about to do and to whom, and what is taken along, which are no filters either.
TICK, ALL, KIND = "follow", "all", "do"
TAKE, FORMAT, WHOLE = "take", "as", "whole"
NO_FILTERS = frozenset({TICK, ALL, KIND, TAKE, FORMAT, WHOLE})


@dataclass(frozen=True)
class Asked:
    """What was chosen, as the form gave it, and what it comes to.

    `columns` and `fields` are shown beside the customer. `known`: all the fields that there are.
    """

    given: MultiDict[str, str]
    wanted: CustomerFilter
    columns: tuple[str, ...]
    fields: tuple[Field, ...]
    now: Times
    known: tuple[Field, ...] = ()

    @property
    def filters(self) -> MultiDict[str, str]:
        """Return what narrows the list."""
        return MultiDict([one for one in self.given.items(multi=True) if one[0] != COLUMN])

    @property
    def is_narrowed(self) -> bool:
        """Whether anything but where the relation stands was chosen."""
        return any(value for name, value in self.filters.items() if name != "standing")

    def query(self, runtime: Runtime, **more: object) -> str:
        """Write it as the query of an address, with its mark."""
        sealed = seal_choices(runtime, self.given)
        wanted = {"f": sealed} | {name: str(value) for name, value in more.items() if value}
        return "?" + "&".join(f"{name}={value}" for name, value in wanted.items() if value)


def read_asked(runtime: Runtime, session: Session, admin: Admin) -> Asked:
    """Read what this request asks for.

    Raises:
        Problem: no_such_page, it names a department that is not in this admin's scope.
    """
    return understand(session, choices(runtime), times(runtime), admin.scope(session))


def understand(session: Session, given: MultiDict[str, str], now: Times, scope: Scope) -> Asked:
    """Make a filter of what was chosen; what cannot be read is as if it were not given.

    Raises:
        Problem: as above.
    """
    given = MultiDict(
        [
            (name, value.strip()[:LONGEST])
            for name, value in given.items(multi=True)
            if value.strip() and name not in NO_FILTERS
        ]
    )
    standing, fields = given.get("standing", ""), list_fields(session)
    quiet = min(number(given.get("quiet")), MOST_DAYS)
    wanted = CustomerFilter(
        scope=scope,
        standing=standing if standing in STANDINGS else STANDINGS[0],
        name=given.get("name", ""),
        number=_number_mark(session, given.get("name", "")),
        userid=given.get("member", ""),
        departments=_departments(session, scope, number(given.get("department"))),
        state=given.get("state", ""),
        stage_id=number(given.get("stage")),
        tags_any=_tags(session, given, "any"),
        tags_all=_tags(session, given, "every"),
        tags_none=_tags(session, given, "none"),
        quiet_since=clock.utcnow() - timedelta(days=quiet) if quiet else None,
        shared=bool(given.get("shared")),
        consent=CONSENTS.get(given.get("consent", "")),
        fields=tuple(
            test
            for field in fields
            if any(name in given for name in field_names(field))
            for test in _field_tests(session, field, given, now)
        ),
        **_days(given, now),
    )
    ticked = given.getlist(COLUMN)
    columns = tuple(name for name in COLUMNS if name in ticked)
    own = tuple(field for field in fields if field_names(field)[0] in ticked)
    return Asked(given, wanted, columns if ticked else USUAL_COLUMNS, own, now, known=tuple(fields))


def before() -> int:
    """Return behind which relation the page begins; 0: at the newest."""
    return number(request.args.get("before"))


def list_choices(session: Session, asked: Asked) -> dict[str, Any]:
    """List what can be chosen in each of the filters, as (value, words)."""
    scope = asked.wanted.scope
    channels = list_states(session)
    if asked.wanted.state and asked.wanted.state not in channels:
        channels.append(asked.wanted.state)
    return {
        "standings": [(name, _(words)) for name, words in STANDING_WORDS.items()],
        "members": [(one.userid, _name(one)) for one in list_people(session, scope)],
        "departments": [(one.id, clean(one.name)) for one in list_departments(session, scope)],
        "channels": [(state, clean(state)) for state in channels],
        "pipelines": [
            (name, [(stage_id, clean(stage)) for stage_id, _pipeline, stage in stages])
            for name, stages in groupby(list_stage_choices(session), lambda row: clean(row[1]))
        ],
        "tag_groups": [
            (clean(group.name), [(tag.key, clean(tag.name)) for tag in group.tags])
            for group in list_tag_board(session)
        ],
        "fields": [_show_field(field) for field in asked.known],
        "columns": [
            *((name, _(words)) for name, words in COLUMNS.items()),
            *((field_names(one)[0], clean(word_field(one.name))) for one in asked.known),
        ],
        "consents": [(name, _(CONSENT_STATES[state])) for name, state in CONSENTS.items()],
        "quiet": [(days, _("{days} 天", days=days)) for days in QUIET_DAYS],
    }


def field_names(field: Field) -> tuple[str, str, str, str]:
    """Return what the inputs of a field are called: what is wanted, at least, at most, equal."""
    return f"f{field.id}", f"f{field.id}_least", f"f{field.id}_most", f"f{field.id}_equal"


def _show_field(field: Field) -> dict[str, Any]:
    options = [("filled", _("有内容")), ("empty", _("没有内容"))]
    if field.kind == "yes_no":
        options = [("yes", _("是")), ("no", _("否")), *options]
    options += [
        (f"o:{one.id}", clean(word_option(one.name))) for one in field.options if not one.removed
    ]
    wanted, least, most, equal = field_names(field)
    return {
        "name": clean(word_field(field.name)),
        "wanted": wanted,
        "options": options,
        "range": {"least": least, "most": most}
        if field.kind in {"number", "money", "date"} and not field.is_sealed
        else {},
        "equal": equal if field.is_sealed else "",
        "is_day": field.kind == "date",
    }


def _number_mark(session: Session, text: str) -> str:
    number = read_number(text)
    return digest_number(session, number) if number else ""


def _equal(session: Session, field: Field, text: str, now: Times) -> Iterator[FieldTest]:
    """Read what a sealed field is to be equal to; what cannot stand in it nobody has."""
    try:
        value = read_value(field, [text], today=now.now.date())
    except FieldRefused:
        value = Value(text=text)
    digest = digest_value(session, field, value)
    yield FieldTest(field_id=field.id, how="equal", digest=digest)


def _field_tests(
    session: Session, field: Field, given: MultiDict[str, str], now: Times
) -> Iterator[FieldTest]:
    wanted, least, most, equal = field_names(field)
    how = given.get(wanted, "")
    if how in {"filled", "empty"} or (how in {"yes", "no"} and field.kind == "yes_no"):
        yield FieldTest(field_id=field.id, how=how)
    elif how.startswith("o:"):
        yield FieldTest(field_id=field.id, how="option", option=how[2:])
    if field.is_sealed:
        # Sealed, it can be told whether it is the same, and no more.
        if text := given.get(equal, ""):
            yield from _equal(session, field, text, now)
        return
    for name, side in ((least, "least"), (most, "most")):
        bound = _bound(field, given.get(name, ""))
        if bound is not None:
            yield FieldTest(field_id=field.id, how=side, bound=bound)


def _bound(field: Field, text: str) -> Decimal | date | None:
    try:
        if field.kind == "date":
            return date.fromisoformat(text)
        return parse_amount(text) if field.kind in {"number", "money"} else None
    except (ValueError, Refused):
        return None


def _days(given: MultiDict[str, str], now: Times) -> dict[str, Any]:
    """Read the times; a last day is whole."""
    found: dict[str, Any] = {}
    for name in ("added", "lost"):
        found[f"{name}_since"] = now.day(given.get(f"{name}_since", ""))
        last = now.day(given.get(f"{name}_until", ""))
        found[f"{name}_until"] = last + timedelta(days=1) if last else None
    return found


def _tags(session: Session, given: MultiDict[str, str], name: str) -> tuple[str, ...]:
    keys = [number(text) for text in given.getlist(name)][:MOST_TAGS]
    return tuple(tag.tag_id for tag in find_tags(session, keys=keys)) if keys else ()


def _departments(session: Session, scope: Scope, department: int) -> frozenset[int] | None:
    if not department:
        return None
    if scope.manager and department not in scope.departments:
        raise Problem("no_such_page", reason="department")
    return find_departments_below(session, [department])


def _name(member: Any) -> str:
    name = clean(member.name) or member.userid
    return _("{name}（已离开）", name=name) if member.removed_at else name
