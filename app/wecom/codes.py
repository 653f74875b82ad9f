"""WeCom's error numbers: for each what to do, a plain sentence, and the console page to open.

The one table of them (developer.work.weixin.qq.com/document/path/90313). A number that is not in it
is permanent: `BadRequest`.
"""

import re
from typing import NamedTuple

from app.i18n import N_
from app.wecom.errors import (
    BadMedia,
    BadRequest,
    MissingPermission,
    NoSuchRelation,
    TokenRejected,
    TryAgainLater,
    WeComError,
    WelcomeBeingSent,
    WelcomeCodeSpent,
)


class Meaning(NamedTuple):
    """One row: the error to raise, its sentence, and where in the console it is put right."""

    error: type[WeComError]
    plain: str
    console: str | None = None


APP_PAGE = N_("管理后台 → 应用管理 → 自建 → 本应用")
CORP_PAGE = N_("管理后台 → 我的企业 → 企业信息：核对企业ID")
SECRET_PAGE = N_(
    "管理后台 → 应用管理 → 自建 → 本应用：查看 Secret，写进 config.toml 的 wecom.secret"
)
CALLABLE_PAGE = N_("管理后台 → 客户与上下游 → 客户联系 → 客户 → API → 可调用接口的应用：勾选本应用")
RANGE_PAGE = N_("管理后台 → 应用管理 → 自建 → 本应用 → 可见范围：加入相关成员或部门")
IP_PAGE = N_("管理后台 → 应用管理 → 自建 → 本应用 → 企业可信IP")
DOMAIN_PAGE = N_(
    "管理后台 → 应用管理 → 自建 → 本应用 → 网页授权及JS-SDK：设置可信域名并完成归属验证"
)
ENABLE_PAGE = N_("管理后台 → 应用管理 → 自建 → 本应用：启用应用")
MEMBERS_PAGE = N_("管理后台 → 通讯录：核对该成员")
CUSTOMERS_PAGE = N_("管理后台 → 客户与上下游 → 客户联系 → 权限配置：核对该成员的使用范围")

