"""The lane `sync`: one run at a time, piece by piece; a killed one goes on where it was."""

import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.claims import Claim
from app.customers.actions.listed_tags import read_tag_names
from app.customers.jobs import sync_tags
from app.errors import Refused
from app.log import get_logger
from app.members.jobs import sync_members
from app.runtime import Runtime
from app.schedule_runs import ScheduleRun
from app.sync.actions import (
    Lost,
    begin_group,
    begin_group_again,
    begin_run,
    close_members,
    end_run,
    find_since,
    hold_run,
    plan_members,
    postpone,
    record_page,
    refuse_group,
    refuse_run,
    stumble,
)
from app.sync.groups import list_chats, read_groups
from app.sync.losses import record_gone
from app.sync.models import SyncRun, SyncSuspect
from app.wecom import external_contact
from app.wecom.errors import MissingPermission, NoSuchRelation, TryAgainLater, WeComError
from app.wecom.external_contact import NO_CONTACT, CustomerRow

# Then others have their turn.
SLICE_SECONDS = 5.0
# So much in one transaction: others want to write, too.
PAGE, PIECE, PIECE_SECONDS = 100, 500, 2.0
LOOKED_AT_ONCE = 20
# WeCom shows some changes late: who is missing is looked at again after a while.
SECOND_LOOK = timedelta(seconds=30)
# Those that are about one member; any other missing permission is about all of them.
OF_ONE_MEMBER = frozenset({50002, 60011, 60021, 701008})
BAD_CURSOR = 50100
# The job that looks whether it is time. Its row tells when somebody last was there to look.
WATCH = "sync.watch"
NIGHT = timedelta(hours=6)

log = get_logger(__name__)


def work_sync(runtime: Runtime, claim: Claim) -> datetime | None:
    """Go on with a run for a while; return when it wants to be gone on with."""
    ends = time.monotonic() + SLICE_SECONDS
    walk = _Walk(runtime, claim)
    try:
        while True:
            again_at = walk.step()
            if again_at is None:
                return None
            if again_at > clock.utcnow() or time.monotonic() > ends:
                return runtime.db.commit(partial(postpone, claim=claim, at=again_at))
    except Lost:
        return None
    except TryAgainLater as error:
        return _later(runtime, claim, error=error, seconds=error.retry_after)
    except WeComError as error:
        log.warning("sync_refused", run_id=claim.id, errcode=error.errcode)
        return _kept(runtime, partial(refuse_run, claim=claim, error=error))
    except Exception as error:
        log.exception("sync_stumbled", run_id=claim.id, error_name=type(error).__name__)
        return _later(runtime, claim)


def watch_sync(runtime: Runtime) -> None:
    """Begin a run at night, and when nobody was here for a while; never before the first one."""
    with runtime.db.read() as session:
        why = _find_reason(session, runtime)
    if why:
        try:
            runtime.db.commit(partial(begin_run, why=why))
        except Refused:
            return
        log.info("sync_begun", why=why)


def _later(
    runtime: Runtime, claim: Claim, *, error: WeComError | None = None, seconds: float = 0.0
) -> datetime | None:
    return _kept(runtime, partial(stumble, claim=claim, error=error, seconds=seconds))


def _kept(runtime: Runtime, work: Callable[[Session], datetime | None]) -> datetime | None:
    try:
        return runtime.db.commit(work)
    except Lost:
        return None


def _find_reason(session: Session, runtime: Runtime) -> str:
    settings, now = runtime.config.sync, clock.utcnow()
    if find_since(session) is None:
        return ""
    last = session.scalars(select(SyncRun.created_at).order_by(SyncRun.id.desc()).limit(1)).one()
    watch = session.get(ScheduleRun, WATCH)
    away = timedelta(minutes=settings.downtime_minutes)
    if watch and watch.ended_at and now - watch.ended_at > away and now - last > away:
        return "downtime"
    if not settings.nightly_at:
        return ""
    hour, minute = map(int, settings.nightly_at.split(":"))
    here = now.astimezone(runtime.config.server.zone)
    due = here.replace(hour=hour, minute=minute, second=0, microsecond=0)
    due -= timedelta(days=1) if due > here else timedelta()
    return "nightly" if last < due and here - due < NIGHT else ""


