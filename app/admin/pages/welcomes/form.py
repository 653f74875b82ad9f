"""The form of a welcome script: what was typed, made into a draft, and a draft shown in it.

Attachments are lists of fields: the first attachment that has a field has the first value of its
name, and so on. Adding and moving them therefore renames nothing.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from app.admin.pages.parts import Form
from app.admin.reading import number
from app.i18n import N_, _
from app.materials.actions import MEGABYTE, RULES
from app.welcome.actions import Attachment, Draft, Extras, Rule, Window
from app.welcome.actions.checks import MAX_ATTACHMENTS, MAX_NAME, TYPES
from app.welcome.queries.windows import DAYS, TIME

MOST_WINDOWS, MOST_TARGETS = 14, 500
# What cannot be longer is cut here, so that a draft has its bounds; publishing says what is wrong.
LONGEST = {"name": MAX_NAME, "content": 8000, "returning_content": 8000, "remark": 200}
LONGEST_FIELD = 3000
ACCEPTS = {"image": "image/jpeg,image/png", "video": "video/mp4", "file": ""}
FITS = {
    "image": N_("JPG 或 PNG，最大 {most} MB"),
    "video": N_("MP4，最大 {most} MB"),
    "file": N_("任何文件，最大 {most} MB"),
}
HINTS = {
    "url": N_("https:// 开头"),
    "picurl": N_("https:// 开头的图片，可以不填"),
    "pic_url": N_("https:// 开头的图片，代替上传"),
    "appid": N_("wx 开头，要先在企业微信后台关联"),
    "page": N_("例如 pages/index/index.html"),
    "desc": N_("可以不填"),
}


def read_draft(form: Form, kept: tuple[Rule, ...] = ()) -> Draft:
    """Read what was typed. `kept`: rules of other times than the form shows, which stay."""
    windows = tuple(_read_windows(form))
    return Draft(
        name=_text(form, "name"),
        content=_text(form, "content"),
        returning=form.get("returning", "same"),
        returning_content=_text(form, "returning_content"),
        attachments=tuple(_read_attachments(form)),
        rules=(*_read_rules(form, windows), *(() if form.get("drop_kept") else kept)),
        extras=Extras(
            tag_ids=tuple(form.getlist("tag")[:MOST_TARGETS]),
            stage_id=number(form.get("stage")) or None,
            remark=_text(form, "remark"),
        ),
    )


def split_rules(draft: Draft) -> tuple[tuple[Rule, ...], tuple[Rule, ...]]:
    """Return the rules that the form shows, which hold at the same times, and the others."""
    windows = draft.rules[0].windows if draft.rules else ()
    shown = tuple(rule for rule in draft.rules if rule.windows == windows)
    return shown, tuple(rule for rule in draft.rules if rule.windows != windows)


def show_form(draft: Draft, filenames: Mapping[int, str]) -> dict[str, Any]:
    """Show a draft in the form."""
    shown, _others = split_rules(draft)
    windows = shown[0].windows if shown else ()
    targets: dict[str, list[str]] = {"state": [], "member": [], "department": []}
    for rule in shown:
        targets.setdefault(rule.scope, []).append(rule.target)
    return {
        "name": draft.name,
        "content": draft.content,
        "returning": draft.returning,
        "returning_content": draft.returning_content,
        "attachments": [
            {
                "kind": show_kind(one.msgtype),
                "fields": one.fields,
                "material": one.material_id or "",
                "filename": filenames.get(one.material_id or 0, ""),
            }
            for one in draft.attachments
            if one.msgtype in TYPES
        ],
        "kinds": [show_kind(name) for name in TYPES],
        "most_attachments": MAX_ATTACHMENTS,
        "everywhere": "default" in targets,
        "states": "\n".join(targets["state"]),
        "members": set(targets["member"]),
        "departments": set(targets["department"]),
        "windows": [{"days": set(one.days), "start": one.start, "end": one.end} for one in windows],
        "most_windows": MOST_WINDOWS,
        "tags": set(draft.extras.tag_ids),
        "stage": draft.extras.stage_id or 0,
        "remark": draft.extras.remark,
    }


def show_kind(msgtype: str) -> dict[str, Any]:
    """Show what an attachment of this kind asks for."""
    form = TYPES[msgtype]
    rule = RULES.get(form.material or "")
    return {
        "msgtype": msgtype,
        "word": _(form.word),
        "fields": [
            {
                "name": name,
                "word": _(one.word),
                "hint": _(HINTS[name]) if name in HINTS else "",
                "most": one.max_bytes,
                "is_required": one.required,
            }
            for name, one in form.fields.items()
        ],
        "material": form.material or "",
        "accept": ACCEPTS.get(form.material or "", ""),
        "fits": _(FITS[form.material], most=rule.max_bytes // MEGABYTE)
        if form.material and rule
        else "",
        "most_bytes": rule.max_bytes if rule else 0,
    }


def _text(form: Form, name: str) -> str:
    return form.get(name, "").replace("\r\n", "\n").replace("\r", "\n")[: LONGEST[name]]


def _read_attachments(form: Form) -> Iterator[Attachment]:
    names = dict.fromkeys(name for one in TYPES.values() for name in one.fields)
    rest = {name: iter(form.getlist(f"a_{name}")) for name in ("material", *names)}
    for msgtype in form.getlist("a_type")[: MAX_ATTACHMENTS + 1]:
        kind = TYPES.get(msgtype)
        if kind is None:
            continue
        fields = {name: next(rest[name], "").strip()[:LONGEST_FIELD] for name in kind.fields}
        material_id = number(next(rest["material"], "")) if kind.material else 0
        yield Attachment(
            msgtype=msgtype,
            fields={name: text for name, text in fields.items() if text},
            material_id=material_id or None,
        )


def _read_rules(form: Form, windows: tuple[Window, ...]) -> Iterator[Rule]:
    for target in form.get("states", "").split("\n")[:MOST_TARGETS]:
        if target.strip():
            yield Rule(scope="state", target=target.strip()[:128], windows=windows)
    for scope in ("member", "department"):
        for target in form.getlist(scope)[:MOST_TARGETS]:
            if target.strip():
                yield Rule(scope=scope, target=target.strip()[:64], windows=windows)
    if form.get("everywhere"):
        yield Rule(scope="default", windows=windows)


def _read_windows(form: Form) -> Iterator[Window]:
    """Read the windows, of which each has its number in the names of its fields."""
    if form.get("when") == "always":
        return
    for n in range(MOST_WINDOWS):
        start, end = form.get(f"w{n}_from", "").strip(), form.get(f"w{n}_to", "").strip()
        if not start and not end:
            continue
        days = tuple(day for day in form.getlist(f"w{n}_day") if day in DAYS)
        # A browser's clock knows no 24:00; midnight as an end is the end of the day.
        end = "24:00" if end == "00:00" else end
        yield Window(days=days, start=start[:5], end=end[:5])


def are_times(windows: tuple[Window, ...]) -> bool:
    """Tell whether all of them can be shown in a week."""
    return all(
        one.days and TIME.fullmatch(one.start) and (TIME.fullmatch(one.end) or one.end == "24:00")
        for one in windows
    )
