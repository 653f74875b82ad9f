"""What events, their steps and their ends are called."""

from app.i18n import N_, _
from app.inbox.models import InboxEvent
from app.inbox.queries import OPEN

Key = tuple[str, str]

# Every event that is handled (`callbacks.routing`), and those that come daily and are not.
EVENTS: dict[Key, str] = {
    ("change_external_contact", "add_external_contact"): N_("添加了客户"),
    ("change_external_contact", "add_half_external_contact"): N_("客户免验证添加了成员"),
    ("change_external_contact", "edit_external_contact"): N_("成员改了客户的备注或标签"),
    ("change_external_contact", "del_external_contact"): N_("成员删除了客户，或客户被转接"),
    ("change_external_contact", "del_follow_user"): N_("客户删除了成员"),
    ("change_external_contact", "transfer_fail"): N_("客户转接失败"),
    ("change_external_contact", "msg_audit_approved"): N_("客户同意了会话存档"),
    ("change_external_chat", "create"): N_("新建了客户群"),
    ("change_external_chat", "update"): N_("客户群有变更"),
    ("change_external_chat", "dismiss"): N_("客户群解散了"),
    ("change_external_tag", "create"): N_("新建了企业标签"),
    ("change_external_tag", "update"): N_("改了企业标签"),
    ("change_external_tag", "delete"): N_("删除了企业标签"),
    ("change_external_tag", "shuffle"): N_("企业标签换了顺序"),
    ("change_contact", "create_user"): N_("新增了成员"),
    ("change_contact", "update_user"): N_("改了成员的资料"),
    ("change_contact", "delete_user"): N_("删除了成员"),
    ("change_contact", "create_party"): N_("新增了部门"),
    ("change_contact", "update_party"): N_("改了部门"),
    ("change_contact", "delete_party"): N_("删除了部门"),
    ("template_card_event", ""): N_("成员按了提醒卡片上的按钮"),
    ("change_contact", "update_tag"): N_("改了通讯录标签"),
    ("enter_agent", ""): N_("成员打开了应用"),
    ("subscribe", ""): N_("成员可以看到应用了"),
    ("unsubscribe", ""): N_("成员看不到应用了"),
    ("message:text", ""): N_("成员给应用发来消息"),
}
CHOICES = tuple(key for key in EVENTS if key[0].startswith(("change_", "template_")))
UNREADABLE = N_("读不懂的内容")

# What a reaction (`callbacks.reaction`) does, by its name.
STEPS: dict[str, str] = {
    "greet": N_("发送欢迎语"),
    "greet_with_code": N_("有凭证时发送欢迎语"),
    "record": N_("记下这次变更"),
    "refresh": N_("从企业微信读取客户资料"),
    "arrange": N_("按欢迎语打标签、改阶段、写备注"),
    "settle": N_("等同一秒内的变更到齐"),
    "read_tags": N_("从企业微信读取企业标签"),
    "record_the_group": N_("从企业微信读取客户群"),
    "record_the_change": N_("读取客户群并记下变更"),
    "record_the_end": N_("记下客户群解散"),
    "record_the_member": N_("从企业微信读取成员"),
    "record_the_new_userid": N_("记下成员的新账号"),
    "record_the_departure": N_("记下成员离开"),
    "record_the_departments": N_("从企业微信读取部门"),
    "answer_on_card": N_("办理并更新卡片"),
}

FATES: dict[str, str] = {
    OPEN: N_("还没处理完"),
    "done": N_("已处理"),
    "dead": N_("处理失败"),
    "ignored": N_("不用处理"),
    "unsupported": N_("不认识"),
    "unreadable": N_("读不懂"),
    "erased": N_("已抹除"),
}
LANES: dict[str, str] = {"urgent": N_("加急（带欢迎语凭证）"), "events": N_("普通")}
NOTES_APART = "；"


def word_event(event: str, change_type: str) -> str:
    """Say what happened; an event without words by WeCom's own name."""
    if not event:
        return _(UNREADABLE)
    known = EVENTS.get((event, change_type))
    return _(known) if known else f"{event}/{change_type}".rstrip("/")


def word_step(name: str) -> str:
    """Say what a reaction does."""
    return _(STEPS[name]) if name in STEPS else name


def word_fate(event: InboxEvent) -> str:
    """Say how it ended, or how it stands."""
    if event.fate is not None:
        return _(FATES.get(event.fate, event.fate))
    if event.claimed_by is not None:
        return _("正在处理")
    return _("等着再试") if event.attempts else _("等待处理")


def split_note(note: str) -> tuple[dict[str, str], str]:
    """Tell the faults of single steps, by step, from what a note says of the whole event."""
    faults, rest = {}, []
    for said in note.split(NOTES_APART):
        name, colon, why = said.partition(": ")
        if colon and name.isidentifier():
            faults[name] = why
        elif said:
            rest.append(_(said))
    return faults, NOTES_APART.join(rest)
