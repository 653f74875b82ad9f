"""The rows of the fields (资料): what each shows, and what its input holds."""

from dataclasses import dataclass, replace
from typing import Any

from app.customers.queries import (
    FieldState,
    mask_value,
    word_field,
    word_hint,
    word_option,
    word_value,
)
from sidebar.panels.showing import visible

OPTION = "option-"
MOST_TYPED = 2000
CHIPS = 20
COPIED = frozenset({"text", "phone", "address", "link"})
# How each kind is typed: the element or its type, and the keys that a phone shows for it.
INPUTS = {
    "text": ("text", "text"),
    "number": ("text", "decimal"),
    "money": ("text", "decimal"),
    "date": ("date", ""),
    "phone": ("tel", "tel"),
    "link": ("url", "url"),
}


@dataclass(frozen=True)
class Editing:
    """A row as an input: with what stands in the field, or with what was `typed` and why it stays.

    `held`: why it is not simply done: "", error or conflict; `told` says it in words.
    """

    typed: tuple[str, ...] | None = None
    held: str = ""
    told: str = ""

    def with_error(self, told: str) -> "Editing":
        """Return it as one that was refused."""
        return replace(self, held="error", told=told)

    def with_conflict(self, told: str) -> "Editing":
        """Return it as one that a colleague was quicker with."""
        return replace(self, held="conflict", told=told)


def show_state(state: FieldState) -> dict[str, Any]:
    """Say what stands in a field; of what is sealed not all."""
    field = state.field
    text = visible(word_value(field, state.value))
    masked = field.is_sealed and bool(text)
    return {
        "id": str(field.id),
        "name": visible(word_field(field.name)),
        "kind": field.kind,
        "text": mask_value(field, text),
        "to_copy": text if field.kind in COPIED and not masked else "",
        "hint": visible(word_hint(field.hint)),
        "is_empty": not text,
        "is_masked": masked,
        "pinned": field.pinned,
        "read_only": field.read_only,
    }


def show_input(state: FieldState, editing: Editing) -> dict[str, Any]:
    """Say what the input of a field holds; of one that is sealed it begins empty."""
    field, value = state.field, state.value
    typed = editing.typed if editing.typed is not None else _typed(state)
    chosen = {one for one in typed if one}
    options = [
        {"id": one.id, "name": visible(word_option(one.name)), "chosen": one.id in chosen}
        for one in field.options
        if not one.removed or one.id in value.chosen
    ]
    if field.kind == "choices" and len(options) > CHIPS:
        # What is chosen must stand there, or it would be given up by saving.
        options.sort(key=lambda one: not one["chosen"])
    chips = max(CHIPS, sum(bool(one["chosen"]) for one in options))
    kind, keys = INPUTS.get(field.kind, ("", ""))
    return {
        "text": typed[0] if typed else "",
        "type": kind,
        "inputmode": keys,
        "options": options,
        "chips": options[:chips],
        "more": options[chips:],
        "seen": state.version,
        "held": editing.held,
        "told": editing.told,
    }


def _typed(state: FieldState) -> tuple[str, ...]:
    """Return what somebody would type to get what stands there."""
    field, value = state.field, state.value
    if field.is_sealed:
        return ()
    if value.number is not None:
        text = str(value.number)
        return (text.rstrip("0").rstrip(".") if "." in text else text,)
    if value.flag is not None:
        return ("yes" if value.flag else "no",)
    if value.chosen:
        return value.chosen
    return (word_value(field, value),)
