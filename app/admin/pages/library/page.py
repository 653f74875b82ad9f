"""The page 话术与素材: what members find in the sidebar and send, and how it is kept."""

from app.admin.pages.library import editor, groups, importing, item, listing
from app.admin.pages.parts import WORDS, Action, Page, Part
from app.admin.uploading import finish, load_picture, piece
from app.i18n import N_

SEE, EDIT = "see_library", "edit_library"
PAGE = Page(
    name="library",
    title=N_("话术与素材"),
    permission=SEE,
    group=WORDS,
    load=listing.load,
    parts={
        "item": Part(SEE, item.load),
        "edit": Part(EDIT, editor.load),
        "groups": Part(EDIT, groups.load),
        "import": Part(EDIT, importing.load),
        "template": Part(EDIT, importing.give_template),
        "export": Part(EDIT, importing.give_export, needs_proof=True),
        "picture": Part(SEE, load_picture),
    },
    actions={
        "save": Action(EDIT, editor.save),
        "archive": Action(EDIT, item.archive),
        "restore": Action(EDIT, item.restore),
        "group-create": Action(EDIT, groups.create),
        "group-rename": Action(EDIT, groups.rename),
        "group-move": Action(EDIT, groups.move),
        "group-remove": Action(EDIT, groups.remove),
        "check": Action(EDIT, importing.check),
        "confirm": Action(EDIT, importing.confirm),
        "forget": Action(EDIT, importing.forget),
        "piece": Action(EDIT, piece),
        "finish": Action(EDIT, finish),
    },
)
