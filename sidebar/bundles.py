"""The styles and scripts of the sidebar, in the order in which they count: a new file is a row.

Those of one kind are sent as one file. The colours of the dark are a file of their own, which is
linked only where it is dark.
"""

STYLES = (
    "theme",
    "profile",
    "fields",
    "timeline",
    "follow_ups",
    "frame",
    "sheet",
    "tags",
    "group",
    "library",
    "library_edit",
)
SCRIPTS = (
    "problems",
    "wecom",
    "frame",
    "toast",
    "sheet",
    "keys",
    "profile",
    "follow_ups",
    "fields",
    "tags",
    "library",
    "library_edit",
)
BUNDLES = {
    "sidebar.css": tuple(f"sidebar/{name}.css" for name in STYLES),
    "sidebar.js": tuple(f"sidebar/{name}.js" for name in SCRIPTS),
}
