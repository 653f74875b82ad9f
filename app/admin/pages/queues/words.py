"""What lanes, processes and periodic jobs are called."""

from app.i18n import N_
from app.privacy.retentions import RETENTIONS

LANES: dict[str, str] = {
    "urgent": N_("加急：带欢迎语凭证的事件"),
    "events": N_("普通事件"),
    "deliveries": N_("给成员的消息"),
    "pushes": N_("写回企业微信（备注、标签）"),
    "batches": N_("批量操作"),
    "sync": N_("同步与对账"),
    "bulk": N_("批量操作写回企业微信"),
}
PARTS: dict[str, str] = {
    "web": N_("网页与回调（web）"),
    "worker": N_("处理事件（worker）"),
    "relay": N_("补漏与定时任务（relay）"),
}
# Every job of `app.schedule` but the purges.
JOBS: dict[str, str] = {
    "members.sync_members": N_("同步成员和部门"),
    "sync.watch": N_("看是否该对账"),
    "customers.sync_tags": N_("同步企业标签"),
    "customers.move_on": N_("把归档阶段里的客户移走"),
    "privacy.seal": N_("加密旧的号码和敏感内容"),
    "handover.tell_of_leavers": N_("提醒谁要接手离岗员工的客户"),
    "churn.daily_digests": N_("发每日流失汇总"),
    "welcome.sync_media": N_("续期欢迎语的素材"),
    "library.sync_library_media": N_("续期话术和素材库的文件"),
    "reports.keep_reports": N_("整理总览的数字"),
    "audit.note_head": N_("记下操作日志的末尾"),
}
PURGES: dict[str, str] = {one.job: one.title for one in RETENTIONS}
PURGE = N_("清理过期的：{what}")
SECRETS = (N_("访问凭证（access_token）"), N_("企业的 JS-SDK 票据"), N_("应用的 JS-SDK 票据"))
