"""Many relations as `batch/get_by_user` lists them, taken over into our rows by bulk statements.

The same truth as `record_detail` writes for one customer. What is as it was costs a comparison:
most of a night's walk changes nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, or_, select, update
from sqlalchemy.orm import Session

from app import clock
from app.customers.actions.follow import (
    Change,
    is_another,
    record_change,
    take_back_reconciled,
)
from app.customers.actions.listed_contacts import take_over_contacts
from app.customers.actions.listed_tags import TagNames, insert_marks, replace_marks
from app.customers.actions.own_changes import bare_remark
from app.customers.actions.sealing import note_mobiles, reseal_mobiles, seal_mobiles
from app.customers.actions.shown import has_come, held_columns, values_of
from app.customers.actions.stages import put_into_first_stage
from app.customers.actions.timeline import Happening, record_happenings
from app.customers.models import FollowChange, FollowUser
from app.db import fit
from app.pushes.actions import confirm_pushes
from app.pushes.models import Push
from app.pushes.queries import SAID_FOR
from app.rows import among, insert_rows, upsert
from app.wecom.external_contact import CustomerRow, FollowInfo

Pair = tuple[str, str]
# So young, its event may still be on its way, and tells of it by itself.
ON_ITS_WAY = timedelta(minutes=2)
FOUND = {"found_by": "reconcile"}
STATE_LENGTH = 128
_COLUMNS = (
    FollowUser.id,
    FollowUser.userid,
    FollowUser.external_userid,
    FollowUser.period,
    FollowUser.remark,
    FollowUser.description,
    FollowUser.remark_mobiles,
    FollowUser.add_way,
    FollowUser.oper_userid,
    FollowUser.state,
    FollowUser.added_at,
    FollowUser.mutual_at,
    FollowUser.removed_at,
    FollowUser.removed_by,
)
_VALUES = ("remark", "description", "remark_mobiles", "add_way", "oper_userid", "state")


@dataclass(frozen=True)
class Asking:
    """How a page was asked for.

    `asked_at`: before WeCom was; `since`: from when on events should have told us, None in a first
    sync; `userids`: our spelling of members by their folded userids.
    """

    asked_at: datetime
    since: datetime | None
    userids: Mapping[str, str]
    tags: TagNames


@dataclass
class Listed:
    """What a page brought. `turned`: the pairs whose periods became others, for their losses.

    `follow_ids`: of every relation on it. `missed`: the new ones that no event has told of.
    """

    follow_ids: list[int] = field(default_factory=list)
    new: int = 0
    changed: int = 0
    missed: int = 0
    turned: list[Pair] = field(default_factory=list)


def record_listed(session: Session, rows: Iterable[CustomerRow], asking: Asking) -> Listed:
    """Take over what WeCom lists: customers, relations, corp tags. Members' own tags stay.

    What a member changed here and WeCom, asked at `asked_at`, could not know yet is kept. In a
    first sync the timeline tells of nothing that was there before.
    """
    page = _Page(session, asking, list(rows))
    return page.record() if page.infos else Listed()


class _Page:
    """The course of taking over one page."""

    def __init__(self, session: Session, asking: Asking, rows: Sequence[CustomerRow]) -> None:
        self.session, self.asking, self.listed = session, asking, Listed()
        self.contacts = {row.external_contact.external_userid: row.external_contact for row in rows}
        self.infos: dict[Pair, FollowInfo] = {
            (self._our(row.follow_info.userid), row.external_contact.external_userid): (
                row.follow_info
            )
            for row in rows
        }
        self.told: list[Happening] = []
        self.staged: list[str] = []

    def record(self) -> Listed:
        # Locks the customers: nobody changes anything of theirs before this is committed.
        taken_over = take_over_contacts(self.session, self.contacts)
        self.infos = {
            pair: info for pair, info in self.infos.items() if pair[1] not in taken_over.erased
        }
        # A customer who came with this page has no relations yet.
        known = self._fold(self._read(pair for pair in self.infos if pair[1] in taken_over.names))
        new = [pair for pair in self.infos if pair not in known]
        self._insert(new)
        rows = {pair: periods[-1] for pair, periods in known.items()}
        moved = self._update(rows, taken_over.names)
        inserted = self._read_new(new)
        self._mark_new(inserted)
        self._tell_new(inserted)
        record_happenings(self.session, self.told)
        if self.staged:
            put_into_first_stage(self.session, *self.staged)
        self.listed.new = len(new)
        touched = {pair for pair in known if pair[1] in taken_over.changed} | moved
        self.listed.changed = len(touched | set(self.listed.turned))
        self.listed.follow_ids = [row.id for row in (*rows.values(), *inserted.values())]
        return self.listed

    def _our(self, userid: str) -> str:
        return self.asking.userids.get(userid.casefold(), userid)

    def _read(self, pairs: Iterable[Pair]) -> dict[Pair, list[Row[Any]]]:
        """Read every period of these pairs, oldest first."""
        wanted = set(pairs)
        if not wanted:
            return {}
        # By the customers alone: with the members beside them, databases try each with each.
        rows: Sequence[Any] = self.session.execute(
            select(*_COLUMNS)
            .where(among(self.session, FollowUser.external_userid, {pair[1] for pair in wanted}))
            .order_by(FollowUser.period)
        ).all()
        found: dict[Pair, list[Row[Any]]] = {}
        for row in rows:
            if (pair := (row.userid, row.external_userid)) in wanted:
                found.setdefault(pair, []).append(row)
        return found

    def _read_new(self, pairs: Iterable[Pair]) -> dict[Pair, Row[Any]]:
        """Read what these were given when they were inserted."""
        wanted = set(pairs)
        if not wanted:
            return {}
        rows: Sequence[Any] = self.session.execute(
            select(FollowUser.id, FollowUser.userid, FollowUser.external_userid).where(
                among(self.session, FollowUser.external_userid, {pair[1] for pair in wanted})
            )
        ).all()
        return {pair: row for row in rows if (pair := (row.userid, row.external_userid)) in wanted}

    def _fold(self, known: dict[Pair, list[Row[Any]]]) -> dict[Pair, list[Row[Any]]]:
        """Have the periods say what WeCom shows, where they do not: few of them, one by one."""
        in_order = sorted(known, key=lambda pair: pair[::-1])
        self.listed.turned = [pair for pair in in_order if self._turn(pair, known[pair])]
        return known | self._read(self.listed.turned)

    def _turn(self, pair: Pair, periods: Sequence[Row[Any]]) -> bool:
        began, last = self.infos[pair].createtime, periods[-1]
        covering = [one for one in periods if _covers(one, began)]
        is_new = not covering or is_another(covering[-1].added_at, covering[-1].mutual_at, began)
        is_back = last.removed_by == "reconcile" and last in covering
        if is_back:
            row = take_back_reconciled(self.session, *pair)
            self._tell(pair, "found_again", self.asking.asked_at, f"again:{row.id}")
        if is_new:
            self._begin(pair, last, kind="seen", at=began)
        elif last in covering and last.removed_at is None and last.mutual_at is None:
            # One-sided until now: WeCom shows only those who have each other.
            self._begin(pair, last, kind="add", at=self.asking.asked_at)
        else:
            return is_back
        return True

    def _begin(self, pair: Pair, last: Row[Any], *, kind: str, at: datetime) -> None:
        state = self.infos[pair].state or ""
        change = Change(userid=pair[0], external_userid=pair[1], kind=kind, at=at, state=state)
        row = record_change(self.session, change)
        if row.removed_at is None and at >= last.added_at:
            self._miss(pair, row.id, at)

    def _insert(self, pairs: Sequence[Pair]) -> None:
        """Write relations of which we know nothing: one fact, one period."""
        facts, rows = [], []
        for pair in sorted(pairs, key=lambda pair: pair[::-1]):
            info = self.infos[pair]
            whose = {"userid": pair[0], "external_userid": pair[1]}
            at, state = info.createtime, fit(info.state, STATE_LENGTH)
            facts.append(whose | {"kind": "seen", "at": at, "state": state})
            begins = {"period": 1, "added_at": at, "mutual_at": at, "state": state}
            values = values_of(info)
            mobiles = seal_mobiles(self.session, values["remark_mobiles"], **whose, period=1)
            rows.append(whose | begins | values | {"remark_mobiles": mobiles})
        key = ["external_userid", "userid", "kind", "at"]
        upsert(self.session, FollowChange, facts, key=key, are_distinct=True)
        insert_rows(self.session, FollowUser, rows)

    def _update(self, rows: dict[Pair, Row[Any]], names: Mapping[str, str]) -> set[Pair]:
        """Bring known relations into line; return those in which something changed."""
        if not rows:
            return set()
        held, failed = self._read_pushes(rows)
        changes, moved = [], set()
        for pair, row in rows.items():
            info = self.infos[pair]
            values = values_of(info) | {"state": row.state or fit(info.state, STATE_LENGTH)}
            mobiles = reseal_mobiles(self.session, row, values["remark_mobiles"])
            values["remark_mobiles"] = mobiles
            values |= {name: getattr(row, name) for name in held_columns(held.get(pair, {}))}
            if any(getattr(row, name) != values[name] for name in _VALUES):
                changes.append({"id": row.id, **values})
                moved.add(pair)
                self._tell_remark(row, values["remark"], names)
                self._tell_notes(row, values)
        if changes:
            self.session.execute(update(FollowUser), changes)
            self._note_mobiles(rows, {one["id"]: one["remark_mobiles"] for one in changes})
        marks = replace_marks(
            self.session,
            {row.id: self.infos[pair].tag_ids for pair, row in rows.items()},
            tags=self.asking.tags,
            held={rows[pair].id: kinds.get("tags", set()) for pair, kinds in held.items()},
        )
        for pair, row in rows.items():
            if row.id in marks:
                moved.add(pair)
                self._tell_tags(row, *marks[row.id])
        self._confirm(failed)
        return moved

    def _note_mobiles(self, rows: dict[Pair, Row[Any]], written: Mapping[int, Any]) -> None:
        """Have relations found by the numbers that they have now."""
        turned = {
            row.id: values_of(self.infos[pair])["remark_mobiles"]
            for pair, row in rows.items()
            if written.get(row.id, row.remark_mobiles) != row.remark_mobiles
        }
        note_mobiles(self.session, turned)

    def _mark_new(self, rows: Mapping[Pair, Row[Any]]) -> None:
        wanted = {row.id: self.infos[pair].tag_ids for pair, row in rows.items()}
        insert_marks(self.session, wanted, tags=self.asking.tags)
        mobiles = {
            row.id: values_of(self.infos[pair])["remark_mobiles"] for pair, row in rows.items()
        }
        note_mobiles(
            self.session, {one: texts for one, texts in mobiles.items() if texts}, are_new=True
        )

    def _tell_new(self, rows: Mapping[Pair, Row[Any]]) -> None:
        for pair, row in rows.items():
            self._miss(pair, row.id, self.infos[pair].createtime)

    def _miss(self, pair: Pair, follow_id: int, at: datetime) -> None:
        """Tell that a relation began of which no event told; nobody is greeted for it."""
        since, asked_at = self.asking.since, self.asking.asked_at
        is_on_its_way = at != asked_at and at > asked_at - ON_ITS_WAY
        if since is None or is_on_its_way:
            return
        self._tell(pair, "added", at, f"found:{follow_id}")
        if at >= since:
            self.listed.missed += 1
            self.staged.append(pair[1])

    def _tell(self, pair: Pair, kind: str, at: datetime, key: str, **data: Any) -> None:
        self.told.append(
            Happening(
                userid=pair[0],
                external_userid=pair[1],
                kind=kind,
                at=at,
                key=key if kind == "added" else f"{key}:{at.timestamp():.6f}",
                data=FOUND | data,
            )
        )

    def _tell_remark(self, row: Row[Any], remark: str, names: Mapping[str, str]) -> None:
        now = self.contacts[row.external_userid].name
        was = names.get(row.external_userid, "")
        before, after = bare_remark(row.remark, was, now), bare_remark(remark, was, now)
        # One that was never read before has no remark to change.
        if row.add_way is not None and before != after:
            self._tell_change(row, "remark_changed", before=before, remark=after)

    def _tell_notes(self, row: Row[Any], values: Mapping[str, Any]) -> None:
        if row.add_way is None:
            return
        before, after = row.description, values["description"]
        if before != after:
            self._tell_change(row, "description_changed", before=before, description=after)
        if row.remark_mobiles != values["remark_mobiles"]:
            self._tell_change(row, "mobiles_changed", is_masked=True)

    def _tell_tags(self, row: Row[Any], added: dict[str, str], removed: dict[str, str]) -> None:
        if row.add_way is not None and (added or removed):
            self._tell_change(row, "tags_changed", added=added, removed=removed)

    def _tell_change(self, row: Row[Any], kind: str, **data: Any) -> None:
        pair = row.userid, row.external_userid
        at, key = self.asking.asked_at, f"{kind}:{row.id}"
        self._tell(pair, kind, at, key, from_wecom=True, **data)

    def _read_pushes(
        self, pairs: Iterable[Pair]
    ) -> tuple[dict[Pair, dict[str, set[str]]], list[Push]]:
        """Read what WeCom may not know yet, as `list_held` does it, and what it would not take."""
        people = {external_userid for _userid, external_userid in pairs}
        pushes = self.session.scalars(
            select(Push).where(
                among(self.session, Push.external_userid, people),
                or_(
                    Push.outcome.is_(None),
                    (Push.outcome == "done") & (Push.ended_at >= self.asking.asked_at),
                    (Push.outcome == "failed") & (Push.created_at > clock.utcnow() - SAID_FOR),
                ),
            )
        ).all()
        held: dict[Pair, dict[str, set[str]]] = {}
        for push in pushes:
            pair = push.userid, push.external_userid
            if push.outcome != "failed" and pair in self.infos:
                held.setdefault(pair, {}).setdefault(push.kind, set()).add(push.subject)
        return held, [push for push in pushes if push.outcome == "failed"]

    def _confirm(self, failed: Iterable[Push]) -> None:
        """End what could not be told and has come to be so all the same."""
        ended = []
        for push in failed:
            info = self.infos.get((push.userid, push.external_userid))
            if info is None:
                continue
            if has_come(self.session, push, info, info.tag_ids):
                ended.append(push.id)
        confirm_pushes(self.session, ended)


def _covers(period: Row[Any], at: datetime) -> bool:
    is_over = period.removed_at is not None and at > period.removed_at
    return bool(period.added_at <= at and not is_over)
