"""What a page of the admin web is made of: its row on the board, parts, actions, answers."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import IO, Any

from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from app.admin.permissions import may
from app.i18n import N_, _
from app.members.queries import WHOLE_CORP, Scope, find_scope
from app.runtime import Runtime

# The headings of the navigation.
CUSTOMERS, WORDS, SETTINGS, SYSTEM = N_("客户"), N_("欢迎语与素材"), N_("设置"), N_("系统")

# What a page posts; a name that comes several times, such as ticked boxes, has all its values.
Form = MultiDict[str, str]


@dataclass(frozen=True)
class Admin:
    """Who is signed in. `digest` of his session; `origin`: where this request comes from."""

    userid: str
    name: str
    role: str
    digest: str
    proved_at: datetime
    origin: str

    def may(self, permission: str) -> bool:
        """Tell whether he has a permission."""
        return may(self.role, permission)

    def scope(self, session: Session) -> Scope:
        """Return whose customers he may see: a manager his departments', others the whole corp's.

        Every read and write of what belongs to a customer or a member goes by it.
        """
        return find_scope(session, self.userid) if self.role == "manager" else WHOLE_CORP


@dataclass(frozen=True)
class Done:
    """What an action answers when it did its work: a page is shown anew and says `text`.

    `at`: which one, as it stands behind the page's address: "edit?script=3", or "?f=…" for the
    page as it was chosen; "" for the page.
    """

    text: str
    at: str = ""


@dataclass(frozen=True)
class Unfit:
    """What an action answers when it did nothing: the page with `values`, which say why.

    `part`: the part that is shown instead of the page.
    """

    values: dict[str, Any]
    part: str = ""


@dataclass(frozen=True)
class Reply:
    """What an action answers to htmx: a fragment. Without htmx the page is shown and says `text`.

    `template` by its full name, such as `pages/losses/reason.html`; besides `values` it knows what
    the page's own knows. `at` as in `Done`.
    """

    template: str
    values: dict[str, Any]
    text: str = ""
    status: int = 200
    at: str = ""


@dataclass(frozen=True)
class Download:
    """A file that a part answers with, for the admin to keep; an open one is closed when sent."""

    filename: str
    content_type: str
    data: bytes | IO[bytes]


@dataclass(frozen=True)
class Stream:
    """A long file that a part answers with, piece by piece.

    `pieces` is called when the answer begins, outside any session: it opens its own.
    """

    filename: str
    content_type: str
    pieces: Callable[[], Iterator[bytes]]


@dataclass(frozen=True)
class Picture:
    """A picture that a part answers with; the same address gives the same for ever."""

    content_type: str
    data: bytes


Load = Callable[[Runtime, Session, Admin], dict[str, Any]]
Answer = Done | Unfit | Reply


@dataclass(frozen=True)
class Action:
    """What can be posted to a page, and the permission that it needs.

    `needs_proof`: whoever does it must have signed in within the last minutes (`auth.PROOF_LIFE`).
    """

    permission: str
    run: Callable[[Runtime, Admin, Form], Answer]
    needs_proof: bool = False


@dataclass(frozen=True)
class Part:
    """What can be opened below a page's address: a page of its own, a fragment, or a file.

    Its template is `pages/<page>/<part>.html` and knows what the page's own knows. One that stands
    in `admin/layout.html` is a page. `needs_proof` as for an action.
    """

    permission: str
    load: Callable[[Runtime, Session, Admin], dict[str, Any] | Download | Stream | Picture]
    needs_proof: bool = False


@dataclass(frozen=True)
class Page:
    """One page. `name` is its folder and its address, `title` an N_(…) text.

    `load` gives the variables of `pages/<name>/page.html`; besides, that knows `admin`, `page` and
    `csrf_token`. `group`: under which heading of the navigation it stands, an N_(…) text, "" above
    them all; None: it stands in none.
    """

    name: str
    title: str
    permission: str
    load: Load
    actions: Mapping[str, Action] = field(default_factory=dict)
    parts: Mapping[str, Part] = field(default_factory=dict)
    group: str | None = ""

    @property
    def worded_title(self) -> str:
        """The title in the reader's language."""
        return _(self.title)

    @property
    def path(self) -> str:
        """The page's address."""
        return f"/admin/{self.name}"
