"""Checks that ask WeCom: who we are, what we may, and what the console says about our app."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from app import assets
from app.doctor.exam import UNTRUSTED_IP, Exam, Finding, bad, good, left, note, refused
from app.i18n import _
from app.wecom.codes import CUSTOMERS_PAGE, DOMAIN_PAGE, ENABLE_PAGE, RANGE_PAGE
from app.wecom.errors import TryAgainLater, WeComError

MOST_SKEW_SECONDS = 2.0
# WeCom's Date has whole seconds, so that our clock looks half a second ahead of it on average.
DATE_IS_CUT_SECONDS = 0.5
DEFAULT_PORTS = {"https": 443, "http": 80}


def check_secret(exam: Exam) -> Iterator[Finding]:
    """See whether WeCom gives us a token."""
    refusal = exam.refusal
    if refusal is None or refusal.api != "gettoken":
        yield good(_("正确"))
    elif refusal.errcode == UNTRUSTED_IP:
        # WeCom looked at the address first; the next line tells.
        yield left()
    else:
        yield refused(refusal)


def check_trusted_ip(exam: Exam) -> Iterator[Finding]:
    """See whether WeCom takes calls from this machine's address."""
    refusal = exam.refusal
    if refusal is not None and refusal.errcode == UNTRUSTED_IP:
        yield refused(refusal)
    elif refusal is not None or isinstance(exam.app, TryAgainLater):
        yield left()
    else:
        yield good(_("企业微信接受本服务器的 IP"))


def check_permission(exam: Exam) -> Iterator[Finding]:
    """See whether the app may use 客户联系."""
    if exam.refusal:
        yield left()
    elif isinstance(exam.follow_users, WeComError):
        yield refused(exam.follow_users)
    else:
        yield good(_("本应用可以调用"))


def check_members(exam: Exam) -> Iterator[Finding]:
    """See whether any member that the app sees may have customers."""
    if exam.refusal or isinstance(exam.follow_users, WeComError):
        yield left()
    elif exam.follow_users:
        yield good(_("{count} 位成员可以添加客户", count=len(exam.follow_users)))
    elif _sees_nobody(exam):
        yield bad(_("本应用的可见范围是空的"), console=_(RANGE_PAGE))
    else:
        yield bad(_("可见范围里没有一位成员能使用客户联系"), console=_(CUSTOMERS_PAGE))


def _sees_nobody(exam: Exam) -> bool:
    app = exam.app
    return not isinstance(app, WeComError) and not (
        app.allow_userids or app.allow_partyids or app.allow_tagids
    )


def check_departments(exam: Exam) -> Iterator[Finding]:
    """See whether departments can be read; scripts and managers are found by them."""
    if exam.refusal:
        yield left()
    elif isinstance(exam.departments, WeComError):
        yield refused(exam.departments)
    elif exam.departments:
        yield good(_("读到 {count} 个部门", count=len(exam.departments)))
    else:
        yield note(_("读不到任何部门：按部门选择的欢迎语不会生效"), console=_(RANGE_PAGE))


def check_app(exam: Exam) -> Iterator[Finding]:
    """See whether AgentId and Secret belong to one app, and whether it is switched on."""
    app = exam.app
    if exam.refusal:
        yield left()
    elif isinstance(app, WeComError):
        yield refused(app)
    elif app.close:
        yield bad(_("本应用已被停用"), console=_(ENABLE_PAGE))
    else:
        yield good(_("「{name}」已启用，AgentId 正确", name=app.name))


def check_domain(exam: Exam) -> Iterator[Finding]:
    """Compare the trusted domain with our own address: WeCom wants it exact, port included."""
    app = exam.app
    if isinstance(app, WeComError):
        yield left()
        return
    wanted, given = _domain(exam.config.server.base_url), app.redirect_domain
    if given is None:
        unset = _("还没有设置：请填写 {wanted}", wanted=wanted)
        yield bad(unset, console=_(DOMAIN_PAGE), paste=wanted)
    elif given.lower() != wanted:
        yield bad(
            _(
                "现在是 {given}，与 config.toml 的 server.base_url 不一致：请改为 {wanted}",
                given=given,
                wanted=wanted,
            ),
            console=_(DOMAIN_PAGE),
            paste=wanted,
        )
    else:
        yield good(_("{given}，与 server.base_url 一致", given=given))


def check_sidebar(exam: Exam) -> Iterator[Finding]:
    """See whether the sidebar has its files, and tickets to sign its pages with."""
    if not assets.is_complete():
        yield bad(_("缺少页面要用的文件：请运行 make setup"))
    elif exam.refusal:
        yield left()
    elif exam.tickets_refusal:
        yield refused(exam.tickets_refusal)
    else:
        yield good(_("页面文件齐全，可以给页面签名"))


def _domain(base_url: str) -> str:
    """Return host and port as a browser sends them: without the port that goes without saying."""
    parts = urlsplit(base_url)
    host = parts.netloc.lower()
    if parts.port == DEFAULT_PORTS[parts.scheme]:
        host = host.rpartition(":")[0]
    return host


def check_clock(exam: Exam) -> Iterator[Finding]:
    """Compare our clock with the one in WeCom's answers: a welcome has only 20 seconds."""
    skew = exam.clock_skew()
    if skew is None:
        yield left()
        return
    skew -= DATE_IS_CUT_SECONDS
    if abs(skew) <= MOST_SKEW_SECONDS:
        yield good(_("与企业微信相差不超过 {most} 秒", most=f"{MOST_SKEW_SECONDS:.0f}"))
        return
    seconds = f"{abs(skew):.0f}"
    yield bad(
        _("比企业微信快 {seconds} 秒：请打开自动校时（timedatectl set-ntp true）", seconds=seconds)
        if skew > 0
        else _(
            "比企业微信慢 {seconds} 秒：请打开自动校时（timedatectl set-ntp true）", seconds=seconds
        )
    )
