"""The page 隐私: what is held about customers, why and how long, and who was erased when."""

from typing import Any

from flask import request
from sqlalchemy.orm import Session

from app.admin.pages.parts import SYSTEM, Admin, Page
from app.admin.reading import number, times
from app.erased import count_erased, list_erased
from app.i18n import N_
from app.members.queries import list_names
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


PAGE = Page(name="privacy", title=N_("隐私"), permission="see_privacy", group=SYSTEM, load=load)
