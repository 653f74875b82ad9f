"""Checks of what has really come and gone lately: whether events arrive, and who greets."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app import clock
from app.deliveries.queries import count_outcomes, list_most_often
from app.doctor.address import RECEIVE_PAGE
from app.doctor.exam import Exam, Finding, good, left, note
from app.i18n import N_, _
from app.inbox.queries import last_received
from app.members.queries import list_names
from app.words import clean

WELCOME_PAGE = N_("管理后台 → 客户与上下游 → 客户联系 → 欢迎语：核对是否给这些成员设置了欢迎语")
WITHOUT_CODE = "no_code_console"
LATELY = timedelta(days=7)
# A few adds without a code are people who began to chat at once.
FEW, SHARE = 5, 0.5
NAMED = 3


def check_events(exam: Exam) -> Iterator[Finding]:
    """See whether WeCom has ever told us of a customer: a box of the console has to be ticked."""
    known = exam.read(lambda session: (last_received(session, "change_external_contact"),))
    if known is None:
        yield left()
        return
    (at,) = known
    if at is None:
        words = _("还没有收到过客户变更事件：请确认已打开“外部联系人变更回调”，再加一位客户试试")
        yield note(words, console=_(RECEIVE_PAGE))
        return
    zone = exam.config.server.zone
    yield good(_("最近一次客户变更在 {at}", at=f"{at.astimezone(zone):%Y-%m-%d %H:%M}"))


def check_greeting(exam: Exam) -> Iterator[Finding]:
    """See whether WeCom's own welcome (欢迎语) seems to greet instead: it then gives us no code."""
    since = clock.utcnow() - LATELY
    counts = exam.read(lambda session: count_outcomes(session, kind="welcome", since=since))
    if counts is None:
        yield left()
        return
    total = sum(counts.values())
    count = sum(n for (_outcome, reason), n in counts.items() if reason == WITHOUT_CODE)
    if not total:
        yield good(_("最近 7 天没有人添加客户"))
    elif count < FEW or count < total * SHARE:
        words = _("最近 7 天的 {total} 次添加里，{count} 次没有凭证", total=total, count=count)
        yield good(words)
    else:
        names = exam.read(lambda session: _name_members(session, since)) or []
        words = _(
            "最近 7 天的 {total} 次添加里，{count} 次没有凭证（多为 {who}）："
            "很可能企业微信后台的欢迎语先发了，伴客的就不会发送",
            total=total,
            count=count,
            who=_("、").join(names),
        )
        yield note(words, console=_(WELCOME_PAGE))


def _name_members(session: Session, since: datetime) -> list[str]:
    """Name those with whom it happened most: the console sets welcomes for members."""
    userids = list_most_often(
        session, kind="welcome", reason=WITHOUT_CODE, since=since, limit=NAMED
    )
    names = list_names(session, userids)
    return [clean(names.get(userid, userid)) for userid in userids]
