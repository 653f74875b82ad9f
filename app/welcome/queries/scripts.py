"""Scripts as their editor sees them: what they say, where they hold, and whether all is paused."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.welcome.models import (
    WelcomeAttachment,
    WelcomeRule,
    WelcomeScript,
    WelcomeSwitch,
    WelcomeVersion,
)
from app.welcome.queries.windows import Window, load_windows


@dataclass(frozen=True, kw_only=True)
class Attachment:
    """One attachment. `fields` are WeCom's, without media_id: that comes from the material."""

    msgtype: str
    fields: Mapping[str, str] = field(default_factory=dict)
    material_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Where a script holds. `scope`: state, member, department (target: its id) or default."""

    scope: str
    target: str = ""
    windows: tuple[Window, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Extras:
    """What else happens when a script greets: company tags by id, a stage, a remark with variables.

    `stage_id` None and `remark` "": nothing of the kind.
    """

    tag_ids: tuple[str, ...] = ()
    stage_id: int | None = None
    remark: str = ""


@dataclass(frozen=True, kw_only=True)
class Draft:
    """All that an editor may say about a script. `returning`: same, none, or text.

    A customer who comes back then gets the same, nothing, or `returning_content` in place of
    `content`, with the same attachments.
    """

    name: str
    content: str
    attachments: tuple[Attachment, ...] = ()
    rules: tuple[Rule, ...] = ()
    returning: str = "same"
    returning_content: str = ""
    extras: Extras = Extras()


@dataclass(frozen=True, kw_only=True)
class ScriptRow:
    """A live script in a list; `number` counts its versions."""

    id: int
    name: str
    number: int
    draft: Draft
    updated_at: datetime


def dump_extras(extras: Extras) -> dict[str, Any]:
    """Make what a version's row keeps."""
    return {"tags": list(extras.tag_ids), "stage": extras.stage_id, "remark": extras.remark}


def load_extras(kept: Mapping[str, Any] | None) -> Extras:
    """Read what a version's row keeps."""
    if not kept:
        return Extras()
    return Extras(tag_ids=tuple(kept["tags"]), stage_id=kept["stage"], remark=kept["remark"])


def find_script(session: Session, script_id: int) -> ScriptRow | None:
    """Find a live script."""
    rows = _rows(session, WelcomeScript.id == script_id)
    return rows[0] if rows else None


def find_draft(session: Session, name: str) -> Draft | None:
    """Find what the live script of this name says."""
    rows = _rows(session, WelcomeScript.name == name)
    return rows[0].draft if rows else None


def list_scripts(session: Session) -> list[ScriptRow]:
    """List the live scripts by name."""
    return _rows(session)


def list_versions(session: Session, version_ids: Iterable[int]) -> dict[int, tuple[str, int]]:
    """Return of these versions the script's name and the version's number, of removed ones too."""
    rows = session.execute(
        select(WelcomeVersion.id, WelcomeScript.name, WelcomeVersion.number)
        .join(WelcomeScript, WelcomeScript.id == WelcomeVersion.script_id)
        .where(WelcomeVersion.id.in_(list(version_ids)))
    )
    return {row.id: (row.name, row.number) for row in rows}


def paused_since(session: Session) -> datetime | None:
    """Tell since when all welcomes are paused; None: they are not."""
    return session.scalar(select(WelcomeSwitch.paused_at))


def list_material_ids(session: Session) -> list[int]:
    """List the materials that live scripts send."""
    wanted = (
        select(WelcomeAttachment.material_id)
        .join(WelcomeScript, WelcomeScript.version_id == WelcomeAttachment.version_id)
        .where(WelcomeScript.removed_at.is_(None), WelcomeAttachment.material_id.is_not(None))
        .distinct()
    )
    return [material_id for material_id in session.scalars(wanted) if material_id is not None]


def _rows(session: Session, *conditions: object) -> list[ScriptRow]:
    scripts = session.execute(
        select(WelcomeScript, WelcomeVersion)
        .join(WelcomeVersion, WelcomeVersion.id == WelcomeScript.version_id)
        .where(WelcomeScript.removed_at.is_(None), *conditions)  # type: ignore[arg-type]
        .order_by(WelcomeScript.name)
    ).all()
    rules = _rules(session, [script.id for script, _version in scripts])
    attachments = list_attachments(session, [version.id for _script, version in scripts])
    return [
        ScriptRow(
            id=script.id,
            name=script.name,
            number=version.number,
            updated_at=script.updated_at,
            draft=Draft(
                name=script.name,
                content=version.content,
                attachments=tuple(attachments.get(version.id, ())),
                rules=tuple(rules.get(script.id, ())),
                returning=version.returning,
                returning_content=version.returning_content,
                extras=load_extras(version.extras),
            ),
        )
        for script, version in scripts
    ]


def _rules(session: Session, script_ids: list[int]) -> dict[int, list[Rule]]:
    found: dict[int, list[Rule]] = {}
    wanted = select(WelcomeRule).where(WelcomeRule.script_id.in_(script_ids))
    for row in session.scalars(wanted.order_by(WelcomeRule.id)):
        rule = Rule(scope=row.scope, target=row.target, windows=load_windows(row.windows))
        found.setdefault(row.script_id, []).append(rule)
    return found


def list_attachments(session: Session, version_ids: list[int]) -> dict[int, list[Attachment]]:
    """List the attachments of versions, in order."""
    found: dict[int, list[Attachment]] = {}
    wanted = select(WelcomeAttachment).where(WelcomeAttachment.version_id.in_(version_ids))
    for row in session.scalars(wanted.order_by(WelcomeAttachment.n)):
        attachment = Attachment(msgtype=row.msgtype, fields=row.fields, material_id=row.material_id)
        found.setdefault(row.version_id, []).append(attachment)
    return found
