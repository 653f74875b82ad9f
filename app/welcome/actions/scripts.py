"""Saving, removing and pausing welcome scripts. Every save is a new version; none is changed."""

from dataclasses import dataclass, replace

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from app import clock
from app.errors import NotFound
from app.i18n import _
from app.welcome.actions.checks import find_draft_faults, normalized
from app.welcome.errors import ScriptRefused
from app.welcome.models import (
    WelcomeAttachment,
    WelcomeRule,
    WelcomeScript,
    WelcomeSwitch,
    WelcomeVersion,
)
from app.welcome.queries.bodies import dump_rules
from app.welcome.queries.scripts import Draft, Rule, dump_extras, find_draft
from app.welcome.queries.windows import dump_windows

DEFAULT_NAME = "默认"
SWITCH_ID = 1


@dataclass(frozen=True, kw_only=True)
class Saved:
    """Which version a script has now; `changed` False: it said exactly this before."""

    script_id: int
    version_id: int
    number: int
    changed: bool


def save_script(session: Session, draft: Draft, *, by: str = "") -> Saved:
    """Save what a script says and where it holds, under its name; `by` is the userid who does.

    The same once more makes no new version.

    Raises:
        ScriptRefused: with every fault in words.
    """
    draft = normalized(draft)
    if faults := find_draft_faults(session, draft):
        raise ScriptRefused(faults)
    script = session.scalar(select(WelcomeScript).where(WelcomeScript.name == draft.name))
    if script is None:
        script = WelcomeScript(name=draft.name, updated_at=clock.utcnow())
        session.add(script)
        session.flush()
    elif script.removed_at is None and find_draft(session, draft.name) == draft:
        return _saved(session, script, changed=False)
    script.version_id = _new_version(session, script.id, draft, by=by)
    script.updated_at = clock.utcnow()
    script.removed_at = None
    _replace_rules(session, script.id, draft.rules)
    session.flush()
    return _saved(session, script, changed=True)


def remove_script(session: Session, name: str) -> None:
    """Take a script out of use; its versions stay, for the record of what was sent.

    Raises:
        NotFound: there is none of this name.
    """
    script = session.scalar(
        select(WelcomeScript).where(WelcomeScript.name == name, WelcomeScript.removed_at.is_(None))
    )
    if script is None:
        raise NotFound(_("没有名为「{name}」的欢迎语脚本", name=name))
    script.removed_at = clock.utcnow()
    session.flush()


def set_default(session: Session, text: str, *, by: str = "") -> Saved:
    """Make `text` what a customer gets when nothing else holds, at any time of day.

    It is the script 默认; one that was the default at any time so far no longer is.

    Raises:
        ScriptRefused: with every fault in words.
    """
    before = find_draft(session, DEFAULT_NAME) or Draft(name=DEFAULT_NAME, content=text)
    everywhere = Rule(scope="default")
    rules = before.rules if everywhere in before.rules else (*before.rules, everywhere)
    saved = save_script(session, replace(before, content=text, rules=rules), by=by)
    others = session.scalars(
        select(WelcomeRule).where(
            WelcomeRule.scope == "default", WelcomeRule.script_id != saved.script_id
        )
    )
    for rule in others:
        if not rule.windows:
            session.delete(rule)
    session.flush()
    return saved


def pause(session: Session, *, by: str = "") -> bool:
    """Send no welcomes from now on; False: they were paused before."""
    if session.get(WelcomeSwitch, SWITCH_ID) is not None:
        return False
    session.add(WelcomeSwitch(id=SWITCH_ID, paused_at=clock.utcnow(), paused_by=by))
    session.flush()
    return True


def resume(session: Session) -> bool:
    """Send welcomes again; False: they were not paused."""
    switch = session.get(WelcomeSwitch, SWITCH_ID)
    if switch is None:
        return False
    session.delete(switch)
    session.flush()
    return True


def _new_version(session: Session, script_id: int, draft: Draft, *, by: str) -> int:
    newest = select(func.max(WelcomeVersion.number)).where(WelcomeVersion.script_id == script_id)
    version = WelcomeVersion(
        script_id=script_id,
        number=(session.scalar(newest) or 0) + 1,
        content=draft.content,
        returning=draft.returning,
        returning_content=draft.returning_content,
        created_at=clock.utcnow(),
        created_by=by,
        rules=dump_rules(draft.rules),
        extras=dump_extras(draft.extras),
    )
    session.add(version)
    session.flush()
    for n, attachment in enumerate(draft.attachments):
        session.add(
            WelcomeAttachment(
                version_id=version.id,
                n=n,
                msgtype=attachment.msgtype,
                fields=dict(attachment.fields),
                material_id=attachment.material_id,
            )
        )
    return version.id


def _replace_rules(session: Session, script_id: int, rules: tuple[Rule, ...]) -> None:
    session.execute(delete(WelcomeRule).where(WelcomeRule.script_id == script_id))
    for rule in rules:
        session.add(
            WelcomeRule(
                script_id=script_id,
                scope=rule.scope,
                target=rule.target,
                windows=dump_windows(rule.windows),
            )
        )


def _saved(session: Session, script: WelcomeScript, *, changed: bool) -> Saved:
    version = session.get_one(WelcomeVersion, script.version_id)
    return Saved(script_id=script.id, version_id=version.id, number=version.number, changed=changed)
