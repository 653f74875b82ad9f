"""What an import says of many customers, written at once: fields, stage, a note; or taken back.

Every change is one like any other, with what stood there before. What somebody changed since it was
looked at stays, and is said. The timeline gets one entry a customer, whatever was written.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from app import clock
from app.customers.actions.many_stages import StageStands, drop_first_stages, read_stands
from app.customers.actions.sealing import columns_of, keep_before
from app.customers.actions.timeline import Happening, record_happenings
from app.customers.models import (
    Customer,
    CustomerStage,
    FieldChange,
    FieldChoice,
    FieldValue,
    FollowUp,
    Stage,
    StageChange,
)
from app.customers.queries.fields import Field, Value
from app.customers.queries.values import list_values
from app.rows import upsert

# What in a wish is no field.
STAGE, NOTE = "stage", "note"


@dataclass(frozen=True, kw_only=True)
class StageWish:
    """Where he is to stand. `seen`: the last change that was looked at, 0: none."""

    stage_id: int
    pipeline_id: int
    seen: int


@dataclass(frozen=True, kw_only=True)
class CustomerWish:
    """What is to be written of one customer.

    `fields`: by id, the value and the version that was looked at. `key` makes its entry in the
    timeline, and its note, one and no other. `drops_note`: one that was written before is to go,
    as is by `drops_stage` the change that led to his first stage.
    """

    external_userid: str
    key: str
    fields: Mapping[int, tuple[Value, int]] = field(default_factory=dict)
    stage: StageWish | None = None
    note: str = ""
    drops_note: int = 0
    drops_stage: int = 0


@dataclass
class Written:
    """What was written, to be taken back: fields' versions with what stood there; the rest by ids.

    `overtaken`: what somebody else changed meanwhile: field ids, STAGE, NOTE.
    """

    fields: dict[int, tuple[int, dict[str, Any]]] = field(default_factory=dict)
    stage: int = 0
    note: int = 0
    dropped: bool = False
    unstaged: bool = False
    overtaken: list[int | str] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Whether nothing was written."""
        wrote = self.fields or self.stage or self.note
        return not (wrote or self.dropped or self.unstaged)


def read_states(
    session: Session, people: Collection[str], fields: Sequence[Field]
) -> dict[tuple[str, int], tuple[Value, int]]:
    """Return value and version of these fields of many customers; what was never touched is not."""
    if not fields:
        return {}
    values = list_values(session, people, fields)
    rows = session.execute(
        select(FieldValue.external_userid, FieldValue.field_id, FieldValue.version).where(
            FieldValue.external_userid.in_(people),
            FieldValue.field_id.in_([one.id for one in fields]),
        )
    )
    return {(row[0], row[1]): (values.get((row[0], row[1]), Value()), row[2]) for row in rows}


def write_many(
    session: Session,
    wishes: Sequence[CustomerWish],
    *,
    userid: str,
    fields: Mapping[int, Field],
    kind: str = "imported",
) -> dict[str, Written]:
    """Write it, and return by customer what was written; who is gone has everything overtaken.

    `fields`: those that are there. `kind`: of the timeline's entry.
    """
    people = sorted({one.external_userid for one in wishes})
    # Others who change one of them wait; in one order, so that no two wait for each other.
    locked = set(
        session.scalars(
            select(Customer.external_userid)
            .where(Customer.external_userid.in_(people))
            .order_by(Customer.external_userid)
            .with_for_update()
        )
    )
    writing = _Writing(session, userid, fields, clock.utcnow())
    for wish in wishes:
        if wish.external_userid not in locked:
            writing.written[wish.external_userid] = Written(overtaken=list(_parts(wish)))
    here = [one for one in wishes if one.external_userid in locked]
    writing.write_fields(here)
    writing.write_stages(here)
    writing.write_notes(here)
    writing.tell(here, kind)
    return writing.written


def _parts(wish: CustomerWish) -> Iterable[int | str]:
    yield from wish.fields
    if wish.stage or wish.drops_stage:
        yield STAGE
    if wish.note or wish.drops_note:
        yield NOTE


