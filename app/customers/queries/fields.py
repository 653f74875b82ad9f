"""Reads of the fields (资料): what a corp keeps about a customer, and what its values say."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, and_, bindparam, select
from sqlalchemy.orm import Session

from app.customers.models import CustomField, FieldChoice, FieldValue
from app.customers.queries.first_names import word_field, word_option
from app.customers.queries.sealed import read_box
from app.i18n import N_, _
from app.members.models import MemberPreference
from app.members.queries import leads_somebody
from app.money import word_amount

MOST_ID = 2**31 - 1
MOST_FIELDS = 60
# Of one customer in one field.
MOST_CHOSEN = 20
HIDES_EMPTY = "hides_empty_fields"
YES = "yes"
KIND_WORDS = {
    "text": N_("文字"),
    "number": N_("数字"),
    "money": N_("金额"),
    "date": N_("日期"),
    "choice": N_("单选"),
    "choices": N_("多选"),
    "phone": N_("电话"),
    "address": N_("地址"),
    "link": N_("链接"),
    "yes_no": N_("是或否"),
}
# Who sees a field beside a chat.
VISIBLE_TO = {"": N_("所有员工"), "managers": N_("主管以上")}
FIELD_WORDS = N_("{field}：{value}")
# What the keys of its changes in the timeline begin with.
FIELD_KEY = "field:"
_CLEARED, _CHANGED = N_("清空了「{field}」"), N_("修改了「{field}」")
_UNDONE = N_("撤销了对「{field}」的修改")
_IN_TIMELINE = 60
MASK = "****"
# What of a change that is kept says more than that there was one.
_TELLING = {"flag", "chosen", "value"}

# Made once: for every card anew, they would cost more than the database does. An option that was
# chosen is a row of its own.
_FIELDS = (
    select(
        CustomField.id,
        CustomField.key,
        CustomField.name,
        CustomField.kind,
        CustomField.options,
        CustomField.hint,
        CustomField.pinned,
        CustomField.read_only,
        CustomField.visible_to,
        CustomField.sensitive,
        FieldValue.text,
        FieldValue.number,
        FieldValue.day,
        FieldValue.flag,
        FieldValue.box,
        FieldValue.version,
        FieldValue.userid,
        FieldValue.changed_at,
        FieldChoice.option,
    )
    .select_from(CustomField)
    .outerjoin(
        FieldValue,
        and_(
            FieldValue.field_id == CustomField.id,
            FieldValue.external_userid == bindparam("external_userid"),
        ),
    )
    .outerjoin(FieldChoice, FieldChoice.value_id == FieldValue.id)
    .where(CustomField.removed_at.is_(None))
    .order_by(CustomField.pinned.desc(), CustomField.position, CustomField.id)
    .limit(MOST_FIELDS * MOST_CHOSEN)
)
_preference = select(MemberPreference.value).where(
    MemberPreference.userid == bindparam("viewer"), MemberPreference.key == HIDES_EMPTY
)
_BOARD = _FIELDS.add_columns(_preference.scalar_subquery().label("preference"))
_ONE = _FIELDS.where(CustomField.id == bindparam("field_id"))


@dataclass(frozen=True)
class Option:
    """One that can be chosen. `removed`: only by those who have it already."""

    id: str
    name: str
    removed: bool = False


@dataclass(frozen=True)
class Field:
    """A field as a corp has set it up; `kind` as in CustomField."""

    id: int
    key: str
    name: str
    kind: str
    options: tuple[Option, ...] = ()
    hint: str = ""
    pinned: bool = False
    read_only: bool = False
    visible_to: str = ""
    sensitive: bool = False

    @property
    def is_sealed(self) -> bool:
        """Tell whether what stands in it lies sealed, and is shown whole only on record."""
        return self.sensitive or self.kind == "phone"


@dataclass(frozen=True)
class Value:
    """What stands in a field; the part of its kind holds it. `chosen`: ids of options, in order."""

    text: str = ""
    number: Decimal | None = None
    day: date | None = None
    flag: bool | None = None
    chosen: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing stands there."""
        return self == Value()

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON can keep it."""
        return {
            **asdict(self),
            "number": None if self.number is None else str(self.number),
            "day": self.day and self.day.isoformat(),
            "chosen": list(self.chosen),
        }

    @classmethod
    def of_json(cls, kept: Mapping[str, Any]) -> "Value":
        """Return what `as_json` kept."""
        number, day = kept["number"], kept["day"]
        return cls(
            text=kept["text"],
            number=None if number is None else Decimal(number),
            day=day and date.fromisoformat(day),
            flag=kept["flag"],
            chosen=tuple(kept["chosen"]),
        )


@dataclass(frozen=True)
class FieldState:
    """A field of one customer: what stands in it, since which change, by whom.

    `version` 0: nobody has ever touched it; `userid` is "" and `at` None then.
    """

    field: Field
    value: Value = Value()
    version: int = 0
    userid: str = ""
    at: datetime | None = None


@dataclass(frozen=True)
class FieldBoard:
    """The fields as a card shows them, pinned ones first."""

    states: tuple[FieldState, ...]
    hides_empty: bool


def get_field_board(session: Session, external_userid: str, *, viewer: str) -> FieldBoard:
    """Return the fields of a customer that this member sees, and how he likes them.

    In one query, unless some are not for everybody.
    """
    rows = session.execute(_BOARD, {"external_userid": external_userid, "viewer": viewer}).all()
    hides_empty = bool(rows) and rows[0].preference == YES
    states = _states(session, external_userid, rows)
    if any(state.field.visible_to for state in states) and not leads_somebody(session, viewer):
        states = tuple(state for state in states if not state.field.visible_to)
    return FieldBoard(states, hides_empty)


def may_see_field(session: Session, field: Field, *, viewer: str) -> bool:
    """Tell whether this member sees a field of customers whom he sees."""
    return not field.visible_to or leads_somebody(session, viewer)


def find_field_state(session: Session, external_userid: str, field_id: int) -> FieldState | None:
    """Return one field of a customer; None: there is no such field."""
    if field_id > MOST_ID:
        # PostgreSQL takes a larger number for a fault, and not for the id of nothing.
        return None
    wanted = {"external_userid": external_userid, "field_id": field_id}
    states = _states(session, external_userid, session.execute(_ONE, wanted).all())
    return states[0] if states else None


def list_fields(session: Session) -> list[Field]:
    """Return the fields in the order of the card."""
    rows = session.scalars(
        select(CustomField)
        .where(CustomField.removed_at.is_(None))
        .order_by(CustomField.pinned.desc(), CustomField.position, CustomField.id)
        .limit(MOST_FIELDS)
    )
    return [field_of(row) for row in rows]


def word_value(field: Field, value: Value) -> str:
    """Say what stands in a field, in the reader's language; "" for nothing."""
    if value.number is not None:
        if field.kind == "money":
            return word_amount(value.number).removesuffix(".00")
        return f"{value.number:,}".rstrip("0").rstrip(".")
    if value.day is not None:
        return value.day.isoformat()
    if value.flag is not None:
        return _("是") if value.flag else _("否")
    if value.chosen:
        return _word_options(_names(field, value))
    return value.text


