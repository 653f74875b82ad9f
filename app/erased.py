"""Who was erased (已抹除): tombstones, which tell of an id that it is one of them, and no more.

A tombstone is made of the external_userid under the server's key, which does not lie in the
database. Whoever writes down somebody new asks here first, so that no late event, look at WeCom or
sync brings one of them back.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from hashlib import sha256

from sqlalchemy import func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from app import clock
from app.db import SEALER, Base, WireId
from app.errors import BankeError
from app.rows import among

PURPOSE = "privacy.erased"
FEW = 20


class ErasedPerson(Base):
    """A tombstone: somebody was erased, when and by whom. `digest`: all that is left of his id."""

    __tablename__ = "erased_people"

    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(WireId(64), unique=True)
    erased_at: Mapped[datetime]
    erased_by: Mapped[str] = mapped_column(WireId())


class Erased(BankeError):
    """What was to be written is about somebody who was erased."""


def record_erased(session: Session, external_userid: str, *, by: str) -> None:
    """Set up a tombstone."""
    digest = _digest_of(session, external_userid)
    session.add(ErasedPerson(digest=digest, erased_at=clock.utcnow(), erased_by=by))
    session.flush()


def is_erased(session: Session, external_userid: str) -> bool:
    """Tell whether he was erased."""
    return bool(find_erased(session, [external_userid]))


def find_erased(session: Session, ids: Iterable[str]) -> set[str]:
    """Return those of these ids whose bearers were erased."""
    ids = [one for one in ids if one]
    # A digest for each of very many takes longer than to see that there is no tombstone at all.
    if not ids or (len(ids) > FEW and session.scalar(select(ErasedPerson.id).limit(1)) is None):
        return set()
    digests = {_digest_of(session, one): one for one in ids}
    found = session.scalars(
        select(ErasedPerson.digest).where(among(session, ErasedPerson.digest, digests))
    )
    return {digests[digest] for digest in found}


def list_erased(session: Session, *, before: int = 0, limit: int = 50) -> Sequence[ErasedPerson]:
    """List tombstones, newest first, from below the id `before`."""
    rows = select(ErasedPerson).order_by(ErasedPerson.id.desc()).limit(limit)
    return session.scalars(rows.where(ErasedPerson.id < before) if before else rows).all()


def count_erased(session: Session) -> int:
    """Return how many there are."""
    return session.scalar(select(func.count()).select_from(ErasedPerson)) or 0


def _digest_of(session: Session, external_userid: str) -> str:
    """Without a key (a session that belongs to no runtime) it is a plain check sum."""
    sealer = session.info.get(SEALER)
    if sealer is None:
        return sha256(f"{PURPOSE}\0{external_userid}".encode()).hexdigest()
    return str(sealer.fingerprint(external_userid, purpose=PURPOSE))