class _Walk:
    """One claimer's way through a run."""

    def __init__(self, runtime: Runtime, claim: Claim) -> None:
        self._runtime, self._claim = runtime, claim
        self._tags: dict[str, tuple[str, str]] = {}
        self._contacts: frozenset[str] = frozenset()

    def step(self) -> datetime | None:
        """Do a piece; return when the next is wanted, None: the run has ended."""
        with self._runtime.db.read() as session:
            run = session.get(SyncRun, self._claim.id)
        if run is None or run.outcome is not None or run.claimed_by != self._claim.token:
            raise Lost
        steps = {
            "members": self._pull,
            "walk": self._walk,
            "close": self._close,
            "chats": self._list_chats,
            "groups": self._read_groups,
        }
        return steps[run.phase](run) if run.phase in steps else self._look(run)

    def _commit(self, work: Callable[[Session], None]) -> datetime:
        self._runtime.db.commit(work)
        return clock.utcnow()

    def _pull(self, run: SyncRun) -> datetime:
        """Pull departments, members and tags, and ask who may have customers."""
        del run
        sync_members(self._runtime)
        sync_tags(self._runtime)
        userids = external_contact.get_follow_user_list(self._runtime.wecom)
        return self._commit(partial(plan_members, claim=self._claim, userids=userids))

    def _walk(self, run: SyncRun) -> datetime:
        """List some pages of the customers of the group's members."""
        if not run.walking:
            return self._commit(partial(begin_group, claim=self._claim))
        asked_at = clock.utcnow()
        try:
            rows, cursor = self._list(run)
        except TryAgainLater:
            raise
        except WeComError as error:
            return self._refused(run, error)
        return self._record(run, rows, cursor, asked_at)

    def _record(
        self, run: SyncRun, rows: Sequence[CustomerRow], cursor: str, asked_at: datetime
    ) -> datetime:
        page = partial(record_page, at=run.cursor, rows=rows, next_cursor=cursor)
        tags = self._name_tags(rows)
        return self._commit(partial(page, claim=self._claim, asked_at=asked_at, tags=tags))

    def _list(self, run: SyncRun) -> tuple[list[CustomerRow], str]:
        ends, cursor = time.monotonic() + PIECE_SECONDS, run.cursor
        rows: list[CustomerRow] = []
        while not rows or (cursor and len(rows) < PIECE and time.monotonic() < ends):
            try:
                page = external_contact.batch_get_by_user(
                    self._runtime.wecom, run.walking, cursor=cursor, limit=PAGE
                )
            except WeComError:
                # What has come is worth keeping; the next piece meets the same.
                if rows:
                    break
                raise
            rows += page.rows
            cursor = page.next_cursor
            if not cursor:
                break
        return rows, cursor

    def _refused(self, run: SyncRun, error: WeComError) -> datetime:
        is_of_all = isinstance(error, MissingPermission) and error.errcode not in OF_ONE_MEMBER
        if is_of_all:
            raise error
        if error.errcode == BAD_CURSOR and run.cursor:
            return self._commit(partial(begin_group_again, claim=self._claim))
        if error.errcode == NO_CONTACT and len(run.walking) == 1:
            return self._record(run, [], "", clock.utcnow())
        return self._commit(partial(refuse_group, claim=self._claim, error=error))

    def _name_tags(self, rows: Sequence[CustomerRow]) -> dict[str, tuple[str, str]]:
        """Return the names of tags; a tag that is not among them was made a moment ago."""
        wanted = {tag_id for row in rows for tag_id in row.follow_info.tag_ids}
        if not self._tags:
            self._tags = self._read_tags()
        if not wanted <= self._tags.keys():
            sync_tags(self._runtime)
            # Of one that even WeCom cannot name, it is not asked again.
            self._tags = dict.fromkeys(wanted, ("", "")) | self._read_tags()
        return {tag_id: names for tag_id, names in self._tags.items() if names[1]}

    def _read_tags(self) -> dict[str, tuple[str, str]]:
        with self._runtime.db.read() as session:
            return read_tag_names(session)

    def _close(self, run: SyncRun) -> datetime:
        del run
        percent = self._runtime.config.sync.held_percent
        return self._commit(partial(close_members, claim=self._claim, held_percent=percent))

    def _list_chats(self, run: SyncRun) -> datetime:
        return self._commit(partial(list_chats(self._runtime, run), claim=self._claim))

    def _read_groups(self, run: SyncRun) -> datetime:
        return self._commit(partial(read_groups(self._runtime, run), claim=self._claim))

    def _look(self, run: SyncRun) -> datetime | None:
        """Ask for some of the missing by name: the second look."""
        with self._runtime.db.read() as session:
            suspects = session.scalars(
                select(SyncSuspect)
                .where(SyncSuspect.follow_id > run.reached, SyncSuspect.is_held.is_(False))
                .order_by(SyncSuspect.follow_id)
                .limit(LOOKED_AT_ONCE)
            ).all()
        if not suspects:
            self._commit(partial(_end, claim=self._claim))
            log.info("sync_ended", run_id=run.id, listed=run.listed)
            return None
        ready_at = max(one.missed_at for one in suspects) + SECOND_LOOK
        if ready_at > clock.utcnow():
            return ready_at
        askable = self._read_contacts()
        gone = {
            one.follow_id: one.userid.casefold() in askable and self._is_gone(one)
            for one in suspects
        }
        return self._commit(
            partial(self._settle, suspects=suspects, gone=gone, is_first=run.is_first)
        )

    def _read_contacts(self) -> frozenset[str]:
        """Return who may have customers now, folded: of anybody else's WeCom tells nothing."""
        if not self._contacts:
            userids = external_contact.get_follow_user_list(self._runtime.wecom)
            self._contacts = frozenset(userid.casefold() for userid in userids)
        return self._contacts

    def _is_gone(self, suspect: SyncSuspect) -> bool | None:
        """Tell whether WeCom says that these two are not together; None: it would not say."""
        try:
            detail = external_contact.get(self._runtime.wecom, suspect.external_userid, bulk=True)
        except NoSuchRelation:
            return True
        except TryAgainLater:
            raise
        except WeComError:
            return None
        folded = suspect.userid.casefold()
        return all(one.userid.casefold() != folded for one in detail.follow_users)

    def _settle(
        self,
        session: Session,
        *,
        suspects: Sequence[SyncSuspect],
        gone: dict[int, bool | None],
        is_first: bool,
    ) -> None:
        run = hold_run(session, self._claim)
        for one in suspects:
            suspect = session.get(SyncSuspect, one.follow_id)
            is_gone = gone[one.follow_id]
            run.reached = one.follow_id
            if suspect is None or suspect.is_held or is_gone is None:
                continue
            config = self._runtime.config
            if is_gone and record_gone(session, suspect, config, silent=is_first):
                run.gone += 1
                run.missed_gone += not is_first
            session.delete(suspect)


def _end(session: Session, *, claim: Claim) -> None:
    end_run(session, hold_run(session, claim), "done")
