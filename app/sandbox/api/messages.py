"""App messages to members (dww/90236): receivers, duplicates, and the cap that nobody tells of."""

import json
from collections import defaultdict, deque
from typing import Any

from app.sandbox.errors import Refused
from app.sandbox.records import MessageRecord
from app.sandbox.world import CARD_CODE_SECONDS, CardCode, World

from .call import Answer, Call, Endpoint, texts
from .media import check_media

PER_MINUTE = 30
PER_HOUR = 1000
MINUTE = 60
HOUR = 3600
DUPLICATE_SECONDS = 1800
DUPLICATE_MOST = 4 * 3600
RECEIVERS_MOST = 1000
MARKDOWN_BYTES = 2048
CARD_TYPES = {
    "text_notice": ("main_title", "card_action"),
    "news_notice": ("main_title", "card_action"),
    "button_interaction": ("main_title", "button_list", "task_id"),
    "vote_interaction": ("main_title", "checkbox", "submit_button", "task_id"),
    "multiple_interaction": ("main_title", "select_list", "submit_button", "task_id"),
}
REQUIRED: dict[str, tuple[str, ...]] = {
    "text": (),
    "markdown": (),
    "textcard": ("title", "description", "url"),
    "news": ("articles",),
    "image": ("media_id",),
    "voice": ("media_id",),
    "video": ("media_id",),
    "file": ("media_id",),
    "miniprogram_notice": ("appid", "title"),
    "template_card": ("card_type",),
}
MEDIA_TYPES = ("image", "voice", "video", "file")


class Mailroom:
    """What WeCom remembers of messages sent: repeats, counts per member, task ids of cards."""

    def __init__(self) -> None:
        self._seen: dict[str, float] = {}
        self._sent: dict[tuple[int, str], deque[float]] = defaultdict(deque)
        self._tasks: set[tuple[int, str]] = set()

    def is_repeat(self, call: Call) -> bool:
        """Tell whether the same JSON was sent within the interval that the caller named."""
        if call.body.get("enable_duplicate_check") != 1:
            return False
        interval = int(call.body.get("duplicate_check_interval") or DUPLICATE_SECONDS)
        key = f"{call.app.agentid} {json.dumps(call.body, sort_keys=True)}"
        now = call.clock.time()
        if key in self._seen and now - self._seen[key] < min(interval, DUPLICATE_MOST):
            return True
        self._seen[key] = now
        return False

    def over_cap(self, agentid: int, userid: str, now: float) -> bool:
        """Count a message for a member; tell whether it is more than WeCom delivers."""
        times = self._sent[agentid, userid]
        while times and now - times[0] >= HOUR:
            times.popleft()
        last_minute = sum(1 for at in times if now - at < MINUTE)
        if last_minute >= PER_MINUTE or len(times) >= PER_HOUR:
            return True
        times.append(now)
        return False

    def check_task(self, agentid: int, task_id: str) -> None:
        """Check that a card's task_id is new to the app. Raises: Refused 42014."""
        if (agentid, task_id) in self._tasks:
            raise Refused(42014)
        self._tasks.add((agentid, task_id))


def send(call: Call) -> Answer:
    """Deliver a message to the members named; partly wrong receivers are told, not refused."""
    _check_agent(call)
    msgtype = _check_content(call)
    members, invalid_users, invalid_parties = _receivers(call)
    if not members:
        raise Refused(81013)
    mailroom: Mailroom = call.notes["mailroom"]
    repeat = mailroom.is_repeat(call)
    card = call.body.get("template_card", {})
    if card.get("task_id") and not repeat:
        mailroom.check_task(call.app.agentid, card["task_id"])
    msgid = call.world.new_id("M")
    now = call.clock.time()
    for userid in members:
        dropped = not repeat and mailroom.over_cap(call.app.agentid, userid, now)
        call.ledger.add(
            MessageRecord(
                userid=userid,
                agentid=call.app.agentid,
                msgtype=msgtype,
                msgid=msgid,
                outcome="duplicate" if repeat else "dropped" if dropped else "delivered",
                body=call.body,
            )
        )
    answer = {
        "invaliduser": "|".join(userid.lower() for userid in invalid_users),
        "invalidparty": "|".join(invalid_parties),
        "invalidtag": "",
        "unlicenseduser": "",
        "msgid": msgid,
    }
    if "task_id" in CARD_TYPES.get(card.get("card_type", ""), ()):
        code = CardCode(
            call.app.agentid, members[0], card["task_id"], call.clock.time() + CARD_CODE_SECONDS
        )
        answer["response_code"] = call.world.new_card_code(code)
    return answer


