"""The database: engine, sessions and column types; many rows at once are written by `app.rows`.

Three databases, one way: SQLite (WAL, FULL), PostgreSQL and MariaDB/MySQL (READ COMMITTED). Rooms
get a session handed in; doors and jobs open it here with `read()` or `write()` and so commit.
"""

import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import wait
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar, cast

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    Engine,
    Integer,
    LargeBinary,
    MetaData,
    String,
    create_engine,
    event,
)
from sqlalchemy import text as sql_text
from sqlalchemy.dialects import mysql
from sqlalchemy.engine import URL, Connection, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.types import TypeDecorator, TypeEngine

from app.group_commit import GroupCommit
from app.i18n import _
from app.locks import TooBusy, Turn, is_deadlock

T = TypeVar("T")

LOCK_WAIT_SECONDS = 10.0
CONNECT_SECONDS = 3
# A server whose machine or network has gone says nothing: without these, whoever waits for it would
# wait for a quarter of an hour. One that is only slow answers its probes and is waited for.
DEAD_SECONDS, PROBE_SECONDS = 15, 5
# And a machine of ours that has gone in the middle of a transaction holds its locks no longer: with
# nothing but what the server's system does, its rows could stop a lane for hours.
IDLE_SECONDS = 60
POOL_SIZE = 16
# A server has a hundred or so in all, for every process of every machine.
SERVER_CONNECTIONS = 32
# A group holds SQLite's turn, and a callback may be waiting for it: not too many at once.
GROUP = 2
DEADLOCK_TRIES = 3
# In `session.info`: the lanes to be woken, what makes digests, and the data keys.
WAKE, SEALER, DATA_KEYS = "banke_wake", "banke_sealer", "banke_data_keys"
MAX_CONNECTIONS = 96
# SQLite's own 2 MB are less than what a page of customers changes: it would write each page twice.
WIDE, WRITER_CACHE_KIB = "banke_wide", 16 * 1024


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime in UTC, to the microsecond, on all three databases."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """MariaDB drops the fraction unless told not to."""
        if dialect.name in {"mysql", "mariadb"}:
            return dialect.type_descriptor(mysql.DATETIME(fsp=6))
        return dialect.type_descriptor(DateTime(timezone=dialect.name == "postgresql"))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive times: nobody can tell later what they meant."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime may not be stored")
        value = value.astimezone(UTC)
        return value if dialect.name == "postgresql" else value.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give every database's answer its time zone back."""
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Words(TypeDecorator[str]):
    """Text of a stated length; a longer one raises instead of being cut silently."""

    impl = String
    cache_ok = True

    def __init__(self, length: int) -> None:
        super().__init__(length)
        self.length = length

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Take all of Unicode on MariaDB too."""
        if dialect.name in {"mysql", "mariadb"}:
            return dialect.type_descriptor(
                mysql.VARCHAR(self.length, charset="utf8mb4", collation="utf8mb4_bin")
            )
        return dialect.type_descriptor(String(self.length))

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Refuse what does not fit."""
        del dialect
        if value is not None and len(value) > self.length:
            raise ValueError(f"text of {len(value)} characters does not fit into {self.length}")
        # PostgreSQL cannot store U+0000, and no name has a use for it.
        return value.replace("\x00", "") if value else value


class WireId(Words):
    """An id as WeCom writes it: opaque, case-sensitive ('wmabc' and 'wmAbC' are two people)."""

    cache_ok = True

    def __init__(self, length: int = 64) -> None:
        super().__init__(length)


BigId = BigInteger().with_variant(Integer, "sqlite")
Blob = LargeBinary().with_variant(mysql.LONGBLOB(), "mysql", "mariadb")


class Base(DeclarativeBase):
    """Every table of every room."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 -- SQLAlchemy reads it from the class
        datetime: UtcDateTime(),
        dict[str, Any]: JSON(),
        list[str]: JSON(),
    }


def wake_after_commit(session: Session, lane: str) -> None:
    """Have a lane woken when, and only when, this session's transaction is committed."""
    session.info.setdefault(WAKE, set()).add(lane)


