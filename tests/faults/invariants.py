"""What must hold after every fault, as comparisons of the sandbox's ledger with the database."""

from collections import Counter

from sqlalchemy import func, select, text

from app.deliveries.models import Delivery
from app.inbox.models import InboxEvent
from tests.deployment import Deployment


def check(deployment: Deployment) -> None:
    """Hold the deployment to every invariant."""
    deployment.box.delivery.wait_idle(60)
    deployment.wait_worked(60)
    nothing_acknowledged_is_lost(deployment)
    nobody_is_greeted_twice(deployment)
    every_accepted_welcome_is_on_record(deployment)
    the_file_is_sound(deployment)


def nothing_acknowledged_is_lost(deployment: Deployment) -> None:
    """Every event that was answered with 200 is in the inbox."""
    acked = Counter(
        (event.change_type, event.external_userid, event.welcome_code)
        for event in deployment.box.ledger.events(outcome="acked")
    )
    with deployment.db.read() as session:
        stored = session.scalar(select(func.count()).select_from(InboxEvent)) or 0
        people = set(session.scalars(select(InboxEvent.external_userid)))
    assert {person for _change, person, _code in acked} <= people
    assert sum(acked.values()) <= stored


def nobody_is_greeted_twice(deployment: Deployment) -> None:
    """WeCom accepted at most one welcome for each pair."""
    counts = deployment.box.ledger.welcome_counts()
    assert {pair: count for pair, count in counts.items() if count > 1} == {}


def every_accepted_welcome_is_on_record(deployment: Deployment) -> None:
    """What the customer got, our record says he got."""
    accepted = {row.external_userid for row in deployment.box.ledger.accepted_welcomes()}
    with deployment.db.read() as session:
        known = set(
            session.scalars(
                select(Delivery.external_userid).where(
                    Delivery.kind == "welcome", Delivery.outcome.in_(["sent", "unknown"])
                )
            )
        )
    assert accepted <= known


def the_file_is_sound(deployment: Deployment) -> None:
    """SQLite finds no damage."""
    if deployment.db.url.get_backend_name() == "sqlite":
        with deployment.db.read() as session:
            assert session.scalar(text("PRAGMA integrity_check")) == "ok"
