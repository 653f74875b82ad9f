"""What may be wrong with a change to a customer."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from app.errors import Refused
from app.i18n import N_, _

if TYPE_CHECKING:
    from app.customers.queries.consent import ConsentNow
    from app.customers.queries.fields import FieldState
    from app.customers.queries.stages import StageNow


class StageConflict(Refused):
    """Somebody else moved the customer meanwhile; `current` says where to, who and when.

    `wanted`: the stage that was asked for, in the pipeline `pipeline_id`.
    """

    def __init__(self, current: "StageNow", wanted: int, pipeline_id: int) -> None:
        super().__init__(_("客户阶段刚刚被别人修改了"))
        self.current = current
        self.wanted = wanted
        self.pipeline_id = pipeline_id


class ConsentConflict(Refused):
    """Somebody wrote down another answer of the customer's meanwhile; `current` says which.

    `wanted`: the one that was to be written down.
    """

    def __init__(self, current: "ConsentNow", wanted: str) -> None:
        super().__init__(N_("营销意愿刚刚被别人修改了"))
        self.current = current
        self.wanted = wanted


class RefusedBefore(Refused):
    """The customer had refused: only he himself may agree again. `current`: the refusal."""

    def __init__(self, current: "ConsentNow") -> None:
        super().__init__(N_("客户拒绝过营销，只有他本人重新同意才能改"))
        self.current = current


class PipelinesRefused(Refused):
    """The pipelines of a file cannot be taken over; `faults` says every reason, with its place."""

    def __init__(self, faults: Iterable[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(self.faults))


class BoxSpent(Refused):
    """What was sent out of this box is on record; this is something else and needs a new one."""

    def __init__(self) -> None:
        super().__init__(N_("这个框里写的已经记录过了。再点一次「记录」，会另记一条"))


class FieldRefused(Refused):
    """What was typed into a field cannot stand there; the text says what can."""


class FieldConflict(Refused):
    """Somebody else changed the field meanwhile; `current` says what stands there now, and who."""

    def __init__(self, current: "FieldState") -> None:
        super().__init__(_("这一项资料刚刚被别人修改了"))
        self.current = current


class FieldsRefused(Refused):
    """The fields of a file cannot be taken over; `faults` says every reason, with its place."""

    def __init__(self, faults: Iterable[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(self.faults))


class SettingRefused(Refused):
    """A pipeline, stage or field cannot be set up so; the text says why and what would do."""


class SettingChanged(Refused):
    """Somebody else changed the setting since it was looked at; nothing was done."""

    def __init__(self) -> None:
        super().__init__(N_("刚刚有人改过这里，下面是现在的样子：请看一看，再决定要不要改"))
