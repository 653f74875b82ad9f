"""The form of a script or material as a member sees it: a new one, and one with its faults."""

from collections.abc import Iterable
from typing import Any

from app.i18n import _
from app.library.actions import FORMS, MOST_PARTS
from app.library.errors import Fault
from app.library.models import GROUP_LENGTH, TITLE_LENGTH
from app.library.typed import TypedForm, TypedPart, show_kind
from app.texts import MAX_BYTES, VARIABLES
from sidebar.panels.reading import is_htmx


def new_form(shelf: str) -> TypedForm:
    """Return the form of a new item: a script begins with a text, a material with its kind.

    Without JavaScript no kind can be chosen: it is a link's.
    """
    if shelf == "scripts":
        return TypedForm(parts=(TypedPart("text", {}),))
    return TypedForm(parts=() if is_htmx() else (TypedPart("news", {}),))


def show_form(form: TypedForm, shelf: str, faults: Iterable[Fault] = ()) -> dict[str, Any]:
    """Show the form, and each fault beside what it is about."""
    told: dict[tuple[int, str], str] = {}
    for fault in faults:
        place = fault.n, fault.field
        told[place] = f"{told[place]}\n{fault.words}" if place in told else fault.words
    kinds = {name: show_kind(name) for name in FORMS if (shelf, name) != ("materials", "text")}
    return {
        "title": form.title,
        "group": form.group,
        "version": form.version,
        "copied": form.copied,
        "parts": [
            {
                **part.fields,
                "kind": kinds.get(part.msgtype) or show_kind(part.msgtype),
                "material": part.material_id or "",
                "filename": part.filename,
                "fault": told.get((n, "")),
                "faults": {name: told.get((n, name)) for name in part.fields},
            }
            for n, part in enumerate(form.parts, 1)
        ],
        "kinds": list(kinds.values()),
        "most": 1 if shelf == "materials" else MOST_PARTS,
        "faults": {name: told.get((0, name)) for name in ("", "title", "group_name")},
        "title_length": TITLE_LENGTH,
        "group_length": GROUP_LENGTH,
        "most_bytes": MAX_BYTES,
        "variables": [(name, _(name)) for name in VARIABLES],
        "titles_itself": shelf == "materials",
        "has_scripts": is_htmx(),
    }
