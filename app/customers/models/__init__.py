"""Tables of customers, each in the file of its subject; others import them from here."""

from app.customers.models.consent import ConsentChange, MarketingConsent
from app.customers.models.fields import CustomField, FieldChange, FieldChoice, FieldValue
from app.customers.models.follow_ups import Draft, FollowUp, Reminder
from app.customers.models.people import Customer, FollowChange, FollowMobile, FollowTag, FollowUser
from app.customers.models.stages import (
    STAGE_IS_OPEN,
    CustomerStage,
    Pipeline,
    Stage,
    StageChange,
)
from app.customers.models.tags import Tag, TagGroup
from app.customers.models.timeline import TimelineEntry
from app.customers.models.views import CustomerView

__all__ = [
    "STAGE_IS_OPEN",
    "ConsentChange",
    "CustomField",
    "Customer",
    "CustomerStage",
    "CustomerView",
    "Draft",
    "FieldChange",
    "FieldChoice",
    "FieldValue",
    "FollowChange",
    "FollowMobile",
    "FollowTag",
    "FollowUp",
    "FollowUser",
    "MarketingConsent",
    "Pipeline",
    "Reminder",
    "Stage",
    "StageChange",
    "Tag",
    "TagGroup",
    "TimelineEntry",
]
