"""A process of its own that calls WeCom: `call_wecom.py BASE SECRET REDIS_URL THREADS [steadily]`.

It calls once, says "warm", waits for a line, calls from all threads at once and says how many
calls went well. Steadily: each thread goes on until there is another line; then it says how many
calls failed, too.
"""

import sys
import threading
from concurrent.futures import ThreadPoolExecutor

from app.wecom import user
from app.wecom.client import connect_wecom
from app.wecom.errors import WeComError
from tests.wecom.bare import config_for, quick_redis

STEADILY = "steadily"


def main(base: str, secret: str, redis_url: str, threads: str, how: str = "") -> None:
    client = connect_wecom(config_for(base, secret), quick_redis(redis_url))
    over = threading.Event()

    def call(_: int) -> bool:
        try:
            return user.get(client, "zhaoyi", within=10).userid == "zhaoyi"
        except WeComError:
            return False

    def go_on(number: int) -> list[bool]:
        went = [call(number)]
        while how == STEADILY and not over.is_set():
            went.append(call(number))
        return went

    call(0)
    say("warm")
    sys.stdin.readline()
    with ThreadPoolExecutor(int(threads)) as pool:
        running = pool.map(go_on, range(int(threads)))
        if how == STEADILY:
            sys.stdin.readline()
        over.set()
        went = [one for thread in running for one in thread]
    say(str(sum(went)))
    if how == STEADILY:
        say(str(len(went) - sum(went)))


def say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
