"""Reading pushes, and wording why one failed for people."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import and_, bindparam, exists, or_, select
from sqlalchemy.orm import Session, aliased

from app import clock
from app.i18n import N_, _
from app.pushes.models import Push
from app.wecom.codes import CODES

# So many changes of one customer go to WeCom in one call at most.
TOGETHER = 200
# A card says for so long that something has failed.
SAID_FOR = timedelta(days=7)
RECENT, RECENT_OF = 8, 100

# Every reason that a push may carry, worded so that it can follow "没有同步到企业微信：".
REASONS: dict[str, str] = {
    "permission": N_("应用缺少权限，需要管理员在企业微信后台处理"),
    "no_relation": N_("企业微信里已没有这段好友关系，或应用看不到该成员"),
    "refused": N_("企业微信拒绝了这次请求"),
    "unreachable": N_("一直连不上企业微信"),
    "gave_up": N_("试了多次都没有成功"),
    "broken": N_("程序出错了，请把这件事告诉管理员"),
    "restored": N_("数据库从备份恢复，之前同步过没有已无从知道"),
}

# Made once: for every card anew, they would cost more than the database does.
_later = aliased(Push)
_UNSETTLED = (
    select(Push)
    .where(
        Push.external_userid == bindparam("external_userid"),
        Push.userid == bindparam("userid"),
        or_(
            Push.outcome.is_(None),
            and_(
                Push.outcome == "failed",
                Push.created_at > bindparam("since", type_=Push.created_at.type),
            ),
        ),
        ~exists().where(
            _later.external_userid == Push.external_userid,
            _later.userid == Push.userid,
            _later.kind == Push.kind,
            _later.subject == Push.subject,
            _later.id > Push.id,
        ),
    )
    .order_by(Push.id.desc())
    .limit(TOGETHER)
)
_older = aliased(Push)
# Pushes of one pair go one after the other: two calls under way at a time could arrive turned
# round, and WeCom would keep the older value. The first one takes along whatever waits behind it.
# What a batch wants holds nobody up before it is under way.
IS_FIRST = and_(
    Push.lane == "pushes",
    ~exists().where(
        _older.external_userid == Push.external_userid,
        _older.userid == Push.userid,
        _older.kind == Push.kind,
        _older.outcome.is_(None),
        _older.id < Push.id,
        or_(_older.lane == "pushes", _older.claimed_by.is_not(None)),
    ),
)
# A batch's waits for whatever a member wants of the same customer, which takes it along.
IS_ALONE = and_(
    Push.lane == "bulk",
    ~exists().where(
        _older.external_userid == Push.external_userid,
        _older.userid == Push.userid,
        _older.kind == Push.kind,
        _older.outcome.is_(None),
        or_(_older.id < Push.id, _older.lane == "pushes"),
    ),
)


def list_together(session: Session, push: Push) -> Sequence[Push]:
    """List what is open of the same kind between these two, oldest first."""
    return session.scalars(
        select(Push)
        .where(
            Push.external_userid == push.external_userid,
            Push.userid == push.userid,
            Push.kind == push.kind,
            Push.outcome.is_(None),
        )
        .order_by(Push.id)
        .limit(TOGETHER)
    ).all()


def find_open(
    session: Session, *, userid: str, external_userid: str, kind: str, subject: str
) -> Push | None:
    """Find the first of what is open of a subject."""
    return session.scalar(
        select(Push)
        .where(
            Push.external_userid == external_userid,
            Push.userid == userid,
            Push.kind == kind,
            Push.subject == subject,
            Push.outcome.is_(None),
        )
        .order_by(Push.id)
        .limit(1)
    )


def list_unsettled(session: Session, userid: str, external_userid: str) -> tuple[Push, ...]:
    """List what is open or has lately failed of this member's changes, newest first.

    Of each subject the last change alone counts.
    """
    asked = {"userid": userid, "external_userid": external_userid}
    return tuple(session.scalars(_UNSETTLED, asked | {"since": clock.utcnow() - SAID_FOR}))


def list_held(
    session: Session, userid: str, external_userid: str, asked_at: datetime
) -> dict[str, set[str]]:
    """List by kind the subjects of which an answer of WeCom's may not know the last change yet.

    That is what is open, and what WeCom was told only after it was asked, at `asked_at`.
    """
    rows = session.execute(
        select(Push.kind, Push.subject)
        .where(
            Push.external_userid == external_userid,
            Push.userid == userid,
            or_(
                Push.outcome.is_(None),
                and_(Push.outcome == "done", Push.ended_at >= asked_at),
            ),
        )
        .order_by(Push.id.desc())
        .limit(TOGETHER)
    )
    held: dict[str, set[str]] = {}
    for kind, subject in rows:
        held.setdefault(kind, set()).add(subject)
    return held


def list_recent_subjects(session: Session, userid: str, kind: str, value: str) -> list[str]:
    """List what this member himself last set to `value`, the last first, each subject once."""
    subjects = session.scalars(
        select(Push.subject)
        .where(
            Push.userid == userid,
            Push.kind == kind,
            Push.value == value,
            Push.batch_id.is_(None),
        )
        .order_by(Push.id.desc())
        .limit(RECENT_OF)
    )
    return list(dict.fromkeys(subjects))[:RECENT]


def newest_of_each(pushes: Iterable[Push]) -> list[Push]:
    """Keep the first that comes of each kind and subject."""
    found: dict[tuple[str, str], Push] = {}
    for push in pushes:
        found.setdefault((push.kind, push.subject), push)
    return list(found.values())


def word_reason(push: Push) -> str:
    """Say why it failed, in a sentence without its full stop; WeCom's number makes it exact."""
    meaning = CODES.get(push.errcode or 0)
    if meaning is None or push.reason not in {"permission", "no_relation", "refused"}:
        return _(REASONS[push.reason]) if push.reason in REASONS else push.reason
    where = _("。请管理员打开：{page}", page=_(meaning.console)) if meaning.console else ""
    return f"{_(meaning.plain)}{where}"


def list_waiting_of_batch(session: Session, batch_id: int, *, limit: int) -> Sequence[Push]:
    """List what WeCom has not begun to be told of a batch's, and hold it."""
    return session.scalars(
        select(Push)
        .where(Push.batch_id == batch_id, Push.outcome.is_(None), Push.claimed_by.is_(None))
        .order_by(Push.id)
        .limit(limit)
        .with_for_update()
    ).all()
