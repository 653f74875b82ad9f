"""Reading welcome scripts: choosing one, its text and variables, its time windows, the lists."""

from app.texts import VARIABLES, build_text, find_unknown_variables
from app.welcome.queries.choosing import Choice, MemberFacts, choose_script
from app.welcome.queries.scripts import (
    Attachment,
    Draft,
    Rule,
    ScriptRow,
    find_draft,
    list_scripts,
    list_versions,
    paused_since,
)
from app.welcome.queries.windows import Window

__all__ = [
    "VARIABLES",
    "Attachment",
    "Choice",
    "Draft",
    "MemberFacts",
    "Rule",
    "ScriptRow",
    "Window",
    "build_text",
    "choose_script",
    "find_draft",
    "find_unknown_variables",
    "list_scripts",
    "list_versions",
    "paused_since",
]
