"""Which deliveries an address chooses, and within whose scope."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from app.admin.reading import Times
from app.deliveries.queries import MESSAGES, OPEN, OUTCOMES, REASONS, DeliveryFilter

NAMES = ("kind", "outcome", "reason", "userid", "state", "external_userid", "since", "until")
LONGEST = 128
ID_LENGTH = 64
KINDS = ("welcome", *MESSAGES)
# What is shown when no time is chosen, and the times that one press chooses.
USUAL_DAYS = 7
SPANS = (1, 7, 30)


@dataclass(frozen=True)
class Chosen:
    """What was given, as it goes into addresses again, and what it comes to."""

    given: dict[str, str]
    wanted: DeliveryFilter

    @property
    def is_narrowed(self) -> bool:
        """Whether anything but the time was chosen."""
        return any(value for name, value in self.given.items() if name not in {"since", "until"})

    @property
    def is_long(self) -> bool:
        """Whether it is about a longer time than usual."""
        since, until = self.wanted.since, self.wanted.until
        return bool(since and until and until - since > timedelta(days=USUAL_DAYS + 1))

    def without(self, *names: str) -> dict[str, str]:
        """Return what was given but these."""
        return {name: value for name, value in self.given.items() if name not in names}


def read_chosen(args: Mapping[str, str], now: Times) -> Chosen:
    """Read it; what cannot be is as if it were not given. `until` is the last day, as one says."""
    given = {name: args.get(name, "").strip()[:LONGEST] for name in NAMES}
    allowed = {"kind": KINDS, "outcome": (*OUTCOMES, OPEN), "reason": REASONS}
    for name, values in allowed.items():
        given[name] = given[name] if given[name] in values else ""
    for name in ("userid", "external_userid"):
        given[name] = given[name][:ID_LENGTH]
    since = now.day(given["since"]) or now.day(first_day(now, USUAL_DAYS))
    until = now.day(given["until"])
    # What is planned for a time to come has not been sent to anyone.
    end = until + timedelta(days=1) if until else now.now
    given |= {
        "since": f"{since:%Y-%m-%d}" if since else "",
        "until": given["until"] if until else "",
    }
    fields = {name: value for name, value in given.items() if name not in {"since", "until"}}
    return Chosen(given, DeliveryFilter(**fields, since=since, until=end))


def first_day(now: Times, days: int) -> str:
    """Return the first of the last so many days, today among them."""
    return f"{now.now - timedelta(days=days - 1):%Y-%m-%d}"
