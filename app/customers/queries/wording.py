"""What timeline entries about stages, losses, remarks and tags say, with what was added to them."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from app.customers.queries.consent import word_consent, word_way
from app.customers.queries.first_names import (
    PIPELINE,
    word_field,
    word_pipeline,
    word_stage,
)
from app.customers.queries.reasons import word_reason
from app.i18n import N_, _
from app.money import word_amount

CHANGE_WORDS = N_("{pipeline}：{from_stage} → {to_stage}")
ARCHIVED_WORDS = N_("阶段归档，{pipeline}：{from_stage} → {to_stage}")
UNDO_WORDS = N_("撤销修改，{pipeline}：{from_stage} → {to_stage}")
CONSENT_WORDS = N_("营销意愿：{before} → {state}")
UNCONSENT_WORDS = N_("撤销修改，营销意愿：{before} → {state}")
LOSS_WORDS = N_("流失原因：{reason}")
REMARK_WORDS = N_("备注改为「{remark}」")
DESCRIPTION_WORDS = N_("描述改为「{description}」")
MOBILES_WORDS = N_("电话已修改")
TAG_WORDS = N_("添加标签「{tags}」")
UNTAG_WORDS = N_("移除标签「{tags}」")
SCRIPT_WORDS = N_("发送了话术「{title}」")
MATERIAL_WORDS = N_("发送了素材「{title}」")
IMPORT_WORDS = N_("从表格导入了{what}")
UNIMPORT_WORDS = N_("撤销了从表格的导入：{what}")
BETWEEN = " · "
NAMED = 5


def word_stage_change(data: Mapping[str, Any]) -> str:
    """Say from where to where he was moved, in which pipeline, and what was added to it."""
    words = UNDO_WORDS if data.get("is_undo") else CHANGE_WORDS
    told = _(
        ARCHIVED_WORDS if data.get("is_archived") else words,
        pipeline=word_pipeline(data.get("pipeline") or PIPELINE),
        from_stage=word_stage(data.get("from_stage") or "") or _("未设置"),
        to_stage=word_stage(data["to_stage"]),
    )
    return BETWEEN.join([told, *word_additions(data)])


def word_consent_change(data: Mapping[str, Any]) -> str:
    """Say what the customer said of offers, how that is known, and what was added to it."""
    words = UNCONSENT_WORDS if data["is_undo"] else CONSENT_WORDS
    before, state = word_consent(data["before"]), word_consent(data["state"])
    told = _(words, before=before, state=state)
    added = [] if data["is_undo"] else [word_way(data["way"]), data["note"]]
    return BETWEEN.join([told, *(part for part in added if part)])


def word_additions(data: Mapping[str, Any]) -> list[str]:
    """Say the amount, the reason and the words that were added to a change, as far as there are."""
    amount = data.get("amount")
    parts = [
        word_amount(Decimal(amount)) if amount else "",
        word_reason(data.get("reason") or ""),
        data.get("why") or "",
    ]
    return [part for part in parts if part]


def word_loss_reason(data: Mapping[str, Any]) -> str:
    """Say why he left, or that nobody knows any more."""
    reason = word_reason(data.get("reason") or "", data.get("note") or "")
    return _(LOSS_WORDS, reason=reason) if reason else _("清除了流失原因")


def word_remark_change(data: Mapping[str, Any]) -> str:
    """Say what the remark is now, and whether WeCom told of it."""
    remark = data["remark"]
    told = _(REMARK_WORDS, remark=remark) if remark else _("清除了备注")
    return BETWEEN.join([told, *_word_source(data)])


def word_description_change(data: Mapping[str, Any]) -> str:
    """Say what the description is now, and whether WeCom told of it."""
    text = " ".join(data["description"].split())
    told = _(DESCRIPTION_WORDS, description=text) if text else _("清除了描述")
    return BETWEEN.join([told, *_word_source(data)])


def word_mobiles_change(data: Mapping[str, Any]) -> str:
    """Say that the numbers are others, never which, and whether WeCom told of it."""
    return BETWEEN.join([_(MOBILES_WORDS), *_word_source(data)])


def word_tags_change(data: Mapping[str, Any]) -> str:
    """Say which tags came and which went, whose, and whether WeCom told of it."""
    moved = {TAG_WORDS: data["added"], UNTAG_WORDS: data["removed"]}
    told = [_(words, tags=_word_tags(list(tags.values()))) for words, tags in moved.items() if tags]
    if of_whom := data.get("of_name"):
        told.append(_("{member} 的标签", member=of_whom))
    return BETWEEN.join([*told, *_word_source(data)])


def word_import(data: Mapping[str, Any]) -> str:
    """Say what came out of a table: which fields, the stage, a note."""
    return _(IMPORT_WORDS, what=_word_imported(data))


def word_unimport(data: Mapping[str, Any]) -> str:
    """Say what went back to what it was before a table was imported."""
    return _(UNIMPORT_WORDS, what=_word_imported(data))


def _word_imported(data: Mapping[str, Any]) -> str:
    told = [_("「{field}」", field=word_field(name)) for name in data["fields"]]
    if data["stage"]:
        told.append(_("阶段「{stage}」", stage=word_stage(data["stage"])))
    # Entries from before first stages were taken back say nothing of it.
    if data.get("is_unstaged"):
        told.append(_("阶段「{stage}」", stage=_("未设置")))
    if data["has_note"]:
        told.append(_("一条跟进"))
    return _("、").join(told)


def word_library_sending(data: Mapping[str, Any]) -> str:
    """Say what was sent from the library."""
    words = MATERIAL_WORDS if data["shelf"] == "materials" else SCRIPT_WORDS
    return _(words, title=data["title"])


def _word_tags(names: Sequence[str]) -> str:
    listed = _("、").join(names[:NAMED])
    if len(names) <= NAMED:
        return listed
    return _("{tags} 等 {count} 个", tags=listed, count=len(names))


def _word_source(data: Mapping[str, Any]) -> list[str]:
    if not data["from_wecom"]:
        return []
    return [_("对账发现") if data.get("found_by") else _("来自企业微信")]
