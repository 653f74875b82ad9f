"""What the commands share: the configuration, a runtime, refusals in words."""

import os
import re
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import NoReturn, ParamSpec, TypeVar

import click

from app.config import Config, load_config
from app.errors import BankeError
from app.i18n import _, use_language
from app.log import configure_logging
from app.runtime import Runtime, build_runtime, set_up_process

P = ParamSpec("P")
R = TypeVar("R")


def current_config() -> Config:
    """Read the configuration and prepare this process for it."""
    config = load_config()
    set_up_process(config)
    return config


def current_runtime() -> Runtime:
    """Make the tools of a command that a person runs: its log says only what went wrong."""
    config = current_config()
    configure_logging("WARNING")
    return build_runtime(config)


def speak_as_terminal() -> None:
    """Speak the terminal's language: a command that needs no configuration knows no other.

    Chinese, as we do, if the terminal names none; English to all whose language we have not.
    """
    told = next(filter(None, map(os.environ.get, ("LC_ALL", "LC_MESSAGES", "LANG"))), "")
    if re.split(r"[_.@]", told)[0] not in {"", "C", "POSIX", "zh"}:
        use_language("en")


def in_words(command: Callable[P, R]) -> Callable[P, R]:
    """Let our own errors end a command as a sentence and exit code 1."""

    @wraps(command)
    def told(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except BankeError as error:
            refuse(str(error))

    return told


def read_file(file: Path) -> str:
    """Read a text that a person wrote, or end the command in words."""
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        refuse(_("读不到文件「{name}」，或它不是 UTF-8 文本。", name=file.name))


def refuse(sentence: str) -> NoReturn:
    """End the command with this sentence on standard error and exit code 1."""
    click.echo(sentence, err=True)
    sys.exit(1)
