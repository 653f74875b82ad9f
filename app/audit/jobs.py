"""What the audit log has done at set times."""

from app.audit.queries import get_head
from app.log import get_logger
from app.runtime import Runtime

log = get_logger(__name__)


def note_head(runtime: Runtime) -> None:
    """Write the chain's end into the server's log, which whoever can write the database may not."""
    with runtime.db.read() as session:
        log.info("audit_head", digest=get_head(session))
