"""Sending one welcome within WeCom's 20 seconds: plan, intent, call, outcome.

Two short transactions, the second one its caller's, and none open during a call. It never sleeps:
what wants another try raises `Later`, and the row tells the next try what happened so far.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy.orm import Session

from app import clock
from app.claims import Later
from app.log import get_logger
from app.materials.actions import forget_media
from app.runtime import Runtime
from app.wecom import external_contact
from app.wecom.errors import (
    BadMedia,
    BadRequest,
    MissingPermission,
    NoSuchRelation,
    TryAgainLater,
    Unanswered,
    WeComError,
    WelcomeBeingSent,
    WelcomeCodeSpent,
)
from app.welcome.actions.intents import (
    Greeting,
    Turn,
    Verdict,
    build_deadline,
    end_turn,
    put_off,
    take_turn,
)
from app.welcome.actions.plans import Piece, Plan, fill_text, plan_welcome

CALL_SECONDS = 6.0
PAUSES = (0.5, 1.0, 2.0)
MAX_BUSY = 3
MAX_UNANSWERED = 2
# Shorter waits than this are the client's own pacing, which ours covers.
LONG_WAIT_SECONDS = 2.0
BUSY, TEXT_TOO_LONG = -1, 45002

log = get_logger(__name__)

Ending = Callable[[Session], None]


@dataclass(frozen=True, kw_only=True)
class _Message:
    """What goes out; `dropped` are the numbers of the attachments that do not."""

    text: str
    pieces: tuple[Piece, ...]
    dropped: tuple[int, ...] = ()
    refused_media: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        return not self.text and not self.pieces

    def without_broken(self, error: WeComError) -> "_Message":
        """Leave out what WeCom may have meant: the files, or if it was not those, everything."""
        broken = [piece for piece in self.pieces if piece.media_id]
        if not isinstance(error, BadMedia) or not broken:
            broken = list(self.pieces)
        refused = [piece.media_id for piece in broken if isinstance(error, BadMedia)]
        return replace(
            self,
            pieces=tuple(piece for piece in self.pieces if piece not in broken),
            dropped=(*self.dropped, *(piece.n for piece in broken)),
            refused_media=(*self.refused_media, *(media for media in refused if media)),
        )


def send_welcome(runtime: Runtime, greeting: Greeting) -> Ending | None:
    """Greet a new customer, or write down why not. The outcome is a row, always.

    Returns what writes the outcome down, for the caller to commit with whatever belongs to it; None
    when that is done already.

    Raises:
        Later: it wants another try at that time, still inside the deadline.
    """
    deadline = build_deadline(greeting, skew=runtime.wecom.clock_skew())
    plan = plan_welcome(runtime, greeting, deadline=deadline)
    turn = runtime.db.commit(
        lambda session: take_turn(
            session, greeting, verdict=plan.verdict, version_id=_version(plan), deadline=deadline
        )
    )
    if isinstance(turn, Turn):
        return _call(runtime, greeting, turn, plan=plan, deadline=deadline)
    if turn is not None:
        _log(turn)
    return None


def _version(plan: Plan) -> int | None:
    return plan.choice.version_id if plan.choice else None


def _call(
    runtime: Runtime, greeting: Greeting, turn: Turn, *, plan: Plan, deadline: datetime
) -> Ending:
    text, notes = fill_text(runtime, greeting, plan, deadline=deadline)
    before = {key: value for key, value in turn.detail.items() if key != "dropped"}
    turn = replace(turn, detail={**before, **notes})
    message = _Message(text=text, pieces=plan.pieces, dropped=plan.lost)
    if clock.utcnow() >= deadline:
        too_late = Verdict(outcome="missed", reason="missed")
        return partial(_end, greeting, turn, message, too_late)
    message, error = _sent(runtime, greeting, message, deadline)
    if message.dropped:
        turn.detail["dropped"] = sorted(message.dropped)
    if isinstance(error, TryAgainLater):
        return _try_again(runtime, greeting, turn, message=message, error=error, deadline=deadline)
    return partial(_end, greeting, turn, message, _verdict(turn, message, error))


def _sent(
    runtime: Runtime, greeting: Greeting, message: _Message, deadline: datetime
) -> tuple[_Message, WeComError | None]:
    """Call until WeCom takes it or it is no attachment's fault: those never stop the text."""
    while not message.empty:
        within = (deadline - clock.utcnow()).total_seconds()
        try:
            external_contact.send_welcome_msg(
                runtime.wecom,
                greeting.welcome_code,
                text=message.text,
                attachments=[piece.body for piece in message.pieces],
                within=max(0.0, min(CALL_SECONDS, within)),
            )
        except (BadMedia, BadRequest) as error:
            if not message.pieces:
                return message, error
            message = message.without_broken(error)
        except WeComError as error:
            return message, error
        else:
            return message, None
    return message, None