def mask_phone(phone: str) -> str:
    """Hide the middle of a number: 138****1234; of a short one, almost all."""
    ends = ((10, 3, 4), (7, 2, 2), (4, 0, 1), (0, 0, 0))
    head, tail = next((head, tail) for least, head, tail in ends if len(phone) >= least)
    return f"{phone[:head]}****{phone[len(phone) - tail :]}"


def mask_value(field: Field, text: str) -> str:
    """Show as much of what stands in a field as is shown unasked; "" stays ""."""
    if not field.is_sealed or not text:
        return text
    # Of a number on a card the ends tell it from others; of anything else they could tell it all.
    return mask_phone(text) if field.kind == "phone" else MASK


def tell_change(field: Field, value: Value, *, is_undo: bool) -> dict[str, Any]:
    """Return what the timeline keeps of a change.

    Of what is sealed, and of a field that not everybody sees, not the value.
    """
    if is_undo or field.is_sealed or field.visible_to:
        told: dict[str, Any] = {"is_undo": is_undo}
    elif value.flag is not None:
        # Worded when it is read, as options are.
        told = {"flag": value.flag}
    elif value.chosen:
        told = {"chosen": _names(field, value)}
    else:
        told = {"value": _cut(word_value(field, value))}
    return told | {"field": field.name, "is_cleared": value.is_empty}


def word_field_change(data: Mapping[str, Any], *, hides_value: bool = False) -> str:
    """Say what happened to a field, from what `tell_change` kept.

    `hides_value`: it was kept while everybody saw the field, and not everybody does now.
    """
    field = word_field(data["field"])
    if data.get("is_undo"):
        return _(_UNDONE, field=field)
    if data.get("is_cleared"):
        return _(_CLEARED, field=field)
    if hides_value or data.keys().isdisjoint(_TELLING):
        return _(_CHANGED, field=field)
    if "flag" in data:
        return _(FIELD_WORDS, field=field, value=_("是") if data["flag"] else _("否"))
    if "chosen" in data:
        return _(FIELD_WORDS, field=field, value=_cut(_word_options(data["chosen"])))
    return _(FIELD_WORDS, field=field, value=data["value"])


def _names(field: Field, value: Value) -> list[str]:
    """Return the names of the options that stand in a field, as they were given."""
    names = {option.id: option.name for option in field.options}
    return [names.get(one, one) for one in value.chosen]


def _word_options(names: Sequence[str]) -> str:
    return _("、").join(word_option(name) for name in names)


def _cut(shown: str) -> str:
    return shown if len(shown) <= _IN_TIMELINE else f"{shown[:_IN_TIMELINE]}…"


def _states(
    session: Session, external_userid: str, rows: Sequence[Row[Any]]
) -> tuple[FieldState, ...]:
    chosen: dict[int, set[str]] = {}
    first: dict[int, Row[Any]] = {}
    for row in rows:
        first.setdefault(row.id, row)
        if row.option is not None:
            chosen.setdefault(row.id, set()).add(row.option)
    return tuple(
        _state(session, external_userid, row, chosen.get(row.id, set())) for row in first.values()
    )


def _state(session: Session, external_userid: str, row: Row[Any], chosen: set[str]) -> FieldState:
    field = field_of(row)
    if not row.version:
        return FieldState(field)
    if row.box:
        value = Value.of_json(read_box(session, row.box, external_userid, field.id))
    else:
        ordered = tuple(option.id for option in field.options if option.id in chosen)
        value = Value(row.text or "", row.number, row.day, row.flag, ordered)
    return FieldState(field, value, row.version, row.userid, row.changed_at)


def field_of(row: CustomField | Row[Any]) -> Field:
    """Make a field of its row."""
    options = tuple(Option(one["id"], one["name"], bool(one.get("removed"))) for one in row.options)
    return Field(
        row.id,
        row.key,
        row.name,
        row.kind,
        options,
        row.hint,
        row.pinned,
        row.read_only,
        row.visible_to,
        row.sensitive,
    )
