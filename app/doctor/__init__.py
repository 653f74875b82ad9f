"""What `flask doctor` and the page 体检 look at: the configuration, here and at WeCom.

`CHECKS` is the board: every check with its name, in the order in which they are told. A check never
ends the others, and one that hangs on a failed one says so instead of failing too.
"""

from collections.abc import Callable, Iterable, Iterator

from app.config import Config
from app.doctor import address, corp, keys, machine, usage
from app.doctor.exam import Exam, Finding, Mark, bad, good, left
from app.errors import ConfigError
from app.i18n import N_, _

Check = Callable[[Exam], Iterable[Finding]]

CONFIGURATION = N_("配置")
CHECKS: tuple[tuple[str, Check], ...] = (
    (N_("运行方式"), machine.check_mode),
    (N_("监听地址"), machine.check_listen),
    (N_("数据库"), machine.check_database),
    (N_("Redis"), machine.check_redis),
    (N_("密钥文件"), keys.check_key_files),
    (N_("数据密钥"), keys.check_data_keys),
    (N_("企业ID 和 Secret"), corp.check_secret),
    (N_("企业可信IP"), corp.check_trusted_ip),
    (N_("客户联系接口"), corp.check_permission),
    (N_("客户联系成员"), corp.check_members),
    (N_("部门"), corp.check_departments),
    (N_("应用"), corp.check_app),
    (N_("可信域名"), corp.check_domain),
    (N_("侧边栏"), corp.check_sidebar),
    (N_("访问地址"), address.check_public),
    (N_("接收消息"), address.check_receivers),
    (N_("归属验证文件"), address.check_domain_files),
    (N_("服务器时间"), corp.check_clock),
    (N_("客户变更事件"), usage.check_events),
    (N_("欢迎语凭证"), usage.check_greeting),
)


def key_of(check: Check) -> str:
    """Return what a check is called in addresses: "trusted_ip"."""
    return getattr(check, "__name__", "").removeprefix("check_")


def list_by_hand(config: Config) -> list[tuple[str, str]]:
    """List what WeCom lets nobody ask, so that one has to look; and what has to be pasted there."""
    return [
        (_("“接收消息”页里，已打开“外部联系人变更回调”"), ""),
        (
            _(
                "“客户与上下游 → 聊天工具 → 聊天工具栏管理 → 配置应用页面”里，已选本应用"
                "（设好以后员工要重启一次企业微信），页面地址是"
            ),
            f"{config.server.base_url}/sidebar/",
        ),
        (_("“客户联系 → 欢迎语”里，没有给这些成员另设欢迎语（设了就以它为准）"), ""),
    ]


def examine(config: Config) -> Iterator[tuple[str, Finding]]:
    """Run every check and give each finding, with the check's name, as soon as it is there."""
    yield _(CONFIGURATION), good(_("可以读取"))
    exam = Exam(config)
    for name, check in CHECKS:
        for finding in run_check(check, exam):
            yield _(name), finding
    exam.close()


def examine_unreadable(error: ConfigError) -> Iterator[tuple[str, Finding]]:
    """Tell what is wrong with the configuration, and that all the rest hangs on it."""
    yield _(CONFIGURATION), bad(str(error))
    for name, _check in CHECKS:
        yield _(name), left()


def run_check(check: Check, exam: Exam) -> Iterable[Finding]:
    """Run one check; a fault of its own is a finding too, and so is a time that is over."""
    if exam.is_over:
        return (Finding(Mark.LEFT, _("体检的总时限已到，这一项没有检查，请单独再查一次")),)
    try:
        return tuple(check(exam))
    except Exception as error:  # noqa: BLE001 -- one fault must not hide the others, nor its text tell a secret
        return (bad(_("检查时出错（{error}）", error=type(error).__name__)),)
