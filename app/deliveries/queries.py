"""Reading deliveries, and wording how one ended for people."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session, defer
from sqlalchemy.sql import ColumnElement

from app.deliveries.models import Delivery
from app.i18n import N_, _
from app.wecom.codes import CODES

# Every reason that a delivery may carry, worded so that it can follow "未发送：".
REASONS: dict[str, str] = {
    # No welcome was due.
    "no_code_console": N_("企业微信后台已配置欢迎语，或双方已开始聊天"),
    "no_code_other_corp": N_("对方是其他企业的企业微信用户，企业微信不提供欢迎语"),
    "no_code_chatting": N_("双方早已开始聊天，或早已发过欢迎语"),
    "paused": N_("欢迎语已暂停"),
    "no_script": N_("没有适用的欢迎语脚本"),
    "already_greeted": N_("客户已经收到过欢迎语，或双方已开始聊天"),
    "stale_event": N_("事件送到时已经过时"),
    "returning_none": N_("脚本设置为不再问候重新添加的客户"),
    "nothing_to_send": N_("脚本没有文字，附件又都不能发送"),
    # It did not arrive in time.
    "expired": N_("已超过添加好友后的 20 秒"),
    "missed": N_("没有赶上添加好友后的 20 秒"),
    "unreachable": N_("在 20 秒内一直连不上企业微信"),
    "wecom_busy": N_("企业微信系统繁忙，试了几次都没有成功"),
    "rate_limited": N_("调用企业微信的次数到了上限"),
    "being_sent": N_("另一个应用一直在给该客户发送欢迎语"),
    "unanswered": N_("企业微信没有及时回答"),
    "restored": N_("数据库从备份恢复，之前发过没有已无从知道，不再发送"),
    "lately_restored": N_("数据库刚从备份恢复，恢复之前可能已向他发过欢迎语，不再发送"),
    # WeCom refused.
    "permission": N_("应用缺少权限，需要管理员在企业微信后台处理"),
    "no_relation": N_("企业微信里已没有这段好友关系，或应用看不到该成员"),
    "text_too_long": N_("文字超过 4000 字节"),
    "refused": N_("企业微信拒绝了这次请求"),
    # It was sent, with something missing.
    "attachments_dropped": N_("部分附件没有发出"),
    # Messages to members.
    "receiver_gone": N_("接收人已不在企业里，或应用看不到他"),
    "returned": N_("客户已经回来"),
    "nothing_lost": N_("接收人那里没有流失了"),
    "reminder_over": N_("提醒已完成、取消或改了时间"),
    "reassigned": N_("已改由别人处理"),
    "no_longer_seen": N_("接收人已不能查看这位客户"),
    "handed_on": N_("接收人已不在岗，改由负责人接收"),
    "member_back": N_("员工已经回来"),
    "nobody_waits": N_("没有客户待交接了"),
    "digest": N_("以汇总消息发出"),
    "in_digest": N_("已并入汇总消息"),
    "gave_up": N_("试了多次都没有成功"),
    "broken": N_("消息无法生成，请查看日志"),
}

# Each outcome, in a word; an open one is "".
OUTCOMES: dict[str, str] = {
    "sent": N_("已送达"),
    "skipped": N_("不用发送"),
    "missed": N_("没有赶上"),
    "failed": N_("发送失败"),
    "cancelled": N_("已取消"),
    "unknown": N_("不能确定"),
    "": N_("还没有结果"),
}
OPEN = "open"

# What each kind of message to a member is called.
MESSAGES = {
    "loss": N_("客户流失提醒"),
    "mass_loss": N_("集中流失提醒"),
    "daily_losses": N_("每日流失汇总"),
    "win_back": N_("客户挽回提醒"),
    "welcome_missed": N_("手动问候提醒"),
    "transfer_failed": N_("转接失败提醒"),
    "reminder": N_("跟进提醒"),
    "leaver": N_("员工离岗提醒"),
}


PAGE = 50
Place = tuple[datetime, int]


@dataclass(frozen=True, kw_only=True)
class DeliveryFilter:
    """Which deliveries are wanted; what is empty does not choose. `outcome` "open": not ended.

    `since` and `until` are about the time from which one was wanted.
    """

    kind: str = ""
    outcome: str = ""
    reason: str = ""
    userid: str = ""
    external_userid: str = ""
    state: str = ""
    since: datetime | None = None
    until: datetime | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """Say it in SQL."""
        wanted = [
            getattr(Delivery, name) == getattr(self, name)
            for name in ("kind", "reason", "userid", "external_userid", "state")
            if getattr(self, name)
        ]
        if self.outcome:
            outcome = Delivery.outcome
            is_open = self.outcome == OPEN
            wanted.append(outcome.is_(None) if is_open else outcome == self.outcome)
        if self.since:
            wanted.append(Delivery.wanted_at >= self.since)
        if self.until:
            wanted.append(Delivery.wanted_at < self.until)
        return wanted


@dataclass(frozen=True)
class Timing:
    """How long welcomes took from the callback to WeCom's acceptance, in milliseconds."""

    count: int
    median_ms: int
    p95_ms: int


