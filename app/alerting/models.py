"""The table of what admins have set about alerts."""

from datetime import date

from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, WireId

THE_ROW = 1


class AlertSettings(Base):
    """One row, or none yet. What is None stands as the configuration file says.

    `quiet_hours` and `daily_digest_at` "": there are none, whatever the file says. `digested_on`:
    the last day, the corp's, whose daily digests are made or not wanted any more.
    """

    __tablename__ = "alert_settings"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    admins: Mapped[list[str] | None]
    grace_seconds: Mapped[int | None]
    digest_above: Mapped[int | None]
    mass_loss_above: Mapped[int | None]
    mass_loss_minutes: Mapped[int | None]
    quiet_hours: Mapped[str | None] = mapped_column(WireId(16))
    daily_digest_at: Mapped[str | None] = mapped_column(WireId(8))
    digested_on: Mapped[date | None]
