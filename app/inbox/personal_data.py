"""What this room holds about a customer."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func

from app import clock
from app.config import Config
from app.i18n import N_, _
from app.inbox.actions import ERASED
from app.inbox.models import BODY_PURPOSE, InboxEvent
from app.personal import Holding

EVENTS_KEPT = N_("处理完后保留 {days} 天；处理失败的 {failed} 天")


def kept_events(config: Config) -> str:
    """Say how long events stay."""
    kept = config.retention
    return _(EVENTS_KEPT, days=kept.inbox_days, failed=kept.inbox_failed_days)


def _ended() -> Mapping[str, Any]:
    """The row stays: when WeCom sends the same event again, it is known as a repetition."""
    return {
        "external_userid": "",
        "body": None,
        "note": "",
        "fate": ERASED,
        "due_at": None,
        "claimed_by": None,
        "finished_at": func.coalesce(InboxEvent.finished_at, clock.utcnow()),
    }


HOLDINGS = (
    Holding(
        table=InboxEvent,
        title=N_("收到的回调事件"),
        purpose=N_("企业微信通知的变更，处理失败时可以重新处理"),
        find=lambda external_userid: InboxEvent.external_userid == external_userid,
        columns={
            N_("收到时间"): "received_at",
            N_("事件"): lambda _reader, row: f"{row.event}/{row.change_type}".rstrip("/"),
            N_("员工"): lambda reader, row: reader.member(row.userid),
            N_("内容"): lambda reader, row: reader.open(row.body, BODY_PURPOSE),
        },
        clear=_ended,
        kept=kept_events,
    ),
)
