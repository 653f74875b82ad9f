"""Customers come and go at a steady pace; web, worker and relay are killed with -9 at random.

WeCom sends a callback again after three seconds, three times (really after about five): a web
process needs about one second to come back.
"""

import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field

from tests.deployment import Deployment
from tests.trials.writing import Log

MEMBERS = ("zhaoyi", "qianer", "sunsan", "lisi")
# In turn: sixteen come, two leave, one is given a remark, one a description by his member.
ACTS = ("come",) * 8 + ("leave", "remark") + ("come",) * 8 + ("leave", "description")
PARTS = ("web", "worker", "relay")
RETRY_SECONDS = 3.0
SAY_EVERY = 30.0
# Whoever leaves has been there for a while: so many have come since.
STAYS = 100


@dataclass(frozen=True)
class Kills:
    """How much of it: `rate` in events a second."""

    events: int
    rate: float
    kills: int
    seed: int


@dataclass
class _Play:
    """The course of the events."""

    deployment: Deployment
    chance: random.Random
    here: list[tuple[str, str]] = field(default_factory=list)

    def step(self, number: int) -> None:
        """Do the next act."""
        people, act = self.deployment.box.people, ACTS[number % len(ACTS)]
        if act == "come" or len(self.here) < STAYS:
            event = people.customer_scans(self.chance.choice(MEMBERS), name=f"客户{number}")
            self.here.append((event.userid, event.external_userid))
            return
        place = self.chance.randrange(len(self.here) - STAYS + 1)
        if act == "leave":
            people.customer_deletes_member(*self.here.pop(place))
        elif act == "remark":
            people.member_edits_remark(*self.here[place], remark=f"备注{number}")
        else:
            people.member_edits_remark(*self.here[place], description=f"描述{number}")


def run_kills(deployment: Deployment, wanted: Kills, log: Log) -> dict[str, object]:
    """Play it; return what was done."""
    deployment.box.delivery.retry_seconds = RETRY_SECONDS
    play = _Play(deployment, random.Random(wanted.seed))
    over = threading.Event()
    killed: Counter[str] = Counter()
    killer = threading.Thread(target=_kill, args=[deployment, wanted, log, killed, over])
    began = said = time.monotonic()
    killer.start()
    try:
        for number in range(wanted.events):
            time.sleep(max(0.0, began + number / wanted.rate - time.monotonic()))
            play.step(number)
            if time.monotonic() - said > SAY_EVERY:
                said = time.monotonic()
                _say(deployment, log, number, killed)
    finally:
        over.set()
        killer.join()
    took = time.monotonic() - began
    return {"rate": round(wanted.events / took, 1), "kills": killed.total(), **killed}


def _kill(
    deployment: Deployment, wanted: Kills, log: Log, killed: Counter[str], over: threading.Event
) -> None:
    """Kill one part after the other, as far apart as chance will have it, as often as is wanted."""
    chance = random.Random(wanted.seed + 1)
    apart = wanted.events / wanted.rate / (wanted.kills + 1)
    for _number in range(wanted.kills):
        if over.wait(chance.uniform(0.2, 1.8) * apart):
            return
        part = chance.choice(PARTS)
        pids = [process.pid for process in deployment.children(part)]
        deployment.kill(part)
        if pids:
            killed[part] += 1
            log.note("killed", part=part, pids=pids)


def _say(deployment: Deployment, log: Log, number: int, killed: Counter[str]) -> None:
    ledger = deployment.box.ledger
    log.say(
        "under way",
        events=number + 1,
        attempts=ledger.count("attempt"),
        welcomes=ledger.count("welcome"),
        kills=killed.total(),
    )
