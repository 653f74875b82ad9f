"""The problems that a sidebar page can have, each in words: what happened and what to do.

Those that the page finds out by itself, without the server, are in `CLIENT_KINDS`; the frame
carries them as templates.
"""

import secrets
from dataclasses import dataclass, replace

from app.i18n import N_, _
from app.wecom.errors import TryAgainLater, Unanswered, WeComError

RELOAD = N_("重新加载")
AGAIN = N_("再试一次")
SIGN_IN = N_("重新登录")


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of problem: where its button leads ("": the page itself, once more), for one.

    `code` is what a member reads out to his admin: it stays the same whatever the words become.
    `logged`: not a thing that a stranger could cause at will.
    """

    code: str
    status: int
    heading: str
    what: str
    todo: str
    button: str = RELOAD
    href: str = ""
    points: tuple[str, ...] = ()
    logged: bool = False


KINDS = {
    "outside_wecom": Kind(
        code="B101",
        status=403,
        heading=N_("请在企业微信中打开"),
        what=N_("这个页面靠企业微信确认你是谁，在别的浏览器里打不开。"),
        todo=N_("进入与客户的聊天，在右侧的侧边栏里打开；或者用手机上的企业微信扫一扫："),
    ),
    "not_a_member": Kind(
        code="B102",
        status=403,
        heading=N_("你还不能使用伴客"),
        what=N_("你不是本企业的成员，或者不在本应用的可见范围内。"),
        todo=N_(
            "请管理员打开“管理后台 → 应用管理 → 自建 → 本应用 → 可见范围”，把你加进去，然后再试。"
        ),
        button=AGAIN,
        logged=True,
    ),
    "sign_in_expired": Kind(
        code="B103",
        status=401,
        heading=N_("登录已过期"),
        what=N_("离上次登录已超过 12 小时，或者你的账号有了变化。"),
        todo=N_("点一下按钮就能重新登录，不用输入密码。"),
        button=SIGN_IN,
    ),
    "sign_in_failed": Kind(
        code="B104",
        status=400,
        heading=N_("没有登录成功"),
        what=N_("这次登录的凭证已经用过、已经过期，或者不是从这个窗口发起的。"),
        todo=N_("点一下按钮就能重新登录，不用输入密码。"),
        button=SIGN_IN,
    ),
    "no_permission": Kind(
        code="B201",
        status=404,
        heading=N_("看不到这位客户"),
        what=N_("你没有跟进这位客户：可能已转接给同事、被你删除，或者只是群成员。"),
        todo=N_("刚加上的客户要等几秒再试；其他情况不用处理。"),
        button=AGAIN,
    ),
    "no_group": Kind(
        code="B202",
        status=404,
        heading=N_("看不到这个客户群"),
        what=N_("你不在这个群里，或者群主不是你管理的成员。"),
        todo=N_("刚进的群要等几秒再试；其他情况不用处理。"),
        button=AGAIN,
    ),
    "no_such_page": Kind(
        code="B203",
        status=404,
        heading=N_("没有这个页面"),
        what=N_("这个地址不存在，或者已经改了。"),
        todo=N_("回到与客户的聊天，重新打开侧边栏。"),
        button=N_("打开侧边栏"),
        href="/sidebar/",
    ),
    "signature_refused": Kind(
        code="B301",
        status=400,
        heading=N_("企业微信没有认可这个页面"),
        what=N_("页面的签名没有通过，所以还不知道你在和哪位客户聊天。"),
        todo=N_("请管理员逐项核对，改好后重新加载："),
        points=(
            N_("本应用的“网页授权及JS-SDK”里，可信域名是 {host}，一字不差，端口也一样"),
            N_("企业ID（corp_id）是 {corp_id}"),
            N_("AgentId 是 {agent_id}，Secret 也是这个应用的"),
            N_("服务器的时间是准的"),
        ),
        logged=True,
    ),
    "wecom_busy": Kind(
        code="B302",
        status=503,
        heading=N_("企业微信正忙"),
        what=N_("企业微信暂时没有回答。"),
        todo=N_("通常几秒钟就好，你的数据都在。"),
        button=AGAIN,
        logged=True,
    ),
    "wecom_refuses": Kind(
        code="B303",
        status=502,
        heading=N_("企业微信拒绝了请求"),
        what=N_("本应用没有权限读取这位客户。"),
        todo=N_("请管理员检查后再试：{console}"),
        button=AGAIN,
        logged=True,
    ),
    "server_busy": Kind(
        code="B401",
        status=503,
        heading=N_("服务器正忙"),
        what=N_("现在用的人太多，这次没有轮到，什么都没有改动。"),
        todo=N_("通常几秒钟就好，你的数据都在。"),
        button=AGAIN,
    ),
    "too_many": Kind(
        code="B402",
        status=429,
        heading=N_("操作太频繁了"),
        what=N_("短时间里的请求太多，这一次没有处理，什么都没有改动。"),
        todo=N_("请过一会儿再试。"),
        button=AGAIN,
    ),
    "not_accepted": Kind(
        code="B403",
        status=400,
        heading=N_("这个请求没有被接受"),
        what=N_("页面发来的内容不完整、太长，或者方式不对；什么都没有改动。"),
        todo=N_("请重新加载页面，然后再试一次。"),
    ),
    "server_error": Kind(
        code="B404",
        status=500,
        heading=N_("服务器出错了"),
        what=N_("不是你的操作有问题，出错的地方已经记录下来。"),
        todo=N_("请再试一次；如果还是不行，把下面的编号告诉管理员。"),
        button=AGAIN,
        logged=True,
    ),
    "not_ready": Kind(
        code="B405",
        status=503,
        heading=N_("页面还没有准备好"),
        what=N_("服务器上缺少页面要用的文件。"),
        todo=N_("请管理员在服务器上运行 make setup，然后重新加载。"),
        logged=True,
    ),
    "wrong_entry": Kind(
        code="B204",
        status=400,
        heading=N_("请从与客户的聊天或客户群里打开"),
        what=N_("你不是从聊天里进来的，所以不知道要看哪位客户或哪个群。"),
        todo=N_("进入与客户的单聊或客户群，在右侧的侧边栏（手机上是聊天工具栏）里打开。"),
    ),
    "no_bridge": Kind(
        code="B304",
        status=504,
        heading=N_("企业微信没有回应"),
        what=N_("页面等了 3 秒，企业微信客户端没有回答当前是哪个聊天。"),
        todo=N_("请重新加载；如果还是不行，重启企业微信，或升级到新版本。"),
    ),
    "network_gone": Kind(
        code="B406",
        status=504,
        heading=N_("网络断开了"),
        what=N_("请求没有送到服务器，或者没有等到回答。"),
        todo=N_("请检查网络，然后重试。"),
        button=N_("重试"),
    ),
    "server_gone": Kind(
        code="B407",
        status=502,
        heading=N_("服务暂时连不上"),
        what=N_("伴客没有回答，可能正在重启或升级。"),
        todo=N_("请过一会儿再试；如果一直这样，请告诉管理员。"),
        button=N_("重试"),
    ),
}
CLIENT_KINDS = (
    "wrong_entry",
    "no_bridge",
    "signature_refused",
    "wecom_refuses",
    "network_gone",
    "server_gone",
)
LATER = N_("请等大约 {seconds} 秒再试，你的数据都在。")
LIMIT = N_("调用次数到了企业微信的上限。")
LIMIT_REACHED = 45009
RETRYING = N_("大约 {seconds} 秒后会自动再试，你的数据都在。")
GAVE_UP = N_("已经自动再试了几次，还是不行。请过几分钟再试，你的数据都在。")
SOON_SECONDS = 10
SERVER_BUSY_SECONDS = 3
ASK_ADMIN = N_("请把下面的编号告诉管理员。")
CUSTOMER_RIGHTS = N_(
    "管理后台 → 客户与上下游 → 客户联系：“可调用接口的应用”里有本应用，“使用范围”里有你"
)


@dataclass(frozen=True, kw_only=True)
class Told:
    """A problem as `problem.html` shows it. `href` "": the page itself, once more.

    `retrying` and `gave_up` are what to do while the page tries again by itself, and afterwards:
    whether it does, its script knows.
    """

    kind: str
    code: str
    heading: str
    what: str
    todo: str
    button: str
    points: tuple[str, ...] = ()
    href: str = ""
    problem_id: str = ""
    retry_after: int = 0
    retrying: str = ""
    gave_up: str = ""
    # A picture to be scanned, as an address of its own.
    code_picture: str = ""


class Problem(Exception):
    """A request ends with this problem. `reason` is for the log, `error` what WeCom said."""

    def __init__(
        self,
        kind: str,
        *,
        reason: str = "",
        error: WeComError | None = None,
        href: str = "",
        status: int = 0,
    ) -> None:
        super().__init__(kind)
        self.kind = kind
        self.reason = reason
        self.error = error
        self.href = href
        self.status = status or KINDS[kind].status
        self.problem_id = secrets.token_hex(4) if KINDS[kind].logged else ""

    @property
    def retry_after(self) -> int:
        """Seconds after which the page should ask again by itself; 0: not by itself."""
        if self.kind == "server_busy":
            return SERVER_BUSY_SECONDS
        if self.kind != "wecom_busy" or not isinstance(self.error, TryAgainLater):
            return 0
        return max(3, round(self.error.retry_after))


def problem_of(error: WeComError, *, href: str = "") -> Problem:
    """Say what a refusal of WeCom comes to for the one who looks at the page."""
    kind = "wecom_busy" if isinstance(error, TryAgainLater) else "wecom_refuses"
    return Problem(kind, error=error, href=href)


def tell(kind: str, **values: str) -> Told:
    """Word a problem in the reader's language; `values` fill the places in its texts."""
    words = KINDS[kind]
    values = {"console": _(CUSTOMER_RIGHTS), **values}
    return Told(
        kind=kind,
        code=words.code,
        heading=_(words.heading),
        what=_(words.what),
        todo=_(words.todo, **values),
        button=_(words.button),
        href=words.href,
        points=tuple(_(point, **values) for point in words.points),
    )


