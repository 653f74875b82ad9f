"""The board of who gets what in the admin web: every address, and what each of them is about.

Pages, parts and actions come from PAGES by themselves. What a manager may use has its row in
SUBJECTS, with how to name one of his people's and one of others', or says in ALIKE why it is the
same for everybody.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from werkzeug.datastructures import MultiDict

from app import clock
from app.admin.pages import PAGES
from app.admin.pages.losses.asking import key_of
from app.admin.pages.parts import Action, Part
from app.admin.permissions import PERMISSIONS
from app.admin.reading import seal_choices
from app.admin.views import CHOOSE
from tests.admin.house import CUSTOMER, ELSEWHERE, KEPT, SEATS, House

# A day when a reminder may be.
SOON = f"{clock.utcnow() + timedelta(days=2):%Y-%m-%dT09:00}"
# Who asks: every role, a member who is signed in beside his chats alone, and nobody.
VISITORS = (*SEATS, "member", "nobody")


@dataclass(frozen=True)
class Target:
    """One address below a page's, and all permissions that it needs."""

    method: str
    path: str
    permissions: tuple[str, ...]
    needs_proof: bool = False
    # A page that stands in the navigation; others may want to be told what they are about.
    is_listed: bool = False

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """As SUBJECTS and ALIKE call it: the page, or the page and what is below it."""
        return self.path.removeprefix("/admin/")

    def allows(self, role: str) -> bool:
        """Tell whether this visitor's role gets it."""
        return all(role in PERMISSIONS[name] for name in self.permissions)


@dataclass(frozen=True)
class Fixed:
    """What a route that is no page answers: to whoever has a role, and to others."""

    inside: tuple[int, ...]
    outside: tuple[int, ...]


# By method and rule. Those of pages, parts and actions stand for all that PAGES lists.
PAGE_RULES = {("GET", "/<page>"), ("GET", "/<page>/<part>"), ("POST", "/<page>/<action>")}
FIXED = {
    ("GET", ""): Fixed((308,), (308,)),
    ("GET", "/"): Fixed((303,), (303,)),
    ("GET", "/sign-in"): Fixed((200,), (200,)),
    ("GET", "/sign-in/wecom"): Fixed((302,), (302,)),
    ("GET", "/signed-in"): Fixed((400,), (400,)),
    # No link is brought; after a few of those nobody may try one.
    ("POST", "/sign-in/link"): Fixed((400, 429), (400, 429)),
    ("POST", "/sign-out"): Fixed((303,), (303,)),
    ("GET", "/prove"): Fixed((200,), (303,)),
}


@dataclass(frozen=True)
class Subject:
    """What is asked about whom.

    `fields` gives what names somebody's, as it stands in the form or the address. `mark`: what an
    answer that shows it holds, with his userid; "": an action, which writes. `is_ones_own`: of
    others' nobody reaches any, whatever his role.
    """

    fields: Callable[[House, str], dict[str, str]]
    mark: str = ""
    is_ones_own: bool = False


def _member(house: House, userid: str) -> dict[str, str]:
    return {"member": key_of(house.runtime, userid)}


def _loss(**more: str) -> Callable[[House, str], dict[str, str]]:
    return lambda house, userid: {"loss": str(house.ids[userid]["loss"]), **more}


def _kept(**more: str) -> Callable[[House, str], dict[str, str]]:
    """Name the customer whom he still follows, as the address does; `more` from the house's ids."""

    def fields(house: House, userid: str) -> dict[str, str]:
        whom = MultiDict({"external_userid": KEPT.format(userid=userid)})
        ids = {name: str(one) for name, one in house.ids[userid].items()}
        given = {name: value.format(**ids) for name, value in more.items()}
        return {"f": seal_choices(house.runtime, whom), **given}

    return fields


def _listed(**more: str) -> Callable[[House, str], dict[str, str]]:
    """Choose the customer whom he still follows, as the list does; `more` stands in the open."""

    def fields(house: House, userid: str) -> dict[str, str]:
        follow = str(house.ids[userid]["follow"])
        chosen = MultiDict({"member": userid, "do": "stage", "follow": follow})
        given = {name: str(house.ids[userid][value]) for name, value in more.items()}
        return {"f": seal_choices(house.runtime, chosen), **given}

    return fields


def _batch(house: House, userid: str) -> dict[str, str]:
    return {"batch": str(house.ids[userid]["batch"])}


def _import(house: House, userid: str) -> dict[str, str]:
    return {"import": str(house.ids[userid]["import"])}


def _checked(house: House, userid: str) -> dict[str, str]:
    """Name one that waits for his word."""
    return {"import": str(house.ids[userid]["checked"])}


def _moving(house: House, userid: str) -> dict[str, str]:
    return {"import": str(house.ids[userid]["moving"])}


def _imported(house: House, userid: str) -> dict[str, str]:
    return {"import": str(house.ids[userid]["imported"])}


