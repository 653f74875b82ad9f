"""P9: the admin's list of customers by any filter. P10: a tag for 100,000 of them, our rows."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from pathlib import Path
from urllib.parse import quote

from flask import Flask
from sqlalchemy import insert, literal, select, text, update
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from werkzeug.test import EnvironBuilder, run_wsgi_app

from app import clock
from app.accounts.actions import grant_role, open_session
from app.admin.auth import COOKIE
from app.admin.reading import CHOICES, seal_choices
from app.batches.actions import HALVES, begin_batch, step_batch, step_half
from app.batches.models import Batch
from app.claims import Claim
from app.customers.models import CustomerStage, CustomField, FollowTag, FollowUser, Stage, Tag
from app.customers.queries import list_customers
from app.customers.queries.choosing import CustomerFilter
from app.db import Database
from app.factory import create_app
from app.members.queries import find_member
from tests import settings
from tests.bench import many
from tests.bench.figures import Figure, Report
from tests.bench.wholes import AGENT, measure_wholes

LIST_BUDGET_MS, BATCH_BUDGET_SECONDS = 100.0, 5.0
REQUESTS, WARM_UP = 40, 5
SECONDS_PER_MILLION = 400.0
BATCH = 100_000
# Relations that came in the same second: so it is after a first sync of a busy corp.
TOGETHER = 500
CHANNELS = 40


def measure_customers(report: Report, kind: str, folder: Path, *, customers: int) -> None:
    """Fill a database, ask for the list by every filter, and tag a hundred thousand."""
    if not report.has_time_for(20 + customers / 1e6 * SECONDS_PER_MILLION, f"customers on {kind}"):
        return
    report.section(f"The admin's list of customers on {kind}, {customers} customers")
    folder.mkdir()
    with settings.fresh_database(kind, folder) as url:
        db = settings.migrated(url)
        many.fill(db, customers)
        _vary(db)
        app = create_app(settings.make_config(folder, database={"url": url}))
        for figure in _measure_list(app, db, kind):
            report.add(figure)
        report.add(_measure_batch(db, kind, min(BATCH, customers)))
        for figure in measure_wholes(app, db, kind, partial(_sign_in, db)):
            report.add(figure)
        app.extensions["banke_runtime"].db.close()
        db.close()


def _vary(db: Database) -> None:
    """Make them differ: when they came and whence, who left, stages, tags from many to few."""
    now = clock.utcnow()
    with db.read() as session:
        last = session.scalars(select(FollowUser.id).order_by(FollowUser.id.desc()).limit(1)).one()
    for first in range(1, last + 1, TOGETHER * 100):
        with db.write() as session:
            for low in range(first, min(first + TOGETHER * 100, last + 1), TOGETHER):
                at = now - timedelta(minutes=low // TOGETHER * 20)
                session.execute(
                    update(FollowUser)
                    .where(FollowUser.id.between(low, low + TOGETHER - 1))
                    .values(added_at=at)
                )
    with db.write() as session:
        _vary_relations(session)
        _vary_customers(session)
    if db.url.get_backend_name() == "postgresql":
        # The server does so by itself, within a minute.
        with db.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            connection.execute(text("VACUUM ANALYZE"))


def _vary_relations(session: Session) -> None:
    for channel in range(CHANNELS):
        session.execute(
            update(FollowUser)
            .where(FollowUser.id % CHANNELS == channel)
            .values(state=f"渠道{channel}")
        )
    session.execute(update(FollowUser).where(FollowUser.id % 99_991 == 0).values(state="很少见"))
    gone = {"removed_at": clock.utcnow(), "removed_by": "customer"}
    session.execute(update(FollowUser).where(FollowUser.id % 11 == 0).values(**gone))
    for tag, every in ((50, 20), (51, 1000), (52, 99_991)):
        names = ("follow_id", "group_name", "tag_name", "tag_id", "type")
        values = [literal(value) for value in ("多少", f"标签{tag}", f"et{tag}")]
        rows = select(FollowUser.id, *values, literal(1)).where(FollowUser.id % every == 0)
        session.execute(insert(FollowTag).from_select(names, rows))


def _vary_customers(session: Session) -> None:
    stages = session.scalars(
        select(Stage).where(Stage.name.in_(("意向", "成交"))).order_by(Stage.position)
    ).all()
    for stage, ending in zip(stages, ("7", "777"), strict=True):
        session.execute(
            update(CustomerStage)
            .where(
                CustomerStage.pipeline_id == stage.pipeline_id,
                CustomerStage.external_userid.like(f"%{ending}"),
            )
            .values(stage_id=stage.id)
        )


def _measure_list(app: Flask, db: Database, kind: str) -> Iterator[Figure]:
    cookie = _sign_in(db)
    all_took: list[float] = []
    slowest = ("", 0.0)
    for name, chosen in _filters(db):
        took = sorted(_ask(app, db, chosen, cookie))
        all_took += took
        p95 = took[int(len(took) * 0.95)]
        slowest = max(slowest, (name, p95), key=lambda one: one[1])
    all_took.sort()
    p50, p95 = (all_took[int(len(all_took) * share)] for share in (0.5, 0.95))
    yield Figure(
        measure="P9",
        what=f"{kind}, the list by every filter, {len(all_took)} pages",
        value=f"{p50:.0f} / {p95:.0f} ms",
        budget=f"p95 < {LIST_BUDGET_MS:.0f}",
        met=p95 < LIST_BUDGET_MS,
        raw={"p50": p50, "p95": p95},
    )
    yield Figure(
        measure="P9",
        what=f"{kind}, the slowest filter: {slowest[0]}",
        value=f"p95 {slowest[1]:.0f} ms",
        budget=f"p95 < {LIST_BUDGET_MS:.0f}",
        met=slowest[1] < LIST_BUDGET_MS,
    )


def _filters(db: Database) -> list[tuple[str, dict[str, str]]]:
    """List what is asked for: each filter from many to few, and what has nothing in common."""
    with db.read() as session:
        tags = {one.tag_id: str(one.id) for one in session.scalars(select(Tag))}
        stages = {one.name: str(one.id) for one in session.scalars(select(Stage))}
        field = session.scalars(select(CustomField).where(CustomField.name == "资料money")).one()
    day = f"{clock.utcnow() - timedelta(days=5):%Y-%m-%d}"
    return [
        ("nothing", {}),
        ("lost", {"standing": "lost"}),
        ("name, many", {"name": "客户1"}),
        ("name, few", {"name": "客户12345"}),
        ("name, nobody", {"name": "无此人"}),
        ("member", {"member": "member7"}),
        ("channel", {"state": "渠道7"}),
        ("channel, few", {"state": "很少见"}),
        ("stage, a tenth", {"stage": stages["意向"]}),
        ("stage, a thousandth", {"stage": stages["成交"]}),
        ("stage, nobody", {"stage": stages["无意向"]}),
        ("tag, a twentieth", {"any": tags["et50"]}),
        ("tag, a thousandth", {"every": tags["et51"]}),
        ("tag, few", {"any": tags["et52"]}),
        ("without a tag", {"none": tags["et50"]}),
        ("added lately", {"added_since": day}),
        ("added long ago", {"added_until": day}),
        ("not spoken to", {"quiet": "30"}),
        ("followed twice", {"shared": "1"}),
        ("money", {f"f{field.id}_least": "1000"}),
        ("more money than anybody has", {f"f{field.id}_least": "9999"}),
        ("member and stage", {"member": "member7", "stage": stages["意向"]}),
        ("nothing in common", {"any": tags["et50"], "stage": stages["意向"], "state": "渠道7"}),
    ]


def _ask(app: Flask, db: Database, chosen: dict[str, str], cookie: str) -> list[float]:
    """Return the milliseconds of every request; every second one is for a page further back."""
    runtime = app.extensions["banke_runtime"]
    sealed = quote(seal_choices(runtime, MultiDict(list(chosen.items()))))
    with db.read() as session:
        behind = list_customers(session, CustomerFilter(), limit=2000).next
    took = []
    for number in range(WARM_UP + REQUESTS):
        before = f"&before={behind}" if number % 2 else ""
        environ = EnvironBuilder(
            path="/admin/customers",
            query_string=f"{CHOICES}={sealed}{before}",
            headers=[("Cookie", f"{COOKIE}={cookie}"), ("User-Agent", AGENT)],
        ).get_environ()
        began = time.perf_counter()
        body, status, _headers = run_wsgi_app(app, environ, buffered=True)
        took.append((time.perf_counter() - began) * 1000)
        if not status.startswith("200") or "cu-table" not in b"".join(body).decode():
            raise RuntimeError(f"the list was answered with {status}")
    return took[WARM_UP:]


def _sign_in(db: Database) -> str:
    def work(session: Session) -> str:
        grant_role(session, "member0", "owner")
        member = find_member(session, "member0")
        if member is None:
            raise RuntimeError("nobody to sign in")
        return open_session(session, member, origin="", agent=AGENT, way="link")

    return db.commit(work)


def _measure_batch(db: Database, kind: str, size: int) -> Figure:
    with db.read() as session:
        tag = session.scalars(select(Tag).where(Tag.tag_id == "et60")).one()
    with db.read() as session:
        some = select(FollowUser.id, FollowUser.external_userid).where(
            FollowUser.removed_at.is_(None)
        )
        chosen = [(row[0], row[1]) for row in session.execute(some.limit(size))]
    what = {"tag_id": tag.tag_id, "name": tag.name}
    began = time.perf_counter()
    batch_id = db.commit(
        lambda session: (
            begin_batch(session, kind="tag_add", userid="member0", what=what, chosen=chosen).id
        )
    )
    longest = _work(db, batch_id)
    took = time.perf_counter() - began
    return Figure(
        measure="P10",
        what=f"{kind}, a tag for {size} (longest piece {longest * 1000:.0f} ms)",
        value=f"{took:.1f} s",
        budget=f"< {BATCH_BUDGET_SECONDS:.0f} s",
        met=took < BATCH_BUDGET_SECONDS,
    )


def _work(db: Database, batch_id: int) -> float:
    """Write all rows as a worker does; return how many seconds the longest piece took."""
    claim, lengths = Claim(batch_id, "bench"), [0.0]

    def step(session: Session) -> bool:
        again = step_batch(session, claim)
        return again is not None and again <= clock.utcnow()

    def go_on(piece: Callable[[Session], bool]) -> None:
        goes_on = True
        while goes_on:
            began = time.perf_counter()
            goes_on = db.commit(piece)
            lengths.append(time.perf_counter() - began)

    with db.write() as session:
        session.execute(update(Batch).where(Batch.id == batch_id).values(claimed_by=claim.token))
    if not db.has_one_writer:
        with ThreadPoolExecutor(len(HALVES)) as pool:
            halves = [partial(step_half, claim=claim, half=half) for half in HALVES]
            list(pool.map(go_on, halves))
    go_on(step)
    return max(lengths)
