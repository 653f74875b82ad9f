"""What a room holds about a person: how his rows are found, read to him and erased.

Every room that holds something lists its holdings in `personal_data.py`; `app.privacy.board` lists
the rooms. A table of a room is added to both with one `Holding`.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

from sqlalchemy import CursorResult, delete, func, inspect, literal, select, tuple_, update
from sqlalchemy.orm import Session
from sqlalchemy.sql import ColumnElement

from app.config import Config
from app.db import Base
from app.i18n import N_, _
from app.seal import SealBroken, Sealer
from app.words import clean

CHUNK = 200
WITH_CUSTOMER = N_("保留到抹除这位客户")


@dataclass
class Reader:
    """Who reads a person's rows, and in whose words.

    `find_name` gives a member's name. `kept`: what a room looks up once and uses for many rows.
    """

    session: Session
    sealer: Sealer
    zone: ZoneInfo
    find_name: Callable[[str], str]
    kept: dict[str, Any] = field(default_factory=dict)

    def member(self, userid: str) -> str:
        """Name a member as `name（userid）`; "" stays ""."""
        name = self.find_name(userid) if userid else ""
        return _("{name}（{id}）", name=name, id=userid) if name else userid

    def once(self, key: str, load: Callable[[Session], Any]) -> Any:
        """Return what `load` gives, which is asked once."""
        if key not in self.kept:
            self.kept[key] = load(self.session)
        return self.kept[key]

    def open(self, box: bytes | None, purpose: str) -> str:
        """Return what is sealed in a box; "" for none, or one of another key."""
        try:
            return self.sealer.open(box, purpose=purpose).decode(errors="replace") if box else ""
        except SealBroken:
            return ""

    def word(self, value: object) -> str:
        """Say a value as it is read: times in the corp's zone, lists with commas."""
        if value is None:
            return ""
        if isinstance(value, bool):
            return _("是") if value else _("否")
        if isinstance(value, datetime):
            return f"{value.astimezone(self.zone):%Y-%m-%d %H:%M:%S}"
        if isinstance(value, date):
            return value.isoformat()
        if isinstance(value, (list, tuple)):
            return _("、").join(self.word(one) for one in value)
        return "\n".join(clean(line) for line in str(value).splitlines())


# Says what a reader gets of a row under one heading.
Say = Callable[[Reader, Any], object]


def kept_for(key: str, words: str) -> Callable[[Config], str]:
    """Say that something stays for the days of this key of `[retention]`, in these N_(…) words.

    They hold `{days}`; 0 days: it stays with the customer.
    """

    def kept(config: Config) -> str:
        days = getattr(config.retention, key)
        return _(words, days=days) if days else _(WITH_CUSTOMER)

    return kept


@dataclass(frozen=True, kw_only=True)
class Holding:
    """Rows of one table that are about a person.

    `title` and `purpose` are N_(…) texts: what it is, and what for. `find`: the test of the rows
    that are his, by his external_userid; `picks`: what SQL cannot tell about such a row. `columns`:
    the headings under which a reader gets a row, N_(…) texts, each a column's name or what says it.

    Erasing deletes the rows; with `clear` or `scrub` they stay, for they are not about him alone,
    and what is his is taken out of them: by the values that columns get, or by what is done to a
    row. `kept`: how long it stays by itself.
    """

    table: type[Base]
    title: str
    purpose: str
    find: Callable[[str], ColumnElement[bool]]
    columns: Mapping[str, str | Say]
    picks: Callable[[Reader, Any, str], bool] | None = None
    clear: Callable[[], Mapping[str, Any]] | None = None
    scrub: Callable[[Session, Any], None] | None = None
    kept: Callable[[Config], str] = lambda _config: _(WITH_CUSTOMER)

    @property
    def is_cleared(self) -> bool:
        """Whether erasing takes what is his out of rows that stay."""
        return self.clear is not None or self.scrub is not None

    def read(self, reader: Reader, external_userid: str) -> Iterator[Any]:
        """Read a person's rows, oldest first, a few at a time."""
        for row in self._pages(reader.session, external_userid):
            if self.picks is None or self.picks(reader, row, external_userid):
                yield row

    def tell(self, reader: Reader, row: Any) -> dict[str, str]:
        """Say a row under its headings; a heading with nothing below it is left out."""
        said = {
            heading: reader.word(getattr(row, say) if isinstance(say, str) else say(reader, row))
            for heading, say in self.columns.items()
        }
        return {heading: text for heading, text in said.items() if text}

    def count(self, reader: Reader, external_userid: str) -> int:
        """Count a person's rows."""
        if self.picks is not None:
            return sum(1 for _row in self.read(reader, external_userid))
        wanted = select(func.count()).select_from(self.table).where(self.find(external_userid))
        return reader.session.scalar(wanted) or 0

    def erase(self, reader: Reader, external_userid: str) -> int:
        """Erase what is a person's; return of how many rows."""
        session, his = reader.session, self.find(external_userid)
        if self.scrub is not None or self.picks is not None:
            return self._scrub_rows(reader, external_userid)
        change = (
            delete(self.table) if self.clear is None else update(self.table).values(self.clear())
        )
        done = session.execute(change.where(his).execution_options(synchronize_session=False))
        return cast("CursorResult[Any]", done).rowcount

    def _scrub_rows(self, reader: Reader, external_userid: str) -> int:
        session, count = reader.session, 0
        # All of them first: what is changed may no longer be found.
        for row in list(self.read(reader, external_userid)):
            if self.scrub is None:
                session.delete(row)
            else:
                self.scrub(session, row)
            count += 1
        session.flush()
        return count

    def _pages(self, session: Session, external_userid: str) -> Iterator[Any]:
        # Page by page and not as a stream: whoever words a row asks for more on the same
        # connection, and on MariaDB what had not been read of a stream by then would be lost.
        key = inspect(self.table).primary_key
        rows = select(self.table).where(self.find(external_userid)).order_by(*key).limit(CHUNK)
        page = session.scalars(rows).all()
        while page:
            yield from page
            if len(page) < CHUNK:
                return
            last = [
                literal(value, column.type)
                for column, value in zip(key, inspect(page[-1]).identity or (), strict=True)
            ]
            page = session.scalars(rows.where(tuple_(*key) > tuple_(*last))).all()