def tell_problem(problem: Problem, **values: str) -> Told:
    """Word a problem of this request, with WeCom's own reason where there is one."""
    told = tell(problem.kind, **values)
    if problem.error is not None and problem.kind == "wecom_busy":
        told = _with_patience(told, problem.error, problem.retry_after)
    elif problem.error is not None and problem.kind == "wecom_refuses":
        console = problem.error.console
        todo = _(KINDS[problem.kind].todo, console=console) if console else _(ASK_ADMIN)
        told = replace(told, what=problem.error.plain, todo=todo)
    return replace(
        told,
        href=problem.href or told.href,
        problem_id=problem.problem_id,
        retry_after=problem.retry_after,
        retrying=_(RETRYING, seconds=problem.retry_after),
        gave_up=_(GAVE_UP),
    )


def _with_patience(told: Told, error: WeComError, seconds: int) -> Told:
    # A page only reads: that a call may have taken effect all the same is of no interest here. Nor
    # is what our jobs do by themselves, of which the words for WeCom's numbers speak.
    what = told.what
    if error.errcode == LIMIT_REACHED:
        what = _(LIMIT)
    elif error.errcode is None and not isinstance(error, Unanswered):
        what = error.plain
    todo = _(LATER, seconds=seconds) if seconds > SOON_SECONDS else told.todo
    return replace(told, what=what, todo=todo)
