"""Why customers do not buy or leave: the reasons to choose from, and how they read."""

from app.i18n import N_, _

LOSS_REASONS = {
    "price": N_("价格"),
    "rival": N_("竞品"),
    "service": N_("服务"),
    "no_need": N_("暂不需要"),
    "mistake": N_("误删"),
    "other": N_("其他"),
}
# Nobody moves a customer to 无意向 by mistake.
STAGE_REASONS = {key: words for key, words in LOSS_REASONS.items() if key != "mistake"}


def word_reason(reason: str, note: str = "") -> str:
    """Say a reason in the reader's language, with the note beside it; "" for neither."""
    words = _(LOSS_REASONS[reason]) if reason in LOSS_REASONS else ""
    return _("{reason}（{note}）", reason=words, note=note) if words and note else words or note
