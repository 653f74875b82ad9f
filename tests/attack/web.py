"""Sends requests drawn by lot as everybody, and says what no answer may be."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from urllib.parse import urlsplit

from werkzeug.test import Client, EnvironBuilder, TestResponse

from app.admin.auth import COOKIE
from app.admin.auth import CSRF_HEADER as ADMIN_CSRF
from sidebar.session import CSRF_HEADER, MEMBER_COOKIE
from tests.admin.conftest import SAME_SITE
from tests.admin.house import FOREIGN, OWN, SEATS
from tests.attack.drawn import FORM, Known, Lot, draw, encoded, list_rules, with_headers
from tests.attack.offers import Asking, said_by
from tests.attack.town import ADMIN, MARK, SIDEBAR, Town
from tests.sidebar.browser import CLIENT

NOBODY = "nobody"
ROLES = (NOBODY, "member", "manager", "admin")
# Of whom somebody may hear nothing; of the corp an admin hears all.
FOREIGN_TO = {NOBODY: (OWN, FOREIGN), "member": (FOREIGN,), "manager": (FOREIGN,)}
PUT_BACK_EVERY = 60
KNOWN = {200, 206, 302, 303, 304, 308, 400, 401, 403, 404, 405, 409, 411, 413, 415, 416, 422, 429}
INSIDE = re.compile(r"Traceback \(most|sqlalchemy\.|werkzeug\.|jinja2\.|File \"/")


@dataclass
class Found:
    """What came of it; `faults`: the number of the lot, and what was wrong."""

    answers: Counter[str] = field(default_factory=Counter)
    faults: list[tuple[int, str]] = field(default_factory=list)


class Web:
    """The application as it stands in a town, and everybody who has a way in."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self._client = Client(town.house.app, use_cookies=False)
        self._base = town.house.runtime.config.server.base_url

    @cached_property
    def known(self) -> Known:
        """What the lots are made of: what the pages offer to whom."""
        return self._learn()

    def send_all(self, numbers: Iterable[int], *, seed: int) -> Found:
        """Send the lots of these numbers."""
        found = Found()
        for number in numbers:
            lot = draw(self.known, seed, number, ROLES)
            answer = self.send(lot)
            found.answers[f"{answer.status_code}"] += 1
            found.faults += [(number, f"{fault}: {lot}") for fault in faults_of(lot.who, answer)]
            if number % PUT_BACK_EVERY == PUT_BACK_EVERY - 1:
                self.town.put_back()
        self.town.put_back()
        return found

    def send_everywhere(self, value: str, *, every: int = 1) -> Found:
        """Put one value into every field that the owner's and a member's pages offer, by turns.

        `every`: of so many fields one alone.
        """
        found = Found()
        for number, (who, asking, name) in enumerate(islice(self._fields(), 0, None, every)):
            bent = asking.with_value(name, value)
            answer = self.send(
                Lot(number, who, bent.method, bent.address, (FORM,), encoded(list(bent.form)))
            )
            found.answers[f"{answer.status_code}"] += 1
            what = f"{asking.method} {asking.path} {name}"
            found.faults += [(number, f"{fault}: {what}") for fault in faults_of(who, answer)]
            if number % PUT_BACK_EVERY == PUT_BACK_EVERY - 1:
                self.town.put_back()
        self.town.put_back()
        return found

    def _fields(self) -> Iterator[tuple[str, Asking, str]]:
        offered = {"member": self.known.offered["member"]}
        offered["owner"] = self.town.walk((ADMIN, "owner"), OWN).askings
        for who, askings in offered.items():
            for asking in askings:
                yield from ((who, asking, name) for name in dict(asking.query + asking.form))

    def send(self, lot: Lot) -> TestResponse:
        """Send one as whoever it is drawn for."""
        headers = with_headers(lot, self._own_headers(lot))
        path, _, query = lot.address.partition("?")
        builder = EnvironBuilder(
            path, self._base, query_string=query, method=lot.method, headers=headers, data=lot.body
        )
        try:
            return self._client.open(builder, buffered=True)
        finally:
            builder.close()

    def _own_headers(self, lot: Lot) -> dict[str, str]:
        headers = {"User-Agent": CLIENT, **SAME_SITE}
        if lot.who == NOBODY:
            return headers
        userid = _userid(lot.who)
        browser = self.town.browsers.get(userid)
        cookies = {MEMBER_COOKIE: browser.cookie(MEMBER_COOKIE)} if browser else {}
        if lot.who in SEATS:
            cookies[COOKIE] = self.town.house.cookie_of(lot.who)
        headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
        if lot.is_token_given and lot.address.startswith("/admin"):
            headers[ADMIN_CSRF] = self.town.house.token_of(lot.who)
        elif lot.is_token_given:
            headers[CSRF_HEADER] = self.town.tokens[userid]
        return headers

    def _learn(self) -> Known:
        beside = self.town.walk((SIDEBAR, OWN), OWN)
        led = self.town.walk((ADMIN, "manager"), OWN)
        ruled = self.town.walk((ADMIN, "admin"), OWN)
        offered = {
            "member": beside.askings,
            "manager": [*beside.askings, *led.askings],
            "admin": ruled.askings,
        }
        ids = [whom for pair in self.town.cards.values() for whom in pair]
        about = self.town.values_about("admin", OWN), self.town.values_about("owner", FOREIGN)
        ids += [value for values in about for one in values.values() for value in sorted(one)]
        return Known(offered, list(list_rules()), sorted(set(ids)))


def faults_of(who: str, answer: TestResponse) -> list[str]:
    """Say what is wrong with an answer, whatever was asked."""
    told = said_by(answer)
    faults = []
    if answer.status_code not in KNOWN:
        faults.append(f"status {answer.status_code}")
    if INSIDE.search(told):
        faults.append("tells of our inside")
    if any(MARK.format(userid=userid) in told for userid in FOREIGN_TO.get(who, ())):
        faults.append("tells of others")
    if answer.headers.get("X-Content-Type-Options") != "nosniff":
        faults.append("may be taken for something else")
    # Within our own host, whatever stands in the path is a place of ours.
    host = urlsplit(answer.headers.get("Location", "")).netloc
    if "X-Evil" in answer.headers or host.endswith("evil.example"):
        faults.append("leads or speaks for somebody else")
    return faults


def _userid(who: str) -> str:
    return OWN if who == "member" else SEATS[who]
