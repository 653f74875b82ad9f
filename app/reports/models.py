"""The table of reports that are kept ready."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, WireId


class KeptReport(Base):
    """All reports as they were for one who looks: a manager, or "" for the whole corp.

    `scope` is the digest of whose customers he could see then; with another one it is not his.
    """

    __tablename__ = "kept_reports"

    userid: Mapped[str] = mapped_column(WireId(), primary_key=True)
    scope: Mapped[str] = mapped_column(WireId(64))
    made_at: Mapped[datetime]
    figures: Mapped[dict[str, Any]]
