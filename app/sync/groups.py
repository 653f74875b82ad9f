"""The part of a run about customer groups: which there are, and who is in each.

WeCom is asked for every group that it lists and for every one that we hold for alive. What it will
not show is left as it is: a run that may not read groups compares everything else.
"""

import time
from collections.abc import Sequence
from typing import Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.claims import Claim
from app.groups.actions import Comparison, add_groups
from app.groups.jobs import Compared, compare_group
from app.groups.models import GroupChat
from app.log import get_logger
from app.runtime import Runtime
from app.sync.actions import GROUP, Lost, find_since, hold_run
from app.sync.models import SyncMember, SyncRun
from app.wecom import groupchat
from app.wecom.errors import MissingPermission, TryAgainLater, WeComError
from app.wecom.groupchat import ChatPage

AT_ONCE, PIECE_SECONDS = 50, 2.0
TOO_MANY_OWNERS, BAD_CURSOR = 81017, 50100

log = get_logger(__name__)


class Record(Protocol):
    """What a piece came to, to be written by whoever has the run."""

    def __call__(self, session: Session, claim: Claim) -> None:
        """Write it.

        Raises:
            Lost: the run is not his any more.
        """


def list_chats(runtime: Runtime, run: SyncRun) -> Record:
    """List a page of groups: all there are, or where those are too many for WeCom, by owners.

    Raises:
        TryAgainLater: WeCom wants to be asked later.
    """
    try:
        page = groupchat.list_chats(runtime.wecom, owners=run.walking, cursor=run.cursor)
    except TryAgainLater:
        raise
    except WeComError as error:
        return _refused(run, error)
    return lambda session, claim: _take_page(session, claim, at=run.cursor, page=page)


def read_groups(runtime: Runtime, run: SyncRun) -> Record:
    """Read the next groups and record who came and went; they are few, and each is one call.

    Raises:
        TryAgainLater: WeCom wants to be asked later; those that were read before are not lost.
    """
    with runtime.db.read() as session:
        chat_ids = _next_groups(session, run.cursor)
        comparison = Comparison(since=None if run.is_first else find_since(session))
    ends, compared, reached = time.monotonic() + PIECE_SECONDS, Compared(), run.cursor
    for chat_id in chat_ids:
        try:
            compared += compare_group(runtime, chat_id, comparison)
        except TryAgainLater:
            if reached == run.cursor:
                raise
            break
        except WeComError as error:
            log.warning("group_refused", errcode=error.errcode)
        reached = chat_id
        if time.monotonic() > ends:
            break
    return lambda session, claim: _note_read(
        session, claim, at=run.cursor, reached=reached, compared=compared
    )


def _refused(run: SyncRun, error: WeComError) -> Record:
    if error.errcode == TOO_MANY_OWNERS and not run.walking:
        return _go_on
    if error.errcode == BAD_CURSOR and run.cursor:
        return _begin_again
    log.warning("groups_refused", errcode=error.errcode)
    if run.walking and not isinstance(error, MissingPermission):
        return _go_on
    return lambda session, claim: _give_up(session, claim, error)


def _take_page(session: Session, claim: Claim, *, at: str, page: ChatPage) -> None:
    """Note the groups of a page, and go on behind it."""
    run = hold_run(session, claim)
    if run.cursor != at:
        raise Lost
    add_groups(session, page.chat_ids)
    run.cursor = page.next_cursor
    if not run.cursor and run.walking:
        _walk_on(session, run)
    elif not run.cursor:
        run.phase = "groups"


def _go_on(session: Session, claim: Claim) -> None:
    _walk_on(session, hold_run(session, claim))


def _begin_again(session: Session, claim: Claim) -> None:
    hold_run(session, claim).cursor = ""


def _give_up(session: Session, claim: Claim, error: WeComError) -> None:
    """Leave the groups out, and say why."""
    run = hold_run(session, claim)
    run.groups_errcode = error.errcode
    run.walking, run.cursor, run.phase = [], "", "look"


def _walk_on(session: Session, run: SyncRun) -> None:
    """Choose the next owners; nobody is left: the groups are read."""
    owners = select(SyncMember.userid).where(SyncMember.run_id == run.id)
    if run.walking:
        owners = owners.where(SyncMember.userid > run.walking[-1])
    run.cursor = ""
    run.walking = list(session.scalars(owners.order_by(SyncMember.userid).limit(GROUP)))
    if not run.walking:
        run.phase = "groups"


def _next_groups(session: Session, reached: str) -> Sequence[str]:
    alive = GroupChat.dismissed_at.is_(None), GroupChat.chat_id > reached
    found = select(GroupChat.chat_id).where(*alive).order_by(GroupChat.chat_id).limit(AT_ONCE)
    return session.scalars(found).all()


def _note_read(
    session: Session, claim: Claim, *, at: str, reached: str, compared: Compared
) -> None:
    """Note how far the groups were read; where that is no further, all of them were."""
    run = hold_run(session, claim)
    if run.cursor != at:
        raise Lost
    run.groups_read += compared.groups
    run.groups_dismissed += compared.dismissed
    run.group_moves += 0 if run.is_first else compared.moves
    run.cursor, run.errcode, run.fault = reached, None, ""
    if reached == at:
        run.walking, run.cursor, run.phase = [], "", "look"
