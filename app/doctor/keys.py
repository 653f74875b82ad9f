"""Checks of the keys: who can read their files, and whether they open what lies sealed."""

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from app.config import Config, list_secret_files
from app.doctor.exam import Exam, Finding, bad, good, left, note
from app.errors import ConfigError
from app.i18n import _
from app.privacy.sealing import Trial, try_keys
from app.sections import SERVER_KEY

# What a container is given by whoever starts it; there are no other accounts in there.
GIVEN = Path("/run/secrets")


def check_key_files(exam: Exam) -> Iterator[Finding]:
    """See that no other account of this machine can read a file with secrets in it."""
    try:
        files = list_secret_files()
    except ConfigError:
        # It was put away since it was read, and out of everybody's reach.
        files = []
    secrets = set(_secrets(exam.config.model_dump()))
    loose = [one for one in files if _is_loose(one) and _holds(one, secrets)]
    for path in loose:
        yield note(
            _(
                "本机的其他账号也能读到里面的密钥：请运行 chmod 600 {name}，"
                "文件要属于运行伴客的账号",
                name=path,
            ),
            about=path.name,
        )
    if not loose:
        yield good(_("本机的其他账号读不到"))


def _secrets(tree: Any) -> Iterator[str]:
    if isinstance(tree, SecretStr):
        yield tree.get_secret_value()
    for one in tree.values() if isinstance(tree, dict) else ():
        yield from _secrets(one)


def _is_loose(path: Path) -> bool:
    """Tell whether everybody on this machine may read a file: it, and the folders on its way."""
    path = path.resolve()
    if path.is_relative_to(GIVEN) or not path.is_file():
        return False
    way = (folder.stat().st_mode & stat.S_IXOTH for folder in path.parents)
    return bool(path.stat().st_mode & stat.S_IROTH) and all(way)


def _holds(path: Path, secrets: set[str]) -> bool:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return False
    return any(secret in text for secret in secrets)


def check_data_keys(exam: Exam) -> Iterator[Finding]:
    """Try the data keys on some of what lies sealed, and say which are missing or are others."""
    trial = exam.read(try_keys)
    if trial is None:
        yield left()
        return
    faults = list(_tell_faults(trial))
    yield from faults
    if not faults:
        yield _tell_state(exam.config, trial)


def _tell_faults(trial: Trial) -> Iterator[Finding]:
    for name in sorted(trial.missing):
        yield bad(
            _(
                "有内容是用数据密钥「{name}」加密的，配置里没有这把密钥，读不出来："
                "请把它写回 config.toml 的 [privacy.keys]，再重启",
                name=name,
            )
        )
    for name in sorted(trial.shut):
        if name == SERVER_KEY:
            words = _(
                "有内容用 server.secret_key 打不开，它和加密时的不是同一个："
                "请换回原来的，再重启；要换密钥，请另加 [privacy.keys]"
            )
        else:
            words = _(
                "有内容用数据密钥「{name}」打不开，它和加密时的不是同一把："
                "请在 [privacy.keys] 里换回原来的，再重启；新密钥要用新的名字",
                name=name,
            )
        yield bad(words)


def _tell_state(config: Config, trial: Trial) -> Finding:
    current = _word_key(config.privacy.current)
    if trial.older:
        older = _("、").join(_word_key(one) for one in sorted(trial.older))
        return note(
            _(
                "还有内容用旧密钥（{older}）加密，后台会逐步换成 {current}：换完之前请保留旧密钥；"
                "想马上换完，请运行 flask privacy rotate",
                older=older,
                current=current,
            )
        )
    if trial.is_waiting:
        return note(
            _(
                "有内容等着加密或恢复为明文，后台一两分钟内会接着做；一直这样，请看各进程是否都在运行"
            )
        )
    if not trial.opened:
        return good(_("还没有加密的内容；以后用 {current} 加密", current=current))
    return good(
        _("抽查的 {count} 处都能读出，用 {current} 加密", count=trial.opened, current=current)
    )


def _word_key(name: str) -> str:
    return "server.secret_key" if name == SERVER_KEY else _("「{name}」", name=name)
