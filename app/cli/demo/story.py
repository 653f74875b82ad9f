"""One customer's story, played through HTTP when the demo is ready: he comes, leaves, comes back.

For CI (`--once`): it plays on the sandbox as people would, and looks in the sandbox's ledger for
what came of it.
"""

from typing import Any

import click

from app.cli.demo.sandbox_client import Row, SandboxClient
from app.cli.demo.sidebar_visit import SidebarDesk, VisitFailed
from app.cli.demo.visit import Move, Visit
from app.i18n import _

PATIENCE = 20.0
MEMBER, MEMBER_NAME = "zhaoyi", "赵忆南"
CUSTOMER = "周小满"
CHANNEL = "门店海报"
STAGE = "意向"
TWO_DAYS = 2 * 24 * 3600


def tell(box: SandboxClient) -> bool:
    """Play the story; False when something that belongs to it did not come."""
    _say(_("客户「{name}」扫码添加{member}……", name=CUSTOMER, member=MEMBER_NAME))
    after = box.state()["revision"]
    scanned = box.act("customer_scans", userid=MEMBER, state=CHANNEL, name=CUSTOMER)
    pair = {"userid": MEMBER, "external_userid": scanned["external_userid"]}
    welcome = _welcome(box, after, pair)
    if welcome is None:
        return _missed(box)
    _say(_("{seconds} 秒后收到欢迎语：", seconds=f"{welcome['ms_from_event'] / 1000:.1f}"))
    _quote(welcome["text"])
    try:
        SidebarDesk(box.address, MEMBER).pay(Visit(**pair, moves=[Move(STAGE)]))
    except VisitFailed as refused:
        _quote(str(refused))
        return False
    _say(
        _(
            "{member}在侧边栏把他改为「{stage}」，客户随后删除了她……",
            member=MEMBER_NAME,
            stage=STAGE,
        )
    )
    after = box.state()["revision"]
    box.act("customer_deletes_member", **pair)
    alert = box.wait_row(after, kind="message", wanted=_is_about(pair), within=PATIENCE)
    if alert is None:
        return _missed(box)
    _say(_("{member}收到提醒：", member=MEMBER_NAME))
    _quote(_worded(alert))
    box.set_offset(TWO_DAYS)
    box.await_followers()
    after = box.state()["revision"]
    box.act("customer_scans", **pair, state=CHANNEL)
    if _welcome(box, after, pair) is None:
        return _missed(box)
    _say(_("两天后客户又添加了她，再次收到欢迎语，以前的记录都还在。"))
    return True


def _welcome(box: SandboxClient, after: int, pair: dict[str, str]) -> Row | None:
    def wanted(row: Row) -> bool:
        return bool(row["external_userid"] == pair["external_userid"])

    return box.wait_row(after, kind="welcome", wanted=wanted, within=PATIENCE)


def _is_about(pair: dict[str, str]) -> Any:
    def wanted(row: Row) -> bool:
        url = row["body"]["template_card"]["card_action"]["url"]
        return bool(row["userid"] == pair["userid"] and pair["external_userid"] in url)

    return wanted


def _missed(box: SandboxClient) -> bool:
    if not box.stop.is_set():
        _say(_("等了 20 秒也没有等到，请看 var/demo 下的日志。"))
    return False


def _worded(message: Row) -> str:
    card = message["body"]["template_card"]
    lines = [f"{card['main_title']['title']}：{card['main_title']['desc']}"]
    lines += [f"{row['keyname']}：{row['value']}" for row in card["horizontal_content_list"]]
    return "\n".join(lines)


def _say(sentence: str) -> None:
    click.echo(f"  {sentence}")


def _quote(text: str) -> None:
    for line in text.splitlines():
        click.echo(f"    │ {line}")
