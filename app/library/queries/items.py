"""Items of the library as a member sees them: the corp's and his own, with his marks on them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class MaterialFacts:
    """The file of a part. `is_ready`: WeCom has it now; `upload_error`: why not, in words."""

    id: int
    kind: str
    filename: str
    size: int
    is_ready: bool
    upload_error: str
    has_picture: bool


@dataclass(frozen=True, kw_only=True)
class Part:
    """One message of an item; `msgtype` and `fields` as sendChatMessage has them, no `mediaid`."""

    n: int
    msgtype: str
    fields: Mapping[str, str]
    material: MaterialFacts | None = None


@dataclass(frozen=True, kw_only=True)
class Item:
    """A script or material. `is_own`: the viewer's; `uses`: by anybody, `own_uses` by him."""

    id: int
    shelf: str
    title: str
    group_id: int | None
    group_name: str
    is_own: bool
    parts: tuple[Part, ...]
    is_favourite: bool
    uses: int
    own_uses: int
    used_at: datetime | None
    version: int
