"""Turns what happened in the world into events: ledger row, welcome codes, delivery.

Only what people do passes here; changes made through the API raise no callback, as in WeCom.
"""

from collections.abc import Callable
from typing import Any

from .clock import Clock
from .delivery import Delivery
from .ledger import Ledger
from .records import EventRecord
from .world import App, Member, Relation, WelcomeCode, World

# Where a field of the wire goes in the ledger's row.
COLUMNS = {
    "UserID": "userid",
    "ExternalUserID": "external_userid",
    "ChatId": "chat_id",
    "State": "state",
    "ChangeType": "change_type",
}


class Emitter:
    """Makes events and hands them to the delivery."""

    def __init__(self, world: World, clock: Clock, *, ledger: Ledger, delivery: Delivery) -> None:
        self._world = world
        self._clock = clock
        self._ledger = ledger
        self._delivery = delivery

    def emit(
        self,
        event: str,
        create_time: int | None = None,
        *,
        to: Callable[[App], bool] = lambda _app: True,
        **fields: Any,
    ) -> EventRecord:
        """Make a system event with these fields (wire names) and send it to the apps `to` picks."""
        head = self._head("sys", create_time, MsgType="event", Event=event)
        return self._send(head | fields, {app.agentid: {} for app in self._apps(to)})

    def emit_add(
        self, change_type: str, relation: Relation, create_time: int | None = None
    ) -> EventRecord:
        """Make an event that brings a welcome code to each app, if there is anything to greet."""
        fields = self._head("sys", create_time, MsgType="event", Event="change_external_contact")
        fields |= {
            "ChangeType": change_type,
            "UserID": relation.userid,
            "ExternalUserID": relation.external_userid,
            "State": relation.state or None,
        }
        apps = self._customer_apps(relation.userid)
        codes: list[WelcomeCode] = []
        if self._may_be_greeted(relation):
            codes = [self._new_code(app, relation) for app in apps]
        extra: dict[int, dict[str, Any]] = {app.agentid: {} for app in apps}
        for code in codes:
            extra[code.agentid] = {"WelcomeCode": code.code}
        return self._send(fields, extra, codes)

    def emit_about(
        self,
        change_type: str,
        userid: str,
        external_userid: str,
        *,
        create_time: int | None = None,
        **fields: Any,
    ) -> EventRecord:
        """Make a change_external_contact event without a code."""
        return self.emit(
            "change_external_contact",
            create_time,
            to=lambda app: app.callable_external and app.sees(userid),
            ChangeType=change_type,
            UserID=userid,
            ExternalUserID=external_userid,
            **fields,
        )

    def emit_from_member(self, userid: str, agentid: int, **fields: Any) -> EventRecord:
        """Make an event or message that a member causes inside one app."""
        return self._send(self._head(userid, None, **fields, AgentID=agentid), {agentid: {}})

    def _head(self, sender: str, create_time: int | None, **fields: Any) -> dict[str, Any]:
        return {
            "ToUserName": self._world.corp_id,
            "FromUserName": sender,
            "CreateTime": self._clock.unix() if create_time is None else create_time,
            **fields,
        }

    def _send(
        self,
        fields: dict[str, Any],
        extra: dict[int, dict[str, Any]],
        codes: list[WelcomeCode] | None = None,
    ) -> EventRecord:
        first = next(iter(extra.values()), {})
        record = EventRecord(
            event=fields.get("Event", fields["MsgType"]),
            create_time=fields["CreateTime"],
            welcome_code=first.get("WelcomeCode", ""),
            fields={name: value for name, value in (fields | first).items() if value is not None},
        )
        for name, column in COLUMNS.items():
            setattr(record, column, fields.get(name) or "")
        self._ledger.add(record)
        for code in codes or []:
            code.event_id, code.at, code.monotonic = record.event_id, record.at, record.monotonic
        letters = {agentid: fields | more for agentid, more in extra.items()}
        self._delivery.send(record, letters)
        return record

    def _apps(self, to: Callable[[App], bool]) -> list[App]:
        return [app for app in self._world.apps.values() if not app.closed and to(app)]

    def _customer_apps(self, userid: str) -> list[App]:
        return self._apps(lambda app: app.callable_external and app.sees(userid))

    def _may_be_greeted(self, relation: Relation) -> bool:
        """WeCom's rules for a code (B.1): nobody greeted yet, no chat, a WeChat user."""
        member: Member = self._world.members[relation.userid]
        customer = self._world.get_customer(relation.external_userid)
        return not (
            member.console_welcome
            or relation.chatted
            or relation.greeting.status == "done"
            or customer.type != 1
        )

    def _new_code(self, app: App, relation: Relation) -> WelcomeCode:
        code = WelcomeCode(
            code=self._world.new_id("WC_", length=43),
            agentid=app.agentid,
            userid=relation.userid,
            external_userid=relation.external_userid,
            greeting=relation.greeting,
            event_id=0,
            at=self._clock.time(),
            monotonic=0,
        )
        self._world.codes[code.code] = code
        return code
