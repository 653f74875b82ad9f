"""Keeping reports ready for those who will look."""

from datetime import datetime
from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import Session

from app.members.queries import Scope
from app.reports.models import KeptReport
from app.reports.queries import digest_of
from app.rows import upsert


def keep_report(
    session: Session, scope: Scope, *, figures: dict[str, Any], made_at: datetime
) -> None:
    """Put these reports in the place of those that were kept for this scope."""
    row = {
        "userid": scope.manager,
        "scope": digest_of(scope),
        "made_at": made_at,
        "figures": figures,
    }
    upsert(session, KeptReport, [row], key=["userid"], update=["scope", "made_at", "figures"])


def drop_reports(session: Session, *, made_before: datetime) -> None:
    """Drop what was not made anew since then: nobody needs it ready any more."""
    session.execute(delete(KeptReport).where(KeptReport.made_at < made_before))
