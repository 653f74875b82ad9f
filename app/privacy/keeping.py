"""What the pages tell of how long things stay, and of who agreed to offers."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.customers.models import Customer, MarketingConsent
from app.customers.queries import AGREED, REFUSED
from app.i18n import _
from app.privacy.models import RetentionRun
from app.privacy.retentions import RETENTIONS
from app.runtime import Runtime


@dataclass(frozen=True)
class Kept:
    """How long one kind of data stays, worded, and what its purge did; `run` None: nothing yet.

    `key`: the key of `[retention]` that says so, "" for none.
    """

    title: str
    purpose: str
    kept: str
    key: str
    has_end: bool
    run: RetentionRun | None


@dataclass(frozen=True)
class Consents:
    """How many customers agreed to offers, refused them, or were never asked."""

    agreed: int
    refused: int
    unasked: int


def list_kept(runtime: Runtime, session: Session) -> list[Kept]:
    """Tell how long every kind of data stays, and how its purge gets on."""
    runs = {run.kind: run for run in session.scalars(select(RetentionRun))}
    return [
        Kept(
            title=_(one.title),
            purpose=_(one.purpose),
            kept=one.word_kept(runtime.config),
            key=one.key,
            has_end=one.days_in(runtime.config) is not None,
            run=runs.get(one.kind),
        )
        for one in RETENTIONS
    ]


def count_consents(session: Session) -> Consents:
    """Count where customers stand."""
    state = MarketingConsent.state
    found = session.execute(
        select(state, func.count().label("count")).where(state != "").group_by(state)
    )
    counts: dict[str, int] = {row.state: row[1] for row in found}
    everybody = session.scalar(select(func.count()).select_from(Customer)) or 0
    agreed, refused = counts.get(AGREED, 0), counts.get(REFUSED, 0)
    return Consents(agreed, refused, everybody - agreed - refused)
