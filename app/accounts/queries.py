"""Reading roles and sessions of the admin web."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.accounts.models import AdminRole, AdminSession
from app.members.models import Member
from app.members.queries import ACTIVE

MOST_ROLES, MOST_SESSIONS = 200, 50
# A session's use is noted so often at most.
SEEN_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class RoleRow:
    """A member with a role. `is_here`: he could sign in today."""

    userid: str
    name: str
    role: str
    granted_at: datetime
    granted_by: str
    is_here: bool


@dataclass(frozen=True)
class SignedIn:
    """Who is signed in with a token, and as what."""

    userid: str
    name: str
    role: str
    session: AdminSession

    @property
    def is_seldom_seen(self) -> bool:
        """Whether it is time to note that the session is used."""
        return self.session.seen_at < clock.utcnow() - SEEN_EVERY


def digest_of(token: str) -> str:
    """Return what stands for a token where the token itself may not lie."""
    return sha256(token.encode()).hexdigest()


def find_role(session: Session, userid: str) -> str | None:
    """Find a member's role."""
    return session.scalar(select(AdminRole.role).where(AdminRole.userid == userid))


def find_signed_in(session: Session, token: str) -> SignedIn | None:
    """Find who has this token; None too for one who has left, or whose role was taken."""
    row = session.execute(
        select(AdminSession, AdminRole.role, Member.name)
        .join(Member, Member.userid == AdminSession.userid)
        .join(AdminRole, AdminRole.userid == AdminSession.userid)
        .where(
            AdminSession.digest == digest_of(token),
            AdminSession.ends_at > clock.utcnow(),
            AdminSession.stay == Member.stay,
            Member.status == ACTIVE,
            Member.removed_at.is_(None),
        )
    ).one_or_none()
    return row and SignedIn(row.AdminSession.userid, row.name, row.role, row.AdminSession)


def list_roles(session: Session) -> list[RoleRow]:
    """List who has a role: owners first, then by name."""
    rows = session.execute(
        select(AdminRole, Member.name, Member.status, Member.removed_at)
        .join(Member, Member.userid == AdminRole.userid)
        .order_by(AdminRole.granted_at, AdminRole.userid)
        .limit(MOST_ROLES)
    )
    return [
        RoleRow(
            userid=row.AdminRole.userid,
            name=row.name,
            role=row.AdminRole.role,
            granted_at=row.AdminRole.granted_at,
            granted_by=row.AdminRole.granted_by,
            is_here=row.status == ACTIVE and row.removed_at is None,
        )
        for row in rows
    ]


def list_sessions(session: Session, userid: str) -> Sequence[AdminSession]:
    """List where a member is signed in, latest use first."""
    return session.scalars(
        select(AdminSession)
        .where(AdminSession.userid == userid, AdminSession.ends_at > clock.utcnow())
        .order_by(AdminSession.seen_at.desc())
        .limit(MOST_SESSIONS)
    ).all()
