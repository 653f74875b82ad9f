"""What stands beside the form: the phone, the bytes, whom it reaches, the week, what is wrong."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import texts
from app.admin.pages.parts import Form
from app.admin.pages.welcomes.form import are_times, split_rules
from app.i18n import N_, _
from app.materials.models import Material, MaterialPicture
from app.runtime import Runtime
from app.welcome.actions import Draft
from app.welcome.actions.checks import find_draft_faults, normalized
from app.welcome.queries.previews import build_sample
from app.welcome.queries.reach import count_reach
from app.welcome.queries.week import Stretch, build_week, list_doubles, list_gaps
from app.welcome.queries.windows import DAY_WORDS

# How customers call themselves: what a text must look well with.
NAMES = {
    "short": (N_("短名"), "李"),
    "long": (N_("长名"), "欧阳若曦·春日花店·周末营业到晚八点"),
    "emoji": (N_("表情"), "🌸小雨点🌈"),
}
SHADES = {"light": N_("浅色"), "dark": N_("深色")}
MOST_TOLD = 6
SHADE_OF = {0: "none", 1: "once"}


def show_side(
    runtime: Runtime, session: Session, draft: Draft, *, script_id: int, looks: Form
) -> dict[str, Any]:
    """Show what a draft comes to; `looks` says which name and which shade the phone has."""
    draft, zone = normalized(draft), runtime.config.server.zone
    name = looks.get("sample", "short")
    name = name if name in NAMES else "short"
    shade = looks.get("shade", "light")
    return {
        "phone": {
            "text": build_sample(draft.content, zone, NAMES[name][1]),
            "returning": build_sample(draft.returning_content, zone, NAMES[name][1])
            if draft.returning == "text"
            else "",
            "attachments": [_show_attachment(session, one) for one in draft.attachments],
            "sample": name,
            "shade": shade if shade in SHADES else "light",
        },
        "samples": [(key, _(word)) for key, (word, _name) in NAMES.items()],
        "shades": [(key, _(word)) for key, word in SHADES.items()],
        "bytes": texts.size(draft.content),
        "most_bytes": texts.MAX_BYTES,
        "reach": _word_reach(session, draft, script_id),
        "week": show_week(draft),
        "faults": list(dict.fromkeys(find_draft_faults(session, draft))),
    }


def show_week(draft: Draft) -> dict[str, Any]:
    """Show when the rules in the form hold; nothing to show while a time is not one."""
    shown, _others = split_rules(draft)
    windows = shown[0].windows if shown else ()
    if not windows or not are_times(windows):
        return {"days": [], "gaps": "", "doubles": ""}
    week = build_week(windows)
    return {
        "days": [
            {
                "word": _(DAY_WORDS[day]),
                "stretches": [
                    {
                        "x": one.start,
                        "width": one.end - one.start,
                        "shade": SHADE_OF.get(one.count, "twice"),
                    }
                    for one in stretches
                ],
            }
            for day, stretches in week.items()
        ],
        "gaps": _list(list_gaps(week)),
        "doubles": _list(list_doubles(week)),
    }


def _list(stretches: list[Stretch]) -> str:
    """Name the first of them; days that are alike stand together."""
    by_time: dict[str, list[str]] = {}
    for one in stretches:
        by_time.setdefault(one.worded, []).append(_(DAY_WORDS[one.day]))
    told = [
        f"{_('每天') if len(days) == len(DAY_WORDS) else _('、').join(days)} {time}"
        for time, days in by_time.items()
    ]
    return _("；").join(told[:MOST_TOLD]) + (_(" 等") if len(told) > MOST_TOLD else "")


def _show_attachment(session: Session, attachment: Any) -> dict[str, Any]:
    material = session.get(Material, attachment.material_id) if attachment.material_id else None
    has_picture = material is not None and session.scalar(
        select(MaterialPicture.material_id).where(MaterialPicture.material_id == material.id)
    )
    return {
        "msgtype": attachment.msgtype,
        "title": attachment.fields.get("title", ""),
        "desc": attachment.fields.get("desc", ""),
        "filename": material.filename if material else "",
        "picture": material.id if material and has_picture else 0,
    }


def _word_reach(session: Session, draft: Draft, script_id: int) -> dict[str, Any]:
    if not draft.rules:
        return {"line": _("还没有选适用范围：发布前至少选一项。"), "unknown": ""}
    reach = count_reach(session, draft.rules, script_id=script_id)
    told = []
    if reach.members or not reach.channels:
        told.append(_("此设置影响 {count} 位员工", count=reach.members))
    if reach.outdone:
        told.append(_("其中 {count} 位另有更近的欢迎语，那些优先", count=reach.outdone))
    if reach.channels:
        told.append(_("{count} 个渠道的新客户，不论加的是谁", count=reach.channels))
    unknown = _("、").join(reach.unknown[:MOST_TOLD])
    return {"line": _("；").join(told) + _("。"), "unknown": unknown}
