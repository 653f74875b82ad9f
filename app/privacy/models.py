"""The table of purges."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, BigId, WireId


class RetentionRun(Base):
    """What the purge of one kind did, and what it left.

    `purged`: how many the last turn that purged any did, until `purged_at`; `purged_ever`: all
    turns together. `held` of the kind were there at `ran_at`, the oldest from `oldest_at`.
    """

    __tablename__ = "retention_runs"

    kind: Mapped[str] = mapped_column(WireId(32), primary_key=True)
    ran_at: Mapped[datetime | None]
    purged: Mapped[int] = mapped_column(BigId, default=0)
    purged_at: Mapped[datetime | None]
    purged_ever: Mapped[int] = mapped_column(BigId, default=0)
    held: Mapped[int] = mapped_column(BigId, default=0)
    oldest_at: Mapped[datetime | None]
