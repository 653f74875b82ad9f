"""The board of what is held about customers: every room's holdings, in the order of erasing.

A room that holds something has its row here. A table that holds nothing of a customer's says so in
`NOTHING_OF_HIS`, with the reason; one that stands in neither fails a test.
"""

from app.audit.personal_data import HOLDINGS as AUDIT
from app.batches.personal_data import HOLDINGS as BATCHES
from app.churn.personal_data import HOLDINGS as CHURN
from app.customers.personal_data import HOLDINGS as CUSTOMERS
from app.deliveries.personal_data import HOLDINGS as DELIVERIES
from app.groups.personal_data import HOLDINGS as GROUPS
from app.inbox.personal_data import HOLDINGS as INBOX
from app.library.personal_data import HOLDINGS as LIBRARY
from app.personal import Holding
from app.pushes.personal_data import HOLDINGS as PUSHES
from app.sync.personal_data import HOLDINGS as SYNC

# Whoever finds rows through other rows goes before these: customers come last.
HOLDINGS: tuple[Holding, ...] = (
    *GROUPS,
    *SYNC,
    *CHURN,
    *LIBRARY,
    *BATCHES,
    *DELIVERIES,
    *PUSHES,
    *INBOX,
    *AUDIT,
    *CUSTOMERS,
)

_MEMBERS = "about members of the corp"
_SETTINGS = "the corp's settings: the same for all customers"
_FILES = "files and scripts of the corp, written for all customers"
_FIGURES = "figures alone"

NOTHING_OF_HIS: dict[str, str] = {
    "admin_roles": _MEMBERS,
    "admin_sessions": _MEMBERS,
    "login_links": _MEMBERS,
    "members": _MEMBERS,
    "departments": _MEMBERS,
    "member_departments": _MEMBERS,
    "member_preferences": _MEMBERS,
    "library_marks": _MEMBERS,
    "mass_losses": "which member lost how many: figures alone",
    "alert_settings": _SETTINGS,
    "pipelines": _SETTINGS,
    "stages": _SETTINGS,
    "custom_fields": _SETTINGS,
    "tag_groups": _SETTINGS,
    "tags": _SETTINGS,
    "welcome_rules": _SETTINGS,
    "welcome_switch": _SETTINGS,
    "welcome_scripts": _FILES,
    "welcome_versions": _FILES,
    "welcome_drafts": _FILES,
    "welcome_attachments": _FILES,
    "materials": _FILES,
    "material_chunks": _FILES,
    "material_pictures": _FILES,
    "uploads": _FILES,
    "upload_pieces": _FILES,
    "library_groups": _FILES,
    "library_items": _FILES,
    "library_parts": _FILES,
    "library_drafts": _FILES,
    "library_imports": _FILES,
    "batches": "what was to be done to many; who they are stands in batch_items",
    "customer_views": "how an admin looks at the list; what he searched for is his own words",
    "group_chats": "a group is its owner's; who is in it stands in group_members",
    "kept_reports": _FIGURES,
    "sync_runs": "how far a comparison is, and its figures",
    "sync_members": _MEMBERS,
    "seal_walks": "how far sealing has come: figures alone",
    "schedule_runs": "when periodic jobs ran",
    "retention_runs": "what purges did: figures alone",
    "arrivals": "when the last request came to an address, and not what it said",
    "audit_head": "one digest: the end of the chain",
    "erased_people": "the tombstones themselves, which say of an id alone that it is one of them",
}
