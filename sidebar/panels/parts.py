"""What a panel is made of: its row on the board, its actions, and how an action answers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from app.i18n import _
from app.runtime import Runtime
from sidebar.context import CardContext


@dataclass(frozen=True)
class Reply:
    """What an action answers, as a fragment; where a page is wanted, the panel shows `values` too.

    `template` by its full name, such as `panels/profile/stage.html`; besides `values` it knows
    `card` (the CardContext), `panel` and `csrf_token`, as `panel.html` does.
    """

    template: str
    values: dict[str, Any]
    status: int = 200


# Takes the form's values; opens its own `runtime.db.write()` or `commit()`.
Action = Callable[[Runtime, CardContext, Mapping[str, str]], Reply]


@dataclass(frozen=True)
class Part:
    """What can be opened beside a panel, such as a sheet; `template` knows what a Reply's does."""

    template: str
    load: Callable[[Session, CardContext], dict[str, Any]]


@dataclass(frozen=True)
class Panel:
    """One panel. `name` is its folder and its place in the address, `title` an N_(…) text.

    `load` gives the variables of `panels/<name>/panel.html`; `actions` are what can be posted to
    `/sidebar/customers/<external_userid>/<name>/<action>`, `parts` what can be read there.
    """

    name: str
    title: str
    load: Callable[[Session, CardContext], dict[str, Any]]
    actions: Mapping[str, Action] = field(default_factory=dict)
    parts: Mapping[str, Part] = field(default_factory=dict)

    @property
    def worded_title(self) -> str:
        """The title in the reader's language."""
        return _(self.title)

    @property
    def template(self) -> str:
        """The template of the whole panel."""
        return f"panels/{self.name}/panel.html"
