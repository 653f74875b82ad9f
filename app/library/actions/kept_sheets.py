"""Spreadsheets that wait for an admin to agree to what they would change: one an admin."""

from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app import clock
from app.library.models import LibraryImport
from app.materials.actions import clean_name
from app.rows import upsert

KEPT_FOR = timedelta(days=1)


def keep_sheet(session: Session, userid: str, *, filename: str, data: bytes) -> None:
    """Keep a spreadsheet for a day, instead of the one that he handed in before."""
    now = clock.utcnow()
    row = {"userid": userid, "filename": clean_name(filename), "data": data, "made_at": now}
    upsert(session, LibraryImport, [row], key=["userid"], update=["filename", "data", "made_at"])


def find_sheet(session: Session, userid: str) -> LibraryImport | None:
    """Find the spreadsheet that waits for this admin."""
    since = clock.utcnow() - KEPT_FOR
    wanted = select(LibraryImport).where(
        LibraryImport.userid == userid, LibraryImport.made_at >= since
    )
    return session.scalar(wanted)


def forget_sheet(session: Session, userid: str) -> None:
    """Forget the spreadsheet that waits for this admin."""
    session.execute(delete(LibraryImport).where(LibraryImport.userid == userid))
