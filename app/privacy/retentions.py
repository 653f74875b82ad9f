"""The board of retentions: every kind of data, how long it stays and why. Each has its own job.

The rows of a kind that stay without end are counted all the same, for the page 隐私.
"""

from sqlalchemy import exists, func, select

from app.accounts.models import AdminSession, LoginLink
from app.audit.models import AuditEntry
from app.batches.actions import delete_ended
from app.batches.models import Batch
from app.churn.models import Loss
from app.customers.models import Customer, Draft, FollowUp, FollowUser, Reminder, TimelineEntry
from app.deliveries.models import Delivery
from app.erased import ErasedPerson
from app.i18n import N_
from app.inbox.actions import delete_failed, prune
from app.inbox.models import InboxEvent
from app.library.actions import prune_library
from app.library.models import LibraryImport, LibraryItem
from app.materials.actions import prune_uploads
from app.materials.models import Upload
from app.privacy.gone import purge_gone
from app.privacy.retention import Retention
from app.pushes.actions import delete_told
from app.pushes.models import Push
from app.sync.models import SyncRun

FOREVER = N_("一直保留")
AFTER_END, AFTER_REMOVAL = N_("结束后 {days} 天"), N_("删除后 {days} 天")
# When the last comparison was is what the next one begins from.
# MariaDB looks at a table that it deletes from only if that is a table of its own.
_LAST_SYNC = select(func.max(SyncRun.id).label("id")).where(SyncRun.outcome == "done").subquery()

