"""Writing a script without greeting anybody with it: drafts are saved as they are, and published.

A draft may be unfit as long as it is one; it is checked when it is published.
"""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.errors import NotFound
from app.i18n import N_, _
from app.welcome.actions.checks import normalized
from app.welcome.actions.scripts import Saved, save_script
from app.welcome.errors import DraftChanged, ScriptRefused
from app.welcome.models import WelcomeDraft, WelcomeScript
from app.welcome.queries.bodies import dump_draft, load_draft
from app.welcome.queries.history import list_versions
from app.welcome.queries.scripts import Draft

MOST_DRAFTS = 100


@dataclass(frozen=True)
class Page:
    """The page that saves a draft. `revision`: which save of it the page has seen; 0: none.

    `typed`: when the page had this typed, by its own count; 0: it does not count.
    """

    key: str = ""
    revision: int = 0
    typed: int = 0


def save_draft(
    session: Session,
    draft: Draft,
    *,
    draft_id: int = 0,
    script_id: int = 0,
    page: Page = Page(),
    by: str = "",
) -> WelcomeDraft:
    """Save a draft: the one with `draft_id`, else that of a script, else a new one.

    A page does not stand in its own way: it may save before it has heard of its last save, what it
    had typed earlier does not take the place of what it typed later, and the same once more is no
    save: whoever looks at the draft already would otherwise be told that it has changed.

    Raises:
        DraftChanged: another page saved it meanwhile.
        NotFound: no such draft or script.
        ScriptRefused: there are too many drafts.
    """
    row, body = _find(session, draft_id, script_id), dump_draft(normalized(draft))
    if row is None:
        row = _begin(session, script_id)
    elif row.revision != page.revision and not _is_own(row, page):
        raise DraftChanged(row.saved_by)
    elif _is_own(row, page) and (0 < page.typed < row.typed or body == row.body):
        return row
    else:
        row.revision += 1
    row.body = body
    row.saved_at, row.saved_by = clock.utcnow(), by
    row.writer, row.typed = page.key, page.typed
    session.flush()
    return row


def _is_own(row: WelcomeDraft, page: Page) -> bool:
    return page.key != "" and row.writer == page.key


def discard_draft(session: Session, draft_id: int) -> None:
    """Throw a draft away; one that is not there is so already."""
    row = session.get(WelcomeDraft, draft_id)
    if row is not None:
        session.delete(row)
        session.flush()


def publish_draft(session: Session, draft_id: int, *, revision: int, by: str = "") -> Saved:
    """Have customers greeted with what a draft says, from now on; it is no draft any more.

    Raises:
        NotFound: no such draft.
        DraftChanged: it was saved after whoever publishes it has looked at it.
        ScriptRefused: with every fault in words.
    """
    row = session.get(WelcomeDraft, draft_id, with_for_update=True)
    if row is None:
        raise NotFound(N_("没有这份草稿，可能已经发布或放弃了"))
    if row.revision != revision:
        raise DraftChanged(row.saved_by)
    draft = load_draft(row.body)
    _take_name(session, row.script_id, draft.name)
    saved = save_script(session, draft, by=by)
    session.delete(row)
    session.flush()
    return saved


def draft_of_version(
    session: Session, script_id: int, number: int, *, by: str = ""
) -> WelcomeDraft:
    """Make an earlier version the draft of its script, instead of the one there is.

    Raises:
        NotFound: no such version.
    """
    found = next((one for one in list_versions(session, script_id) if one.number == number), None)
    if found is None:
        raise NotFound(N_("没有这个版本"))
    row = _find(session, 0, script_id)
    return save_draft(
        session,
        found.draft,
        script_id=script_id,
        page=Page(revision=row.revision if row else 0),
        by=by,
    )


def _find(session: Session, draft_id: int, script_id: int) -> WelcomeDraft | None:
    if draft_id:
        row = session.get(WelcomeDraft, draft_id, with_for_update=True)
        if row is None:
            raise NotFound(N_("没有这份草稿，可能已经发布或放弃了"))
        return row
    if not script_id:
        return None
    return session.scalar(
        select(WelcomeDraft).where(WelcomeDraft.script_id == script_id).with_for_update()
    )


def _begin(session: Session, script_id: int) -> WelcomeDraft:
    script = session.get(WelcomeScript, script_id) if script_id else None
    if script_id and (script is None or script.removed_at is not None):
        raise NotFound(N_("没有这条欢迎语，可能已经停用了"))
    if len(session.scalars(select(WelcomeDraft.id).limit(MOST_DRAFTS)).all()) >= MOST_DRAFTS:
        most = _("草稿最多 {most} 份，请先发布或放弃一些", most=MOST_DRAFTS)
        raise ScriptRefused([most])
    row = WelcomeDraft(
        script_id=script_id or None,
        base_version_id=script.version_id if script else None,
        revision=1,
    )
    session.add(row)
    return row


def _take_name(session: Session, script_id: int | None, name: str) -> None:
    """See to it that the script of this name is the one that is published."""
    named = session.scalar(select(WelcomeScript).where(WelcomeScript.name == name))
    if named is not None and named.id != script_id and named.removed_at is None:
        raise ScriptRefused([_("已经有一条叫「{name}」的欢迎语，请换一个名称", name=name)])
    if script_id is None or (named is not None and named.id == script_id):
        return
    if named is not None:
        # Out of use: it gives its name away and keeps what it sent.
        named.name = f"{name[:40]} #{named.id}"
        session.flush()
    session.get_one(WelcomeScript, script_id).name = name
    session.flush()
