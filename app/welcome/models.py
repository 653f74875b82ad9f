"""Welcome scripts, their versions, attachments and rules."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, BigId, WireId, Words


class WelcomeScript(Base):
    """A script (欢迎语) by its name. `removed_at`: out of use, kept for what it sent."""

    __tablename__ = "welcome_scripts"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Words(64), unique=True)
    version_id: Mapped[int | None]
    updated_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]


class WelcomeVersion(Base):
    """What a script said at one time. `returning`: same, none or text, for a re-added customer.

    `rules`: where it held then, as `queries.bodies` writes it; None for one from before that was
    kept. `extras`: what else happens when it greets.
    """

    __tablename__ = "welcome_versions"
    __table_args__ = (UniqueConstraint("script_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    script_id: Mapped[int] = mapped_column(ForeignKey("welcome_scripts.id", ondelete="CASCADE"))
    number: Mapped[int]
    content: Mapped[str] = mapped_column(Words(4000))
    # "returning" is a word of SQL.
    returning: Mapped[str] = mapped_column("when_returning", WireId(8), default="same")
    returning_content: Mapped[str] = mapped_column(Words(4000), default="")
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(WireId(), default="")
    rules: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    extras: Mapped[dict[str, Any] | None] = mapped_column(JSON)


class WelcomeDraft(Base):
    """What somebody writes and nobody is greeted with: of a script, or of one to come.

    `body` as `queries.bodies` writes it; `revision` counts its saves, `base_version_id`: from which
    version it began. `writer` is the page that saved it last, `typed` when that was typed, by that
    page's own count: what a page sent before, and arrives after, is the older one.
    """

    __tablename__ = "welcome_drafts"

    id: Mapped[int] = mapped_column(primary_key=True)
    script_id: Mapped[int | None] = mapped_column(
        ForeignKey("welcome_scripts.id", ondelete="CASCADE"), unique=True
    )
    base_version_id: Mapped[int | None]
    body: Mapped[dict[str, Any]]
    revision: Mapped[int] = mapped_column(default=1)
    saved_at: Mapped[datetime]
    saved_by: Mapped[str] = mapped_column(WireId(), default="")
    writer: Mapped[str] = mapped_column(WireId(32), default="")
    typed: Mapped[int] = mapped_column(BigId, default=0)


class WelcomeAttachment(Base):
    """One of up to nine attachments, in order. `fields`: what WeCom wants, without media_id."""

    __tablename__ = "welcome_attachments"

    version_id: Mapped[int] = mapped_column(
        ForeignKey("welcome_versions.id", ondelete="CASCADE"), primary_key=True
    )
    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    msgtype: Mapped[str] = mapped_column(WireId(16))
    fields: Mapped[dict[str, Any]]
    material_id: Mapped[int | None] = mapped_column(ForeignKey("materials.id"))


class WelcomeRule(Base):
    """Where a script holds. `scope`: state, member, department or default; `windows`: when."""

    __tablename__ = "welcome_rules"
    __table_args__ = (Index("ix_welcome_rules_scope_target", "scope", "target"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    script_id: Mapped[int] = mapped_column(ForeignKey("welcome_scripts.id", ondelete="CASCADE"))
    scope: Mapped[str] = mapped_column(WireId(16))
    target: Mapped[str] = mapped_column(WireId(128), default="")
    windows: Mapped[dict[str, Any]]


class WelcomeSwitch(Base):
    """The one switch for all welcomes: a row is there while they are paused."""

    __tablename__ = "welcome_switch"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    paused_at: Mapped[datetime]
    paused_by: Mapped[str] = mapped_column(WireId(), default="")
