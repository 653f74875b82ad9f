"""The story that `flask demo` tells: one customer comes, leaves, and comes back.

It plays on the sandbox as people would, and tells what the sandbox's ledger says came of it.
"""

import threading
from collections.abc import Callable
from typing import Any

import click
import requests

from app import clock
from app.i18n import _

PATIENCE = 20.0
MEMBER = "zhaoyi"
CHANNEL = "store-12"

Row = dict[str, Any]


def tell(address: str, stop: threading.Event) -> bool:
    """Tell the story; False when something that belongs to it did not come."""
    teller = _Teller(f"{address}/sandbox/api", stop)
    name, member = "周小满", "赵忆南"
    teller.say(
        _("客户「{name}」扫了门店 12 的渠道码，添加员工{member}……", name=name, member=member)
    )
    event = teller.act("customer_scans", userid=MEMBER, state=CHANNEL, name=name)
    customer = event["external_userid"]
    welcome = teller.wait(lambda row: row["external_userid"] == customer, kind="welcome")
    if welcome is None:
        return teller.missed()
    seconds = f"{welcome['ms_from_event'] / 1000:.1f}"
    teller.say(_("{seconds} 秒后收到欢迎语：", seconds=seconds), welcome["text"])
    teller.say(_("客户删除了{member}……", member=member))
    teller.act("customer_deletes_member", userid=MEMBER, external_userid=customer)
    alert = teller.wait(lambda row: row["userid"] == MEMBER, kind="message")
    if alert is None:
        return teller.missed()
    teller.say(_("{member}收到提醒：", member=member), _worded(alert))
    teller.sleep(2 * 24 * 3600)
    teller.say(_("两天后客户又添加了{member}，以前的记录都还在……", member=member))
    teller.act("customer_scans", userid=MEMBER, external_userid=customer, state=CHANNEL)
    if teller.wait(lambda row: row["external_userid"] == customer, kind="welcome") is None:
        return teller.missed()
    teller.say(_("再次收到欢迎语。按 Ctrl-C 结束演示。"))
    return True


class _Teller:
    def __init__(self, api: str, stop: threading.Event) -> None:
        self._api = api
        self._stop = stop
        self._after = 0

    def say(self, sentence: str, quoted: str = "") -> None:
        click.echo(f"  {sentence}")
        for line in quoted.splitlines():
            click.echo(f"    │ {line}")

    def missed(self) -> bool:
        if not self._stop.is_set():
            self.say(_("等了 20 秒也没有等到，请看 var/demo 下的日志。"))
        return False

    def sleep(self, seconds: int) -> None:
        """Let this much time pass in the sandbox, and so in the server."""
        answer = requests.post(f"{self._api}/clock", json={"move": seconds}, timeout=5)
        answer.raise_for_status()

    def act(self, verb: str, **details: str) -> Row:
        self._after = requests.get(f"{self._api}/state", timeout=5).json()["revision"]
        answer = requests.post(f"{self._api}/people/{verb}", json=details, timeout=10)
        answer.raise_for_status()
        result: Row = answer.json()["result"]
        return result

    def wait(self, wanted: Callable[[Row], bool], *, kind: str) -> Row | None:
        """Return the next row of the ledger that is wanted, None when it does not come."""
        end = clock.monotonic() + PATIENCE
        while clock.monotonic() < end and not self._stop.wait(0.1):
            asked = {"after": str(self._after), "kind": kind}
            page = requests.get(f"{self._api}/ledger", params=asked, timeout=5).json()
            for row in page["rows"]:
                if wanted(row):
                    return dict(row)
        return None


def _worded(message: Row) -> str:
    card = message["body"]["template_card"]
    lines = [f"{card['main_title']['title']}：{card['main_title']['desc']}"]
    lines += [f"{row['keyname']}：{row['value']}" for row in card["horizontal_content_list"]]
    return "\n".join([*lines, card["card_action"]["url"]])
