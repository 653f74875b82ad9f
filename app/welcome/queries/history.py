"""What was and what may come: the versions of a script, drafts, and how often each one greeted."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.deliveries.models import Delivery
from app.welcome.models import WelcomeDraft, WelcomeScript, WelcomeVersion
from app.welcome.queries.bodies import load_draft, load_rules
from app.welcome.queries.scripts import Draft, find_script, list_attachments, load_extras

KIND = "welcome"
MOST_VERSIONS = 200


@dataclass(frozen=True, kw_only=True)
class DraftRow:
    """A draft in a list or in its editor. `script_id` None: it was never published."""

    id: int
    script_id: int | None
    base_version_id: int | None
    revision: int
    saved_at: datetime
    saved_by: str
    draft: Draft


@dataclass(frozen=True, kw_only=True)
class VersionRow:
    """A version of a script. `draft.rules` are today's where it is from before they were kept."""

    id: int
    number: int
    created_at: datetime
    created_by: str
    draft: Draft
    knows_rules: bool


@dataclass(frozen=True)
class Hits:
    """How often a script was chosen, and how many of those welcomes arrived."""

    chosen: int = 0
    sent: int = 0


def list_drafts(session: Session) -> list[DraftRow]:
    """List the drafts, the latest first."""
    rows = session.scalars(select(WelcomeDraft).order_by(WelcomeDraft.saved_at.desc()))
    return [_draft_row(row) for row in rows]


def find_draft_row(session: Session, *, draft_id: int = 0, script_id: int = 0) -> DraftRow | None:
    """Find a draft by its own id, or the one of a script."""
    wanted = select(WelcomeDraft)
    if draft_id:
        wanted = wanted.where(WelcomeDraft.id == draft_id)
    else:
        wanted = wanted.where(WelcomeDraft.script_id == script_id)
    row = session.scalar(wanted)
    return _draft_row(row) if row else None


def list_versions(session: Session, script_id: int) -> list[VersionRow]:
    """List the versions of a live script, the latest first."""
    script = find_script(session, script_id)
    if script is None:
        return []
    versions = session.scalars(
        select(WelcomeVersion)
        .where(WelcomeVersion.script_id == script_id)
        .order_by(WelcomeVersion.number.desc())
        .limit(MOST_VERSIONS)
    ).all()
    attachments = list_attachments(session, [one.id for one in versions])
    return [
        VersionRow(
            id=one.id,
            number=one.number,
            created_at=one.created_at,
            created_by=one.created_by,
            knows_rules=one.rules is not None,
            draft=replace(
                script.draft,
                content=one.content,
                returning=one.returning,
                returning_content=one.returning_content,
                attachments=tuple(attachments.get(one.id, ())),
                rules=load_rules(one.rules) if one.rules is not None else script.draft.rules,
                extras=load_extras(one.extras),
            ),
        )
        for one in versions
    ]


def count_hits(session: Session, *, since: datetime) -> dict[int, Hits]:
    """Count by script how often it was chosen since then, and how many arrived."""
    rows = session.execute(
        select(Delivery.ref, Delivery.outcome, func.count())
        .where(Delivery.kind == KIND, Delivery.created_at >= since, Delivery.ref != "")
        .group_by(Delivery.ref, Delivery.outcome)
    ).all()
    scripts = {
        str(row.id): row.script_id
        for row in session.execute(
            select(WelcomeVersion.id, WelcomeVersion.script_id)
            .join(WelcomeScript, WelcomeScript.id == WelcomeVersion.script_id)
            .where(WelcomeScript.removed_at.is_(None))
        )
    }
    found: dict[int, Hits] = {}
    for ref, outcome, count in rows:
        if ref in scripts:
            so_far = found.get(scripts[ref], Hits())
            sent = count if outcome == "sent" else 0
            found[scripts[ref]] = Hits(so_far.chosen + count, so_far.sent + sent)
    return found


def _draft_row(row: WelcomeDraft) -> DraftRow:
    return DraftRow(
        id=row.id,
        script_id=row.script_id,
        base_version_id=row.base_version_id,
        revision=row.revision,
        saved_at=row.saved_at,
        saved_by=row.saved_by,
        draft=load_draft(row.body),
    )
