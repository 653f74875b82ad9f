"""The stage (客户阶段) of a customer."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.customers.models import CustomerStage, Pipeline, Stage
from app.db import upsert


def put_into_first_stage(session: Session, external_userid: str) -> None:
    """Give a customer without a stage the first one of the default pipeline."""
    first = session.execute(
        select(Stage.pipeline_id, Stage.id)
        .join(Pipeline, Pipeline.id == Stage.pipeline_id)
        .order_by(Pipeline.position, Stage.position)
        .limit(1)
    ).one()
    upsert(
        session,
        CustomerStage,
        [
            {
                "external_userid": external_userid,
                "pipeline_id": first.pipeline_id,
                "stage_id": first.id,
                "changed_at": clock.utcnow(),
            }
        ],
        key=["external_userid", "pipeline_id"],
    )
