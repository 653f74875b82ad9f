"""Every table of every room, in one metadata: for the migrations and the tests."""

from app.audit import models as audit
from app.churn import models as churn
from app.customers import models as customers
from app.db import Base
from app.deliveries import models as deliveries
from app.groups import models as groups
from app.inbox import models as inbox
from app.materials import models as materials
from app.members import models as members
from app.pushes import models as pushes
from app.schedule_runs import ScheduleRun
from app.welcome import models as welcome

__all__ = [
    "ScheduleRun",
    "audit",
    "churn",
    "customers",
    "deliveries",
    "groups",
    "inbox",
    "materials",
    "members",
    "metadata",
    "pushes",
    "welcome",
]

metadata = Base.metadata
