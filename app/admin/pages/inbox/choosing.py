"""Which events an address or a form chooses."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from app.admin.pages.inbox.words import FATES
from app.admin.reading import Times
from app.inbox.queries import EventFilter

LONGEST = 64
NAMES = ("fate", "kind", "since", "until", "external_userid")


@dataclass(frozen=True)
class Chosen:
    """What was given, as it goes into addresses and forms again, and what it comes to."""

    given: dict[str, str]
    wanted: EventFilter

    @property
    def audited(self) -> dict[str, str]:
        """What of it is worth keeping in the audit log."""
        return {name: value for name, value in self.given.items() if value and name != "fate"}


def read_chosen(args: Mapping[str, str], now: Times) -> Chosen:
    """Read it; what cannot be is as if it were not given. `until` is the last day, as one says."""
    given = {name: args.get(name, "").strip()[: 2 * LONGEST] for name in NAMES}
    since, until = now.day(given["since"]), now.day(given["until"])
    given["fate"] = given["fate"] if given["fate"] in FATES else ""
    given["since"] = given["since"] if since else ""
    given["until"] = given["until"] if until else ""
    event, _slash, change_type = given["kind"].partition("/")
    return Chosen(
        given,
        EventFilter(
            fate=given["fate"],
            event=event[:LONGEST],
            change_type=change_type[:LONGEST],
            external_userid=given["external_userid"][:LONGEST],
            since=since,
            until=until + timedelta(days=1) if until else None,
        ),
    )