def _verdict(turn: Turn, message: _Message, error: WeComError | None) -> Verdict:
    """Judge an answer that no further try would change."""
    if message.empty:
        return Verdict(outcome="failed", reason="nothing_to_send")
    if error is None:
        return Verdict(outcome="sent", reason="attachments_dropped" if message.dropped else "")
    errcode = error.errcode
    if isinstance(error, WelcomeCodeSpent):
        return _spent(turn, error)
    if isinstance(error, MissingPermission):
        return Verdict(outcome="failed", reason="permission", errcode=errcode)
    if isinstance(error, NoSuchRelation):
        return Verdict(outcome="failed", reason="no_relation", errcode=errcode)
    reason = "text_too_long" if errcode == TEXT_TOO_LONG else "refused"
    return Verdict(outcome="failed", reason=reason, errcode=errcode)


def _spent(turn: Turn, error: WelcomeCodeSpent) -> Verdict:
    """After a call without an answer, "already greeted" means that it was us."""
    if error.expired:
        return Verdict(outcome="missed", reason="expired", errcode=error.errcode)
    if turn.maybe:
        return Verdict(outcome="sent", errcode=error.errcode, certain=False)
    return Verdict(outcome="skipped", reason="already_greeted", errcode=error.errcode)


def _try_again(
    runtime: Runtime,
    greeting: Greeting,
    turn: Turn,
    *,
    message: _Message,
    error: TryAgainLater,
    deadline: datetime,
) -> Ending:
    """Leave the row open and raise `Later`; or end it, where another try makes no sense."""
    turn = _counted(turn, error)
    again_at = clock.utcnow() + timedelta(seconds=_pause(turn, error))
    if verdict := _enough(turn, error, in_time=again_at < deadline):
        return partial(_end, greeting, turn, message, verdict)

    def leave_open(session: Session) -> None:
        put_off(session, greeting, turn, answered=not isinstance(error, Unanswered))
        forget_media(session, message.refused_media)

    runtime.db.commit(leave_open)
    raise Later(again_at)


def _counted(turn: Turn, error: TryAgainLater) -> Turn:
    """Add this error to what the row tells the next try.

    An unanswered call is not counted here: the row stays open with `tried_at`, as after a crash.
    """
    detail = dict(turn.detail)
    if error.errcode == BUSY:
        detail["busy"] = turn.busy + 1
    if error.may_have_happened and not isinstance(error, Unanswered):
        detail["maybe"] = True
    return replace(
        turn,
        detail=detail,
        busy=detail.get("busy", 0),
        maybe=turn.maybe or error.may_have_happened,
    )


def _pause(turn: Turn, error: TryAgainLater) -> float:
    pause = PAUSES[min(turn.attempts, len(PAUSES)) - 1]
    return max(pause, error.retry_after) if error.retry_after > LONG_WAIT_SECONDS else pause


def _enough(turn: Turn, error: TryAgainLater, *, in_time: bool) -> Verdict | None:
    if isinstance(error, Unanswered) and turn.unknown + 1 >= MAX_UNANSWERED:
        return Verdict(outcome="unknown", reason="unanswered")
    if turn.busy >= MAX_BUSY:
        return Verdict(outcome="failed", reason="wecom_busy", errcode=error.errcode)
    if in_time:
        return None
    return Verdict(outcome="missed", reason=_why_late(error), errcode=error.errcode)


def _why_late(error: TryAgainLater) -> str:
    if isinstance(error, WelcomeBeingSent):
        return "being_sent"
    if error.errcode == BUSY:
        return "wecom_busy"
    if error.errcode is not None or error.retry_after > LONG_WAIT_SECONDS:
        return "rate_limited"
    return "unreachable"


def _end(
    greeting: Greeting, turn: Turn, message: _Message, verdict: Verdict, session: Session
) -> None:
    _log(end_turn(session, greeting, turn, verdict))
    forget_media(session, message.refused_media)


def _log(verdict: Verdict) -> None:
    log.info("welcome_ended", outcome=verdict.outcome, reason=verdict.reason)
