"""What `flask doctor` looks at: the configuration against this machine and against WeCom.

`CHECKS` is the board: every check with its name, in the order in which they are told. A check never
ends the others, and one that hangs on a failed one says so instead of failing too. Part of the
composition root: it may use every tool, and nothing uses it but the command.
"""

from collections.abc import Callable, Iterable, Iterator

from app.config import Config
from app.doctor import address, corp, machine
from app.doctor.exam import Exam, Finding, bad, good, left
from app.errors import ConfigError
from app.i18n import N_, _

Check = Callable[[Exam], Iterable[Finding]]

CONFIGURATION = N_("配置")
CHECKS: tuple[tuple[str, Check], ...] = (
    (N_("监听地址"), machine.check_listen),
    (N_("数据库"), machine.check_database),
    (N_("Redis"), machine.check_redis),
    (N_("企业ID 和 Secret"), corp.check_secret),
    (N_("企业可信IP"), corp.check_trusted_ip),
    (N_("客户联系接口"), corp.check_permission),
    (N_("客户联系成员"), corp.check_members),
    (N_("部门"), corp.check_departments),
    (N_("应用"), corp.check_app),
    (N_("可信域名"), corp.check_domain),
    (N_("侧边栏"), corp.check_sidebar),
    (N_("接收消息"), address.check_receivers),
    (N_("归属验证文件"), address.check_domain_files),
    (N_("服务器时间"), corp.check_clock),
)


def examine(config: Config) -> Iterator[tuple[str, Finding]]:
    """Run every check and give each finding, with the check's name, as soon as it is there."""
    yield _(CONFIGURATION), good(_("可以读取"))
    exam = Exam(config)
    for name, check in CHECKS:
        for finding in _found(check, exam):
            yield _(name), finding
    exam.close()


def examine_unreadable(error: ConfigError) -> Iterator[tuple[str, Finding]]:
    """Tell what is wrong with the configuration, and that all the rest hangs on it."""
    yield _(CONFIGURATION), bad(str(error))
    for name, _check in CHECKS:
        yield _(name), left()


def _found(check: Check, exam: Exam) -> Iterable[Finding]:
    try:
        return tuple(check(exam))
    except Exception as error:  # noqa: BLE001 -- one fault must not hide the others, nor its text tell a secret
        return (bad(_("检查时出错（{error}）", error=type(error).__name__)),)
