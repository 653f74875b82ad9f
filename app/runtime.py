"""What a job needs to do its work: configuration, database, WeCom, doorbell, seal.

Made once a process by the composition root and handed to whatever runs outside a request. Verbs
that reach over the network (`send_ sync_ push_`) take it instead of a session.
"""

from dataclasses import dataclass

from app import clock
from app.config import Config
from app.db import LOCK_WAIT_SECONDS, Database
from app.i18n import use_language
from app.log import configure_logging
from app.queue import Doorbell, Ringer, connect_redis
from app.seal import Sealer
from app.wecom.client import WeComClient, connect_wecom


@dataclass(frozen=True)
class Runtime:
    """The tools of one process."""

    config: Config
    db: Database
    wecom: WeComClient
    bell: Doorbell
    sealer: Sealer

    @property
    def corp_id(self) -> str:
        """The corp this deployment serves."""
        return self.config.wecom.corp_id


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
    return Runtime(
        config=config,
        db=db,
        wecom=connect_wecom(config, redis),
        bell=bell,
        sealer=Sealer(config.server.secret_key.get_secret_value()),
    )
