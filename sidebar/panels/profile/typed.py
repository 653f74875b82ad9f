"""A text of the relation that its follower types in its place: the remark, the description."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from app.customers.actions import RemarkChange
from app.customers.queries import find_follow
from app.errors import Refused
from app.outbox import customer_path
from app.pushes.models import Push
from app.runtime import Runtime
from sidebar.context import CardContext
from sidebar.panels.parts import Reply
from sidebar.panels.profile.pushed import (
    UNKNOWN,
    do_own,
    may_write,
    pick_own,
    read_unsettled,
    show_way,
)
from sidebar.panels.profile.timeline import show_timeline


@dataclass(frozen=True, kw_only=True)
class TypedText:
    """One of them, and what is its own.

    `name`: of its column, its box, what changes it, and its id on the page. `subject`: of what
    WeCom is told. `shown` words it as it stands, `said` what was done, `fault` what WeCom would not
    take beside what stands.
    """

    name: str
    subject: str
    change: Callable[..., RemarkChange]
    retry: Callable[..., object]
    shown: Callable[[Session, CardContext, str], str]
    said: Callable[[RemarkChange], str]
    fault: Callable[[Push, str], str]

    def show(
        self, session: Session, context: CardContext, pushes: Sequence[Push], text: str
    ) -> dict[str, Any]:
        """Show it."""
        shown = self.shown(session, context, text)
        own, failed = pick_own(pushes, self.subject)
        return {
            "path": customer_path(context.external_userid),
            self.name: {
                "text": shown,
                "typed": shown,
                "fault": "",
                "may_write": may_write(context),
                "way": show_way(own, [self.fault(push, text) for push in failed]),
            },
        }

    def load_way(self, session: Session, context: CardContext) -> dict[str, Any]:
        """Read how it stands with WeCom: what the page asks again and again."""
        follow = find_follow(session, context.viewpoint.follow.userid, context.external_userid)
        text = getattr(follow or context.viewpoint.follow, self.name)
        return self.show(session, context, read_unsettled(session, context), text)

    def save(self, runtime: Runtime, context: CardContext, form: Mapping[str, str]) -> Reply:
        """Take what was typed; what cannot be taken stays in the form."""
        typed = form.get(self.name, "")
        whose = {"external_userid": context.external_userid, "userid": context.viewer.userid}
        work = partial(self.change, **whose, **{self.name: typed})
        try:
            notice, status = do_own(runtime, context, work, self._notice)
        except Refused as error:
            kept = {"typed": typed, "fault": str(error)}
            return self._reply(runtime, context, notice=None, status=UNKNOWN, kept=kept)
        return self._reply(runtime, context, notice=notice, status=status)

    def tell_again(self, runtime: Runtime, context: CardContext, _form: Mapping[str, str]) -> Reply:
        """Tell WeCom again what it could not be told."""
        whose = {"external_userid": context.external_userid, "userid": context.viewer.userid}
        notice, status = do_own(runtime, context, partial(self.retry, **whose), lambda _told: None)
        return self._reply(runtime, context, notice=notice, status=status)

    def _notice(self, change: RemarkChange) -> dict[str, Any] | None:
        if not change.changed:
            return None
        # Where the focus goes from the toast.
        notice: dict[str, Any] = {"text": self.said(change), "home": f"#{self.name} summary"}
        if change.way_back is not None:
            undone = {self.name: change.way_back}
            notice["undo"] = {"action": self.name, "values": undone, "target": f"#{self.name}"}
        return notice

    def _reply(
        self,
        runtime: Runtime,
        context: CardContext,
        *,
        notice: Mapping[str, Any] | None,
        status: int,
        kept: Mapping[str, str] | None = None,
    ) -> Reply:
        with runtime.db.read() as session:
            values = show_timeline(session, context) | self.load_way(session, context)
        values[self.name] |= kept or {}
        template = f"panels/profile/{self.name}_changed.html"
        return Reply(template, values | {"notice": notice}, status)
