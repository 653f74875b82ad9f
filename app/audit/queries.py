"""Reading the audit log, and whether it is whole."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.audit.models import ACTION_LENGTH, AuditEntry, AuditHead
from app.db import SEALER

CHAIN, SUBJECT, CLEARED = "audit.chain", "audit.subject", "audit.cleared"
PAGE = 50
CHUNK = 1000


@dataclass(frozen=True)
class AuditFilter:
    """Which entries are wanted; "" of a kind: all."""

    userid: str = ""
    action: str = ""
    external_userid: str = ""


@dataclass(frozen=True)
class Verdict:
    """How far the chain fits. `broken_at`: the first entry that does not; None: all `checked` do.

    `is_cut`: the last entries were taken out.
    """

    checked: int
    broken_at: int | None = None
    is_cut: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether nothing was changed or taken out."""
        return self.broken_at is None and not self.is_cut


def digest_of(session: Session, entry: AuditEntry, before: str) -> str:
    """Return the digest of an entry that follows the one with the digest `before`.

    It is made under the server's key, which does not lie in the database: who can write there alone
    can make no chain that fits. Without a key (a session that belongs to no runtime) it is a plain
    check sum.
    """
    told = [
        before,
        entry.at.isoformat(timespec="microseconds"),
        entry.userid,
        entry.action,
        entry.subject,
        entry.detail,
        entry.origin,
    ]
    return _keyed(session, json.dumps(told, sort_keys=True, separators=(",", ":")), CHAIN)


def subject_of(session: Session, external_userid: str, before: str) -> str:
    """Return what stands for a customer in the entry after the one with the digest `before`.

    It is another one in every entry, so that an erased customer's do not belong together any more.
    """
    return _keyed(session, f"{before}\0{external_userid}", SUBJECT) if external_userid else ""


def clearing_of(session: Session, entry: AuditEntry) -> str:
    """Return what an entry holds from which its customer was erased."""
    return _keyed(session, entry.digest, CLEARED)


def _keyed(session: Session, text: str, purpose: str) -> str:
    sealer = session.info.get(SEALER)
    if sealer is None:
        return sha256(f"{purpose}\0{text}".encode()).hexdigest()
    return str(sealer.fingerprint(text, purpose=purpose))


def _fits(session: Session, entry: AuditEntry, before: str) -> bool:
    if entry.digest != digest_of(session, entry, before):
        return False
    if entry.subject and not entry.external_userid:
        return entry.cleared == clearing_of(session, entry)
    return entry.subject == subject_of(session, entry.external_userid, before)


def list_audit(
    session: Session, wanted: AuditFilter, *, before: int = 0
) -> tuple[Sequence[AuditEntry], bool]:
    """List a page of entries, newest first, from below the id `before`; and whether more follow."""
    conditions = [
        getattr(AuditEntry, name) == value for name, value in vars(wanted).items() if value
    ]
    if len(wanted.action) > ACTION_LENGTH:
        return [], False
    if before:
        conditions.append(AuditEntry.id < before)
    rows = session.scalars(
        select(AuditEntry).where(*conditions).order_by(AuditEntry.id.desc()).limit(PAGE + 1)
    ).all()
    return rows[:PAGE], len(rows) > PAGE


def count_deeds(session: Session, *, userid: str, action: str, since: datetime) -> int:
    """Count how often somebody did this since then."""
    deeds = select(func.count()).where(
        AuditEntry.userid == userid, AuditEntry.action == action, AuditEntry.at >= since
    )
    return session.scalar(deeds) or 0


def list_actions(session: Session) -> Sequence[str]:
    """List what has been done so far, by its names."""
    return session.scalars(select(AuditEntry.action).distinct().order_by(AuditEntry.action)).all()


def verify_chain(session: Session) -> Verdict:
    """Read the whole log, from its first entry with a digest on."""
    # Before the entries: what is written while they are read is none that was taken out.
    head = get_head(session)
    before, last, checked, is_cut = "", 0, 0, head != ""
    while True:
        rows = session.scalars(
            select(AuditEntry)
            .where(AuditEntry.id > last, *([] if last else [AuditEntry.digest != ""]))
            .order_by(AuditEntry.id)
            .limit(CHUNK)
        ).all()
        for row in rows:
            if not _fits(session, row, before):
                return Verdict(checked, broken_at=row.id)
            before, last, checked = row.digest, row.id, checked + 1
            is_cut = is_cut and row.digest != head
        session.expunge_all()
        if len(rows) < CHUNK:
            break
    return Verdict(checked, is_cut=is_cut)


def get_head(session: Session) -> str:
    """Return the digest of the last entry; "" while there is none."""
    return session.scalars(select(AuditHead.digest)).one()
