"""Checks of what this machine itself must have: the database and Redis."""

from collections.abc import Iterator

import redis
from sqlalchemy.exc import SQLAlchemyError

from app import schema
from app.config import is_loopback
from app.db import Database
from app.doctor.exam import Exam, Finding, bad, good, is_missing, note
from app.i18n import _
from app.queue import connect_redis
from app.redis_server import find_server


def check_mode(exam: Exam) -> Iterator[Finding]:
    """Say whether this is a real corp or a play."""
    wecom = exam.config.wecom
    if is_loopback(wecom.api_base):
        yield good(_("演示：企业微信是本机上模拟的"))
    else:
        names = {"corp_id": wecom.corp_id, "agent_id": wecom.agent_id}
        yield good(_("已接入企业 {corp_id}，应用 {agent_id}", **names))


def check_listen(exam: Exam) -> Iterator[Finding]:
    """See that strangers reach the web process only through a proxy."""
    listen = exam.config.server.listen
    if is_loopback(f"http://{listen}"):
        yield good(_("只在本机监听（{listen}），由反向代理转发", listen=listen))
    else:
        yield note(
            _(
                "直接对外监听（{listen}）：没有 TLS，也没有连接数限制，"
                "请改为 127.0.0.1，由反向代理转发",
                listen=listen,
            )
        )


def check_database(exam: Exam) -> Iterator[Finding]:
    """Reach the database and compare its schema with the one that this version needs."""
    url = exam.config.database.url
    if is_missing(url):
        yield bad(_("还没有数据库：请运行 flask upgrade"))
        return
    try:
        database = Database(url)
        current = schema.current_revision(database)
        database.close()
    except (SQLAlchemyError, OSError) as error:
        yield bad(
            _(
                "连不上（{error}）：请检查 config.toml 的 database.url、账号和密码，"
                "以及数据库是否在运行",
                error=type(error).__name__,
            )
        )
        return
    yield _schema(current)


def _schema(current: str | None) -> Finding:
    wanted = schema.wanted_revision()
    if current == wanted:
        return good(_("连接正常，结构是最新的（{revision}）", revision=wanted))
    if current is not None and current > wanted:
        return bad(
            _(
                "结构（{current}）比本程序（{wanted}）新：请换上更新的程序",
                current=current,
                wanted=wanted,
            )
        )
    return bad(
        _(
            "结构（{current}）不是本程序要的（{wanted}）：请运行 flask upgrade",
            current=current or _("空"),
            wanted=wanted,
        )
    )


def check_redis(exam: Exam) -> Iterator[Finding]:
    """See whether there is a doorbell; without one everything still works, a little slower."""
    url = exam.config.redis.url
    if url == "embedded":
        binary = find_server()
        yield (
            good(_("flask serve 会自带一个（{binary}）", binary=binary))
            if binary
            else note(
                _("本机没有可用的 Redis：功能不受影响，欢迎语最多慢一秒；装上 redis-server 即可")
            )
        )
        return
    try:
        connection = connect_redis(url)
        if connection is not None:
            connection.ping()
            connection.close()
        yield good(_("连接正常"))
    except (redis.RedisError, OSError, ValueError) as error:
        yield note(
            _(
                "连不上（{error}）：功能不受影响，欢迎语最多慢一秒；"
                "请检查 config.toml 的 redis.url",
                error=type(error).__name__,
            )
        )
