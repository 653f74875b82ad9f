"""What a job needs to do its work: configuration, database, WeCom, doorbell, seal.

Made once a process by the composition root and handed to whatever runs outside a request. Verbs
that reach over the network (`send_ sync_ push_`) take it instead of a session.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from sqlalchemy.orm import Session

from app import clock
from app.busy import Busy
from app.config import Config
from app.data_keys import build_keys
from app.db import DATA_KEYS, LOCK_WAIT_SECONDS, SEALER, Database
from app.i18n import speaking, spoken, use_language
from app.log import configure_logging
from app.queue import Doorbell, Ringer, connect_redis
from app.seal import Sealer
from app.wecom.client import WeComClient, connect_wecom

T = TypeVar("T")


@dataclass(frozen=True)
class Runtime:
    """The tools of one process."""

    config: Config
    db: Database
    wecom: WeComClient
    bell: Doorbell
    sealer: Sealer
    busy: Busy = field(default_factory=Busy)

    @property
    def corp_id(self) -> str:
        """The corp this deployment serves."""
        return self.config.wecom.corp_id


def commit(runtime: Runtime, work: Callable[[Session], T]) -> T:
    """Do the work in a transaction; what it words, it words in the reader's language.

    The thread that commits serves many readers.
    """
    language = spoken()

    def do(session: Session) -> T:
        with speaking(language):
            return work(session)

    return runtime.db.commit(do)


def set_up_process(config: Config) -> None:
    """Prepare this process: its language, its clock, its log."""
    use_language(config.server.language)
    clock.follow(config.wecom.clock_file)
    configure_logging()


def build_runtime(
    config: Config,
    *,
    lock_wait: float = LOCK_WAIT_SECONDS,
    commit_wait: float | None = None,
    durable: bool = True,
) -> Runtime:
    """Connect lazily to everything; nothing is called yet. For the last three see `Database`."""
    redis = connect_redis(config.redis.url)
    bell = Doorbell(redis)
    db = Database(
        config.database.url, lock_wait=lock_wait, commit_wait=commit_wait, durable=durable
    )
    db.wake = Ringer(bell).ring
    sealer = Sealer(config.server.secret_key.get_secret_value())
    # Rooms make digests with it, which must outlive a change of the server's key.
    db.info[SEALER] = Sealer(config.index_key)
    db.info[DATA_KEYS] = build_keys(config)
    return Runtime(
        config=config, db=db, wecom=connect_wecom(config, redis), bell=bell, sealer=sealer
    )
