"""What is done with welcome scripts: sending one, saving, importing, pausing."""

from app.welcome.actions.drafts import (
    discard_draft,
    draft_of_version,
    publish_draft,
    save_draft,
)
from app.welcome.actions.extras import apply_extras
from app.welcome.actions.importing import Imported, import_scripts
from app.welcome.actions.intents import Greeting
from app.welcome.actions.scripts import (
    Saved,
    pause,
    remove_script,
    resume,
    save_script,
    set_default,
)
from app.welcome.actions.sending import send_welcome
from app.welcome.queries.scripts import Attachment, Draft, Extras, Rule
from app.welcome.queries.windows import Window

__all__ = [
    "Attachment",
    "Draft",
    "Extras",
    "Greeting",
    "Imported",
    "Rule",
    "Saved",
    "Window",
    "apply_extras",
    "discard_draft",
    "draft_of_version",
    "import_scripts",
    "pause",
    "publish_draft",
    "remove_script",
    "resume",
    "save_draft",
    "save_script",
    "send_welcome",
    "set_default",
]
