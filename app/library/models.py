"""Items of the library, their groups and parts, and what members do with them."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, BigId, Blob, WireId, Words
from app.sounds import MOST_LENGTH

SHELVES = ("scripts", "materials")
TITLE_LENGTH, GROUP_LENGTH = 32, 16
# 4000 bytes of UTF-8 are at most so many characters.
WORDS_LENGTH = 4000


class LibraryGroup(Base):
    """A group of items on one shelf. `owner` "": the corp's; else a member's own."""

    __tablename__ = "library_groups"
    __table_args__ = (UniqueConstraint("shelf", "owner", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    shelf: Mapped[str] = mapped_column(WireId(16))
    owner: Mapped[str] = mapped_column(WireId(), default="")
    name: Mapped[str] = mapped_column(Words(GROUP_LENGTH))
    position: Mapped[int] = mapped_column(default=0)


class LibraryItem(Base):
    """One script or material. `owner` "": the corp's; else the member's own, seen by him alone.

    `key`: what an import file calls a corp's item by, for ever; a member's own has a random one.
    `words` is what a search looks through: title and texts, folded; `sounds`: the title's, see
    `app.sounds`. `uses`: how often it was sent, by anybody. `version` grows with every change.
    """

    __tablename__ = "library_items"
    __table_args__ = (
        UniqueConstraint("shelf", "key"),
        Index("ix_library_items_shelf_owner_removed_at", "shelf", "owner", "removed_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    shelf: Mapped[str] = mapped_column(WireId(16))
    owner: Mapped[str] = mapped_column(WireId(), default="")
    key: Mapped[str] = mapped_column(WireId(32))
    group_id: Mapped[int | None] = mapped_column(ForeignKey("library_groups.id"), index=True)
    title: Mapped[str] = mapped_column(Words(TITLE_LENGTH))
    words: Mapped[str] = mapped_column(Words(WORDS_LENGTH))
    sounds: Mapped[str] = mapped_column(WireId(MOST_LENGTH))
    position: Mapped[int] = mapped_column(default=0)
    uses: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]


class LibraryPart(Base):
    """One message of an item, in order from 1; `msgtype` and `fields` as sendChatMessage has them.

    `fields` lacks `mediaid`: that is the material's of the moment.
    """

    __tablename__ = "library_parts"

    item_id: Mapped[int] = mapped_column(
        ForeignKey("library_items.id", ondelete="CASCADE"), primary_key=True
    )
    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    msgtype: Mapped[str] = mapped_column(WireId(16))
    fields: Mapped[dict[str, Any]]
    material_id: Mapped[int | None] = mapped_column(ForeignKey("materials.id"), index=True)


class LibraryMark(Base):
    """What an item is to a member: his favourite since when, sent by him when last, how often."""

    __tablename__ = "library_marks"
    __table_args__ = (Index("ix_library_marks_userid_used_at", "userid", "used_at"),)

    userid: Mapped[str] = mapped_column(WireId(), primary_key=True)
    item_id: Mapped[int] = mapped_column(
        ForeignKey("library_items.id", ondelete="CASCADE"), primary_key=True
    )
    favourite_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]
    uses: Mapped[int] = mapped_column(default=0)


class LibraryUse(Base):
    """An item was sent into a chat: a customer's or a group's. `key`: the same sending once."""

    __tablename__ = "library_uses"
    __table_args__ = (
        UniqueConstraint("userid", "key"),
        Index("ix_library_uses_item_id_at", "item_id", "at"),
        Index("ix_library_uses_external_userid", "external_userid"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("library_items.id", ondelete="CASCADE"))
    userid: Mapped[str] = mapped_column(WireId())
    key: Mapped[str] = mapped_column(WireId(64))
    external_userid: Mapped[str] = mapped_column(WireId(), default="")
    chat_id: Mapped[str] = mapped_column(WireId(), default="")
    parts: Mapped[int]
    at: Mapped[datetime]


class LibraryDraft(Base):
    """What a member has typed into an item's form and not saved; `item_id` 0: a new item's.

    `version` grows while it is typed into: what comes late does not write over what is newer.
    """

    __tablename__ = "library_drafts"

    userid: Mapped[str] = mapped_column(WireId(), primary_key=True)
    shelf: Mapped[str] = mapped_column(WireId(16), primary_key=True)
    item_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    form: Mapped[dict[str, Any]]
    version: Mapped[int] = mapped_column(BigId, default=0)
    saved_at: Mapped[datetime]


class LibraryImport(Base):
    """A spreadsheet that an admin has handed in and not agreed to yet; gone after a day."""

    __tablename__ = "library_imports"
    __table_args__ = (Index("ix_library_imports_made_at", "made_at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    userid: Mapped[str] = mapped_column(WireId(), unique=True)
    filename: Mapped[str] = mapped_column(Words(128))
    data: Mapped[bytes] = mapped_column(Blob)
    made_at: Mapped[datetime]
