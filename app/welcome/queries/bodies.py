"""A script as JSON: what a draft's row keeps, and what a version keeps of where it held. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.welcome.queries.scripts import Attachment, Draft, Rule, dump_extras, load_extras
from app.welcome.queries.windows import dump_windows, load_windows


def dump_draft(draft: Draft) -> dict[str, Any]:
    """Make what the row of a draft keeps."""
    return {
        "name": draft.name,
        "content": draft.content,
        "returning": draft.returning,
        "returning_content": draft.returning_content,
        "attachments": [
            {"msgtype": one.msgtype, "fields": dict(one.fields), "material": one.material_id}
            for one in draft.attachments
        ],
        "extras": dump_extras(draft.extras),
        **dump_rules(draft.rules),
    }


def load_draft(body: Mapping[str, Any]) -> Draft:
    """Read what the row of a draft keeps."""
    return Draft(
        name=body["name"],
        content=body["content"],
        returning=body["returning"],
        returning_content=body["returning_content"],
        attachments=tuple(
            Attachment(msgtype=one["msgtype"], fields=one["fields"], material_id=one["material"])
            for one in body["attachments"]
        ),
        rules=load_rules(body),
        extras=load_extras(body["extras"]),
    )


def dump_rules(rules: Sequence[Rule]) -> dict[str, Any]:
    """Make what a version keeps of where it holds."""
    return {
        "rules": [
            {"scope": one.scope, "target": one.target, "windows": dump_windows(one.windows)}
            for one in rules
        ]
    }


def load_rules(kept: Mapping[str, Any]) -> tuple[Rule, ...]:
    """Read what a version keeps of where it held."""
    return tuple(
        Rule(scope=one["scope"], target=one["target"], windows=load_windows(one["windows"]))
        for one in kept["rules"]
    )
