"""What timeline entries about stages and losses say, with what members added to them."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from app.customers.queries.reasons import word_reason
from app.customers.queries.stages import FIRST_NAME, word_pipeline
from app.i18n import N_, _
from app.money import word_amount

CHANGE_WORDS = N_("{pipeline}：{from_stage} → {to_stage}")
UNDO_WORDS = N_("撤销修改，{pipeline}：{from_stage} → {to_stage}")
LOSS_WORDS = N_("流失原因：{reason}")
BETWEEN = " · "


def word_stage_change(data: Mapping[str, Any]) -> str:
    """Say from where to where he was moved, in which pipeline, and what was added to it."""
    told = _(
        UNDO_WORDS if data.get("is_undo") else CHANGE_WORDS,
        pipeline=word_pipeline(data.get("pipeline") or FIRST_NAME),
        from_stage=data.get("from_stage") or _("未设置"),
        to_stage=data["to_stage"],
    )
    return BETWEEN.join([told, *word_additions(data)])


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
