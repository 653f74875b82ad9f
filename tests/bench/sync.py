"""P11: a walk through hundreds of thousands of relations, our side of it: rows and memory."""

import os
import time
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import psutil
from sqlalchemy import text, update
from sqlalchemy.orm import Session

from app import clock
from app.claims import Claim
from app.customers.actions import record_tags
from app.customers.actions.listed_tags import read_tag_names
from app.db import Database
from app.sync.actions import begin_group, begin_run, close_members, plan_members, record_page
from app.sync.jobs import PIECE
from app.sync.models import SyncRun
from app.wecom.external_contact import (
    CorpTag,
    CustomerRow,
    ExternalContact,
    FollowInfo,
    TagGroupInfo,
)
from tests import settings
from tests.bench.figures import Figure, Report

BUDGET = 5000.0
RELATIONS, MEMBERS, TAGS = 300_000, 400, 40
MEGABYTES = 64.0
SECONDS_PER_MILLION = 500.0
TOKEN = "bench"


def measure_sync(report: Report, kind: str, folder: Path, *, relations: int = RELATIONS) -> None:
    """Walk through generated customers twice: the first time they are new, then they are known."""
    if not report.has_time_for(20 + relations / 1e6 * SECONDS_PER_MILLION, f"sync on {kind}"):
        return
    report.section(f"A walk through all customers on {kind}, {relations} relations")
    folder.mkdir()
    with settings.fresh_database(kind, folder) as url:
        db = settings.migrated(url)
        db.commit(_make_tags)
        for what in ("all of them new", "all of them known"):
            report.add(*_walk(db, f"{kind}, {what}", relations))
            if kind == "postgresql":
                # The server does so by itself, within a minute.
                with db.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as one:
                    one.execute(text("VACUUM ANALYZE"))
        db.close()


def _walk(db: Database, what: str, relations: int) -> Iterator[Figure]:
    claim = Claim(db.commit(_begin), TOKEN)
    userids = [f"member{number:04d}" for number in range(MEMBERS)]
    db.commit(partial(plan_members, claim=claim, userids=userids))
    with db.read() as session:
        tags = read_tag_names(session)
    process = psutil.Process(os.getpid())
    each = relations // MEMBERS
    began, longest, least = time.perf_counter(), 0.0, 0
    making = 0.0
    for _number in range(relations):
        run = _step(db, claim)
        if run.phase == "look":
            break
        if run.phase == "close":
            db.commit(partial(close_members, claim=claim, held_percent=20))
            continue
        # The first group has filled every cache.
        least = least or (process.memory_info().rss if run.listed else 0)
        made = time.perf_counter()
        rows, cursor = _list(run, each)
        piece = time.perf_counter()
        making += piece - made
        page = partial(record_page, claim=claim, at=run.cursor, rows=rows, next_cursor=cursor)
        db.commit(partial(page, asked_at=clock.utcnow(), tags=tags))
        longest = max(longest, time.perf_counter() - piece)
    took = time.perf_counter() - began - making
    grown = max(0, process.memory_info().rss - least) / 2**20
    with db.write() as session:
        ended = {"outcome": "done", "open_key": None, "due_at": None}
        session.execute(update(SyncRun).where(SyncRun.id == claim.id).values(**ended))
    rate = relations / took
    yield Figure(
        measure="P11",
        what=f"{what} (longest piece {longest * 1000:.0f} ms)",
        value=f"{rate:,.0f} /s",
        budget=f">= {BUDGET:,.0f}",
        met=rate >= BUDGET,
        raw={"relations": relations, "seconds": took},
    )
    yield Figure(
        measure="P11",
        what=f"{what}, memory after the first piece",
        value=f"+{grown:.0f} MB",
        budget=f"< {MEGABYTES:.0f} MB",
        met=grown < MEGABYTES,
    )


def _begin(session: Session) -> int:
    run = begin_run(session, why="manual")
    run.claimed_by = TOKEN
    return run.id


def _step(db: Database, claim: Claim) -> SyncRun:
    """Return the run, in the middle of a group."""
    with db.read() as session:
        run = session.get_one(SyncRun, claim.id)
    if run.phase == "walk" and not run.walking:
        db.commit(partial(begin_group, claim=claim))
        return _step(db, claim)
    return run


def _list(run: SyncRun, each: int) -> tuple[list[CustomerRow], str]:
    """Make what WeCom would list from a cursor on: "member.customer"."""
    member, _dot, place = (run.cursor or "0.0").partition(".")
    number = int(member) * each + int(place)
    last = min(number + PIECE, len(run.walking) * each)
    rows = [_row(run.walking[one // each], one % each) for one in range(number, last)]
    more = last < len(run.walking) * each
    return rows, f"{last // each}.{last % each}" if more else ""


def _row(userid: str, place: int) -> CustomerRow:
    number = int(userid.removeprefix("member")) * 1_000_000 + place
    external_userid = f"wmBench{number:025d}"
    contact = ExternalContact(
        external_userid=external_userid,
        name=f"客户{number}",
        type=1,
        gender=number % 3,
        avatar=f"https://wx.qlogo.cn/mmhead/{number}/0",
        unionid=None,
        position=None,
        corp_name=None,
        corp_full_name=None,
    )
    follow = FollowInfo(
        userid=userid,
        remark=f"备注{number}",
        description="",
        createtime=clock.from_unix(1_700_000_000) + timedelta(seconds=number % 10_000_000),
        remark_mobiles=(),
        remark_corp_name=None,
        oper_userid=external_userid,
        add_way=1,
        state=f"门店{number % 20}",
        tag_ids=(f"et{number % TAGS}",),
    )
    return CustomerRow(external_contact=contact, follow_info=follow)


def _make_tags(session: Session) -> None:
    at = clock.from_unix(1_700_000_000)
    tags = tuple(
        CorpTag(id=f"et{number}", name=f"标签{number}", order=number, create_time=at)
        for number in range(TAGS)
    )
    group = TagGroupInfo(group_id="etg", group_name="组", order=1, create_time=at, tags=tags)
    record_tags(session, [group])
