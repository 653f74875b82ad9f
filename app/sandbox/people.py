"""What people do to one another in WeCom: each act changes the world and raises its callbacks.

Acts on groups, tags and the app stand in `people_groups.py` and `people_office.py`; what people
write stands in `people_talk.py`. Unknown ids are a mistake of the caller: LookupError.
"""

from .clock import Clock
from .emitter import Emitter
from .ledger import Ledger
from .people_groups import GroupActs
from .people_office import OfficeActs
from .people_talk import TalkActs
from .records import EventRecord
from .world import Customer, Greeting, Relation, World

# Names of nobody, for customers whose name does not matter.
NAMES = ("林小满", "陈知夏", "周以宁", "吴向晚", "郑听雨", "孙南星", "何初九", "许望舒")


class People(TalkActs, GroupActs, OfficeActs):
    """Everybody's hands. Every act returns the event or events it raised."""

    def __init__(self, world: World, clock: Clock, *, ledger: Ledger, emitter: Emitter) -> None:
        self._world = world
        self._clock = clock
        self._ledger = ledger
        self._emitter = emitter

    def new_customer(
        self, name: str | None = None, *, external_userid: str | None = None, wecom: bool = False
    ) -> Customer:
        """Let a person exist, a WeChat user or (`wecom`) a WeCom user of another company."""
        with self._world.lock:
            number = len(self._world.customers)
            customer = Customer(
                external_userid=external_userid or self._world.new_id("wo" if wecom else "wm"),
                name=NAMES[number % len(NAMES)] if name is None else name,
                type=2 if wecom else 1,
                gender=number % 3,
                corp_name="另一家公司" if wecom else "",
            )
            self._world.customers[customer.external_userid] = customer
            return customer

    def customer_scans(
        self,
        userid: str,
        external_userid: str | None = None,
        *,
        name: str | None = None,
        state: str | None = None,
        half: bool = False,
        wecom: bool = False,
        add_way: int = 1,
        create_time: int | None = None,
    ) -> EventRecord:
        """Let a customer scan a member's code that needs no confirmation (skip_verify).

        `half`: the member has 免验证 on and has not added back, so the friendship is one-way.
        """
        with self._world.lock:
            customer = self._customer(external_userid, name=name, wecom=wecom)
            relation = self._begin(
                userid,
                customer,
                half=half,
                state=state or "",
                add_way=add_way,
                oper_userid=customer.external_userid,
            )
            change_type = "add_half_external_contact" if half else "add_external_contact"
            return self._emitter.emit_add(change_type, relation, create_time)

    def customers_scan(
        self,
        count: int,
        userid: str,
        *,
        state: str | None = None,
        create_time: int | None = None,
    ) -> list[EventRecord]:
        """Let so many new customers scan a member's code in the same instant."""
        second = self._clock.unix() if create_time is None else create_time
        return [self.customer_scans(userid, state=state, create_time=second) for _ in range(count)]

    def customer_requests(
        self,
        userid: str,
        external_userid: str | None = None,
        *,
        name: str | None = None,
        state: str | None = None,
    ) -> str:
        """Let a customer scan a code without skip_verify; return the external_userid.

        Nothing is raised before the member confirms with `member_adds_back`.
        """
        with self._world.lock:
            customer = self._customer(external_userid, name=name, wecom=False)
            self._begin(
                userid,
                customer,
                half=True,
                state=state or "",
                add_way=1,
                oper_userid=customer.external_userid,
            )
            return customer.external_userid

    def member_adds_back(
        self, userid: str, external_userid: str, *, create_time: int | None = None
    ) -> EventRecord:
        """Let the member confirm: the friendship is whole. A code comes if none was used yet."""
        with self._world.lock:
            relation = self._relation(userid, external_userid)
            relation.bond, relation.deleted_by_member = "both", False
            return self._emitter.emit_add("add_external_contact", relation, create_time)

    def customer_deletes_member(
        self, userid: str, external_userid: str, *, create_time: int | None = None
    ) -> EventRecord:
        """Let the customer delete the member (流失); the member's side stays."""
        with self._world.lock:
            relation = self._relation(userid, external_userid)
            if relation.bond == "customer_only":
                self._world.remove_relation(userid, external_userid)
            relation.bond = "member_only"
            return self._emitter.emit_about(
                "del_follow_user", relation.userid, external_userid, create_time=create_time
            )

    def member_deletes_customer(
        self, userid: str, external_userid: str, *, create_time: int | None = None
    ) -> EventRecord:
        """Let the member delete the customer; the customer's side stays if it was there."""
        with self._world.lock:
            relation = self._relation(userid, external_userid)
            if relation.bond == "member_only":
                self._world.remove_relation(relation.userid, external_userid)
            relation.bond, relation.deleted_by_member = "customer_only", True
            return self._emitter.emit_about(
                "del_external_contact", relation.userid, external_userid, create_time=create_time
            )

    def member_edits_remark(
        self,
        userid: str,
        external_userid: str,
        *,
        remark: str | None = None,
        description: str | None = None,
        create_time: int | None = None,
    ) -> EventRecord:
        """Let the member edit remark or description in the client."""
        with self._world.lock:
            relation = self._relation(userid, external_userid)
            relation.remark = relation.remark if remark is None else remark
            if description is not None:
                relation.description = description
            return self._edited(relation, create_time)

    def member_marks_tags(
        self,
        userid: str,
        external_userid: str,
        *,
        add: tuple[str, ...] | list[str] = (),
        remove: tuple[str, ...] | list[str] = (),
        create_time: int | None = None,
    ) -> EventRecord:
        """Let the member mark corp tags (tag ids) in the client."""
        with self._world.lock:
            relation = self._relation(userid, external_userid)
            kept = [tag_id for tag_id in relation.tag_ids if tag_id not in remove]
            relation.tag_ids = list(dict.fromkeys([*kept, *add]))
            return self._edited(relation, create_time)

    def customer_agrees_to_archive(
        self, userid: str, external_userid: str, *, create_time: int | None = None
    ) -> EventRecord:
        """Let the customer agree to the chat archive (会话存档); it carries a code like an add."""
        with self._world.lock:
            relation = self._relation(userid, external_userid)
            return self._emitter.emit_add("msg_audit_approved", relation, create_time)

    def transfer_done(
        self, handover_userid: str, takeover_userid: str, external_userid: str
    ) -> list[EventRecord]:
        """Let an in-service transfer succeed: the old relation goes, a new one begins."""
        with self._world.lock:
            old = self._relation(handover_userid, external_userid)
            self._world.remove_relation(old.userid, external_userid)
            gone = self._emitter.emit_about(
                "del_external_contact", old.userid, external_userid, Source="DELETE_BY_TRANSFER"
            )
            relation = self._begin(
                takeover_userid,
                self._world.get_customer(external_userid),
                half=False,
                state=old.state,
                add_way=202,
                oper_userid=handover_userid,
            )
            relation.remark, relation.description = old.remark, old.description
            relation.tag_ids = list(old.tag_ids)
            return [gone, self._emitter.emit_add("add_external_contact", relation)]

    def transfer_refused(
        self,
        handover_userid: str,
        external_userid: str,
        *,
        reason: str = "customer_refused",
    ) -> EventRecord:
        """Let a transfer fail: `customer_refused` or `customer_limit_exceed`."""
        with self._world.lock:
            old = self._relation(handover_userid, external_userid)
            return self._emitter.emit_about(
                "transfer_fail", old.userid, external_userid, FailReason=reason
            )

    def _edited(self, relation: Relation, create_time: int | None) -> EventRecord:
        return self._emitter.emit_about(
            "edit_external_contact",
            relation.userid,
            relation.external_userid,
            create_time=create_time,
            State=relation.state or None,
        )

    def _customer(self, external_userid: str | None, *, name: str | None, wecom: bool) -> Customer:
        if external_userid is None:
            return self.new_customer(name, wecom=wecom)
        known = self._world.find_customer(external_userid)
        return known or self.new_customer(name, external_userid=external_userid, wecom=wecom)

    def _begin(
        self,
        userid: str,
        customer: Customer,
        *,
        half: bool,
        state: str,
        add_way: int,
        oper_userid: str,
    ) -> Relation:
        """Begin a period of friendship, which may be greeted anew. Tags and remark stay.

        The member's side may have outlived the last period; WeCom keeps what he wrote.
        """
        member = self._member(userid)
        old = self._world.find_relation(member.userid, customer.external_userid)
        relation = Relation(
            userid=member.userid,
            external_userid=customer.external_userid,
            bond="customer_only" if half else "both",
            createtime=self._clock.unix(),
            state=state,
            add_way=add_way,
            oper_userid=oper_userid,
            greeting=Greeting(),
        )
        if old and old.bond == "member_only":
            relation.remark, relation.description = old.remark, old.description
            relation.tag_ids, relation.personal_tags = old.tag_ids, old.personal_tags
        return self._world.add_relation(relation)
