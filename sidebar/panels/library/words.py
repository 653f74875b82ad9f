"""What the panels 话术 and 素材 say: tabs, kinds of messages, empty shelves, how sending goes."""

from app.i18n import N_, _
from app.library.actions import FORMS

TABS = {"frequent": N_("常用"), "corp": N_("企业"), "own": N_("个人")}
KINDS = {msgtype: form.word for msgtype, form in FORMS.items()}
# By shelf: what stands where nothing is found, on a tab without items, and for an item that left.
EMPTY = {
    "scripts": {
        "search": N_("没有找到「{search}」。换个词，或用拼音首字母试试。"),
        "frequent": N_("还没有常用的话术。收藏过、发送过的会出现在这里。"),
        "corp": N_("企业还没有话术。请管理员添加企业话术。"),
        "own": N_("还没有自己的话术。常说的话存在这里，一点就能发送。"),
        "gone": N_("这条话术已经不在了。"),
        "new": N_("新建话术"),
    },
    "materials": {
        "search": N_("没有找到「{search}」。换个词，或用拼音首字母试试。"),
        "frequent": N_("还没有常用的素材。收藏过、发送过的会出现在这里。"),
        "corp": N_("企业还没有素材。请管理员添加企业素材。"),
        "own": N_("还没有自己的素材。常发的图片和文件存在这里，一点就能发送。"),
        "gone": N_("这个素材已经不在了。"),
        "new": N_("新建素材"),
    },
}
# What the page says while it sends; {…} it fills itself. The failures by the names that its script
# gives them (wecom.js); for those of finding the chat it has the frame's problems.
SENDING = {
    "waiting": N_("等待"),
    "sending": N_("发送中"),
    "sent": N_("已发送"),
    "failed": N_("失败"),
    "unsure": N_("不确定"),
    "skipped": N_("已跳过"),
    "going": N_("正在发送第 {n} 条，共 {count} 条"),
    "stopping": N_("正在停止，这一条发完为止"),
    "stopped": N_("已停止：发送了 {sent} 条，还有 {left} 条没有发送"),
    "other_chat": N_("聊天已经换了，没有发送。回到原来的聊天再试。"),
    "late": N_("企业微信没有回应，不确定是否已发送。请先看聊天窗口，没有发出再重试。"),
    "wecom_refuses": N_(
        "企业微信不允许发送，没有发出。请管理员确认你和本应用都在“客户联系”的使用范围里。"
    ),
    "wrong_entry": N_("这里不能发送。请在与客户的聊天或客户群的侧边栏里打开再试。"),
    "mediaid": N_("文件在企业微信里已过期，重新准备后还是不行。请过几分钟再试。"),
    "picture": N_("封面图的地址不对，没有发送。请修改后再试，地址以 http:// 或 https:// 开头。"),
    "refused": N_("企业微信没有发送，原因：{detail}"),
}


def word_gone(shelf: str) -> str:
    """Say that an item of this shelf is there no more."""
    text = EMPTY[shelf]["gone"]
    return _(text)
