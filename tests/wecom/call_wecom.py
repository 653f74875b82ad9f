"""A process of its own that calls WeCom: `call_wecom.py BASE SECRET REDIS_URL THREADS`.

It calls once, says "warm", waits for a line, calls from all threads at once and says how many
calls went well.
"""

import sys
from concurrent.futures import ThreadPoolExecutor

from app.wecom import user
from app.wecom.client import connect_wecom
from app.wecom.errors import WeComError
from tests.wecom.bare import config_for, quick_redis


def main(base: str, secret: str, redis_url: str, threads: str) -> None:
    client = connect_wecom(config_for(base, secret), quick_redis(redis_url))

    def call(_: int) -> bool:
        try:
            return user.get(client, "zhaoyi", within=10).userid == "zhaoyi"
        except WeComError:
            return False

    call(0)
    say("warm")
    sys.stdin.readline()
    with ThreadPoolExecutor(int(threads)) as pool:
        say(str(sum(pool.map(call, range(int(threads))))))


def say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
