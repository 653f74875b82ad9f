"""What a member has typed into an item's form and not saved."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from app.library.models import LibraryDraft


@dataclass(frozen=True)
class FormDraft:
    """The form as it was kept; `version` as `save_draft` was given it."""

    form: dict[str, Any]
    version: int


def find_draft(session: Session, userid: str, shelf: str, item_id: int) -> FormDraft | None:
    """Find what was typed into the form of this item, 0 for a new one."""
    kept = session.get(LibraryDraft, (userid, shelf, item_id))
    return FormDraft(dict(kept.form), kept.version) if kept else None