def word_reason(reason: str, *, errcode: int | None = None) -> str:
    """Say why, in a sentence without its full stop; WeCom's number makes it more exact."""
    words = _(REASONS[reason]) if reason in REASONS else reason
    if errcode is None:
        return words
    meaning = CODES.get(errcode)
    if meaning is None:
        return _("{words}（错误码 {errcode}）", words=words, errcode=errcode)
    if reason not in {"permission", "refused", "no_relation"}:
        return words
    where = _("。请打开：{page}", page=_(meaning.console)) if meaning.console else ""
    return f"{_(meaning.plain)}{where}"


def word_outcome(delivery: Delivery) -> str:
    """Say how it ended: "0.4 秒送达", "未发送：欢迎语已暂停"."""
    errcode = delivery.detail.get("errcode")
    why = word_reason(delivery.reason, errcode=errcode) if delivery.reason else ""
    if delivery.outcome is None:
        return _("正在发送")
    if delivery.outcome == "sent":
        return _sent(delivery, why)
    said = {
        "cancelled": _("已取消"),
        "unknown": _("不能确定是否送达"),
    }.get(delivery.outcome, _("未发送"))
    return _("{said}：{why}", said=said, why=why) if why else said


def word_delivery(delivery: Delivery, recipient: str) -> str:
    """Say in one line what became of it: "欢迎语 0.4 秒送达". `recipient`: the member's name."""
    said = word_outcome(delivery)
    if delivery.kind == "welcome":
        return _word_welcome(delivery, said)
    what = _(MESSAGES.get(delivery.kind, N_("消息")))
    if delivery.outcome == "sent":
        return _("已向 {member} 发送{what}", member=recipient, what=what)
    return _("给 {member} 的{what}：{said}", member=recipient, what=what, said=said)


def find_latest(
    session: Session, *, kind: str, userid: str, external_userid: str
) -> Delivery | None:
    """Find the newest delivery of a kind between these two."""
    return session.scalar(
        select(Delivery)
        .where(
            Delivery.external_userid == external_userid,
            Delivery.kind == kind,
            Delivery.userid == userid,
        )
        .order_by(Delivery.id.desc())
        .limit(1)
        .execution_options(populate_existing=True)
    )


def list_welcomes(
    session: Session, external_userid: str, userids: Sequence[str], *, limit: int = 200
) -> dict[str, Delivery]:
    """Return the newest welcome that a customer got, or did not, from each of these members."""
    rows = session.scalars(
        select(Delivery)
        .options(defer(Delivery.payload))
        .where(
            Delivery.external_userid == external_userid,
            Delivery.kind == "welcome",
            Delivery.userid.in_(userids),
        )
        .order_by(Delivery.id.desc())
        .limit(limit)
    )
    found: dict[str, Delivery] = {}
    for delivery in rows:
        found.setdefault(delivery.userid, delivery)
    return found


def list_of_customer(session: Session, external_userid: str, *, limit: int = 50) -> list[Delivery]:
    """List what was sent because of a customer, newest first."""
    wanted = (
        select(Delivery)
        .where(Delivery.external_userid == external_userid)
        .order_by(Delivery.id.desc())
        .limit(limit)
    )
    return list(session.scalars(wanted))


def list_deliveries(
    session: Session,
    wanted: DeliveryFilter,
    scope: ColumnElement[bool],
    *,
    before: Place | None = None,
    limit: int = PAGE,
) -> tuple[list[Delivery], bool]:
    """List a page of deliveries within `scope`, newest first; and whether more follow.

    From below the place `before`, which is (wanted_at, id). Payloads stay where they are.
    """
    conditions = [*wanted.conditions(), scope]
    if before:
        at, last = before
        same = and_(Delivery.wanted_at == at, Delivery.id < last)
        # The first says to every database where in the index to begin.
        conditions += [Delivery.wanted_at <= at, or_(Delivery.wanted_at < at, same)]
    rows = session.scalars(
        select(Delivery)
        .options(defer(Delivery.payload))
        .where(*conditions)
        .order_by(Delivery.wanted_at.desc(), Delivery.id.desc())
        .limit(limit + 1)
    ).all()
    return list(rows[:limit]), len(rows) > limit


