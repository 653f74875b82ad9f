"""Setting up the fields (资料) one by one, as an admin does; a file does many at once.

Every change is made under one lock, and says by a mark what was seen before it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.customers.actions.field_import import (
    CHOOSING,
    HINT_LENGTH,
    MOST_OPTIONS,
    NOT_SENSITIVE,
    SENSITIVE_KINDS,
)
from app.customers.actions.field_kinds import KINDS
from app.customers.actions.names import NAME_LENGTH, make_key, read_name
from app.customers.actions.resealing import reseal_fields
from app.customers.errors import SettingChanged, SettingRefused
from app.customers.models import CustomField
from app.customers.queries.field_settings import mark_field, mark_options
from app.customers.queries.fields import MOST_FIELDS, VISIBLE_TO
from app.customers.queries.marks import mark_order
from app.errors import NotFound
from app.i18n import N_, _
from app.words import clean

Options = list[dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class FieldDraft:
    """What can be said of a field, besides its kind and options; see `CustomField`."""

    name: str
    hint: str = ""
    pinned: bool = False
    read_only: bool = False
    visible_to: str = ""
    sensitive: bool = False


def add_field(
    session: Session, draft: FieldDraft, *, kind: str, options: Sequence[str] = ()
) -> CustomField:
    """Make a field behind the others. `kind` is for ever; `options` by name, for a choice.

    Raises:
        SettingRefused: it cannot be so.
    """
    known = _lock(session)
    draft = _checked(draft, known)
    if kind not in KINDS:
        raise SettingRefused(_("请选一种类型"))
    _refuse_sensitive(draft, kind)
    _refuse_many(known)
    made: Options = []
    for name in options if kind in CHOOSING else ():
        made.append(_new_option(made, name))
    if kind in CHOOSING and not made:
        raise SettingRefused(_("单选和多选至少要有一个选项"))
    field = CustomField(
        key=make_key("f"),
        kind=kind,
        options=made,
        position=_end_of(known),
        created_at=clock.utcnow(),
        **vars(draft),
    )
    session.add(field)
    session.flush()
    return field


def edit_field(session: Session, field_id: int, draft: FieldDraft, *, seen: str) -> FieldDraft:
    """Have a field be so, and return how it was.

    Raises:
        NotFound: there is no such field in use.
        SettingRefused: it cannot be so.
        SettingChanged: somebody else changed it meanwhile.
    """
    known = _lock(session)
    field = _get(known, field_id)
    before = FieldDraft(**{name: getattr(field, name) for name in vars(draft)})
    draft = _checked(draft, known, but=field)
    if draft != before:
        _refuse_sensitive(draft, field.kind)
        _require(mark_field(field), seen)
        for name, value in vars(draft).items():
            setattr(field, name, value)
        session.flush()
    if draft.sensitive != before.sensitive:
        reseal_fields(session)
    return before


def shift_field(session: Session, field_id: int, *, by: int, seen: str) -> CustomField:
    """Move a field one place up (-1) or down (1) among the pinned ones, or among the others.

    Raises:
        NotFound: there is no such field in use.
        SettingChanged: the order is not the one that was seen.
    """
    live = _in_use(_lock(session))
    field = _get(live, field_id)
    _require(mark_order(one.id for one in live), seen)
    place = live.index(field)
    to = place + by
    if 0 <= to < len(live) and live[to].pinned == field.pinned:
        live.insert(to, live.pop(place))
    for position, one in enumerate(live):
        one.position = position
    session.flush()
    return field


def remove_field(session: Session, field_id: int, *, seen: str) -> CustomField:
    """Take a field away from the cards; what stands in it is kept.

    Raises:
        NotFound: there is no such field in use.
        SettingChanged: somebody else changed it meanwhile.
    """
    field = _get(_lock(session), field_id)
    _require(mark_field(field), seen)
    field.removed_at = clock.utcnow()
    session.flush()
    return field


def restore_field(session: Session, field_id: int) -> CustomField:
    """Bring a field back to the cards, behind the others, with what stands in it.

    Raises:
        NotFound: there is no such field.
        SettingRefused: another one has its name now, or there are as many as there can be.
    """
    known = _lock(session)
    field = next((one for one in known if one.id == field_id), None)
    if field is None:
        raise NotFound(N_("没有这一项资料了"))
    if field.removed_at is not None:
        _refuse_many(known)
        _check_name(field.name, _in_use(known), but=field)
        field.position = _end_of(known)
        field.removed_at = None
        session.flush()
    return field


def add_option(session: Session, field_id: int, *, name: str) -> tuple[CustomField, str]:
    """Add an option behind the others of a choice; return the field and what it is called.

    Raises:
        NotFound: there is no such choice in use.
        SettingRefused: it cannot be so.
    """
    added: dict[str, Any] = {}

    def add(options: Options) -> Options:
        added.update(_new_option(options, name))
        live = [one for one in options if not one.get("removed")]
        return [*live, added, *(one for one in options if one.get("removed"))]

    return _change_options(session, field_id, add), added["name"]


def rename_option(
    session: Session, field_id: int, option: str, *, name: str, seen: str
) -> tuple[CustomField, str]:
    """Give an option another name for everybody who has it; return the field and the old name.

    Raises:
        NotFound: there is no such option.
        SettingRefused: the name cannot be.
        SettingChanged: somebody else changed the options meanwhile.
    """
    before = ""

    def rename(options: Options) -> Options:
        nonlocal before
        found = _find_option(options, option)
        before, new = found["name"], _check_option(options, name, but=option)
        return [one | {"name": new} if one is found else one for one in options]

    return _change_options(session, field_id, rename, seen=seen), before


def shift_option(
    session: Session, field_id: int, option: str, *, by: int, seen: str
) -> CustomField:
    """Move an option one place up (-1) or down (1).

    Raises:
        NotFound: there is no such option.
        SettingChanged: somebody else changed the options meanwhile.
    """

    def shift(options: Options) -> Options:
        found = _find_option(options, option)
        live = [one for one in options if not one.get("removed")]
        place = live.index(found)
        live.insert(max(0, place + by), live.pop(place))
        return live + [one for one in options if one.get("removed")]

    return _change_options(session, field_id, shift, seen=seen)


def set_option_removed(
    session: Session, field_id: int, option: str, *, removed: bool
) -> CustomField:
    """Have an option be for those alone who have it already, or for everybody again.

    Raises:
        NotFound: there is no such option.
        SettingRefused: it is the last one.
    """

    def change(options: Options) -> Options:
        found = _find_option(options, option, removed=None)
        live = [one for one in options if not one.get("removed") and one is not found]
        if removed and not live:
            raise SettingRefused(_("这是最后一个选项，不能去掉"))
        turned = {name: value for name, value in found.items() if name != "removed"}
        gone = [one for one in options if one.get("removed") and one is not found]
        return [*live, *gone, turned | {"removed": True}] if removed else [*live, turned, *gone]

    return _change_options(session, field_id, change)


def _lock(session: Session) -> Sequence[CustomField]:
    """Have settings changed one after the other, and return every field in the card's order."""
    return session.scalars(
        select(CustomField)
        .order_by(CustomField.pinned.desc(), CustomField.position, CustomField.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).all()


def _get(known: Sequence[CustomField], field_id: int) -> CustomField:
    for one in known:
        if one.id == field_id and one.removed_at is None:
            return one
    raise NotFound(N_("没有这一项资料了"))


def _in_use(known: Sequence[CustomField]) -> list[CustomField]:
    return [one for one in known if one.removed_at is None]


def _end_of(known: Sequence[CustomField]) -> int:
    return max((one.position for one in _in_use(known)), default=-1) + 1


def _checked(
    draft: FieldDraft, known: Sequence[CustomField], *, but: CustomField | None = None
) -> FieldDraft:
    hint = " ".join(clean(" ".join(draft.hint.split())).split())
    if len(hint) > HINT_LENGTH:
        raise SettingRefused(_("提示最多 {most} 个字", most=HINT_LENGTH))
    if draft.visible_to not in VISIBLE_TO:
        raise SettingRefused(_("请选谁能看到"))
    return FieldDraft(
        name=_check_name(draft.name, _in_use(known), but=but),
        hint=hint,
        pinned=draft.pinned,
        read_only=draft.read_only,
        visible_to=draft.visible_to,
        sensitive=draft.sensitive,
    )


def _refuse_sensitive(draft: FieldDraft, kind: str) -> None:
    if draft.sensitive and kind not in SENSITIVE_KINDS:
        raise SettingRefused(_(NOT_SENSITIVE))


def _check_name(text: str, live: Sequence[CustomField], *, but: CustomField | None = None) -> str:
    name = read_name(text)
    if not name:
        raise SettingRefused(_("名称要写 1 到 {most} 个字", most=NAME_LENGTH))
    if any(one.name == name for one in live if one is not but):
        raise SettingRefused(_("已经有一个叫「{name}」的了", name=name))
    return name


def _refuse_many(known: Sequence[CustomField]) -> None:
    if len(_in_use(known)) >= MOST_FIELDS:
        raise SettingRefused(_("最多 {most} 项资料，先去掉一项", most=MOST_FIELDS))


def _require(now: str, seen: str) -> None:
    if now != seen:
        raise SettingChanged


def _change_options(
    session: Session,
    field_id: int,
    change: Callable[[Options], Options],
    *,
    seen: str | None = None,
) -> CustomField:
    field = _get(_lock(session), field_id)
    if field.kind not in CHOOSING:
        raise NotFound(N_("这一项资料没有选项"))
    changed = change(field.options)
    if changed != field.options:
        if seen is not None:
            _require(mark_options(field), seen)
        # A new list: a change within the old one would go unnoticed.
        field.options = changed
        session.flush()
    return field


def _find_option(options: Options, option: str, *, removed: bool | None = False) -> dict[str, Any]:
    for one in options:
        if one["id"] == option and removed in {None, bool(one.get("removed"))}:
            return one
    raise NotFound(N_("没有这个选项了"))


def _check_option(options: Options, text: str, *, but: str = "") -> str:
    name = read_name(text)
    if not name:
        raise SettingRefused(_("选项要写 1 到 {most} 个字", most=NAME_LENGTH))
    for one in options:
        if one["id"] != but and one["name"] == name:
            if one.get("removed"):
                raise SettingRefused(_("去掉的选项里有「{name}」，可以恢复它", name=name))
            raise SettingRefused(_("已经有「{name}」这个选项了", name=name))
    return name


def _new_option(options: Options, text: str) -> dict[str, Any]:
    name = _check_option(options, text)
    if sum(not one.get("removed") for one in options) >= MOST_OPTIONS:
        raise SettingRefused(_("最多 {most} 个选项", most=MOST_OPTIONS))
    # Its name is its key, as in a file, unless another one was called so once.
    taken = any(one["id"] == name for one in options)
    return {"id": make_key("o") if taken else name, "name": name}
