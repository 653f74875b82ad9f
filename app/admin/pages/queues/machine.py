"""What lies under the work: Redis, the database, the versions of what runs."""

import platform
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from redis import RedisError
from sqlalchemy import text
from sqlalchemy.orm import Session

from app import __version__, clock, schema
from app.i18n import _
from app.runtime import Runtime

LIBRARIES = ("flask", "sqlalchemy", "rq", "redis", "wechatpy", "granian")
KINDS = {"sqlite": "SQLite", "postgresql": "PostgreSQL", "mysql": "MySQL"}
MEBIBYTE = 1024 * 1024
LONGEST = 80

Facts = list[tuple[str, str]]


def show_redis(runtime: Runtime) -> dict[str, Any]:
    """Tell whether Redis answers, how quickly, and how full it is."""
    redis = runtime.bell.connection
    if redis is None:
        words = _("没有配置 Redis：功能不受影响，欢迎语最多慢一秒")
        return {"is_well": False, "words": words, "facts": []}
    began = clock.monotonic()
    try:
        redis.ping()
        took = clock.monotonic() - began
        info = redis.info()
    except RedisError as error:
        words = _("没有回答（{error}）：功能不受影响，欢迎语最多慢一秒", error=type(error).__name__)
        return {"is_well": False, "words": words, "facts": []}
    said = _("{milliseconds} 毫秒回答", milliseconds=f"{took * 1000:.1f}")
    return {"is_well": True, "words": said, "facts": _redis_facts(info, runtime.bell.failures)}


def _redis_facts(info: dict[str, Any], failures: int) -> Facts:
    name = "Valkey" if "valkey_version" in info else "Redis"
    number = info.get("valkey_version") or info.get("redis_version", "")
    most = info.get("maxmemory_human", "0B")
    memory = str(info.get("used_memory_human", ""))
    return [
        (_("版本"), f"{name} {number}"[:LONGEST]),
        (_("内存"), memory if most == "0B" else f"{memory} / {most}"),
        (_("写满时"), str(info.get("maxmemory_policy", ""))),
        (_("门铃失败次数"), str(failures)),
    ]


def show_database(runtime: Runtime, session: Session) -> Facts:
    """Tell which database this is, its schema, and for a file how large it is."""
    url = runtime.db.url
    kind = url.get_backend_name()
    ask = "SELECT sqlite_version()" if kind == "sqlite" else "SELECT version()"
    number = str(session.scalar(text(ask))).split(" on ")[0]
    known = "MariaDB" if "MariaDB" in number else KINDS.get(kind, kind)
    name = number if number.startswith(known) else f"{known} {number}"
    facts = [
        (_("数据库"), name[:LONGEST]),
        (_("结构"), schema.current_revision(runtime.db) or ""),
    ]
    if kind == "sqlite" and url.database:
        sizes = [_size(Path(url.database + suffix)) for suffix in ("", "-wal")]
        facts.append((_("文件与日志"), " + ".join(f"{one / MEBIBYTE:.1f} MB" for one in sizes)))
    return facts


def show_versions() -> Facts:
    """Tell the versions of ours and of what we stand on."""
    return [(_("伴客"), __version__), ("Python", platform.python_version()), *_libraries()]


@cache
def _libraries() -> tuple[tuple[str, str], ...]:
    return tuple((name, version(name)) for name in LIBRARIES)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
