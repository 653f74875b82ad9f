"""The lane `batches`: one batch at a time, piece by piece; a killed one goes on where it was.

A server writes for two at once: there, the halves of a batch of tags are worked side by side.
"""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial

from sqlalchemy.orm import Session

from app import clock
from app.batches.actions import HALVES, ClaimLost, Half, step_batch, step_half
from app.batches.models import Batch
from app.batches.reading import read_table
from app.claims import Claim, next_try
from app.db import Database
from app.log import get_logger
from app.runtime import Runtime

# Then others have their turn.
SLICE_SECONDS = 5.0

log = get_logger(__name__)


def work_batch(runtime: Runtime, claim: Claim) -> datetime | None:
    """Go on with a batch for a while; return when it wants to be gone on with."""
    ends = time.monotonic() + SLICE_SECONDS
    try:
        again_at = read_table(runtime, claim, seconds=SLICE_SECONDS)
        if again_at is not None:
            return runtime.db.commit(partial(_postpone, claim=claim, again_at=again_at))
        work_halves(runtime.db, claim, ends)
        while True:
            again_at = runtime.db.commit(partial(_step, claim=claim))
            if again_at is None:
                return None
            if again_at > clock.utcnow() or time.monotonic() > ends:
                return runtime.db.commit(partial(_postpone, claim=claim, again_at=again_at))
    except ClaimLost:
        # Whoever took it or stopped it has said when it is due.
        return None
    except Exception as error:
        log.exception("batch_stumbled", batch_id=claim.id, error_name=type(error).__name__)
        return runtime.db.commit(partial(_try_again, claim=claim))


def work_halves(db: Database, claim: Claim, ends: float) -> None:
    """Go on with both halves of a batch of tags at once, until `ends` on the monotonic clock.

    Raises: what one of them raised, when the other has ended, too.
    """
    if db.has_one_writer:
        return
    with ThreadPoolExecutor(len(HALVES)) as pool:
        list(pool.map(partial(_work_half, db, claim, ends), HALVES))


def _work_half(db: Database, claim: Claim, ends: float, half: Half) -> None:
    while db.commit(partial(step_half, claim=claim, half=half)) and time.monotonic() < ends:
        pass


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
