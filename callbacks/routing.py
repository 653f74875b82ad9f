"""Which event goes where: HANDLED, or IGNORED with the reason. Anything else is `unsupported`.

Keys are WeCom's (Event, ChangeType); an event without change types has "". A message from a member
is ("message:<MsgType>", "").
"""

from app.i18n import N_
from callbacks.handlers import template_card_event
from callbacks.handlers.change_contact import (
    create_party,
    create_user,
    delete_party,
    delete_user,
    update_party,
    update_user,
)
from callbacks.handlers.change_external_chat import create, dismiss, update
from callbacks.handlers.change_external_contact import (
    add_external_contact,
    add_half_external_contact,
    del_external_contact,
    del_follow_user,
    edit_external_contact,
    msg_audit_approved,
    transfer_fail,
)
from callbacks.handlers.change_external_tag import create as tag_create
from callbacks.handlers.change_external_tag import delete as tag_delete
from callbacks.handlers.change_external_tag import shuffle as tag_shuffle
from callbacks.handlers.change_external_tag import update as tag_update
from callbacks.reaction import Reaction

Key = tuple[str, str]

HANDLED: dict[Key, tuple[Reaction, ...]] = {
    ("change_external_contact", "add_external_contact"): add_external_contact.REACTIONS,
    ("change_external_contact", "add_half_external_contact"): add_half_external_contact.REACTIONS,
    ("change_external_contact", "edit_external_contact"): edit_external_contact.REACTIONS,
    ("change_external_contact", "del_external_contact"): del_external_contact.REACTIONS,
    ("change_external_contact", "del_follow_user"): del_follow_user.REACTIONS,
    ("change_external_contact", "transfer_fail"): transfer_fail.REACTIONS,
    ("change_external_contact", "msg_audit_approved"): msg_audit_approved.REACTIONS,
    ("change_external_chat", "create"): create.REACTIONS,
    ("change_external_chat", "update"): update.REACTIONS,
    ("change_external_chat", "dismiss"): dismiss.REACTIONS,
    ("change_external_tag", "create"): tag_create.REACTIONS,
    ("change_external_tag", "update"): tag_update.REACTIONS,
    ("change_external_tag", "delete"): tag_delete.REACTIONS,
    ("change_external_tag", "shuffle"): tag_shuffle.REACTIONS,
    ("change_contact", "create_user"): create_user.REACTIONS,
    ("change_contact", "update_user"): update_user.REACTIONS,
    ("change_contact", "delete_user"): delete_user.REACTIONS,
    ("change_contact", "create_party"): create_party.REACTIONS,
    ("change_contact", "update_party"): update_party.REACTIONS,
    ("change_contact", "delete_party"): delete_party.REACTIONS,
    ("template_card_event", ""): template_card_event.REACTIONS,
}

_MEMBER_TAG = N_("通讯录标签不影响客户")
_TALK = N_("应用不读取成员发来的消息")
_APP_USE = N_("成员使用应用，与客户无关")
_MENU = N_("应用没有自定义菜单")
_CARD = N_("发出的卡片没有这种按钮")
_ACQUISITION = N_("没有使用获客助手")
_KF = N_("没有使用微信客服")
_OFFICE = N_("办公事件，与客户无关")
_APP_STATE = N_("应用状态由体检（flask doctor）检查")

IGNORED: dict[Key, str] = {
    ("change_contact", "update_tag"): _MEMBER_TAG,
    **{
        (f"message:{msgtype}", ""): _TALK
        for msgtype in ("text", "image", "voice", "video", "location", "link")
    },
    ("subscribe", ""): _APP_USE,
    ("unsubscribe", ""): _APP_USE,
    ("enter_agent", ""): _APP_USE,
    ("LOCATION", ""): _APP_USE,
    ("click", ""): _MENU,
    ("CLICK", ""): _MENU,
    ("view", ""): _MENU,
    ("VIEW", ""): _MENU,
    ("scancode_push", ""): _MENU,
    ("scancode_waitmsg", ""): _MENU,
    ("pic_sysphoto", ""): _MENU,
    ("pic_photo_or_album", ""): _MENU,
    ("pic_weixin", ""): _MENU,
    ("location_select", ""): _MENU,
    ("taskcard_click", ""): _CARD,
    ("template_card_menu_event", ""): _CARD,
    ("batch_job_result", ""): N_("没有发起异步任务"),
    ("upload_media_job_finish", ""): N_("素材是同步上传的"),
    ("open_approval_change", ""): _OFFICE,
    ("sys_approval_change", ""): _OFFICE,
    ("share_agent_change", ""): _APP_STATE,
    ("share_chain_change", ""): _APP_STATE,
    ("change_app_admin", ""): _APP_STATE,
    ("close_inactive_agent", ""): _APP_STATE,
    ("reopen_inactive_agent", ""): _APP_STATE,
    ("unlicensed_notify", ""): N_("只发给服务商应用"),
    ("msgaudit_notify", ""): N_("不读取会话存档"),
    **{
        ("customer_acquisition", change): _ACQUISITION
        for change in (
            "balance_low",
            "balance_exhausted",
            "balance_increased",
            "quota_expire_soon",
            "link_unavailable",
            "delete_link",
            "open_profile",
            "friend_request",
            "customer_start_chat",
        )
    },
    ("kf_msg_or_event", ""): _KF,
    ("kf_account_auth_change", ""): _KF,
    **{
        (event, ""): _OFFICE
        for event in (
            "living_status_change",
            "doc_change",
            "modify_calendar",
            "delete_calendar",
            "add_schedule",
            "modify_schedule",
            "delete_schedule",
            "respond_schedule",
            "book_meeting_room",
            "cancel_meeting_room",
            "change_school_contact",
            "change_chain",
            "switch_workbench_mode",
        )
    },
}


def list_reactions() -> dict[Key, tuple[str, ...]]:
    """Name the reactions to every event that is handled, in their order."""
    return {key: tuple(one.__name__ for one in reactions) for key, reactions in HANDLED.items()}


def find_reactions(event: str, change_type: str) -> tuple[tuple[Reaction, ...], str, str]:
    """Return the reactions to an event; without any, its fate and the reason."""
    key = (event, change_type)
    if key in HANDLED:
        return HANDLED[key], "", ""
    if key in IGNORED:
        return (), "ignored", IGNORED[key]
    return (), "unsupported", ""
