"""Reads of the timeline (动态), and what its entries say."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session

from app.customers.models import CustomField, FieldChange, FollowUp, TimelineEntry
from app.customers.queries.fields import FIELD_KEY, FIELD_WORDS, word_field_change
from app.customers.queries.follow_ups import list_notes
from app.customers.queries.wording import (
    BETWEEN,
    CHANGE_WORDS,
    CONSENT_WORDS,
    DESCRIPTION_WORDS,
    IMPORT_WORDS,
    LOSS_WORDS,
    MOBILES_WORDS,
    REMARK_WORDS,
    SCRIPT_WORDS,
    TAG_WORDS,
    UNIMPORT_WORDS,
    word_consent_change,
    word_description_change,
    word_import,
    word_library_sending,
    word_loss_reason,
    word_mobiles_change,
    word_remark_change,
    word_stage_change,
    word_tags_change,
    word_unimport,
)
from app.i18n import N_, _
from app.members.models import Member

# What each kind of timeline entry says; `{…}` are keys of its data.
ENTRY_WORDS = {
    "added": N_("添加了员工"),
    "added_half": N_("添加了员工，员工还没有加回"),
    "removed_by_customer": N_("客户删除了员工"),
    "removed_by_member": N_("员工删除了客户"),
    "removed_by_transfer": N_("客户已转接给其他员工"),
    "removed_by_reconcile": N_("已不是好友，哪一天、谁删除的不知道"),
    "found_again": N_("还是好友，更正了之前的对账结果"),
    "transfer_failed": N_("转接没有成功：{reason}"),
    "archive_agreed": N_("客户同意存档会话内容"),
    "group_joined": N_("加入客户群「{group_name}」"),
    "group_left": N_("退出客户群「{group_name}」"),
    "group_dismissed": N_("客户群「{group_name}」已解散"),
    "stage_changed": CHANGE_WORDS,
    "consent_changed": CONSENT_WORDS,
    "loss_reason": LOSS_WORDS,
    "field_changed": FIELD_WORDS,
    "remark_changed": REMARK_WORDS,
    "description_changed": DESCRIPTION_WORDS,
    "mobiles_changed": MOBILES_WORDS,
    "tags_changed": TAG_WORDS,
    "library_sent": SCRIPT_WORDS,
    "noted": N_("记录了跟进"),
    "imported": IMPORT_WORDS,
    "import_undone": UNIMPORT_WORDS,
    "reminder_done": N_("完成了提醒：{text}"),
    "reminder_reopened": N_("撤销完成，提醒还在：{text}"),
}
# Those whose words depend on more than that.
WORDED: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "stage_changed": word_stage_change,
    "consent_changed": word_consent_change,
    "loss_reason": word_loss_reason,
    "field_changed": word_field_change,
    "remark_changed": word_remark_change,
    "description_changed": word_description_change,
    "mobiles_changed": word_mobiles_change,
    "tags_changed": word_tags_change,
    "library_sent": word_library_sending,
    "imported": word_import,
    "import_undone": word_unimport,
}
REASON_WORDS = {
    "customer_refused": N_("客户拒绝了转接"),
    "customer_limit_exceed": N_("接替员工的客户数已到上限"),
}
PAGE_SIZE = 20
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CURSOR = re.compile(r"([0-9]{1,17})-([0-9]{1,18})")

# Made once: for every card anew, they would cost more than the database does.
_NEWEST = (
    select(TimelineEntry, Member.name)
    .outerjoin(Member, Member.userid == TimelineEntry.userid)
    .where(TimelineEntry.external_userid == bindparam("external_userid"))
    .order_by(TimelineEntry.at.desc(), TimelineEntry.id.desc())
    .limit(PAGE_SIZE + 1)
)
_OLDER = _NEWEST.where(
    # The first is there for the index alone; MariaDB would not see it in the second.
    TimelineEntry.at <= bindparam("at"),
    or_(TimelineEntry.at < bindparam("at"), TimelineEntry.id < bindparam("id")),
)


@dataclass(frozen=True)
class TimelineLine:
    """An entry and the name of the member in it, "" without one; `note`: what it is about.

    `hides_value`: it tells of a field that not everybody sees, or that is sensitive.
    """

    entry: TimelineEntry
    member: str
    note: FollowUp | None = None
    hides_value: bool = False

    @property
    def at(self) -> datetime:
        """When it happened."""
        return self.entry.at


@dataclass(frozen=True)
class TimelinePage:
    """Some of the timeline, newest first; `older` leads to the next page, "" at the end."""

    lines: tuple[TimelineLine, ...]
    older: str


def list_timeline(
    session: Session, external_userid: str, *, limit: int = 50
) -> Sequence[TimelineEntry]:
    """Return the newest entries of a customer's timeline."""
    return session.scalars(
        select(TimelineEntry)
        .where(TimelineEntry.external_userid == external_userid)
        .order_by(TimelineEntry.at.desc(), TimelineEntry.id.desc())
        .limit(limit)
    ).all()


