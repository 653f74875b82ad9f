"""The sandbox dates its answers by its own clock, as WeCom does by its."""

from email.utils import parsedate_to_datetime

import requests

from app.sandbox.server import Sandbox, SandboxServer


def test_an_answer_carries_the_moved_time() -> None:
    box = Sandbox()
    box.clock.move(3600)
    with SandboxServer(box) as address:
        date = requests.get(f"{address}/cgi-bin/gettoken", timeout=5).headers["Date"]
    box.close()
    assert abs(parsedate_to_datetime(date).timestamp() - box.clock.time()) < 60
