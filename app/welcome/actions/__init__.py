"""What is done with welcome scripts: sending one, saving, importing, pausing."""

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
from app.welcome.queries.scripts import Attachment, Draft, Rule
from app.welcome.queries.windows import Window

__all__ = [
    "Attachment",
    "Draft",
    "Greeting",
    "Imported",
    "Rule",
    "Saved",
    "Window",
    "import_scripts",
    "pause",
    "remove_script",
    "resume",
    "save_script",
    "send_welcome",
    "set_default",
]