SUBJECTS = {
    "customers": Subject(_listed(), mark=KEPT),
    "customers/count": Subject(_listed(), mark="1 位客户"),
    "customers/export": Subject(_listed(), mark="共 1 行"),
    "customers/file": Subject(_listed(), mark=KEPT),
    "imports/run": Subject(_import, mark='id="state"'),
    "imports/state": Subject(_import, mark='id="state"'),
    "imports/faults": Subject(_imported, mark="没有覆盖"),
    "imports/check": Subject(
        lambda house, userid: _import(house, userid) | {"m0": "id", "m1": "note"}
    ),
    "imports/confirm": Subject(_checked),
    "imports/cancel": Subject(_moving),
    "imports/undo": Subject(_imported),
    "imports/forget": Subject(_import),
    "customers/batch": Subject(_listed(), mark="选中了 1 位客户"),
    "customers/begin": Subject(_listed(stage="stage")),
    "customers/result": Subject(_batch, mark='id="progress"'),
    "customers/progress": Subject(_batch, mark='id="progress"'),
    "customers/cancel": Subject(_batch),
    "customer": Subject(_kept(), mark=KEPT),
    "customer/timeline": Subject(_kept(), mark='id="timeline-title"'),
    "customer/number": Subject(_kept(follow="{follow}"), mark="13800001234"),
    "customer/tags": Subject(_kept(follow="{follow}"), mark='id="tags-'),
    "customer/stage": Subject(_kept(to="{stage}", seen="0")),
    "customer/consent": Subject(_kept(state="refused", way="own", seen="0")),
    "customer/tag": Subject(_kept(follow="{follow}", add="{tag}")),
    "customer/note": Subject(_kept(text="来过", key="a-note-of-mine")),
    "customer/remind": Subject(
        _kept(follow="{follow}", at=SOON, text="回访", key="a-reminder-of-mine")
    ),
    "customer/unremind": Subject(_kept(reminder="{reminder}")),
    "losses": Subject(_member, mark=CUSTOMER),
    "losses/export": Subject(_member, mark="共 1 行"),
    "losses/file": Subject(_member, mark=CUSTOMER),
    "losses/reason": Subject(_loss(reason="price", was="")),
    "losses/contact": Subject(_loss()),
    # He was given to somebody before.
    "losses/assign": Subject(_loss(userid="")),
    "losses/seen": Subject(lambda house, userid: {"alarm": str(house.ids[userid]["alarm"])}),
    "deliveries": Subject(lambda _house, userid: {"userid": userid}, mark=CUSTOMER),
    "deliveries/figures": Subject(lambda _house, userid: {"userid": userid}, mark="共 1 条"),
    "deliveries/export": Subject(lambda _house, userid: {"userid": userid}, mark=CUSTOMER),
    "sessions": Subject(lambda *_about: {}, mark=ELSEWHERE, is_ones_own=True),
    "sessions/end": Subject(
        lambda house, userid: {"session": house.sessions[userid]}, is_ones_own=True
    ),
}
ALIKE = {
    "customers/batches": "one's own alone for a manager: test_customers",
    "imports": "one's own alone for a manager: test_imports",
    "imports/piece": "a file of one's own",
    "imports/take": "a file of one's own; whom it means is looked at by imports/check",
    "customers/keep": "one's own way of looking",
    "customers/drop": "one's own way of looking alone: test_customers",
    "library": "the whole corp's shelves",
    "library/item": "the whole corp's shelves",
    "library/picture": "a picture on the whole corp's shelves",
    "customer/consent-undo": "one's own change alone, in scope: test_consent",
    "customer/undo": "one's own change alone, in scope: test_customer_work",
    "customer/stage-note": "one's own change alone, in scope: test_customer_work",
    "customer/tags-retry": "as customer/tag: test_customer_work",
    "handover": "one's own people alone for a manager: test_handover",
    "overview": "figures, which test_overview counts; whom they name is marked in every answer",
    "overview/growth": "the same figures once more",
    "sessions/end-others": "names nobody: all of one's own",
    "welcomes": "the whole corp's scripts",
    "welcomes/versions": "the whole corp's scripts",
    "welcomes/picture": "a picture in the whole corp's scripts",
    "welcomes/try": "the whole corp's scripts, tried for any member",
    "welcomes/ask": "the whole corp's scripts, tried for any member",
}


def list_targets() -> Iterator[Target]:
    """List every page, part and action, and the choosing that every page has."""
    for page in PAGES:
        is_listed = page.group is not None
        yield Target("GET", page.path, (page.permission,), is_listed=is_listed)
        yield Target("POST", f"{page.path}/{CHOOSE}", (page.permission,))
        for name, part in page.parts.items():
            yield _below(page.path, page.permission, name, part)
        for name, action in page.actions.items():
            yield _below(page.path, page.permission, name, action)


def _below(path: str, permission: str, name: str, one: Part | Action) -> Target:
    method = "GET" if isinstance(one, Part) else "POST"
    return Target(method, f"{path}/{name}", (permission, one.permission), one.needs_proof)


TARGETS = tuple(list_targets())
BY_NAME = {one.name: one for one in TARGETS}
POSTED = tuple(one for one in TARGETS if one.method == "POST")
PROVEN = tuple(one for one in TARGETS if one.needs_proof)
