"""The problems that a page of the admin web can have, each in words."""

import secrets
from dataclasses import dataclass

from app.i18n import N_
from app.wecom.errors import TryAgainLater, WeComError


@dataclass(frozen=True)
class Kind:
    """One kind: what happened and what to do. `logged`: nothing that a stranger can cause."""

    status: int
    heading: str
    what: str
    logged: bool = False


KINDS = {
    "no_role": Kind(
        403,
        N_("你还没有后台角色"),
        N_(
            "请所有者在“成员与角色”里给你一个角色；还没有所有者时，"
            "在服务器上运行 flask admin grant 你的账号 owner。"
        ),
    ),
    "not_a_member": Kind(
        403,
        N_("你不是本企业的成员"),
        N_(
            "或者不在本应用的可见范围内。"
            "请管理员打开“管理后台 → 应用管理 → 自建 → 本应用 → 可见范围”，把你加进去。"
        ),
    ),
    "sign_in_failed": Kind(
        400,
        N_("没有登录成功"),
        N_("这次登录的凭证已经用过、已经过期，或者不是从这个浏览器发起的。请再登录一次。"),
    ),
    "link_spent": Kind(
        400,
        N_("登录链接不能用了"),
        N_("它已经用过，或者超过了 15 分钟。请在服务器上重新生成：flask admin login-link 你的账号"),
    ),
    "too_many": Kind(429, N_("试得太频繁了"), N_("请过一分钟再试。")),
    "forbidden": Kind(
        403, N_("你的角色不能做这件事"), N_("需要的话，请所有者调整你的角色。什么都没有改动。")
    ),
    "prove": Kind(
        403,
        N_("请先再扫码登录一次"),
        N_(
            "这件事需要确认是你本人，而你登录已经超过 10 分钟；什么都没有改动。"
            "请再扫码一次，然后重新操作。"
        ),
    ),
    "foreign": Kind(
        403,
        N_("这个请求没有被接受"),
        N_(
            "它不是从本站的页面发来的，或者页面已经过期；什么都没有改动。请重新加载页面，再试一次。"
        ),
    ),
    "no_such_page": Kind(404, N_("没有这个页面"), N_("这个地址不存在，或者已经改了。")),
    "wecom_busy": Kind(
        503,
        N_("企业微信正忙"),
        N_("企业微信暂时没有回答，通常几秒钟就好。请再试一次。"),
        logged=True,
    ),
    "wecom_refuses": Kind(
        502,
        N_("企业微信拒绝了登录"),
        N_(
            "请核对应用的 Secret、企业可信 IP，以及“企业微信授权登录”里的回调域名；"
            "也可以用登录链接：flask admin login-link 你的账号"
        ),
        logged=True,
    ),
    "server_busy": Kind(
        503, N_("服务器正忙"), N_("这次没有轮到，什么都没有改动。通常几秒钟就好，请再试一次。")
    ),
    "not_accepted": Kind(
        400, N_("这个请求没有被接受"), N_("内容不完整、太长，或者方式不对；什么都没有改动。")
    ),
    "server_error": Kind(
        500,
        N_("服务器出错了"),
        N_(
            "不是你的操作有问题，出错的地方已经记录下来。"
            "请再试一次；如果还是不行，按下面的编号查日志。"
        ),
        logged=True,
    ),
}


class Problem(Exception):
    """A request ends with this problem. `reason` is for the log."""

    def __init__(self, kind: str, *, reason: str = "", status: int = 0) -> None:
        super().__init__(kind)
        self.kind = kind
        self.reason = reason
        self.status = status or KINDS[kind].status
        self.problem_id = secrets.token_hex(4) if KINDS[kind].logged else ""


def problem_of(error: WeComError) -> Problem:
    """Say what a refusal of WeCom comes to at the sign-in."""
    kind = "wecom_busy" if isinstance(error, TryAgainLater) else "wecom_refuses"
    return Problem(kind, reason=str(error.errcode or ""))
