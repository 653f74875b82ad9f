"""Pipelines, their stages, and where customers stand."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import ForeignKey, Index, UniqueConstraint, and_
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, BigId, WireId, Words
from app.money import Money


class Pipeline(Base):
    """A row of stages; the one of lowest position is the default, 客户阶段.

    `key`: what files call it by, whatever its name becomes.
    """

    __tablename__ = "pipelines"
    __table_args__ = (Index("uq_pipelines_key", "key", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(WireId(32))
    name: Mapped[str] = mapped_column(Words(32), unique=True)
    position: Mapped[int] = mapped_column(default=0)
    removed_at: Mapped[datetime | None]


class Stage(Base):
    """A stage of a pipeline; a loss is none.

    `asks`: what whoever moves a customer here may add: amount, reason, or "" for neither. `color`:
    one of STAGE_COLORS, "" for none. One that was removed (archived, 归档) stays, for the changes
    that name it.

    `moves_to_id`: it is archived, or is being archived, and this is where its customers go;
    `moves_total` of them stood there when `moves_by` decided so. It is removed when the last one
    has gone. Until then nobody can be moved into it, and those who still stand there see it.
    """

    __tablename__ = "stages"
    __table_args__ = (
        UniqueConstraint("pipeline_id", "name"),
        Index("uq_stages_pipeline_id_key", "pipeline_id", "key", unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    pipeline_id: Mapped[int] = mapped_column(ForeignKey("pipelines.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(WireId(32))
    name: Mapped[str] = mapped_column(Words(32))
    asks: Mapped[str] = mapped_column(WireId(16), default="")
    color: Mapped[str] = mapped_column(WireId(16), default="")
    position: Mapped[int] = mapped_column(default=0)
    moves_to_id: Mapped[int | None]
    moves_by: Mapped[str] = mapped_column(WireId(), default="")
    moves_total: Mapped[int] = mapped_column(default=0)
    removed_at: Mapped[datetime | None]

    @property
    def is_open(self) -> bool:
        """Tell whether customers can be moved here, as far as the stage itself goes."""
        return self.removed_at is None and self.moves_to_id is None


# The same in SQL.
STAGE_IS_OPEN = and_(Stage.removed_at.is_(None), Stage.moves_to_id.is_(None))


class CustomerStage(Base):
    """Where a customer stands in a pipeline: one truth for the whole corp."""

    __tablename__ = "customer_stages"
    __table_args__ = (Index("ix_customer_stages_stage_id", "stage_id"),)

    external_userid: Mapped[str] = mapped_column(
        WireId(), ForeignKey("customers.external_userid", ondelete="CASCADE"), primary_key=True
    )
    pipeline_id: Mapped[int] = mapped_column(
        ForeignKey("pipelines.id", ondelete="CASCADE"), primary_key=True
    )
    stage_id: Mapped[int] = mapped_column(ForeignKey("stages.id"))
    changed_at: Mapped[datetime]


class StageChange(Base):
    """One step from stage to stage: who, when, why. `userid` "": Banke itself.

    `why` in his own words, `reason` one of STAGE_REASONS, `amount` in yuan: what its maker added.
    """

    __tablename__ = "stage_changes"
    __table_args__ = (Index("ix_stage_changes_external_userid_id", "external_userid", "id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    external_userid: Mapped[str] = mapped_column(
        WireId(), ForeignKey("customers.external_userid", ondelete="CASCADE")
    )
    pipeline_id: Mapped[int] = mapped_column(ForeignKey("pipelines.id", ondelete="CASCADE"))
    from_stage_id: Mapped[int | None] = mapped_column(ForeignKey("stages.id"))
    to_stage_id: Mapped[int] = mapped_column(ForeignKey("stages.id"))
    userid: Mapped[str] = mapped_column(WireId(), default="")
    why: Mapped[str] = mapped_column(Words(200), default="")
    reason: Mapped[str] = mapped_column(WireId(16), default="")
    amount: Mapped[Decimal | None] = mapped_column(Money())
    changed_at: Mapped[datetime]