class _Writing:
    def __init__(
        self, session: Session, userid: str, fields: Mapping[int, Field], at: datetime
    ) -> None:
        self._session, self._userid, self._fields, self._at = session, userid, fields, at
        self.written: dict[str, Written] = {}
        self._stage_names: dict[str, str] = {}

    def _of(self, wish: CustomerWish) -> Written:
        return self.written.setdefault(wish.external_userid, Written())

    def write_fields(self, wishes: Sequence[CustomerWish]) -> None:
        wanted = {field_id for one in wishes for field_id in one.fields}
        fields = [self._fields[one] for one in wanted if one in self._fields]
        people = [one.external_userid for one in wishes]
        states = read_states(self._session, people, fields)
        changes: list[FieldChange] = []
        rows: list[dict[str, Any]] = []
        chosen: dict[tuple[str, int], Value] = {}
        for wish in wishes:
            for field_id, (value, seen) in wish.fields.items():
                key = (wish.external_userid, field_id)
                before, version = states.get(key, (Value(), 0))
                if field_id not in self._fields or (version != seen and before != value):
                    self._of(wish).overtaken.append(field_id)
                elif before != value:
                    field = self._fields[field_id]
                    changes.append(self._change(field, key, version + 1, before))
                    rows.append(self._row(field, key, version + 1, value))
                    chosen[key] = value
                    self._of(wish).fields[field_id] = (version + 1, before.as_json())
        self._session.add_all(changes)
        place = ["external_userid", "field_id"]
        columns = [one for one in rows[0] if one not in place] if rows else []
        upsert(self._session, FieldValue, rows, key=place, update=columns)
        self._write_choices(chosen)

    def _change(
        self, field: Field, key: tuple[str, int], version: int, before: Value
    ) -> FieldChange:
        change = FieldChange(
            external_userid=key[0],
            field_id=key[1],
            version=version,
            userid=self._userid,
            changed_at=self._at,
        )
        keep_before(self._session, field, change, before)
        return change

    def _row(
        self, field: Field, key: tuple[str, int], version: int, value: Value
    ) -> dict[str, Any]:
        return {
            "external_userid": key[0],
            "field_id": key[1],
            **columns_of(self._session, field, value, external_userid=key[0]),
            "version": version,
            "userid": self._userid,
            "changed_at": self._at,
        }

    def _write_choices(self, values: Mapping[tuple[str, int], Value]) -> None:
        choosing = {key for key in values if self._fields[key[1]].options}
        if not choosing:
            return
        rows = self._session.execute(
            select(FieldValue.id, FieldValue.external_userid, FieldValue.field_id).where(
                FieldValue.external_userid.in_({key[0] for key in choosing}),
                FieldValue.field_id.in_({key[1] for key in choosing}),
            )
        )
        ids = {(row[1], row[2]): row[0] for row in rows}
        gone = FieldChoice.value_id.in_([ids[key] for key in choosing])
        self._session.execute(delete(FieldChoice).where(gone))
        made = [
            {"value_id": ids[key], "option": option}
            for key in choosing
            for option in values[key].chosen
        ]
        if made:
            self._session.execute(insert(FieldChoice), made)

    def write_stages(self, wishes: Sequence[CustomerWish]) -> None:
        moving = [one for one in wishes if one.stage]
        people = [one.external_userid for one in moving]
        pipelines = {one.stage.pipeline_id for one in moving if one.stage}
        stands = read_stands(self._session, people, pipelines)
        open_ones = self._open_stages({one.stage.stage_id for one in moving if one.stage})
        changes: dict[str, StageChange] = {}
        for wish in moving:
            stage = wish.stage
            if stage is None:
                continue
            key = (wish.external_userid, stage.pipeline_id)
            now = stands.get(key, StageStands(None, 0))
            if now.stage_id == stage.stage_id:
                continue
            if now.change_id != stage.seen or stage.stage_id not in open_ones:
                self._of(wish).overtaken.append(STAGE)
                continue
            changes[wish.external_userid] = self._move(wish.external_userid, now, stage)
            self._stage_names[wish.external_userid] = open_ones[stage.stage_id]
        self._session.add_all(changes.values())
        self._session.flush()
        for external_userid, change in changes.items():
            self.written.setdefault(external_userid, Written()).stage = change.id
        places = [
            {
                "external_userid": one.external_userid,
                "pipeline_id": one.pipeline_id,
                "stage_id": one.to_stage_id,
                "changed_at": self._at,
            }
            for one in changes.values()
        ]
        key_columns, changed = ["external_userid", "pipeline_id"], ["stage_id", "changed_at"]
        upsert(self._session, CustomerStage, places, key=key_columns, update=changed)
        self._drop_stages({one.external_userid: one for one in wishes if one.drops_stage})

    def _drop_stages(self, wishes: Mapping[str, CustomerWish]) -> None:
        firsts = {whom: one.drops_stage for whom, one in wishes.items()}
        gone = drop_first_stages(self._session, firsts)
        for whom, wish in wishes.items():
            if whom in gone:
                self._of(wish).unstaged = True
            else:
                self._of(wish).overtaken.append(STAGE)

    def _move(self, external_userid: str, now: StageStands, stage: StageWish) -> StageChange:
        return StageChange(
            external_userid=external_userid,
            pipeline_id=stage.pipeline_id,
            from_stage_id=now.stage_id,
            to_stage_id=stage.stage_id,
            userid=self._userid,
            why="",
            changed_at=self._at,
        )

    def _open_stages(self, ids: Collection[int]) -> dict[int, str]:
        rows = self._session.scalars(select(Stage).where(Stage.id.in_(ids)))
        return {one.id: one.name for one in rows if one.is_open}

    def write_notes(self, wishes: Sequence[CustomerWish]) -> None:
        noting = {one.key: one for one in wishes if one.note}
        rows = [
            {
                "external_userid": one.external_userid,
                "userid": self._userid,
                "form_key": key,
                "text": one.note,
                "created_at": self._at,
            }
            for key, one in noting.items()
        ]
        upsert(self._session, FollowUp, rows, key=["userid", "form_key"])
        if noting:
            made = self._session.execute(
                select(FollowUp.id, FollowUp.form_key).where(
                    FollowUp.userid == self._userid, FollowUp.form_key.in_(noting)
                )
            )
            for note_id, key in made:
                self._of(noting[key]).note = note_id
        self._drop_notes({one.drops_note: one for one in wishes if one.drops_note})

    def _drop_notes(self, wishes: Mapping[int, CustomerWish]) -> None:
        """Mark notes as removed, but for those that somebody has put right since."""
        if not wishes:
            return
        rows = self._session.execute(
            select(FollowUp.id, FollowUp.edited_at, FollowUp.removed_at)
            .where(FollowUp.id.in_(wishes))
            .with_for_update()
        ).all()
        for row in rows:
            if row.edited_at is not None:
                self._of(wishes[row.id]).overtaken.append(NOTE)
            elif row.removed_at is None:
                self._of(wishes[row.id]).dropped = True
        gone = [row.id for row in rows if row.edited_at is None and row.removed_at is None]
        self._session.execute(
            update(FollowUp)
            .where(FollowUp.id.in_(gone))
            .values(removed_at=self._at)
            .execution_options(synchronize_session=False)
        )

    def tell(self, wishes: Sequence[CustomerWish], kind: str) -> None:
        record_happenings(
            self._session,
            [
                Happening(
                    external_userid=one.external_userid,
                    userid=self._userid,
                    kind=kind,
                    at=self._at,
                    key=f"{kind}:{one.key}",
                    data=self._told(one.external_userid),
                )
                for one in wishes
                if not self._of(one).is_empty
            ],
        )

    def _told(self, external_userid: str) -> dict[str, Any]:
        """Return what the timeline keeps: which fields, not what stands in them."""
        written = self.written[external_userid]
        told: dict[str, Any] = {
            "fields": [self._fields[one].name for one in written.fields],
            "stage": self._stage_names.get(external_userid, ""),
            "has_note": bool(written.note or written.dropped),
            "is_unstaged": written.unstaged,
        }
        return told | ({"follow_up_id": written.note} if written.note else {})