def get_timeline_page(session: Session, external_userid: str, *, before: str = "") -> TimelinePage:
    """Return the page that `before`, another page's `older`, leads to; else the newest one."""
    wanted: dict[str, Any] = {"external_userid": external_userid}
    place = _place(before)
    if place is None:
        rows = session.execute(_NEWEST, wanted).all()
    else:
        wanted |= {"at": place[0], "id": place[1]}
        rows = session.execute(_OLDER, wanted).all()
    shown = rows[:PAGE_SIZE]
    lines = join_notes(session, [(entry, name or entry.userid) for entry, name in shown])
    return TimelinePage(lines, _cursor(lines[-1].entry) if len(rows) > PAGE_SIZE else "")


def join_notes(
    session: Session, entries: Sequence[tuple[TimelineEntry, str]]
) -> tuple[TimelineLine, ...]:
    """Make lines of entries and the names in them, each note with its text."""
    ids = {
        entry.id: int(entry.data["follow_up_id"]) for entry, _member in entries if _is_note(entry)
    }
    notes = list_notes(session, ids.values())
    hidden = _list_hidden(session, [entry.dedupe_key for entry, _member in entries])
    return tuple(
        TimelineLine(entry, member, notes.get(ids.get(entry.id, 0)), entry.dedupe_key in hidden)
        for entry, member in entries
    )


def day_of_cursor(cursor: str, zone: ZoneInfo) -> date | None:
    """Return the day on which the page before the one that `cursor` leads to ended."""
    at = _place(cursor)
    return at[0].astimezone(zone).date() if at else None


def word_line(line: TimelineLine) -> str:
    """Say what a line means to everybody who sees the customer, in the reader's language."""
    if line.hides_value:
        return word_field_change(line.entry.data, hides_value=True)
    return word_entry(line.entry)


def word_entry(entry: TimelineEntry) -> str:
    """Say what an entry means, in the reader's language."""
    if entry.kind in WORDED:
        return WORDED[entry.kind](entry.data)
    values = {"group_name": "", "reason": "", "text": "", **entry.data}
    if reason := REASON_WORDS.get(str(values["reason"])):
        values["reason"] = _(reason)
    told = _(ENTRY_WORDS[entry.kind], **values)
    return BETWEEN.join([told, _("对账发现")]) if values.get("found_by") else told


def _list_hidden(session: Session, keys: Sequence[str]) -> set[str]:
    """Return those of these entries' keys that tell of a field that not everybody sees."""
    ids = [int(key.removeprefix(FIELD_KEY)) for key in keys if key.startswith(FIELD_KEY)]
    if not ids:
        return set()
    rows = session.scalars(
        select(FieldChange.id)
        .join(CustomField, CustomField.id == FieldChange.field_id)
        .where(FieldChange.id.in_(ids), (CustomField.visible_to != "") | CustomField.sensitive)
    )
    return {f"{FIELD_KEY}{change_id}" for change_id in rows}


def _is_note(entry: TimelineEntry) -> bool:
    # One out of a table stands in the entry of whatever else was in its row.
    return "follow_up_id" in entry.data


def _cursor(entry: TimelineEntry) -> str:
    return f"{(entry.at - _EPOCH) // timedelta(microseconds=1)}-{entry.id}"


def _place(cursor: str) -> tuple[datetime, int] | None:
    # One that is none of ours begins at the newest.
    match = _CURSOR.fullmatch(cursor)
    return (_EPOCH + timedelta(microseconds=int(match[1])), int(match[2])) if match else None
