"""What the entries of the audit log say."""

from collections.abc import Mapping

from app.admin.permissions import ROLE_WORDS
from app.alerting.queries import SETTINGS
from app.customers.queries import CONSENT_STATES, LOSS_REASONS, STAGE_COLORS
from app.i18n import N_, _

ACTION_WORDS = {
    "admin_signed_in": N_("登录后台"),
    "admin_link_made": N_("生成登录链接"),
    "admin_role_granted": N_("给予角色"),
    "admin_role_revoked": N_("收回角色"),
    "welcome_published": N_("发布欢迎语"),
    "welcome_discarded": N_("放弃欢迎语草稿"),
    "welcome_removed": N_("停用欢迎语"),
    "welcomes_paused": N_("暂停所有欢迎语"),
    "welcomes_resumed": N_("恢复欢迎语"),
    "loss_reason_set": N_("修改流失原因"),
    "loss_contacted": N_("标为已联系"),
    "loss_contact_undone": N_("撤销已联系"),
    "win_back_assigned": N_("分配挽回"),
    "win_back_unassigned": N_("取消分配挽回"),
    "mass_loss_seen": N_("确认集中流失"),
    "alerts_changed": N_("修改提醒设置"),
    "alerts_restored": N_("提醒设置恢复为配置文件的值"),
    "batch_begun": N_("开始批量操作"),
    "batch_cancelled": N_("取消批量操作"),
    "sync_begun": N_("开始同步客户"),
    "sync_cancelled": N_("取消同步客户"),
    "sync_released": N_("同意核对暂缓的客户"),
    "backup_restored": N_("从备份恢复数据库"),
    "customers_exported": N_("导出客户名单"),
    "import_checked": N_("核对要导入的客户资料"),
    "import_confirmed": N_("导入客户资料"),
    "import_cancelled": N_("取消导入客户资料"),
    "import_undone": N_("撤销导入客户资料"),
    "import_forgotten": N_("放弃要导入的客户资料"),
    "losses_exported": N_("导出流失名单"),
    "phone_revealed": N_("查看完整号码或敏感内容"),
    "keys_rotated": N_("更换数据密钥"),
    "pipeline_added": N_("新建阶段流程"),
    "pipeline_changed": N_("修改阶段流程"),
    "pipeline_shifted": N_("调整流程顺序"),
    "pipeline_archived": N_("归档阶段流程"),
    "pipeline_restored": N_("恢复阶段流程"),
    "stage_added": N_("添加客户阶段"),
    "stage_changed": N_("修改客户阶段"),
    "stage_shifted": N_("调整阶段顺序"),
    "stage_archived": N_("归档客户阶段"),
    "stage_restored": N_("恢复客户阶段"),
    "field_added": N_("新建资料项"),
    "field_changed": N_("修改资料项"),
    "field_shifted": N_("调整资料项顺序"),
    "field_removed": N_("去掉资料项"),
    "field_restored": N_("恢复资料项"),
    "option_added": N_("添加选项"),
    "option_changed": N_("选项改名"),
    "option_shifted": N_("调整选项顺序"),
    "option_removed": N_("去掉选项"),
    "option_restored": N_("恢复选项"),
    "inbox_replayed": N_("重新处理回调事件"),
    "deliveries_exported": N_("导出发送记录"),
    "customer_stage_changed": N_("修改客户阶段"),
    "customer_stage_noted": N_("补充阶段修改"),
    "customer_stage_undone": N_("撤销阶段修改"),
    "consent_changed": N_("记下营销意愿"),
    "consent_undone": N_("撤销营销意愿"),
    "customer_tag_added": N_("添加客户标签"),
    "customer_tag_removed": N_("移除客户标签"),
    "customer_tags_retried": N_("重新同步客户标签"),
    "customer_noted": N_("记录客户跟进"),
    "customer_reminder_set": N_("设置跟进提醒"),
    "customer_reminder_cancelled": N_("取消跟进提醒"),
    "customer_exported": N_("导出一位客户的资料"),
    "customer_erased": N_("抹除一位客户"),
    "library_item_created": N_("新建话术或素材"),
    "library_item_changed": N_("修改话术或素材"),
    "library_item_archived": N_("归档话术或素材"),
    "library_item_restored": N_("恢复话术或素材"),
    "library_group_created": N_("建立话术与素材的分组"),
    "library_group_renamed": N_("给话术与素材的分组改名"),
    "library_group_moved": N_("调整话术与素材的分组顺序"),
    "library_group_removed": N_("删除话术与素材的分组"),
    "library_imported": N_("从表格导入话术与素材"),
    "library_exported": N_("导出话术与素材"),
    "tags_synced": N_("从企业微信同步标签"),
    "tag_group_created": N_("建立标签组"),
    "tag_created": N_("建立标签"),
    "tag_renamed": N_("给标签改名"),
    "tag_group_renamed": N_("给标签组改名"),
    "tag_deleted": N_("删除标签"),
    "tag_group_deleted": N_("删除标签组"),
}
DETAIL_WORDS = {
    "member": N_("成员"),
    "before": N_("之前"),
    "after": N_("之后"),
    "way": N_("方式"),
    "field": N_("资料项"),
    "name": N_("名称"),
    "script": N_("欢迎语"),
    "version": N_("版本"),
    "draft": N_("草稿"),
    "count": N_("数量"),
    "event": N_("事件编号"),
    "kind": N_("类型"),
    "consent": N_("营销意愿"),
    "was": N_("原来的意愿"),
    "since": N_("从"),
    "until": N_("到"),
    "outcome": N_("结果"),
    "reason": N_("原因"),
    "state": N_("渠道"),
    "day": N_("日期"),
    "what": N_("内容"),
    "setting": N_("设置"),
    "tag": N_("标签"),
    "note": N_("跟进编号"),
    "reminder": N_("提醒编号"),
    "pipeline": N_("流程"),
    "stage": N_("阶段"),
    "to_stage": N_("客户移到"),
    "place": N_("排在第"),
    "asks": N_("可补充"),
    "color": N_("颜色"),
    "option": N_("选项"),
    "hint": N_("提示"),
    "pinned": N_("置顶"),
    "read_only": N_("只读"),
    "sensitive": N_("敏感"),
    "key": N_("密钥"),
    "visible_to": N_("谁能看到"),
    "filter": N_("条件"),
    "columns": N_("列数"),
    "format": N_("文件类型"),
    "numbers": N_("电话号码和敏感内容"),
    "import": N_("导入编号"),
}
SETTING_WORDS = {
    "none": N_("没有"),
    "amount": N_("金额"),
    "yes": N_("是"),
    "no": N_("否"),
    "everybody": N_("所有员工"),
    "managers": N_("主管以上"),
    "item": N_("内容编号"),
    "created": N_("新增"),
    "changed": N_("修改"),
    "refused": N_("没有导入"),
    "whole": N_("完整"),
}
WAY_WORDS = {"wecom": N_("企业微信"), "link": N_("登录链接")}

CONSENTS = {f"consent_{state}": words for state, words in CONSENT_STATES.items()}


def word_action(action: str) -> str:
    """Name a deed; one without words by its own name."""
    return _(ACTION_WORDS[action]) if action in ACTION_WORDS else action


def word_detail(detail: Mapping[str, int | str]) -> list[tuple[str, str]]:
    """Word what an entry says besides who and whom; what is empty is left out."""
    values = ROLE_WORDS | WAY_WORDS | LOSS_REASONS | STAGE_COLORS | SETTING_WORDS | SETTINGS
    values |= CONSENTS
    return [
        (
            _(DETAIL_WORDS[key]) if key in DETAIL_WORDS else key,
            _(values.get(str(value), str(value))),
        )
        for key, value in detail.items()
        if value != ""
    ]