RETENTIONS: tuple[Retention, ...] = (
    Retention(
        kind="customers",
        table=Customer,
        title=N_("没有员工跟进的客户"),
        purpose=N_("客户回来时，以前的记录能接上；过期后连同他的一切一起抹除"),
        since=Customer.created_at,
        of=~exists().where(
            FollowUser.external_userid == Customer.external_userid, FollowUser.removed_at.is_(None)
        ),
        key="gone_customers_days",
        kept=N_("最后一位员工不再跟进后 {days} 天"),
        purge=purge_gone,
    ),
    Retention(
        kind="timeline",
        table=TimelineEntry,
        title=N_("动态"),
        purpose=N_("员工接手和复盘时，看得到和客户之间发生过什么"),
        since=TimelineEntry.at,
        key="timeline_days",
        kept=N_("发生后 {days} 天"),
    ),
    Retention(
        kind="notes",
        table=FollowUp,
        title=N_("跟进记录"),
        purpose=N_("记下和客户谈了什么"),
        since=FollowUp.created_at,
        key="note_days",
        kept=N_("记录后 {days} 天；还有提醒的等提醒结束"),
        ended=~exists().where(Reminder.follow_up_id == FollowUp.id, Reminder.state == "open"),
    ),
    Retention(
        kind="removed_notes",
        table=FollowUp,
        title=N_("员工删除的跟进记录的文字"),
        purpose=N_("删错了可以找回来"),
        since=FollowUp.removed_at,
        key="removed_note_days",
        kept=AFTER_REMOVAL,
        of=FollowUp.removed_at.is_not(None) & (FollowUp.text != ""),
        clear={"text": ""},
    ),
    Retention(
        kind="drafts",
        table=Draft,
        title=N_("没有写完的跟进"),
        purpose=N_("员工换页面时不丢失写到一半的文字"),
        since=Draft.saved_at,
        key="draft_days",
        kept=N_("最后一次保存后 {days} 天"),
    ),
    Retention(
        kind="reminders",
        table=Reminder,
        title=N_("完成或取消的跟进提醒"),
        purpose=N_("看得到客户有没有被跟进"),
        since=Reminder.ended_at,
        key="reminder_days",
        kept=AFTER_END,
        of=Reminder.state != "open",
    ),
    Retention(
        kind="loss_notes",
        table=Loss,
        title=N_("流失原因的说明"),
        purpose=N_("回访和改进服务；流失本身和选的原因保留到抹除客户"),
        since=Loss.lost_at,
        key="loss_note_days",
        kept=N_("流失后 {days} 天"),
        of=Loss.reason_note != "",
        clear={"reason_note": ""},
    ),
    Retention(
        kind="inbox",
        table=InboxEvent,
        title=N_("收到的回调事件"),
        purpose=N_("企业微信通知的变更，处理失败时可以重新处理"),
        since=InboxEvent.finished_at,
        key="inbox_days",
        kept=N_("处理完后 {days} 天"),
        of=InboxEvent.fate.is_(None) | (InboxEvent.fate != "dead"),
        purge=lambda _runtime, session, before: prune(session, before=before),
    ),
    Retention(
        kind="inbox_failed",
        table=InboxEvent,
        title=N_("处理失败的回调事件"),
        purpose=N_("查明原因后可以重新处理"),
        since=InboxEvent.finished_at,
        key="inbox_failed_days",
        kept=N_("最后一次尝试后 {days} 天"),
        of=InboxEvent.fate == "dead",
        purge=lambda _runtime, session, before: delete_failed(session, before=before),
    ),
    Retention(
        kind="delivery_texts",
        table=Delivery,
        title=N_("发给员工的消息内容"),
        purpose=N_("查得到员工收到过什么"),
        since=Delivery.wanted_at,
        key="delivery_text_days",
        kept=N_("发送后 {days} 天"),
        of=Delivery.payload.is_not(None),
        ended=Delivery.outcome.is_not(None),
        clear={"payload": None},
    ),
    Retention(
        kind="deliveries",
        table=Delivery,
        title=N_("发送记录"),
        purpose=N_("查得到欢迎语和提醒有没有送到；同一件事不发两次"),
        since=Delivery.wanted_at,
        key="delivery_days",
        kept=N_("发送后 {days} 天"),
        ended=Delivery.outcome.is_not(None),
    ),
    Retention(
        kind="pushes",
        table=Push,
        title=N_("写回企业微信的备注和标签"),
        purpose=N_("把修改告诉企业微信，知道有没有成功"),
        since=Push.created_at,
        key="push_days",
        kept=N_("同步后 {days} 天；没有同步的保留到抹除"),
        purge=lambda _runtime, session, before: delete_told(session, before=before),
    ),
    Retention(
        kind="batches",
        table=Batch,
        title=N_("批量操作和导入"),
        purpose=N_("知道每一位的结果；导入可以撤销"),
        since=Batch.created_at,
        key="batch_days",
        kept=AFTER_END,
        purge=lambda _runtime, session, before: delete_ended(session, before=before),
    ),
    Retention(
        kind="sync_runs",
        table=SyncRun,
        title=N_("同步与对账的结果"),
        purpose=N_("看得到哪一次对账发现了什么；最近一次一直保留"),
        since=SyncRun.ended_at,
        key="sync_days",
        kept=AFTER_END,
        ended=SyncRun.id < select(_LAST_SYNC.c.id).scalar_subquery(),
    ),
    Retention(
        kind="library",
        table=LibraryItem,
        title=N_("员工删除的话术和素材"),
        purpose=N_("删错了可以找回来；发给过客户的保留"),
        since=LibraryItem.removed_at,
        key="library_removed_days",
        kept=AFTER_REMOVAL,
        of=LibraryItem.removed_at.is_not(None) & (LibraryItem.owner != ""),
        purge=lambda _runtime, session, before: prune_library(session, before=before),
    ),
    Retention(
        kind="library_imports",
        table=LibraryImport,
        title=N_("等待确认的话术表格"),
        purpose=N_("确认之前，先看一遍会改什么"),
        since=LibraryImport.made_at,
        days=1,
        kept=N_("上传后 {days} 天"),
    ),
    Retention(
        kind="uploads",
        table=Upload,
        title=N_("上传了没有用的文件"),
        purpose=N_("文件分块上传，断了可以接着传；没有传完的只保留 1 天"),
        since=Upload.moved_at,
        key="upload_days",
        kept=N_("上传后 {days} 天"),
        purge=lambda _runtime, session, before: prune_uploads(session, before=before),
    ),
    Retention(
        kind="sessions",
        table=AdminSession,
        title=N_("管理员的登录"),
        purpose=N_("知道哪台设备登录了后台，可以让它退出"),
        since=AdminSession.ends_at,
        days=0,
        kept=N_("到期后一天之内"),
    ),
    Retention(
        kind="login_links",
        table=LoginLink,
        title=N_("一次性登录链接"),
        purpose=N_("没有企业微信时也能登录后台"),
        since=LoginLink.ends_at,
        days=0,
        kept=N_("到期后一天之内"),
    ),
    Retention(
        kind="audit",
        table=AuditEntry,
        title=N_("操作日志"),
        purpose=N_("查得到哪位管理员在什么时候看过、改过客户的资料；少了一条就看得出来"),
        since=AuditEntry.at,
        unlimited=N_("一直保留；里面只有编号和数字"),
    ),
    Retention(
        kind="erased",
        table=ErasedPerson,
        title=N_("抹除客户的记号"),
        purpose=N_("同步和事件不会把抹除的客户带回来"),
        since=ErasedPerson.erased_at,
        unlimited=FOREVER,
    ),
)
