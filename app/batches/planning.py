"""The dry run of an import: whom each row means, what it would change, and what is wrong with it.

What a row would write stands in its `plan`: {"fields": {id: {"value", "seen"}}, "stage":
{"stage_id", "pipeline_id", "seen"}, "note", "consent": {"state", "way", "seen"}}; `seen` is what
stood there when it was looked at.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.batches.columns import ID, MEMBER, NAME, PHONE, Columns
from app.batches.consents import Standing, plan_consent, read_consents
from app.batches.models import Batch, ImportRow
from app.batches.sealed import keep_done, keep_plan, read_cells
from app.customers.actions import StageStands, read_phone, read_stands, read_states, read_value
from app.customers.errors import FieldRefused
from app.customers.models import FollowUp, Stage
from app.customers.models.follow_ups import TEXT_LENGTH
from app.customers.queries import (
    Field,
    Value,
    find_known,
    find_named,
    find_numbered,
    find_userids,
    list_stage_choices,
    mask_value,
    word_option,
    word_value,
)
from app.errors import Refused
from app.i18n import _
from app.members.queries import Scope
from app.sheets import plain_cell
from app.words import clean

MOST_LISTED = 12
BETWEEN = frozenset("、,，;；|\n")
# Excel counts days from here; what it wrote for one is no number that people write for a day.
EXCEL_DAY, FIRST, LAST = date(1899, 12, 30), 10_000, 80_000
PHONE_FIELD = Field(id=0, key="", name="", kind="phone")
NUMBER = re.compile("[0-9]{5}(?:\\.[0-9]+)?")
MASK = "****"
YES_NO = {"true": "yes", "false": "no", "1": "yes", "0": "no", "✓": "yes", "yes": "yes", "no": "no"}

Faults = list[list[str]]


@dataclass(frozen=True)
class _Wanted:
    """What one row says, by its columns."""

    row: ImportRow
    cells: list[str]
    faults: Faults = field(default_factory=list)

    def fault(self, heading: str, words: str) -> None:
        self.faults.append([heading, words])


def plan_rows(
    session: Session,
    batch: Batch,
    rows: Sequence[ImportRow],
    *,
    columns: Columns,
    fields: Mapping[int, Field],
    scope: Scope,
) -> None:
    """Look at some rows, and write down what would become of each; nothing else is changed."""
    planning = _Planning(session, columns, fields, date.fromisoformat(batch.what["today"]))
    wanted = [_Wanted(row, [plain_cell(cell) for cell in read_cells(session, row)]) for row in rows]
    planning.find_customers(wanted, scope)
    repeated = _settle_doubles(session, batch.id, wanted, columns)
    people = {one.row.external_userid for one in wanted if one.row.external_userid}
    planning.look_at(people, wanted)
    for one in wanted:
        plan = {} if one.row.number in repeated else planning.plan(one)
        keep_plan(session, one.row, plan)
        keep_done(session, one.row, {})
        one.row.faults = one.faults
        one.row.outcome = "refused" if one.faults else "ready" if plan else "same"


def _settle_doubles(
    session: Session, batch_id: int, wanted: Sequence[_Wanted], columns: Columns
) -> set[int]:
    """Refuse rows about a customer whom another is about; return those that say just the same.

    A list that was taken along has a row for every member who follows him.
    """
    people = {one.row.external_userid for one in wanted if one.row.external_userid}
    first = min(one.row.number for one in wanted)
    rows = session.execute(
        select(ImportRow.external_userid, ImportRow.batch_id, ImportRow.number, ImportRow.cells)
        .where(
            ImportRow.batch_id == batch_id,
            ImportRow.external_userid.in_(people),
            ImportRow.number < first,
        )
        .order_by(ImportRow.number.desc())
    )
    taken = {
        row.external_userid: (
            row.number,
            columns.said([plain_cell(cell) for cell in read_cells(session, row)]),
        )
        for row in rows
    }
    repeated: set[int] = set()
    for one in wanted:
        said = columns.said(one.cells)
        if whom := one.row.external_userid:
            number, before = taken.setdefault(whom, (one.row.number, said))
            if number != one.row.number and before == said:
                repeated.add(one.row.number)
            elif number != one.row.number:
                one.fault("", _("和第 {n} 行是同一位客户，请合并成一行", n=number))
    return repeated


class _Planning:
    def __init__(
        self, session: Session, columns: Columns, fields: Mapping[int, Field], today: date
    ) -> None:
        self._session, self._columns, self._fields, self._today = session, columns, fields, today
        self._states: dict[tuple[str, int], tuple[Value, int]] = {}
        self._stands: dict[tuple[str, int], StageStands] = {}
        self._notes: set[tuple[str, str]] = set()
        self._consents: dict[str, Standing] = {}
        self._stages = _read_stages(session) if columns.stage is not None else {}

    def _list_stages(self) -> list[str]:
        """List what a cell may say, each stage as short as it is clear."""
        told: dict[int, str] = {}
        for name, stages in self._stages.items():
            if len(stages) == 1:
                told.setdefault(stages[0].id, name)
        return list(told.values())

    # Whom a row means.

    def find_customers(self, wanted: Sequence[_Wanted], scope: Scope) -> None:
        """Put down whom each row means, or why that cannot be told."""
        for one in wanted:
            one.row.external_userid = ""
        left = list(self._by_id(wanted, scope))
        left = list(self._by_number(left, scope))
        left = list(self._by_name(left, scope))
        for one in left:
            names = [self._heading(place) for place in self._columns.finders.values()]
            one.fault(_("、").join(names), _("没有写是哪位客户，请填上"))

    def _finder(self, one: _Wanted, name: str) -> str:
        return self._columns.cell(one.cells, self._columns.finders.get(name))

    def _heading(self, place: int | None) -> str:
        if place is None:
            return ""
        return self._columns.headings[place] or _("第 {n} 列", n=place + 1)

    def _finder_heading(self, name: str) -> str:
        return self._heading(self._columns.finders.get(name))

    def _by_id(self, wanted: Sequence[_Wanted], scope: Scope) -> Iterator[_Wanted]:
        ids = {one: text for one in range(len(wanted)) if (text := self._finder(wanted[one], ID))}
        known = find_known(self._session, [text[:64] for text in ids.values()], scope)
        for place, one in enumerate(wanted):
            if place not in ids:
                yield one
            elif ids[place] in known:
                one.row.external_userid = ids[place]
            else:
                told = _("没有这位客户，或者不归你管；external_userid 要和企业微信里的一样")
                one.fault(self._finder_heading(ID), told)

    def _by_number(self, wanted: Sequence[_Wanted], scope: Scope) -> Iterator[_Wanted]:
        numbers: dict[int, str] = {}
        for place, one in enumerate(wanted):
            text = self._finder(one, PHONE)
            if not text:
                yield one
                continue
            try:
                numbers[place] = read_phone(text)
            except FieldRefused as refused:
                one.fault(self._finder_heading(PHONE), str(refused))
        found = find_numbered(self._session, set(numbers.values()), scope)
        for place, number in numbers.items():
            none = _("没有客户的资料或备注手机里有这个电话，请核对，或换用 external_userid")
            self._settle(wanted[place], found.get(number, set()), PHONE, none)

    def _by_name(self, wanted: Sequence[_Wanted], scope: Scope) -> Iterator[_Wanted]:
        named: list[tuple[_Wanted, str, str]] = []
        members = self._members(wanted)
        for one in wanted:
            name, member = self._finder(one, NAME), self._finder(one, MEMBER)
            if not name:
                yield one
                continue
            userids = members.get(member, set())
            if member and len(userids) != 1:
                told = (
                    _("有几位员工都叫这个名字，请写员工账号")
                    if userids
                    else _("没有这位员工，请写姓名或员工账号")
                )
                one.fault(self._finder_heading(MEMBER), told)
                continue
            named.append((one, name, next(iter(userids), "")))
        with_member = [row for row in named if row[2]]
        alone = [row for row in named if not row[2]]
        for some, userids in ((with_member, {row[2] for row in with_member}), (alone, set[str]())):
            names = {name for _one, name, _userid in some}
            found = find_named(self._session, names, scope, userids=userids) if names else {}
            for one, name, userid in some:
                none = _("没有叫这个名字的客户，请核对备注或名字，或换用 external_userid")
                self._settle(one, set(found.get((name, userid), set())), NAME, none)

    def _members(self, wanted: Sequence[_Wanted]) -> Mapping[str, set[str]]:
        names = {text for one in wanted if (text := self._finder(one, MEMBER))}
        return find_userids(self._session, names) if names else {}

    def _settle(self, one: _Wanted, found: Collection[str], finder: str, none: str) -> None:
        if len(found) == 1:
            one.row.external_userid = next(iter(found))
        elif found:
            told = _("不止一位客户对得上，请加一列员工，或换用 external_userid")
            one.fault(self._finder_heading(finder), told)
        else:
            one.fault(self._finder_heading(finder), none)

    # What it says of him.

    def look_at(self, people: Collection[str], wanted: Sequence[_Wanted]) -> None:
        """Read what stands now of everybody whom these rows mean."""
        fields = [self._fields[one] for one in self._columns.fields if one in self._fields]
        self._states = read_states(self._session, people, fields)
        pipelines = {one.pipeline_id for stages in self._stages.values() for one in stages}
        self._stands = read_stands(self._session, people, pipelines)
        if self._columns.consent is not None:
            self._consents = read_consents(self._session, people)
        texts = {self._note(one) for one in wanted} - {""}
        if texts:
            rows = self._session.execute(
                select(FollowUp.external_userid, FollowUp.text).where(
                    FollowUp.external_userid.in_(people), FollowUp.removed_at.is_(None)
                )
            )
            self._notes = {(row[0], row[1]) for row in rows if row[1] in texts}

    def plan(self, one: _Wanted) -> dict[str, Any]:
        """Return what a row would change, {} for nothing; what is wrong joins its faults."""
        plan: dict[str, Any] = {}
        if fields := dict(self._plan_fields(one)):
            plan["fields"] = fields
        if stage := self._plan_stage(one):
            plan["stage"] = stage
        if consent := self._plan_consent(one):
            plan["consent"] = consent
        note = self._note(one)
        if len(note) > TEXT_LENGTH:
            told = _("一条跟进最多 {most} 字，现在有 {count} 字", most=TEXT_LENGTH, count=len(note))
            one.fault(self._heading(self._columns.note), told)
        elif note and (one.row.external_userid, note) not in self._notes:
            plan["note"] = note
        return {} if one.faults else plan

    def _note(self, one: _Wanted) -> str:
        text = self._columns.cell(one.cells, self._columns.note)
        return text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "").strip()

    def _plan_fields(self, one: _Wanted) -> Iterator[tuple[str, dict[str, Any]]]:
        for field_id, place in self._columns.fields.items():
            text = self._columns.cell(one.cells, place)
            if not text or field_id not in self._fields:
                continue
            told = self._fields[field_id]
            before, version = self._states.get((one.row.external_userid, field_id), (Value(), 0))
            if (
                told.is_sealed
                and MASK in text
                and text == mask_value(told, word_value(told, before))
            ):
                # As a list that was taken along shows it: nobody has changed it.
                continue
            try:
                value = read_cell(told, text, today=self._today, had=before.chosen)
            except FieldRefused as refused:
                one.fault(self._heading(place), str(refused))
                continue
            if value not in (before, Value()):
                yield str(field_id), {"value": value.as_json(), "seen": version}

    def _plan_consent(self, one: _Wanted) -> dict[str, Any]:
        state = self._columns.cell(one.cells, self._columns.consent)
        way = self._columns.cell(one.cells, self._columns.way)
        now = self._consents.get(one.row.external_userid, ("", 0))
        try:
            return plan_consent(now, state, way)
        except Refused as refused:
            one.fault(self._heading(self._columns.consent), str(refused))
            return {}

    def _plan_stage(self, one: _Wanted) -> dict[str, int]:
        text = self._columns.cell(one.cells, self._columns.stage)
        if not text:
            return {}
        stages = self._stages.get(text, [])
        if len(stages) != 1:
            known = _("、").join(self._list_stages()[:MOST_LISTED])
            told = (
                _("几个流程里都有这个阶段，请写成「流程：阶段」")
                if stages
                else _("没有这个阶段，可用的有：{known}", known=known)
            )
            one.fault(self._heading(self._columns.stage), told)
            return {}
        [stage] = stages
        now = self._stands.get((one.row.external_userid, stage.pipeline_id), StageStands(None, 0))
        if now.stage_id == stage.id:
            return {}
        return {
            "stage_id": stage.id,
            "pipeline_id": stage.pipeline_id,
            "seen": now.change_id,
        }


def read_cell(field: Field, text: str, *, today: date, had: Sequence[str] = ()) -> Value:
    """Read a cell as the sidebar reads what is typed, but options by their names.

    Raises:
        FieldRefused: it cannot stand there.
    """
    if field.kind == "date" and NUMBER.fullmatch(text) and FIRST < float(text) < LAST:
        text = (EXCEL_DAY + timedelta(days=int(float(text)))).isoformat()
    if field.kind == "yes_no":
        text = {**YES_NO, _("是").casefold(): "yes", _("否").casefold(): "no"}.get(
            text.casefold(), text
        )
    if field.kind not in {"choice", "choices"}:
        return read_value(field, [text], today=today)
    options: dict[str, str] = {}
    for one in reversed(field.options):
        if not one.removed or one.id in had:
            options |= {one.id: one.id, one.name: one.id, word_option(one.name): one.id}
    chosen = list(_split(text, options))
    if unknown := [part for part in chosen if part not in options]:
        names = [word_option(one.name) for one in field.options if not one.removed]
        known = _("、").join(names[:MOST_LISTED])
        raise FieldRefused(
            _("没有选项「{name}」，可用的有：{known}", name=clean(unknown[0])[:20], known=known)
        )
    return read_value(field, [options[part] for part in chosen], today=today, had=had)


def _split(text: str, known: Collection[str]) -> Iterator[str]:
    """Split a cell into what was chosen; a name may hold what stands between several."""
    while text := text.strip().lstrip("".join(BETWEEN)).strip():
        ends = [len(name) for name in known if text.startswith(name)]
        whole = [end for end in ends if text[end : end + 1].strip() in {"", *BETWEEN}]
        end = max(
            whole,
            default=min((p for one in BETWEEN if (p := text.find(one)) > 0), default=len(text)),
        )
        yield text[:end].strip()
        text = text[end:]


def _read_stages(session: Session) -> dict[str, list[Stage]]:
    """Return the stages that somebody can be moved to by what a cell may call them."""
    listed = list_stage_choices(session)
    rows = session.scalars(select(Stage).where(Stage.id.in_([one[0] for one in listed])))
    stages = {one.id: one for one in rows}
    found: dict[str, list[Stage]] = {}
    for stage_id, _pipeline, name in listed:
        for one in dict.fromkeys((name, stages[stage_id].name)):
            found.setdefault(one.strip(), []).append(stages[stage_id])
    for stage_id, pipeline, name in listed:
        found.setdefault(f"{pipeline}：{name}", [stages[stage_id]])
    return found
