"""Tables of customers, each in the file of its subject; others import them from here."""

from app.customers.models.people import Customer, FollowChange, FollowTag, FollowUser
from app.customers.models.stages import CustomerStage, Pipeline, Stage, StageChange
from app.customers.models.timeline import TimelineEntry

__all__ = [
    "Customer",
    "CustomerStage",
    "FollowChange",
    "FollowTag",
    "FollowUser",
    "Pipeline",
    "Stage",
    "StageChange",
    "TimelineEntry",
]