CODES: dict[int, Meaning] = {
    # The token: the client's own business.
    40014: Meaning(TokenRejected, N_("访问凭证无效，正在重新获取")),
    42001: Meaning(TokenRejected, N_("访问凭证已过期，正在重新获取")),
    # Not now.
    -1: Meaning(TryAgainLater, N_("企业微信系统繁忙，稍后会自动再试")),
    6000: Meaning(TryAgainLater, N_("这条数据刚被别处修改过，稍后会自动再试")),
    41063: Meaning(TryAgainLater, N_("群发消息还在分发中，稍后会自动再查")),
    41079: Meaning(TryAgainLater, N_("朋友圈还在派发中，稍后会自动再查")),
    45009: Meaning(TryAgainLater, N_("该接口的调用次数到了企业微信的上限，过一会儿会自动继续")),
    45033: Meaning(TryAgainLater, N_("该接口同时在调用的次数过多，稍后会自动再试")),
    # The welcome.
    41050: Meaning(WelcomeCodeSpent, N_("欢迎语没有发出：已超过添加好友后的 20 秒")),
    41051: Meaning(WelcomeCodeSpent, N_("客户已经收到过欢迎语，或双方已开始聊天")),
    41096: Meaning(WelcomeBeingSent, N_("另一个应用正在给该客户发送欢迎语")),
    # An admin has to act.
    40001: Meaning(MissingPermission, N_("应用的 Secret 不正确"), SECRET_PAGE),
    40013: Meaning(MissingPermission, N_("企业ID（corp_id）不正确"), CORP_PAGE),
    40056: Meaning(MissingPermission, N_("应用的 AgentId 不正确"), APP_PAGE),
    41002: Meaning(MissingPermission, N_("没有填写企业ID（corp_id）"), CORP_PAGE),
    41004: Meaning(MissingPermission, N_("没有填写应用的 Secret"), SECRET_PAGE),
    48001: Meaning(MissingPermission, N_("本应用没有调用该接口的权限"), CALLABLE_PAGE),
    48002: Meaning(
        MissingPermission, N_("本应用不在客户联系的“可调用接口的应用”里"), CALLABLE_PAGE
    ),
    48006: Meaning(MissingPermission, N_("本应用长期没有使用，接口权限已被收回"), ENABLE_PAGE),
    48009: Meaning(
        MissingPermission,
        N_("“通讯录同步”的 Secret 已不能读取成员，请改用自建应用的 Secret"),
        SECRET_PAGE,
    ),
    50001: Meaning(MissingPermission, N_("网页的域名不在本应用的可信域名里"), DOMAIN_PAGE),
    50002: Meaning(MissingPermission, N_("该成员不在本应用的可见范围内"), RANGE_PAGE),
    50003: Meaning(MissingPermission, N_("本应用已被停用"), ENABLE_PAGE),
    60011: Meaning(MissingPermission, N_("该成员、部门或标签不在本应用的可见范围内"), RANGE_PAGE),
    60020: Meaning(MissingPermission, N_("本服务器的 IP 不在企业可信 IP 里"), IP_PAGE),
    60021: Meaning(MissingPermission, N_("该成员不在本应用的可见范围内"), RANGE_PAGE),
    60031: Meaning(MissingPermission, N_("本应用已被停用"), ENABLE_PAGE),
    85005: Meaning(MissingPermission, N_("可信域名还没有通过归属验证"), DOMAIN_PAGE),
    85008: Meaning(MissingPermission, N_("可信域名的备案主体没有通过验证"), DOMAIN_PAGE),
    301002: Meaning(
        MissingPermission, N_("Secret 和 AgentId 不是同一个应用的，请核对这两项"), APP_PAGE
    ),
    301007: Meaning(
        MissingPermission,
        N_("该企业已被停用或解散"),
        N_("管理后台 → 我的企业：查看企业的状态，或联系企业微信客服"),
    ),
    701008: Meaning(
        MissingPermission, N_("该成员没有可用的接口许可"), N_("管理后台 → 应用管理：分配接口许可")
    ),
    # Our row is stale.
    40003: Meaning(NoSuchRelation, N_("企业微信里没有这个成员，或应用看不到他"), MEMBERS_PAGE),
    46004: Meaning(NoSuchRelation, N_("企业微信里没有这个成员"), MEMBERS_PAGE),
    60111: Meaning(NoSuchRelation, N_("企业微信里没有这个成员，或应用看不到他"), MEMBERS_PAGE),
    40068: Meaning(NoSuchRelation, N_("这个标签在企业微信里已不存在")),
    40096: Meaning(NoSuchRelation, N_("该客户已不存在，或跟进他的成员都不在应用的可见范围内")),
    41053: Meaning(NoSuchRelation, N_("客户没有同意会话存档")),
    49008: Meaning(NoSuchRelation, N_("该客户群已经解散")),
    81013: Meaning(
        NoSuchRelation, N_("消息的接收人都不存在，或都不在应用的可见范围内"), RANGE_PAGE
    ),
    84061: Meaning(NoSuchRelation, N_("该成员与客户不是好友关系")),
    84084: Meaning(NoSuchRelation, N_("该成员不是这位客户的跟进人，或不在应用的可见范围内")),
    86003: Meaning(NoSuchRelation, N_("没有这个客户群，或应用看不到它")),
    60003: Meaning(NoSuchRelation, N_("企业微信里没有这个部门")),
    60123: Meaning(NoSuchRelation, N_("企业微信里没有这个部门")),
    90501: Meaning(NoSuchRelation, N_("这个群不是客户群")),
    90509: Meaning(NoSuchRelation, N_("这个群不是企业的客户群")),
    # Media.
    40007: Meaning(BadMedia, N_("素材已失效（满三天），需要重新上传")),
    # Sign-in: start again, never with the same code.
    40029: Meaning(BadRequest, N_("登录凭证无效或已使用，请重新进入页面")),
    42003: Meaning(BadRequest, N_("登录凭证已过期，请重新进入页面")),
    42022: Meaning(BadRequest, N_("登录凭证已使用过，请重新进入页面")),
    84014: Meaning(BadRequest, N_("成员的授权已过期，请重新进入页面")),
    84015: Meaning(BadRequest, N_("成员的授权无效，请重新进入页面")),
    # Wrong on our side, or in what was put in.
    40004: Meaning(BadRequest, N_("这种素材文件不受支持")),
    40005: Meaning(BadRequest, N_("素材的类型（type）不受支持")),
    40006: Meaning(BadRequest, N_("文件是空的，或大小不符合要求")),
    40008: Meaning(BadRequest, N_("消息的类型不受支持")),
    40009: Meaning(BadRequest, N_("图片大小不符合要求")),
    40011: Meaning(BadRequest, N_("视频大小不符合要求")),
    40031: Meaning(BadRequest, N_("成员名单里有无效的账号")),
    40032: Meaning(BadRequest, N_("成员名单为空或太长")),
    40033: Meaning(BadRequest, N_("内容里有企业微信不接受的字符写法")),
    40035: Meaning(BadRequest, N_("参数的格式不对")),
    40054: Meaning(BadRequest, N_("网址不在应用允许的域名里"), DOMAIN_PAGE),
    40055: Meaning(BadRequest, N_("网址不在应用允许的域名里"), DOMAIN_PAGE),
    40058: Meaning(BadRequest, N_("请求里有不合规的参数")),
    40063: Meaning(BadRequest, N_("请求缺少必填的参数")),
    40071: Meaning(BadRequest, N_("标签名已存在或不合规")),
    40093: Meaning(BadRequest, N_("JS-SDK 签名不对，请核对页面域名和应用的可信域名"), DOMAIN_PAGE),
    40097: Meaning(BadRequest, N_("原跟进成员还没有离职，请用在职继承"), MEMBERS_PAGE),
    40098: Meaning(BadRequest, N_("接替成员还没有完成实名认证"), MEMBERS_PAGE),
    40099: Meaning(BadRequest, N_("接替成员的客户数已到上限"), CUSTOMERS_PAGE),
    40100: Meaning(BadRequest, N_("该客户已经在转接中")),
    40126: Meaning(BadRequest, N_("企业客户标签已到 3000 个的上限")),
    40128: Meaning(BadRequest, N_("该客户 90 天内已转接过两次，暂时不能再转接")),
    40129: Meaning(BadRequest, N_("该客户正在转接中")),
    40130: Meaning(BadRequest, N_("原跟进人与接替人不能是同一位成员")),
    40131: Meaning(NoSuchRelation, N_("原跟进成员已不是该客户的跟进人")),
    40201: Meaning(BadRequest, N_("内容被企业微信的防骚扰规则拦下了")),
    40204: Meaning(BadRequest, N_("内容被企业微信的防骚扰规则拦下了")),
    41001: Meaning(BadRequest, N_("请求没有带上访问凭证")),
    41005: Meaning(BadRequest, N_("请求没有带上文件")),
    41008: Meaning(BadRequest, N_("登录请求没有带上凭证，请重新进入页面")),
    41037: Meaning(BadRequest, N_("“联系我”没有写类型")),
    41038: Meaning(BadRequest, N_("“联系我”没有写场景")),
    41039: Meaning(BadRequest, N_("“联系我”的类型不对")),
    41040: Meaning(BadRequest, N_("“联系我”的场景不对")),
    41041: Meaning(BadRequest, N_("一个“联系我”最多 100 人（部门按展开后的人数算）")),
    41042: Meaning(BadRequest, N_("“联系我”的样式不对")),
    41043: Meaning(BadRequest, N_("请求没有写是哪个“联系我”")),
    41044: Meaning(NoSuchRelation, N_("这个“联系我”在企业微信里已不存在")),
    41045: Meaning(BadRequest, N_("“联系我”的数量已到上限")),
    41046: Meaning(BadRequest, N_("请求没有写群发消息的编号")),
    41047: Meaning(NoSuchRelation, N_("这条群发消息在企业微信里已不存在")),
    41048: Meaning(BadRequest, N_("没有可以群发的客户")),
    41049: Meaning(BadRequest, N_("请求没有带上欢迎语凭证")),
    41054: Meaning(BadRequest, N_("该成员还没有激活企业微信，或没有实名认证"), MEMBERS_PAGE),
    41055: Meaning(BadRequest, N_("入群欢迎语已到 100 条的上限")),
    41058: Meaning(BadRequest, N_("这条入群欢迎语不是本应用创建的，不能修改")),
    41064: Meaning(BadRequest, N_("附件最多 9 个")),
    41065: Meaning(BadRequest, N_("有附件的类型或内容不合规")),
    41093: Meaning(BadRequest, N_("这次群发已被取消")),
    41094: Meaning(BadRequest, N_("24 小时内最多提醒成员 3 次")),
    41095: Meaning(BadRequest, N_("获客链接的数量已到上限")),
    42012: Meaning(BadRequest, N_("JS-SDK 票据与应用不符，请刷新页面")),
    42014: Meaning(BadRequest, N_("卡片消息的任务编号无效")),
    42015: Meaning(BadRequest, N_("要更新的消息不是本应用发送的")),
    42016: Meaning(BadRequest, N_("要更新的卡片消息已不存在")),
    42017: Meaning(BadRequest, N_("卡片消息里没有这个按钮")),
    42052: Meaning(BadRequest, N_("消息发出已超过 24 小时，不能撤回")),
    43002: Meaning(BadRequest, N_("请求的方式不对（应为 POST）")),
    44004: Meaning(BadRequest, N_("消息内容为空")),
    45001: Meaning(BadRequest, N_("文件太大")),
    45002: Meaning(BadRequest, N_("消息内容太长")),
    45029: Meaning(BadRequest, N_("一次查询的结果太多，需要分批")),
    50100: Meaning(BadRequest, N_("分页的游标无效，需要从头再查")),
    47001: Meaning(BadRequest, N_("请求的内容不是正确的 JSON")),
    60140: Meaning(BadRequest, N_("卡片消息的更新凭证无效或已用过")),
    81017: Meaning(BadRequest, N_("一次查询的成员太多，需要分批")),
    82001: Meaning(BadRequest, N_("消息没有写接收人")),
    90500: Meaning(BadRequest, N_("该群主还没有离职")),
    90502: Meaning(BadRequest, N_("该群主已经离职，请用离职继承")),
    90503: Meaning(BadRequest, N_("群已满，需要在客户端里确认")),
    90504: Meaning(BadRequest, N_("新群主与原群主是同一位成员")),
    90507: Meaning(BadRequest, N_("该群正在继承中")),
    90508: Meaning(BadRequest, N_("该群已经继承给别的成员")),
    90510: Meaning(BadRequest, N_("企业一年内没有活跃成员")),
    90511: Meaning(BadRequest, N_("客户群的标识（opengid）无效")),
    95001: Meaning(BadRequest, N_("客户发来一条消息后，最多回复 5 条")),
    95002: Meaning(BadRequest, N_("距客户上次发消息已超过 48 小时")),
    95013: Meaning(BadRequest, N_("微信客服的会话已结束")),
    95016: Meaning(BadRequest, N_("微信客服的会话状态不允许这样做")),
    95018: Meaning(BadRequest, N_("微信客服的会话状态不允许发送消息")),
}
UNKNOWN = N_("企业微信拒绝了这次请求（错误码 {errcode}）")
UNTRUSTED_IP = N_("本服务器的 IP（{ip}）不在企业可信 IP 里")
NOT_IN_THE_TABLE = Meaning(BadRequest, UNKNOWN)

