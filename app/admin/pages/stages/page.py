"""The page 客户阶段: pipelines and their stages, in order, and what is archived of them."""

from app.admin.pages.parts import SETTINGS, Action, Page, Part
from app.admin.pages.stages import showing, working
from app.i18n import N_

SEE, EDIT = "see_settings", "edit_settings"
PAGE = Page(
    name="stages",
    title=N_("客户阶段"),
    permission=SEE,
    group=SETTINGS,
    load=showing.load,
    parts={
        "moving": Part(SEE, showing.load_moving),
        "stage": Part(EDIT, showing.load_stage),
        "pipeline": Part(EDIT, showing.load_pipeline),
        "stage-archive": Part(EDIT, showing.load_stage_archive),
        "pipeline-archive": Part(EDIT, showing.load_pipeline_archive),
    },
    actions={
        "save-stage": Action(EDIT, working.save_stage),
        "save-pipeline": Action(EDIT, working.save_pipeline),
        "shift-stage": Action(EDIT, working.shift_a_stage),
        "shift-pipeline": Action(EDIT, working.shift_a_pipeline),
        "archive-stage": Action(EDIT, working.archive_a_stage),
        "archive-pipeline": Action(EDIT, working.archive_a_pipeline),
        "restore-stage": Action(EDIT, working.restore_a_stage),
        "restore-pipeline": Action(EDIT, working.restore_a_pipeline),
    },
)
