"""The board of pages, in the order of the navigation. A page is its folder and its row below.

Pages under one heading (`group`) stand together.
"""

from app.admin.pages.alerts.page import PAGE as ALERTS
from app.admin.pages.audit.page import PAGE as AUDIT
from app.admin.pages.customer.page import PAGE as CUSTOMER
from app.admin.pages.customers.page import PAGE as CUSTOMERS
from app.admin.pages.deliveries.page import PAGE as DELIVERIES
from app.admin.pages.fields.page import PAGE as FIELDS
from app.admin.pages.handover.page import PAGE as HANDOVER
from app.admin.pages.health.page import PAGE as HEALTH
from app.admin.pages.imports.page import PAGE as IMPORTS
from app.admin.pages.inbox.page import PAGE as INBOX
from app.admin.pages.library.page import PAGE as LIBRARY
from app.admin.pages.losses.page import PAGE as LOSSES
from app.admin.pages.members.page import PAGE as MEMBERS
from app.admin.pages.overview.page import PAGE as OVERVIEW
from app.admin.pages.parts import Page
from app.admin.pages.privacy.page import PAGE as PRIVACY
from app.admin.pages.queues.page import PAGE as QUEUES
from app.admin.pages.sessions.page import PAGE as SESSIONS
from app.admin.pages.stages.page import PAGE as STAGES
from app.admin.pages.sync.page import PAGE as SYNC
from app.admin.pages.tags.page import PAGE as TAGS
from app.admin.pages.welcomes.page import PAGE as WELCOMES

PAGES: tuple[Page, ...] = (
    OVERVIEW,
    CUSTOMERS,
    IMPORTS,
    LOSSES,
    HANDOVER,
    DELIVERIES,
    WELCOMES,
    LIBRARY,
    STAGES,
    FIELDS,
    TAGS,
    ALERTS,
    SYNC,
    INBOX,
    QUEUES,
    HEALTH,
    MEMBERS,
    AUDIT,
    PRIVACY,
    SESSIONS,
    CUSTOMER,
)
