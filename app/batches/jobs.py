"""The lane `batches`: one batch at a time, piece by piece; a killed one goes on where it was."""

import time
from datetime import datetime
from functools import partial

from sqlalchemy.orm import Session

from app import clock
from app.batches.actions import step_batch
from app.batches.models import Batch
from app.claims import Claim, next_try
from app.log import get_logger
from app.runtime import Runtime

# Then others have their turn.
SLICE_SECONDS = 5.0

log = get_logger(__name__)


def work_batch(runtime: Runtime, claim: Claim) -> datetime | None:
    """Go on with a batch for a while; return when it wants to be gone on with."""
    ends = time.monotonic() + SLICE_SECONDS
    try:
        while True:
            again_at = runtime.db.commit(partial(_step, claim=claim))
            if again_at is None:
                return None
            if again_at > clock.utcnow() or time.monotonic() > ends:
                return runtime.db.commit(partial(_postpone, claim=claim, again_at=again_at))
    except Exception as error:
        log.exception("batch_stumbled", batch_id=claim.id, error_name=type(error).__name__)
        return runtime.db.commit(partial(_try_again, claim=claim))


def _step(session: Session, *, claim: Claim) -> datetime | None:
    return step_batch(session, claim)


def _postpone(session: Session, *, claim: Claim, again_at: datetime) -> datetime | None:
    """Have it looked at again at a time; what has got on so far has not failed."""
    batch = session.get(Batch, claim.id)
    if batch is None or batch.ended_at is not None or batch.claimed_by != claim.token:
        return None
    batch.due_at, batch.claimed_by, batch.attempts = again_at, None, 0
    return again_at


def _try_again(session: Session, *, claim: Claim) -> datetime | None:
    batch = session.get(Batch, claim.id)
    if batch is None or batch.ended_at is not None or batch.claimed_by != claim.token:
        return None
    # However often it fails, it is not forgotten: somebody waits for it.
    batch.due_at = next_try(batch.attempts) or clock.later(3600)
    batch.claimed_by = None
    return batch.due_at
