"""Every table of every room, in one metadata: for the migrations and the tests."""

from app.accounts import models as accounts
from app.alerting import models as alerting
from app.arrivals import Arrival
from app.audit import models as audit
from app.batches import models as batches
from app.churn import models as churn
from app.customers import models as customers
from app.db import Base
from app.deliveries import models as deliveries
from app.erased import ErasedPerson
from app.groups import models as groups
from app.inbox import models as inbox
from app.library import models as library
from app.materials import models as materials
from app.members import models as members
from app.privacy import models as privacy
from app.pushes import models as pushes
from app.reports import models as reports
from app.schedule_runs import ScheduleRun
from app.seal_walks import SealWalk
from app.sync import models as sync
from app.welcome import models as welcome

__all__ = [
    "Arrival",
    "ErasedPerson",
    "ScheduleRun",
    "SealWalk",
    "accounts",
    "alerting",
    "audit",
    "batches",
    "churn",
    "customers",
    "deliveries",
    "groups",
    "inbox",
    "library",
    "materials",
    "members",
    "metadata",
    "privacy",
    "pushes",
    "reports",
    "sync",
    "welcome",
]

metadata = Base.metadata
