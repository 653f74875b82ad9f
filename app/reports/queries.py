"""Reading all reports at once: those that are kept ready, or the truth of this moment."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.customers.models import FollowUser
from app.members.queries import Scope
from app.reports import REPORTS
from app.reports.asked import Asked
from app.reports.models import KeptReport
from app.reports.tags import are_good

# With more relations than this, reading takes so long that somebody would wait for it.
READY_ABOVE = 20_000
# Older ones are not shown: whatever makes them has stopped.
STALE_AFTER = timedelta(hours=2)


@dataclass(frozen=True)
class Reports:
    """What reports say, by their names, and when they said it."""

    made_at: datetime
    figures: dict[str, Any]
    is_kept: bool


def get_reports(session: Session, asked: Asked, names: Collection[str] = REPORTS.keys()) -> Reports:
    """Return these reports as they are kept ready for this scope, else read them now."""
    kept = _find_kept(session, asked)
    if kept is not None:
        figures = {name: kept.figures[name] for name in names}
        return Reports(kept.made_at, figures, is_kept=True)
    return Reports(asked.now, read_reports(session, asked, names), is_kept=False)


def _find_kept(session: Session, asked: Asked) -> KeptReport | None:
    kept = session.get(KeptReport, asked.scope.manager)
    is_good = (
        kept is not None
        and kept.scope == digest_of(asked.scope)
        and kept.made_at > asked.now - STALE_AFTER
        and kept.figures.keys() == REPORTS.keys()
    )
    return kept if is_good else None


def read_to_keep(session: Session, asked: Asked) -> dict[str, Any]:
    """Read all reports as they are now, but the longest one as it is kept while it is good."""
    kept = _find_kept(session, asked)
    if kept is None or not are_good(tags := kept.figures["tags"], asked.now):
        return read_reports(session, asked)
    return read_reports(session, asked, REPORTS.keys() - {"tags"}) | {"tags": tags}


def read_reports(
    session: Session, asked: Asked, names: Collection[str] = REPORTS.keys()
) -> dict[str, Any]:
    """Read these reports as they are now."""
    return {name: REPORTS[name](session, asked) for name in names}


def has_very_many(session: Session) -> bool:
    """Tell whether the corp has so many relations that reports are better kept ready."""
    some = select(FollowUser.id).limit(READY_ABOVE + 1).subquery()
    return (session.scalar(select(func.count()).select_from(some)) or 0) > READY_ABOVE


def digest_of(scope: Scope) -> str:
    """Return what a scope is recognized by."""
    departments = ",".join(map(str, sorted(scope.departments)))
    return sha256(f"{scope.manager}:{departments}".encode()).hexdigest()