def walk_deliveries(
    session: Session, wanted: DeliveryFilter, scope: ColumnElement[bool], *, most: int, step: int
) -> Iterator[list[Delivery]]:
    """Walk through up to `most` deliveries, newest first, `step` at a time."""
    before, more = None, True
    while more and most > 0:
        limit = min(step, most)
        rows, more = list_deliveries(session, wanted, scope, before=before, limit=limit)
        if rows:
            yield rows
            before, most = (rows[-1].wanted_at, rows[-1].id), most - len(rows)
        session.expunge_all()


def count_ends(
    session: Session, wanted: DeliveryFilter, scope: ColumnElement[bool]
) -> list[tuple[str, str, int]]:
    """Count deliveries by outcome and reason, the most frequent first; an open one has ""."""
    count = func.count()
    rows = session.execute(
        select(Delivery.outcome, Delivery.reason, count)
        .where(*wanted.conditions(), scope)
        .group_by(Delivery.outcome, Delivery.reason)
        .order_by(count.desc())
    )
    return [(outcome or "", reason, number) for outcome, reason, number in rows]


def measure_welcomes(
    session: Session, wanted: DeliveryFilter, scope: ColumnElement[bool]
) -> Timing | None:
    """Measure the welcomes among the wanted that arrived; None: there is none.

    Counted by the millisecond: one way on three databases, and there are only so many of them.
    """
    # Not as a column that has an index: most are welcomes, and the times choose far better.
    is_welcome = func.coalesce(Delivery.kind, "") == "welcome"
    rows = session.execute(
        select(Delivery.took_ms, func.count())
        .where(*wanted.conditions(), scope)
        .where(is_welcome, Delivery.outcome == "sent", Delivery.took_ms.is_not(None))
        .group_by(Delivery.took_ms)
        .order_by(Delivery.took_ms)
    ).all()
    total = sum(count for _ms, count in rows)
    if not total:
        return None
    steps = [(ms, count) for ms, count in rows if ms is not None]
    return Timing(total, _at_share(steps, total * 0.5), _at_share(steps, total * 0.95))


def count_waiting(session: Session, *, until: datetime) -> int:
    """Count the messages to members that are wanted by then and not ended yet."""
    waiting = select(func.count()).where(Delivery.due_at.is_not(None), Delivery.wanted_at <= until)
    return session.scalar(waiting) or 0


def count_outcomes(session: Session, *, kind: str, since: datetime) -> dict[tuple[str, str], int]:
    """Count deliveries of a kind by (outcome, reason); the outcome of an open one is ""."""
    rows = session.execute(
        select(Delivery.outcome, Delivery.reason, func.count())
        .where(Delivery.kind == kind, Delivery.created_at >= since)
        .group_by(Delivery.outcome, Delivery.reason)
    )
    return {(outcome or "", reason): count for outcome, reason, count in rows}


def list_most_often(
    session: Session, *, kind: str, reason: str, since: datetime, limit: int
) -> Sequence[str]:
    """List the members at whom deliveries ended for this reason most often."""
    return session.scalars(
        select(Delivery.userid)
        .where(Delivery.kind == kind, Delivery.created_at >= since, Delivery.reason == reason)
        .group_by(Delivery.userid)
        .order_by(func.count().desc(), Delivery.userid)
        .limit(limit)
    ).all()


def _at_share(steps: Sequence[tuple[int, int]], rank: float) -> int:
    """Return the milliseconds that so many took at most."""
    seen = 0
    for ms, count in steps:
        seen += count
        if seen >= rank:
            return ms
    return steps[-1][0]


def _word_welcome(delivery: Delivery, said: str) -> str:
    if delivery.outcome == "sent":
        return _("欢迎语 {said}", said=said)
    if delivery.outcome in {"failed", "missed", "skipped"} and delivery.reason:
        why = word_reason(delivery.reason, errcode=delivery.detail.get("errcode"))
        return _("未发送欢迎语：{why}", why=why)
    return _("欢迎语：{said}", said=said)


def _sent(delivery: Delivery, why: str) -> str:
    if delivery.detail.get("certain") is False:
        return _("已送达（企业微信没有及时回答，从再次发送时的回答得知）")
    if delivery.took_ms is None:
        said = _("已送达")
    else:
        # "0.0 秒" would read as a fault.
        said = _("{seconds} 秒送达", seconds=f"{max(0.1, delivery.took_ms / 1000):.1f}")
    return _("{said}（{why}）", said=said, why=why) if why else said