def update_card(call: Call) -> Answer:
    """Change a card that was sent: its buttons give way to one that cannot be pressed."""
    _check_agent(call)
    code = call.world.card_codes.get(str(call.body.get("response_code") or ""))
    button = call.body.get("button")
    replace_name = button.get("replace_name") if isinstance(button, dict) else None
    users = texts(call.body.get("userids"), 40031)
    if not replace_name:
        raise Refused(40063, "button")
    if not users:
        raise Refused(82001)
    if code is None or code.agentid != call.app.agentid or code.expires <= call.clock.time():
        raise Refused(60140)
    invalid = [user for user in users if call.world.find_member(user) is None]
    del call.world.card_codes[call.body["response_code"]]
    call.ledger.act(
        "card_updated", userid=code.userid, task_id=code.task_id, text=str(replace_name)
    )
    return {"invaliduser": invalid}


def _check_agent(call: Call) -> None:
    agentid = call.body.get("agentid")
    if not str(agentid or "").isdigit():
        raise Refused(40056)
    if int(str(agentid)) != call.app.agentid:
        raise Refused(301002)


def _check_content(call: Call) -> str:
    msgtype = call.body.get("msgtype")
    if msgtype not in REQUIRED:
        raise Refused(40008)
    content = call.body.get(msgtype)
    if not isinstance(content, dict):
        raise Refused(44004 if msgtype == "text" else 40063, msgtype)
    if not all(content.get(name) for name in REQUIRED[msgtype]):
        raise Refused(40063, msgtype)
    if msgtype in ("text", "markdown") and not content.get("content"):
        raise Refused(44004)
    if msgtype == "markdown" and len(str(content["content"]).encode()) > MARKDOWN_BYTES:
        raise Refused(45002)
    if msgtype in MEDIA_TYPES:
        check_media(call, content["media_id"], msgtype)
    if msgtype == "template_card":
        _check_card(content)
    return str(msgtype)


def _check_card(card: dict[str, Any]) -> None:
    required = CARD_TYPES.get(str(card["card_type"]))
    if required is None:
        raise Refused(40058, "card_type")
    missing = [name for name in required if not card.get(name)]
    if missing:
        raise Refused(40063, missing[0])


def _receivers(call: Call) -> tuple[list[str], list[str], list[str]]:
    """Return the members reached, and the userids and departments that are wrong."""
    users = [one for one in str(call.body.get("touser") or "").split("|") if one]
    parties = [one for one in str(call.body.get("toparty") or "").split("|") if one]
    if not users and not parties and not call.body.get("totag"):
        raise Refused(82001)
    if len(users) > RECEIVERS_MOST:
        raise Refused(40031)
    if users == ["@all"]:
        return [userid for userid in call.world.members if call.app.sees(userid)], [], []
    found = {user: call.world.find_member(user) for user in users}
    reached = [m.userid for m in found.values() if m and call.app.sees(m.userid)]
    invalid = [user for user, m in found.items() if m is None or not call.app.sees(m.userid)]
    in_parties = {party: _party_members(call.world, party) for party in parties}
    reached += [userid for userids in in_parties.values() for userid in userids or []]
    wrong = [party for party, userids in in_parties.items() if userids is None]
    return list(dict.fromkeys(reached)), invalid, wrong


def _party_members(world: World, party: str) -> list[str] | None:
    tree = world.department_tree(int(party)) if party.isdigit() else []
    if not tree:
        return None
    ids = {department.id for department in tree}
    return [member.userid for member in world.members.values() if ids & set(member.department)]


ENDPOINTS = {
    "message/send": Endpoint(send, "POST"),
    "message/update_template_card": Endpoint(update_card, "POST"),
}