def need_not_last(session: Session) -> None:
    """Have this transaction's commit wait for no disk: what a power cut takes is done again.

    PostgreSQL writes it down a moment later, and in any case before the next commit that waits. The
    others decide so for a whole connection or server.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sql_text("SET LOCAL synchronous_commit TO off"))


def fit(text: str | None, length: int) -> str:
    """Cut foreign text to `length` characters, with an ellipsis where something was lost."""
    text = text or ""
    return text if len(text) <= length else text[: length - 1] + "…"


class Database:
    """One database address and the sessions on it."""

    def __init__(
        self,
        url: str,
        *,
        lock_wait: float = LOCK_WAIT_SECONDS,
        commit_wait: float | None = None,
        durable: bool = True,
    ) -> None:
        """`durable`: on SQLite, a commit is on the disk before it returns.

        Who only records what he did may do without: the death of a process loses nothing either
        way, and a power cut loses his last records, whose work is then done again.

        `commit_wait`: seconds after which `commit` gives up a work that has had no turn; for
        whoever has somebody waiting for him.
        """
        self.url = make_url(url)
        self.engine = _make_engine(self.url, lock_wait, durable=durable)
        self.wake: Callable[[str], None] = _nobody
        self.info: dict[str, Any] = {}
        self._writing = self.engine.execution_options(banke_write=True)
        self._turn = Turn(self.url)
        self._commit_wait = commit_wait
        self._group: GroupCommit[_Job, _Committed] = GroupCommit(
            self._commit_group, name="commit", most=GROUP
        )

    @property
    def has_one_writer(self) -> bool:
        """Tell whether whoever writes waits for everybody else who does."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Open a session that only reads; on SQLite it waits for no writer."""
        with self._open(self.engine) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Open a session and commit it at the end, or roll it back on an exception."""
        with self._turn.taken(), self._open(self._writing) as session:
            yield session
            session.commit()
        self._wake_for(session)

    def commit(self, work: Callable[[Session], T]) -> T:
        """Run `work` in a transaction and return what it returns, once that is committed.

        For what is done thousands of times: on SQLite the works of many threads share one commit,
        and one that raises undoes only what it did itself. The servers lock rows and not the whole
        database: there, a group would have all wait for the one row that another machine holds.

        Raises:
            TooBusy: the work had no turn within `commit_wait` and will have none: it is not done.
        """
        if not self._turn.matters:
            return self._write_again(work)
        job = _Job(work)
        future = self._group.submit(job)
        if self._commit_wait is not None:
            waited = wait([future], timeout=self._commit_wait)
            # What has begun holds the lock already: its end is near, and is worth knowing.
            if waited.not_done and job.claim():
                self._group.withdraw(job)
                raise TooBusy(_("数据库正忙，没有等到写入的机会；这次什么都没有改动。"))
        done = future.result()
        self._wake_for(done.session)
        return cast("T", done.value)

    def _open(self, engine: Engine) -> Session:
        return Session(engine, expire_on_commit=False, info=self.info)

    def _write_again(self, work: Callable[[Session], T]) -> T:
        """Run `work` in a transaction of its own, again if it was the victim of a deadlock."""
        for _try in range(DEADLOCK_TRIES - 1):
            try:
                with self.write() as session:
                    return work(session)
            except DBAPIError as error:
                if not is_deadlock(error):
                    raise
        with self.write() as session:
            return work(session)

    def _commit_group(self, jobs: "Sequence[_Job]") -> "list[_Committed | Exception]":
        with self._turn.taken(), self._writing.connect() as connection, connection.begin():
            return [_run_nested(connection, job, self.info) for job in jobs]

    def _wake_for(self, session: Session) -> None:
        for lane in session.info.get(WAKE, ()):
            self.wake(lane)

    def close(self) -> None:
        """Give every connection back."""
        self.engine.dispose()


class _Job:
    """A work in the queue. It is run or given up, by whoever claims it first."""

    def __init__(self, work: Callable[[Session], Any]) -> None:
        self.work = work
        self._claimed = threading.Lock()

    def claim(self) -> bool:
        """Tell whether the caller alone may decide about it."""
        return self._claimed.acquire(blocking=False)


@dataclass(frozen=True)
class _Committed:
    """What a work of a group returned, and the session it worked in."""

    value: Any
    session: Session


def _run_nested(connection: Connection, job: _Job, info: dict[str, Any]) -> _Committed | Exception:
    if not job.claim():
        return TooBusy()
    with Session(
        connection, join_transaction_mode="create_savepoint", expire_on_commit=False, info=info
    ) as session:
        try:
            value = job.work(session)
            session.commit()
        except Exception as error:  # noqa: BLE001 -- it is handed to whoever wanted this work
            return error
        return _Committed(value, session)


def _nobody(_lane: str) -> None:
    """Wake nobody: a database that no runtime was built on."""


def _make_engine(url: URL, lock_wait: float, *, durable: bool) -> Engine:
    if url.get_backend_name() == "sqlite":
        return _make_sqlite(url, lock_wait, durable=durable)
    options: dict[str, Any] = {
        "hide_parameters": True,
        "pool_size": POOL_SIZE,
        "max_overflow": SERVER_CONNECTIONS - POOL_SIZE,
        "pool_pre_ping": True,
        "pool_recycle": 1800,
        "pool_timeout": lock_wait,
    }
    if url.get_backend_name() == "postgresql":
        options["connect_args"] = {
            "connect_timeout": CONNECT_SECONDS,
            "keepalives_idle": DEAD_SECONDS,
            "keepalives_interval": PROBE_SECONDS,
            "keepalives_count": DEAD_SECONDS // PROBE_SECONDS,
            "tcp_user_timeout": DEAD_SECONDS * 1000,
            "options": f"-c lock_timeout={int(lock_wait * 1000)} -c timezone=UTC"
            f" -c idle_in_transaction_session_timeout={IDLE_SECONDS * 1000}",
        }
        return create_engine(url, **options)
    options["connect_args"] = {
        "charset": "utf8mb4",
        "connect_timeout": CONNECT_SECONDS,
        # MySQL, which does not know the second, takes it for a comment.
        "init_command": f"SET SESSION innodb_lock_wait_timeout={max(1, int(lock_wait))}"
        f" /*M!100300 , idle_transaction_timeout={IDLE_SECONDS} */",
    }
    engine = create_engine(url, isolation_level="READ COMMITTED", **options)
    event.listen(engine, "connect", _notice_a_dead_server)
    return engine


def _notice_a_dead_server(connection: Any, _entry: ConnectionPoolEntry) -> None:
    """Do with PyMySQL's socket what libpq has settings for; where the system knows them."""
    wire: socket.socket = connection._sock  # noqa: SLF001 -- PyMySQL gives no other way to it
    if wire.family == socket.AF_UNIX:
        return
    for name, value in (
        ("TCP_KEEPIDLE", DEAD_SECONDS),
        ("TCP_KEEPINTVL", PROBE_SECONDS),
        ("TCP_KEEPCNT", DEAD_SECONDS // PROBE_SECONDS),
        ("TCP_USER_TIMEOUT", DEAD_SECONDS * 1000),
    ):
        if hasattr(socket, name):
            wire.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def _make_sqlite(url: URL, lock_wait: float, *, durable: bool) -> Engine:
    if url.database not in {None, "", ":memory:"}:
        Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        url,
        # An error's text goes into the log, and the values are people's names.
        hide_parameters=True,
        pool_size=POOL_SIZE,
        # The last one used has the pages that are wanted next.
        pool_use_lifo=True,
        max_overflow=MAX_CONNECTIONS - POOL_SIZE,
        connect_args={"timeout": lock_wait, "check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def set_up(connection: Any, _entry: ConnectionPoolEntry) -> None:
        # The driver would begin transactions by itself, and never as IMMEDIATE.
        connection.isolation_level = None
        for pragma in (
            "journal_mode=WAL",
            f"synchronous={'FULL' if durable else 'NORMAL'}",
            "foreign_keys=ON",
            # What was erased or sealed must not lie on in the file.
            "secure_delete=ON",
            f"busy_timeout={int(lock_wait * 1000)}",
        ):
            connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A DEFERRED transaction that reads first and then writes is refused at once when another
        # one wrote meanwhile, whatever the timeout: writers say so at the start.
        writes = connection.get_execution_options().get("banke_write")
        if writes and WIDE not in connection.info:
            connection.exec_driver_sql(f"PRAGMA cache_size=-{WRITER_CACHE_KIB}")
            connection.info[WIDE] = True
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine
