"""The page 隐私: what is held about customers, why and how long, who agreed, who was erased."""

from typing import Any

from flask import request
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from app.admin.pages.parts import SYSTEM, Admin, Page
from app.admin.reading import CHOICES, Times, number, seal_choices, times
from app.customers.queries import UNASKED, word_consent
from app.erased import count_erased, list_erased
from app.i18n import N_
from app.members.queries import list_names
from app.privacy.keeping import Kept, count_consents, list_kept
from app.privacy.reading import list_held
from app.runtime import Runtime
from app.words import visible

PAGE_SIZE = 50


def load(runtime: Runtime, session: Session, admin: Admin) -> dict[str, Any]:
    """Read the boards, and a page of tombstones."""
    del admin
    now = times(runtime)
    found = list_erased(session, before=number(request.args.get("before")), limit=PAGE_SIZE + 1)
    erased = found[:PAGE_SIZE]
    names = list_names(session, {one.erased_by for one in erased})
    return {
        "held": list_held(runtime),
        "kept": [_show_kept(one, now) for one in list_kept(runtime, session)],
        "consents": _show_consents(runtime, session),
        "unasked_allowed": runtime.config.marketing.unasked_allowed,
        "erased": [
            {
                "at": now.second(one.erased_at),
                "name": visible(names.get(one.erased_by, "")) or one.erased_by,
                "userid": one.erased_by,
            }
            for one in erased
        ],
        "total": count_erased(session),
        "older": erased[-1].id if len(found) > PAGE_SIZE else 0,
    }


def _show_consents(runtime: Runtime, session: Session) -> list[tuple[str, str, str]]:
    """Show how many customers said what, and where the list has them."""
    counted = count_consents(session)
    counts = {"agreed": counted.agreed, "refused": counted.refused, "unasked": counted.unasked}
    shown = []
    for name, count in counts.items():
        sealed = seal_choices(runtime, MultiDict({"consent": name, "standing": "all"}))
        words = word_consent(UNASKED if name == "unasked" else name)
        shown.append((words, f"{count:,}", f"/admin/customers?{CHOICES}={sealed}"))
    return shown


def _show_kept(one: Kept, now: Times) -> dict[str, str | bool]:
    run = one.run
    return {
        "title": one.title,
        "purpose": one.purpose,
        "kept": one.kept,
        "key": f"retention.{one.key}" if one.key else "",
        "has_end": one.has_end,
        "held": f"{run.held:,}" if run and run.ran_at else "",
        "oldest": now.minute(run.oldest_at) if run and run.oldest_at else "",
        "ran": now.minute(run.ran_at) if run and run.ran_at else "",
        "purged": f"{run.purged:,}" if run and run.purged_at else "",
        "purged_at": now.minute(run.purged_at) if run and run.purged_at else "",
        "ever": f"{run.purged_ever:,}" if run and run.purged_at else "",
    }


PAGE = Page(name="privacy", title=N_("隐私"), permission="see_privacy", group=SYSTEM, load=load)
