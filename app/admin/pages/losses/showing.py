"""How losses, their figures and the alarms about them are shown."""

from datetime import date, timedelta
from typing import Any

from sqlalchemy.orm import Session

from app.admin.pages.losses.asking import Asked, Wish, key_of
from app.admin.reading import Times, customer_address
from app.churn.queries import (
    SPANS,
    KeptDays,
    LossRow,
    count_begun,
    count_gone,
    list_losses,
    list_mass_losses,
    read_kept_days,
)
from app.customers.queries import LOSS_REASONS, word_entry, word_reason
from app.i18n import N_, _
from app.members.queries import list_names, list_present
from app.runtime import Runtime
from app.words import clean

# So long an alarm that nobody has taken note of stands on the page.
ALARM_DAYS = 7
WEEK = 7
# What is counted, by who ended it: today, in the last days, and against the adds.
FIGURE_WORDS = {
    "customer": (N_("今日流失"), N_("近 7 天流失"), N_("流失率")),
    "member": (N_("今日删除"), N_("近 7 天删除"), N_("删除率")),
    "transfer": (N_("今日转接"), N_("近 7 天转接"), N_("转接率")),
    "reconcile": (N_("今日发现"), N_("近 7 天发现"), N_("发现率")),
    "": (N_("今日结束"), N_("近 7 天结束"), N_("结束率")),
}
# How a row says who ended it.
ENDED_BY = {
    "customer": N_("客户删除了员工"),
    "member": N_("员工删除了客户"),
    "transfer": N_("转接给同事"),
    "reconcile": N_("对账发现已不是好友"),
}
# The picture of the days: its height, the width of a bar with its gap, and of a bar.
HEIGHT, STEP, BAR = 120, 90, 54


def show_list(runtime: Runtime, session: Session, asked: Asked) -> dict[str, Any]:
    """Read a page of what is asked for."""
    rows, older = list_losses(session, asked.wanted, before=asked.before)
    return {
        "rows": [show_row(runtime, row, asked.now) for row in rows],
        "older": f"?{asked.wish.query(before=older)}" if older else "",
        "query": f"?{asked.wish.query(before=asked.before)}",
        "first": f"?{asked.wish.query()}",
        "is_first": not asked.before,
        "is_chosen": asked.wish != Wish(asked.wish.since, asked.wish.until),
        "assignees": [
            (one.userid, clean(one.name) or one.userid)
            for one in list_present(session, asked.wanted.scope)
        ],
    }


def show_row(runtime: Runtime, row: LossRow, now: Times) -> dict[str, Any]:
    """Show a loss."""
    loss, name = row.loss, clean(row.name)
    remark = clean(row.remark)
    return {
        "id": loss.id,
        "address": customer_address(runtime, loss.external_userid),
        "who": remark or name or _("未命名客户"),
        "name": name if remark and name != remark else "",
        "state": clean(row.state),
        "member": clean(row.member),
        "added": now.minute(row.added_at),
        "lost": now.minute(loss.lost_at),
        "days": word_days(loss.days_known),
        "by": _(ENDED_BY.get(loss.kind, loss.kind)),
        "kind": loss.kind,
        "stage": clean(row.stage),
        "stage_color": row.stage_color,
        "last": clean(word_entry(row.last)) if row.last else "",
        "last_at": now.minute(row.last.at) if row.last else "",
        "reason": loss.reason,
        "reason_words": clean(word_reason(loss.reason, loss.reason_note)),
        "note": clean(loss.reason_note),
        "reasons": [(key, _(words)) for key, words in LOSS_REASONS.items()],
        "win_back": row.win_back,
        "back": now.minute(row.back_at) if row.back_at else "",
        "contacted": now.minute(loss.contacted_at) if loss.contacted_at else "",
        "assigned": clean(row.assigned),
    }


def show_figures(session: Session, asked: Asked) -> dict[str, Any]:
    """Count what is asked for: today, in the last days, against the adds, and after how long."""
    wanted = asked.wanted
    today, week, rate = FIGURE_WORDS[wanted.kind]
    kept, begun = read_kept_days(session, wanted), count_begun(session, wanted)
    counts = [
        count_gone(session, wanted, **asked.days(days, ago=ago))
        for days, ago in ((1, 0), (1, 1), (WEEK, 0), (WEEK, WEEK))
    ]
    share = f"{kept.total / begun:.1%}" if begun else "–"
    return {
        "tiles": [
            (_(today), f"{counts[0]:,}", _("昨天 {count}", count=f"{counts[1]:,}")),
            (_(week), f"{counts[2]:,}", _("之前 7 天 {count}", count=f"{counts[3]:,}")),
            (
                _(rate),
                share,
                _("{gone} ÷ 新增 {begun}", gone=f"{kept.total:,}", begun=f"{begun:,}"),
            ),
            (
                _("平均留存天数"),
                "–" if kept.mean is None else f"{kept.mean:.1f}",
                "" if kept.median is None else _("中位数 {days} 天", days=f"{kept.median:g}"),
            ),
        ],
        "total": kept.total,
        "spans": show_spans(kept),
    }


def show_spans(kept: KeptDays) -> list[dict[str, Any]]:
    """Show after how many days they went: figures, and the bars of the picture."""
    counts, most, so_far = kept.spans(), max(*kept.spans(), 1), 0
    rows = []
    for place, ((first, last), count) in enumerate(zip(SPANS, counts, strict=True)):
        so_far += count
        height = round(HEIGHT * count / most, 1)
        days = f"{first}–{last}" if last is not None else f"{first - 1}+"
        rows.append(
            {
                "days": _("{days} 天", days=days),
                "count": count,
                "share": f"{count / kept.total:.0%}" if kept.total else "–",
                "so_far": f"{so_far / kept.total:.0%}" if kept.total else "–",
                "x": place * STEP + (STEP - BAR) // 2,
                "middle": place * STEP + STEP // 2,
                "y": HEIGHT - height,
                "width": BAR,
                "height": height,
            }
        )
    return rows


def show_alarms(runtime: Runtime, session: Session, asked: Asked) -> list[dict[str, Any]]:
    """Show who deleted or lost many customers at once, until somebody takes note of it."""
    today = asked.now.now.date()
    since = today - timedelta(days=ALARM_DAYS)
    masses = list_mass_losses(session, asked.wanted.scope, since=since)
    names = list_names(session, [mass.userid for mass in masses])
    return [
        {
            "id": mass.id,
            "told": _(
                "{day} {member} 在 {minutes} 分钟内删除或失去了 {count} 位客户",
                day=f"{mass.day:%m-%d}",
                member=clean(names.get(mass.userid, mass.userid)),
                minutes=mass.minutes,
                count=mass.count,
            ),
            "query": "?" + _wish_of(runtime, mass.userid, mass.day).query(),
        }
        for mass in masses
    ]


def word_days(days: int) -> str:
    """Say how long it lasted."""
    return _("{days} 天", days=days) if days else _("不到 1 天")


def _wish_of(runtime: Runtime, userid: str, day: date) -> Wish:
    return Wish(since=day, until=day, member=key_of(runtime, userid), kind="all")
