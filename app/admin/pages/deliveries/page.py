"""The page 发送记录: everything that was sent to anyone, how it ended, and how long it took."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from flask import request
from sqlalchemy.orm import Session
from sqlalchemy.sql import ColumnElement

from app.admin.pages.deliveries.choosing import (
    KINDS,
    SPANS,
    Chosen,
    first_day,
    read_chosen,
)
from app.admin.pages.deliveries.rows import COLUMNS, build_rows, word_kind
from app.admin.pages.parts import CUSTOMERS, Admin, Download, Page, Part
from app.admin.reading import Times, asked, customer_address, query, read_place, times, write_place
from app.audit.actions import record_audit
from app.deliveries.models import Delivery
from app.deliveries.queries import (
    OPEN,
    OUTCOMES,
    REASONS,
    count_ends,
    list_deliveries,
    measure_welcomes,
    walk_deliveries,
    word_reason,
)
from app.i18n import N_, _
from app.members.queries import list_people
from app.runtime import Runtime
from app.sheets import write_csv
from app.words import clean

MOST_EXPORTED = 50_000
STEP = 1000


def load(runtime: Runtime, session: Session, admin: Admin) -> dict[str, Any]:
    """Read a page of the log as the address chooses it, and the figures of all that is chosen."""
    now = times(runtime)
    chosen, scope = read_chosen(asked(runtime), now), _scope(session, admin)
    rows, more = list_deliveries(
        session, chosen.wanted, scope, before=read_place(request.args.get("before"))
    )
    return {
        "given": chosen.given,
        "is_chosen": chosen.is_narrowed,
        "kinds": [(name, word_kind(name)) for name in KINDS],
        "outcomes": [(name or OPEN, _(word)) for name, word in OUTCOMES.items()],
        "reasons": [(name, _(word)) for name, word in REASONS.items()],
        "members": [
            (one.userid, clean(one.name)) for one in list_people(session, admin.scope(session))
        ],
        "spans": _list_spans(runtime, chosen, now),
        # A long time has many: its figures come after the page, and only where somebody waits.
        "figures": None if chosen.is_long else _show_figures(runtime, session, chosen, scope),
        "rows": [
            row | {"address": _address(runtime, admin, row)}
            for row in build_rows(session, rows, now)
        ],
        "older": query(runtime, chosen.given, before=write_place(rows[-1].wanted_at, rows[-1].id))
        if more
        else "",
        "all_of_it": query(runtime, chosen.given),
        "most": MOST_EXPORTED,
    }


def show_figures(runtime: Runtime, session: Session, admin: Admin) -> dict[str, Any]:
    """Count and measure what the address chooses."""
    chosen = read_chosen(asked(runtime), times(runtime))
    return {"figures": _show_figures(runtime, session, chosen, _scope(session, admin))}


def export(runtime: Runtime, session: Session, admin: Admin) -> Download:
    """Give what is chosen as a table, at most so much of it; that it was taken is on record."""
    now = times(runtime)
    chosen, scope = read_chosen(asked(runtime), now), _scope(session, admin)
    written: list[int] = []

    def walk() -> Iterator[list[object]]:
        for deliveries in walk_deliveries(
            session, chosen.wanted, scope, most=MOST_EXPORTED, step=STEP
        ):
            written.append(len(deliveries))
            for row in build_rows(session, deliveries, now):
                yield [row[name] for name in COLUMNS]

    data = write_csv([_(word) for word in COLUMNS.values()], walk())
    given = {name: value for name, value in chosen.given.items() if value}
    runtime.db.commit(
        partial(
            record_audit,
            userid=admin.userid,
            action="deliveries_exported",
            external_userid=given.pop("external_userid", ""),
            detail=given | {"count": sum(written)},
            origin=admin.origin,
        )
    )
    name = _("发送记录 {since}.csv", since=chosen.given["since"])
    return Download(name, "text/csv; charset=utf-8", data)


def _address(runtime: Runtime, admin: Admin, row: dict[str, Any]) -> str:
    """Return where the customer is shown, "" if we do not know him."""
    is_seen = row["customer"] and admin.may("see_customers")
    return customer_address(runtime, row["external_userid"]) if is_seen else ""


def _scope(session: Session, admin: Admin) -> ColumnElement[bool]:
    return admin.scope(session).holds(Delivery.userid)


def _list_spans(runtime: Runtime, chosen: Chosen, now: Times) -> list[dict[str, Any]]:
    shown = []
    for days in SPANS:
        since = first_day(now, days)
        is_now = chosen.given["since"] == since and not chosen.given["until"]
        word = _("今天") if days == 1 else _("最近 {days} 天", days=days)
        address = query(runtime, chosen.without("since", "until"), since=since)
        shown.append({"word": word, "query": address, "is_now": is_now})
    return shown


def _show_figures(
    runtime: Runtime, session: Session, chosen: Chosen, scope: ColumnElement[bool]
) -> dict[str, Any]:
    ends = count_ends(session, chosen.wanted, scope)
    total = sum(count for _outcome, _reason, count in ends)
    return {
        "total": total,
        "ends": [_show_end(runtime, chosen, end, total) for end in ends],
        "timing": measure_welcomes(session, chosen.wanted, scope),
    }


def _show_end(
    runtime: Runtime, chosen: Chosen, end: tuple[str, str, int], total: int
) -> dict[str, Any]:
    outcome, reason, count = end
    rest = chosen.without("outcome", "reason")
    return {
        "outcome": outcome or OPEN,
        "word": _(OUTCOMES.get(outcome, outcome)),
        "reason": word_reason(reason) if reason else "",
        "count": count,
        "share": f"{count / total:.1%}",
        "query": query(runtime, rest, outcome=outcome or OPEN, reason=reason),
    }


PAGE = Page(
    name="deliveries",
    title=N_("发送记录"),
    permission="see_deliveries",
    group=CUSTOMERS,
    load=load,
    parts={
        "figures": Part("see_deliveries", show_figures),
        "export": Part("see_deliveries", export, needs_proof=True),
    },
)
