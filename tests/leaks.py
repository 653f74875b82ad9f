"""What a run of the tests leaves behind is searched for secrets and for what is personal.

Logs of every process (`*.log`), and whatever else was said where everybody may read it (`*.said`):
the output of commands, figures, error pages, what lies in Redis, what tests printed. A page that
shows somebody his own form again (`*.shown`) is searched for secrets alone. What to look for is
noted by the tests as they go (`*.canaries`), as lines of kind and value.

A leak is named by its file, line and kind, never by its value.
"""

import re
import subprocess
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import redis
import requests

from app.sandbox.server import Sandbox
from tests import settings

ROOT = Path(__file__).parent.parent
SECRET = frozenset(
    {"secret", "token", "aes_key", "secret_key", "access_token", "ticket", "welcome_code"}
)
# Words of our own: a customer of that name could not be told from them.
OURS = ("app", "callbacks", "sidebar")
NOT_OURS = ("app/sandbox", "app/cli/demo", "app/static", "app/translations")
SHORTEST, LONG = 2, 11
# Of customers whom the tests name in passing.
NAMED = re.compile(r'\b(?:customer_scans?|Words)\([^)]*?(?:name=|"wm\w+", )"([^"{\\]+)"')
ERROR_PAGES = (
    "/nowhere",
    "/admin/nowhere",
    "/admin/customers",
    "/sidebar/customers/wmNobody/profile",
    "/callbacks/nowhere",
    "/callbacks/app?msg_signature=0&timestamp=0&nonce=0&echostr=0",
)


@dataclass(frozen=True, order=True)
class Leak:
    """Where something stands that must not stand there."""

    file: str
    line: int
    kind: str


def note(folder: Path, canaries: Mapping[str, Iterable[str]]) -> None:
    """Note what must be found nowhere, by kind."""
    with (folder / "run.canaries").open("a", encoding="utf-8") as file:
        for kind, values in canaries.items():
            file.writelines(f"{kind}\t{value}\n" for value in sorted(set(values)) if value)


def note_box(folder: Path, box: Sandbox) -> None:
    """Note the secrets of a sandbox, and its people."""
    with box.world.lock:
        relations = box.world.relations()
        note(
            folder,
            {
                "secret": [app.secret for app in box.world.apps.values()],
                "token": [app.token for app in box.world.apps.values()],
                "aes_key": [app.aes_key for app in box.world.apps.values()],
                "access_token": box.world.tokens,
                "ticket": [value for value, _at in box.world.tickets.values()],
                "welcome_code": box.world.codes,
                "name": [one.name for one in box.world.customers.values()],
                "corp": [one.corp_name for one in box.world.customers.values()],
                "avatar": [one.avatar for one in box.world.customers.values()],
                "unionid": [one.unionid for one in box.world.customers.values()],
                "remark": [one.remark for one in relations],
                "description": [one.description for one in relations],
                "phone": [phone for one in relations for phone in one.remark_mobiles],
                "external_userid": box.world.customers,
            },
        )


def keep(folder: Path, name: str, *texts: str | bytes) -> None:
    """Keep what was said, to be searched at the end."""
    with (folder / name).open("ab") as file:
        for text in texts:
            data = text.encode() if isinstance(text, str) else text
            file.write(data.rstrip(b"\n") + b"\n")


def keep_pages(folder: Path, address: str) -> None:
    """Keep the figures of a server that may be dead by now, and its error pages."""
    with suppress(requests.RequestException), requests.Session() as session:
        for path in ("/metrics", *ERROR_PAGES):
            answer = session.get(f"{address}{path}", timeout=1, allow_redirects=False)
            keep(folder, "pages.said", f"GET {path} {answer.status_code}", answer.content)


def keep_redis(folder: Path, url: str) -> None:
    """Keep all that lies in a Redis that may be dead by now."""
    if not url:
        return
    with suppress(redis.RedisError, OSError):
        server = redis.Redis.from_url(url, socket_timeout=0.5, socket_connect_timeout=0.5)
        for key in server.scan_iter(count=1000):
            keep(folder, "redis.said", key, *_values(server, key))


def _values(server: Any, key: bytes) -> Iterator[bytes]:
    read: dict[bytes, Callable[[], Iterable[bytes | None]]] = {
        b"string": lambda: [server.get(key)],
        b"hash": lambda: [part for pair in server.hgetall(key).items() for part in pair],
        b"list": lambda: server.lrange(key, 0, -1),
        b"set": lambda: server.smembers(key),
        b"zset": lambda: server.zrange(key, 0, -1),
        b"stream": lambda: [repr(one).encode() for one in server.xrange(key)],
    }
    kind = server.type(key)
    for value in read[kind]() if kind in read else ():
        if value is not None:
            yield value
            # RQ keeps its jobs packed.
            with suppress(zlib.error):
                yield zlib.decompress(value)


def find_leaks(folder: Path) -> list[Leak]:
    """Search all that lies in `folder` for all that was noted there."""
    canaries = _canaries(folder)
    kinds = {value: kind for kind, values in canaries.items() for value in values}
    secret = {value for value, kind in kinds.items() if kind in SECRET}
    found = _grep(folder, kinds, ("*.log", "*.said")) | _grep(folder, secret, ("*.shown",))
    return sorted(Leak(file, line, kinds[value]) for file, line, value in found)


def _canaries(folder: Path) -> dict[str, set[str]]:
    canaries = {
        "secret": {settings.SECRET},
        "token": {settings.TOKEN},
        "aes_key": {settings.AES_KEY},
        "secret_key": {settings.SECRET_KEY},
        "name": {
            name
            for path in (ROOT / "tests").rglob("*.py")
            for name in NAMED.findall(path.read_text(encoding="utf-8"))
        },
    }
    for path in folder.rglob("*.canaries"):
        for line in path.read_text(encoding="utf-8").split("\n"):
            kind, _tab, value = line.partition("\t")
            if value:
                canaries.setdefault(kind, set()).add(value)
    return {
        kind: values if kind in SECRET else {one for one in values if _tells(one)}
        for kind, values in canaries.items()
    }


def _tells(value: str) -> bool:
    """Tell whether this can only mean somebody: a whole number or address, or no word of ours."""
    if len(value) >= LONG:
        return True
    bare = value.rstrip("0123456789")
    return len(bare) >= SHORTEST and not _is_ours(bare)


@cache
def _is_ours(word: str) -> bool:
    return word in _our_words()


@cache
def _our_words() -> str:
    """Return all that the product itself says."""
    return "\n".join(
        path.read_text(encoding="utf-8")
        for name in OURS
        for path in (ROOT / name).rglob("*")
        if path.suffix in {".py", ".html"} and not str(path.relative_to(ROOT)).startswith(NOT_OURS)
    )


def _grep(folder: Path, values: Iterable[str], names: tuple[str, ...]) -> set[tuple[str, int, str]]:
    """Have grep find them: it takes ten thousand words as quickly as one."""
    words = folder / "run.words"
    words.write_text("".join(f"{value}\n" for value in sorted(set(values))), encoding="utf-8")
    done = subprocess.run(
        ["grep", "-rnoaZF", "-f", words, *(f"--include={name}" for name in names), folder],
        env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        check=False,
    )
    words.unlink()
    if done.returncode > 1:
        raise RuntimeError(done.stderr.decode(errors="replace"))
    found = set()
    for hit in done.stdout.decode(errors="replace").splitlines():
        file, _nul, rest = hit.partition("\0")
        line, _colon, value = rest.partition(":")
        found.add((str(Path(file).relative_to(folder)), int(line), value))
    return found
