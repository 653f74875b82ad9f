"""The rows of the ledger: events, attempts, API calls, welcomes, app messages, acts, SDK calls.

`at` is the sandbox's clock in unix seconds, `monotonic` the time that is never moved; delays are
differences of the latter, in milliseconds.
"""

from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar, Literal

EventOutcome = Literal["waiting", "acked", "given_up", "lost", "unsent"]
CallState = Literal["received", "held", "answered", "dropped", "abandoned"]


@dataclass(slots=True, eq=False)
class Record:
    """One row. `seq` counts from 1 within the ledger."""

    kind: ClassVar[str] = ""
    seq: int = field(default=0, kw_only=True)
    at: float = field(default=0.0, kw_only=True)
    monotonic: float = field(default=0.0, kw_only=True)

    def as_dict(self) -> dict[str, Any]:
        """Return the row as JSON may carry it."""
        return {"kind": self.kind, **asdict(self)}


@dataclass(slots=True, eq=False)
class EventRecord(Record):
    """A callback that WeCom made. `unsent`: no app wants it; `lost`: a fault swallowed it."""

    kind: ClassVar[str] = "event"
    event: str
    change_type: str = ""
    userid: str = ""
    external_userid: str = ""
    chat_id: str = ""
    state: str = ""
    welcome_code: str = ""
    create_time: int = 0
    outcome: EventOutcome = "waiting"
    acks: int = 0
    first_sent: float | None = None
    acked_monotonic: float | None = None
    open_letters: int = 0
    fields: dict[str, Any] = field(default_factory=dict)

    @property
    def event_id(self) -> int:
        """The number by which attempts point to this event."""
        return self.seq


@dataclass(slots=True, eq=False)
class AttemptRecord(Record):
    """One POST of one event to one receiver. `status` is None when no answer came."""

    kind: ClassVar[str] = "attempt"
    event_id: int
    agentid: int
    letter: int
    number: int
    status: int | None
    ms: float
    outcome: Literal["acked", "failed", "given_up"]
    error: str = ""
    reply: str = ""


@dataclass(slots=True, eq=False)
class CallRecord(Record):
    """One call of the API. `errcode` is None until it is answered or when the answer had none."""

    kind: ClassVar[str] = "call"
    api: str
    params: dict[str, Any]
    agentid: int | None = None
    ip: str = ""
    state: CallState = "received"
    errcode: int | None = None
    status: int | None = None
    acted: bool = False
    answered: bool = True
    ms: float | None = None
    in_flight: int = 0

    @property
    def call_id(self) -> int:
        """The number of this call."""
        return self.seq


@dataclass(slots=True, eq=False)
class WelcomeRecord(Record):
    """A welcome that reached a customer. `ms_from_delivery` is None if nothing was ever sent."""

    kind: ClassVar[str] = "welcome"
    code: str
    userid: str
    external_userid: str
    text: str
    attachments: list[dict[str, Any]]
    event_id: int
    ms_from_event: float
    ms_from_delivery: float | None


@dataclass(slots=True, eq=False)
class MessageRecord(Record):
    """An app message to one member. `dropped`: over the cap, which WeCom does not tell."""

    kind: ClassVar[str] = "message"
    userid: str
    agentid: int
    msgtype: str
    msgid: str
    outcome: Literal["delivered", "duplicate", "dropped"]
    body: dict[str, Any]


@dataclass(slots=True, eq=False)
class ActRecord(Record):
    """Something the sandbox was told to do: a person's act, a moved clock, a fault."""

    kind: ClassVar[str] = "act"
    name: str
    details: dict[str, Any]


@dataclass(slots=True, eq=False)
class SdkRecord(Record):
    """A call of the JS bridge by a sidebar page. `userid`: the member whose client it is."""

    kind: ClassVar[str] = "sdk"
    name: str
    err_msg: str
    ms: float
    page: str
    userid: str = ""
    err_code: int | None = None
    params: dict[str, Any] = field(default_factory=dict)
