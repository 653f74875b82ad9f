"""Verbs on customers, each in the file of its subject; other rooms import them from here."""

from app.customers.actions.detail import record_detail
from app.customers.actions.field_import import ImportedFields, import_fields
from app.customers.actions.fields import (
    FieldMove,
    reveal_phone,
    reveal_remark_mobiles,
    set_field,
    undo_field,
)
from app.customers.actions.follow import Change, record_change
from app.customers.actions.follow_ups import (
    CHANGE_HOURS,
    Box,
    edit_follow_up,
    forget_draft,
    record_follow_up,
    remove_follow_up,
    restore_follow_up,
    save_draft,
)
from app.customers.actions.notes import Addition, StageNote, add_stage_note, get_stage_note
from app.customers.actions.pipelines import ImportedPipelines, import_pipelines
from app.customers.actions.profile import ensure_customer
from app.customers.actions.remark import (
    RemarkChange,
    build_remark,
    change_remark,
    retry_remark,
)
from app.customers.actions.reminders import (
    LONGEST,
    Wish,
    cancel_reminder,
    complete_reminder,
    create_reminder,
    postpone_reminder,
    reopen_reminder,
)
from app.customers.actions.stages import (
    StageMove,
    change_stage,
    put_into_first_stage,
    undo_stage,
)
from app.customers.actions.tags import Marked, mark_tag, record_tags, retry_tags
from app.customers.actions.timeline import add_to_timeline, record_timeline

__all__ = [
    "CHANGE_HOURS",
    "LONGEST",
    "Addition",
    "Box",
    "Change",
    "FieldMove",
    "ImportedFields",
    "ImportedPipelines",
    "Marked",
    "RemarkChange",
    "StageMove",
    "StageNote",
    "Wish",
    "add_stage_note",
    "add_to_timeline",
    "build_remark",
    "cancel_reminder",
    "change_remark",
    "change_stage",
    "complete_reminder",
    "create_reminder",
    "edit_follow_up",
    "ensure_customer",
    "forget_draft",
    "get_stage_note",
    "import_fields",
    "import_pipelines",
    "mark_tag",
    "postpone_reminder",
    "put_into_first_stage",
    "record_change",
    "record_detail",
    "record_follow_up",
    "record_tags",
    "record_timeline",
    "remove_follow_up",
    "reopen_reminder",
    "restore_follow_up",
    "retry_remark",
    "retry_tags",
    "reveal_phone",
    "reveal_remark_mobiles",
    "save_draft",
    "set_field",
    "undo_field",
    "undo_stage",
]
