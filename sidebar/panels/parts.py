"""What a panel is made of: its row on the board, its actions, and how an action answers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from sqlalchemy.orm import Session

from app.i18n import _
from app.runtime import Runtime
from sidebar.context import CardContext, GroupContext

# Before whose card the viewer stands: a customer's or a group's.
C = TypeVar("C", CardContext, GroupContext)


@dataclass(frozen=True)
class Reply:
    """What an action answers, as a fragment; where a page is wanted, the panel shows `values` too.

    `template` by its full name, such as `panels/profile/stage.html`; besides `values` it knows
    `card` (the context), `panel` and `csrf_token`, as `panel.html` does.
    """

    template: str
    values: dict[str, Any]
    status: int = 200


# Takes the form's values; opens its own `runtime.db.write()` or `commit()`.
Action = Callable[[Runtime, C, Mapping[str, str]], Reply]


@dataclass(frozen=True)
class Part(Generic[C]):
    """What can be opened beside a panel, such as a sheet; `template` knows what a Reply's does."""

    template: str
    load: Callable[[Session, C], dict[str, Any]]


@dataclass(frozen=True)
class File:
    """Bytes that a panel shows, such as a picture; the same address gives the same for ever."""

    data: bytes
    content_type: str


@dataclass(frozen=True)
class Panel(Generic[C]):
    """One panel. `name` is its folder and its place in the address, `title` an N_(…) text.

    `load` gives the variables of `panels/<name>/panel.html`; `actions` are what can be posted to
    `<name>/<action>` below the address of the card, `parts` what can be read there, `files` what
    pictures are read there (None: there is none for this viewer).
    """

    name: str
    title: str
    load: Callable[[Session, C], dict[str, Any]]
    actions: Mapping[str, Action[C]] = field(default_factory=dict)
    parts: Mapping[str, Part[C]] = field(default_factory=dict)
    files: Mapping[str, Callable[[Session, C], File | None]] = field(default_factory=dict)

    @property
    def worded_title(self) -> str:
        """The title in the reader's language."""
        return _(self.title)

    @property
    def template(self) -> str:
        """The template of the whole panel."""
        return f"panels/{self.name}/panel.html"