# Seconds before another try, where it is not the usual one.
RETRY_AFTER = {45009: 60.0, 41063: 30.0, 41079: 30.0, 40014: 2.0, 42001: 2.0}

_FROM_IP = re.compile(r"from ip: ([0-9a-fA-F.:]{3,45}?)(?=[,\s]|$)")


def error_for(errcode: int, errmsg: str, *, api: str) -> WeComError:
    """Build the error for what WeCom answered; `errmsg` must hold no secret any more."""
    meaning = CODES.get(errcode, NOT_IN_THE_TABLE)
    sentence, values = _worded(errcode, errmsg, meaning)
    error = meaning.error(
        sentence, api=api, errcode=errcode, errmsg=errmsg, console=meaning.console, values=values
    )
    if isinstance(error, TryAgainLater):
        error.retry_after = RETRY_AFTER.get(errcode, error.retry_after)
    return error


def _worded(errcode: int, errmsg: str, meaning: Meaning) -> tuple[str, dict[str, str]]:
    if errcode not in CODES:
        return UNKNOWN, {"errcode": str(errcode)}
    ip = _FROM_IP.search(errmsg)
    if errcode == 60020 and ip:  # noqa: PLR2004 -- the one sentence that needs WeCom's own words
        return UNTRUSTED_IP, {"ip": ip.group(1)}
    return meaning.plain, {}
