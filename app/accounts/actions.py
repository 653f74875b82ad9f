"""Giving and taking roles, signing in and out of the admin web."""

import secrets
from datetime import timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from app import clock
from app.accounts.errors import LastOwner, NotOwner
from app.accounts.models import ROLES, AdminRole, AdminSession, LoginLink
from app.accounts.queries import digest_of, find_role
from app.audit.actions import lock_audit, record_audit
from app.db import fit
from app.errors import NotFound
from app.i18n import N_
from app.members.models import Member
from app.members.queries import ACTIVE, canonical_userid, find_member

SESSION_LIFE = timedelta(hours=12)
LINK_LIFE = timedelta(minutes=15)
AGENT_LENGTH = 120


def grant_role(session: Session, userid: str, role: str, *, by: str = "", origin: str = "") -> bool:
    """Give a member a role instead of the one he has; False: he has it.

    Raises:
        NotFound: no such member.
        NotOwner: `by`, "" for the command line, is none now.
        LastOwner: he is the only owner, and would be none.
        ValueError: no such role.
    """
    if role not in ROLES:
        raise ValueError(f"no such role: {role!r}")
    member = find_member(session, userid)
    if member is None:
        raise NotFound(N_("没有这位成员"))
    owners = _lock_roles(session, by)
    row = session.get(AdminRole, member.userid)
    before = row.role if row else ""
    if before == role:
        return False
    if owners == {member.userid}:
        raise LastOwner
    now = clock.utcnow()
    if row is None:
        row = AdminRole(userid=member.userid, role=role, granted_at=now, granted_by=by)
        session.add(row)
    row.role, row.granted_at, row.granted_by = role, now, by
    _record(session, "admin_role_granted", by, member.userid, origin, before=before, after=role)
    return True


def revoke_role(session: Session, userid: str, *, by: str = "", origin: str = "") -> None:
    """Take a member's role and end his sessions; a login link of his is good no more.

    Raises:
        NotFound: he has none.
        NotOwner, LastOwner: as `grant_role`.
    """
    userid = canonical_userid(session, userid)
    owners = _lock_roles(session, by)
    row = session.get(AdminRole, userid)
    if row is None:
        raise NotFound(N_("这位成员没有后台角色"))
    if owners == {userid}:
        raise LastOwner
    _record(session, "admin_role_revoked", by, userid, origin, before=row.role, after="")
    session.delete(row)
    close_sessions(session, userid)
    session.execute(delete(LoginLink).where(LoginLink.userid == userid))


def open_session(session: Session, member: Member, *, origin: str, agent: str, way: str) -> str:
    """Sign a member in and return the token, which is written down nowhere. `way`: wecom or link.

    Raises:
        NotFound: he has no role.
    """
    # First of all, as whoever takes a role does: MariaDB would have the two wait for each other.
    lock_audit(session)
    if find_role(session, member.userid) is None:
        raise NotFound(N_("这位成员没有后台角色"))
    now, token = clock.utcnow(), secrets.token_urlsafe(32)
    session.execute(delete(AdminSession).where(AdminSession.ends_at <= now))
    session.add(
        AdminSession(
            digest=digest_of(token),
            userid=member.userid,
            stay=member.stay,
            begun_at=now,
            seen_at=now,
            ends_at=now + SESSION_LIFE,
            proved_at=now,
            origin=origin,
            agent=fit(agent, AGENT_LENGTH),
        )
    )
    _record(session, "admin_signed_in", member.userid, member.userid, origin, way=way)
    return token


def note_seen(session: Session, digest: str) -> None:
    """Note that a session is used."""
    session.execute(
        update(AdminSession).where(AdminSession.digest == digest).values(seen_at=clock.utcnow())
    )


def close_session(session: Session, userid: str, digest: str) -> None:
    """End one of a member's sessions; one that is none of his stays."""
    session.execute(
        delete(AdminSession).where(AdminSession.userid == userid, AdminSession.digest == digest)
    )


def close_sessions(session: Session, userid: str, *, but: str = "") -> int:
    """End all of a member's sessions but one, and return how many."""
    ended = session.scalar(
        select(func.count())
        .select_from(AdminSession)
        .where(AdminSession.userid == userid, AdminSession.digest != but)
    )
    session.execute(
        delete(AdminSession).where(AdminSession.userid == userid, AdminSession.digest != but)
    )
    return ended or 0


def end_all_sessions(session: Session) -> None:
    """Sign everybody out, and have no login link work any more."""
    session.execute(delete(AdminSession))
    session.execute(delete(LoginLink))


def make_login_link(session: Session, userid: str) -> str:
    """Make a token that signs a member in once, within a quarter of an hour.

    Raises:
        NotFound: he has no role.
    """
    userid = canonical_userid(session, userid)
    lock_audit(session)
    if find_role(session, userid) is None:
        raise NotFound(N_("这位成员没有后台角色"))
    now, token = clock.utcnow(), secrets.token_urlsafe(32)
    session.execute(delete(LoginLink).where(LoginLink.ends_at <= now))
    session.add(
        LoginLink(digest=digest_of(token), userid=userid, made_at=now, ends_at=now + LINK_LIFE)
    )
    _record(session, "admin_link_made", "", userid, "")
    return token


def use_login_link(session: Session, token: str) -> str | None:
    """Spend a login link and return whose it was; None: unknown, used or over."""
    digest = digest_of(token)
    link = session.scalar(select(LoginLink).where(LoginLink.digest == digest).with_for_update())
    if link is None:
        return None
    session.delete(link)
    return link.userid if link.ends_at > clock.utcnow() else None


def _lock_roles(session: Session, by: str) -> set[str]:
    """Have no other change of roles come between, and return the owners who could sign in.

    Raises: NotOwner: somebody took the role of whoever does this while his request was on its way.
    """
    # Locks on their rows would not do: one that is only being given is not there to be locked.
    lock_audit(session)
    owners = (
        select(AdminRole.userid)
        .join(Member, Member.userid == AdminRole.userid)
        .where(AdminRole.role == "owner", Member.status == ACTIVE, Member.removed_at.is_(None))
    )
    found = set(session.scalars(owners))
    if by and by not in found:
        raise NotOwner
    return found


def _record(
    session: Session, action: str, by: str, userid: str, origin: str, **detail: str
) -> None:
    record_audit(
        session,
        userid=by,
        action=action,
        origin=origin,
        detail={"member": userid, **detail},
    )
