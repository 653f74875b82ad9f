"""The page 回调收件箱: what WeCom sent, what became of it, and working it again."""

from typing import Any

from flask import current_app, request
from sqlalchemy.orm import Session

from app.admin.pages.inbox.body import show_body
from app.admin.pages.inbox.choosing import Chosen, read_chosen
from app.admin.pages.inbox.words import (
    CHOICES,
    EVENTS,
    FATES,
    LANES,
    split_note,
    word_event,
    word_fate,
    word_step,
)
from app.admin.pages.parts import SYSTEM, Action, Admin, Done, Form, Page, Part, Unfit
from app.admin.problems import Problem
from app.admin.reading import Times, asked, number, query, read_place, span, times, write_place
from app.audit.actions import record_audit
from app.i18n import N_, _
from app.inbox.actions import REPLAYABLE, replay
from app.inbox.models import InboxEvent
from app.inbox.queries import (
    MOST_REPLAYED,
    OPEN,
    count_fates,
    find_event,
    list_backlogs,
    list_events,
    list_replayable,
)
from app.members.queries import list_names
from app.runtime import Runtime
from app.words import clean

# An event with a code that waits so long is a welcome that was missed.
LATE_SECONDS = 15.0


def load(runtime: Runtime, session: Session, admin: Admin) -> dict[str, Any]:
    """Read a page of events, as the address chooses them, and the counts."""
    now = times(runtime)
    chosen = read_chosen(asked(runtime), now)
    rows, more = list_events(session, chosen.wanted, before=read_place(request.args.get("before")))
    dead = _count_dead(session, chosen) if admin.may("run_operations") else 0
    return count(runtime, session, admin) | {
        "given": chosen.given,
        "is_chosen": any(chosen.given.values()),
        "fates": [(name, _(word)) for name, word in FATES.items()],
        "kinds": [("/".join(key), _(EVENTS[key])) for key in CHOICES],
        "rows": [_show_row(row, now) for row in rows],
        "older": query(runtime, chosen.given, before=write_place(rows[-1].received_at, rows[-1].id))
        if more
        else "",
        "dead": dead,
        "most": MOST_REPLAYED,
        "fault": "",
    }


def count(runtime: Runtime, session: Session, admin: Admin) -> dict[str, Any]:
    """Count the events by their ends, and those that wait by their lanes."""
    del runtime, admin
    fates = count_fates(session)
    return {
        "counts": [
            {"fate": name, "word": _(word), "count": fates.get(name, 0), "is_bad": _is_bad(name)}
            for name, word in FATES.items()
        ],
        "lanes": [
            {
                "word": _(LANES.get(one.lane, one.lane)),
                "waiting": one.waiting,
                "oldest": span(one.oldest_seconds),
                "is_late": one.oldest_seconds > LATE_SECONDS,
            }
            for one in list_backlogs(session)
        ],
    }


def show_event(runtime: Runtime, session: Session, admin: Admin) -> dict[str, Any]:
    """Show one event: when, what, its body without what is personal, its steps.

    Raises:
        Problem: no_such_page.
    """
    event = find_event(session, number(request.args.get("id")))
    if event is None:
        raise Problem("no_such_page", reason="event")
    now = times(runtime)
    lines, why_none = show_body(runtime, event)
    steps, rest = _list_steps(event)
    names = list_names(session, [event.userid])
    return {
        **_show_row(event, now),
        "kind": f"{event.event}/{event.change_type}".rstrip("/"),
        "receiver": event.receiver,
        "member": clean(names.get(event.userid, "")),
        "created": now.second(event.create_time) if event.create_time else "",
        "due": now.second(event.due_at) if event.due_at else "",
        "lines": lines,
        "why_none": why_none,
        "steps": steps,
        "note": rest,
        "may_replay": admin.may("run_operations")
        and event.fate in REPLAYABLE
        and event.body is not None,
    }


def replay_one(runtime: Runtime, admin: Admin, form: Form) -> Done | Unfit:
    """Have one event worked again."""
    event_id = number(form.get("id"))

    def work(session: Session) -> int:
        replayed = replay(session, [event_id])
        if replayed:
            _record(session, admin, count=replayed, event=event_id)
        return replayed

    if not runtime.db.commit(work):
        return Unfit({"fault": _("这个事件不用再处理：它正在处理，或已经处理好了")})
    return Done(_("已安排重新处理"), at=f"event?id={event_id}")


def replay_many(runtime: Runtime, admin: Admin, form: Form) -> Done | Unfit:
    """Have those dead events worked again that were chosen, as many as were named."""
    chosen = read_chosen(form, times(runtime))
    named = min(number(form.get("count")), MOST_REPLAYED)

    def work(session: Session) -> int:
        # The oldest of them: what has died since comes behind those that were named.
        ids = list_replayable(session, chosen.wanted, limit=named) if named else []
        replayed = replay(session, ids) if ids else 0
        if replayed:
            _record(session, admin, count=replayed, event=ids[0], **chosen.audited)
        return replayed

    replayed = runtime.db.commit(work)
    if not replayed:
        return Unfit({"fault": _("没有符合条件的失败事件了，什么都没有改动")})
    return Done(_("已安排重新处理 {count} 个事件", count=replayed))


def _record(session: Session, admin: Admin, **detail: int | str) -> None:
    record_audit(
        session,
        userid=admin.userid,
        action="inbox_replayed",
        external_userid=str(detail.pop("external_userid", "")),
        origin=admin.origin,
        detail=detail,
    )


def _count_dead(session: Session, chosen: Chosen) -> int:
    if chosen.wanted.fate not in {"", "dead"}:
        return 0
    return len(list_replayable(session, chosen.wanted))


def _is_bad(fate: str) -> bool:
    return fate in {"dead", "unreadable"}


def _show_row(event: InboxEvent, now: Times) -> dict[str, Any]:
    faults, rest = split_note(event.note)
    ended = event.finished_at
    return {
        "id": event.id,
        "received": now.second(event.received_at),
        "event": word_event(event.event, event.change_type),
        "userid": event.userid,
        "external_userid": event.external_userid,
        "chat_id": event.chat_id,
        "took": span((ended - event.received_at).total_seconds()) if ended else "",
        "tries": event.attempts,
        "again": now.second(event.due_at)
        if event.due_at and event.attempts and event.claimed_by is None
        else "",
        "duplicates": event.duplicates,
        "fate": event.fate or OPEN,
        "worded": word_fate(event),
        "why": next(iter(faults.values()), rest),
    }


def _list_steps(event: InboxEvent) -> tuple[list[dict[str, str]], str]:
    """List the steps of an event, each done, failed with its fault, or still to come."""
    faults, rest = split_note(event.note)
    key = (event.event, event.change_type)
    names = current_app.extensions["banke_reactions"].get(key, ())
    known = [*names, *(name for name in (*event.ticked, *faults) if name not in names)]
    return [
        {
            "word": word_step(name),
            "state": "done" if name in event.ticked else "failed" if name in faults else "open",
            "fault": faults.get(name, ""),
        }
        for name in known
    ], rest


PAGE = Page(
    name="inbox",
    title=N_("回调收件箱"),
    permission="see_operations",
    group=SYSTEM,
    load=load,
    parts={
        "event": Part("see_operations", show_event),
        "counts": Part("see_operations", count),
    },
    actions={
        "replay": Action("run_operations", replay_one),
        "replay-all": Action("run_operations", replay_many),
    },
)
