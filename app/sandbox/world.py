"""What the corp in the sandbox consists of, and how its parts are found. Rules live elsewhere.

Everything hangs on one `World` behind one lock (`World.lock`); whoever reads more than one thing or
changes anything holds it. Words are WeCom's. No network, no XML, no Flask.
"""

import secrets
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from .crowd import Crowd

RelationState = Literal["both", "customer_only", "member_only"]

ID_LENGTH = 32
CARD_CODE_SECONDS = 24 * 3600


@dataclass(slots=True)
class App:
    """A self-built app (自建应用) and what the console says about it."""

    agentid: int
    secret: str
    name: str
    token: str
    aes_key: str
    callback_url: str = ""
    callable_external: bool = True
    redirect_domain: str = ""
    trusted_ips: set[str] | None = None
    visible: set[str] | None = None
    closed: bool = False

    def sees(self, userid: str) -> bool:
        """Tell whether the member is in the app's visible range."""
        return self.visible is None or userid in self.visible


@dataclass(slots=True)
class Department:
    """A department; the root is 1 and has parentid 0."""

    id: int
    name: str
    parentid: int
    order: int = 100000000
    leaders: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Member:
    """A member (成员). `console_welcome`: the admin set a welcome text for him in the console."""

    userid: str
    name: str
    department: list[int]
    alias: str = ""
    position: str = ""
    status: int = 1
    leader_of: list[int] = field(default_factory=list)
    direct_leader: list[str] = field(default_factory=list)
    has_external: bool = True
    console_welcome: bool = False


@dataclass(slots=True)
class Customer:
    """A customer (客户). Type 1 is a WeChat user (`wm…`), 2 a WeCom user elsewhere (`wo…`)."""

    external_userid: str
    name: str
    type: int = 1
    gender: int = 0
    avatar: str = ""
    corp_name: str = ""
    position: str = ""
    unionid: str = ""


@dataclass(slots=True)
class Greeting:
    """One period of a friendship can be greeted once, whatever number of codes it brought."""

    status: Literal["open", "sending", "done"] = "open"


@dataclass(slots=True)
class WelcomeCode:
    """A code that one app got with one add event. Times: virtual unix and monotonic seconds."""

    code: str
    agentid: int
    userid: str
    external_userid: str
    greeting: Greeting
    event_id: int
    at: float
    monotonic: float


@dataclass(slots=True)
class Relation:
    """What a member holds about a customer (跟进关系). `position` orders a member's list."""

    userid: str
    external_userid: str
    bond: RelationState
    createtime: int
    position: int = 0
    remark: str = ""
    description: str = ""
    remark_corp_name: str = ""
    remark_mobiles: list[str] = field(default_factory=list)
    tag_ids: list[str] = field(default_factory=list)
    personal_tags: list[str] = field(default_factory=list)
    add_way: int = 1
    state: str = ""
    oper_userid: str = ""
    chatted: bool = False
    # Tells a friendship that the member ended from one that he has not confirmed yet.
    deleted_by_member: bool = False
    greeting: Greeting = field(default_factory=Greeting)

    @property
    def usable(self) -> bool:
        """Tell whether member-side APIs work: not for a half add (84061)."""
        return self.bond != "customer_only"


@dataclass(slots=True)
class Tag:
    """A corp tag (企业客户标签)."""

    id: str
    name: str
    create_time: int
    order: int = 0
    deleted: bool = False
    # The agentid of the app that made it, which alone may change it; 0: an admin in the console.
    creator: int = 0


@dataclass(slots=True)
class TagGroup:
    """A group of corp tags. `creator` as of a tag."""

    group_id: str
    group_name: str
    create_time: int
    order: int = 0
    tags: list[Tag] = field(default_factory=list)
    deleted: bool = False
    creator: int = 0


@dataclass(slots=True)
class GroupMember:
    """Someone in a customer group: type 1 a member, 2 a customer. join_scene 1, 2 or 3 (QR)."""

    userid: str
    type: int
    join_time: int
    join_scene: int = 1
    invitor: str = ""
    group_nickname: str = ""
    state: str = ""


@dataclass(slots=True)
class Group:
    """A customer group (客户群). `member_version` changes with the list of its members."""

    chat_id: str
    name: str
    owner: str
    create_time: int
    member_version: str
    notice: str = ""
    status: int = 0
    dismissed: bool = False
    members: list[GroupMember] = field(default_factory=list)
    admins: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Media:
    """An uploaded file, known by its media_id for three days. `picture`: a small image's bytes."""

    media_id: str
    type: str
    filename: str
    size: int
    created_at: int
    picture: bytes = b""


@dataclass(slots=True)
class Token:
    """An access token of one app. A revoked one answers 40014, an old one 42001."""

    value: str
    agentid: int
    expires_at: float
    revoked: bool = False


@dataclass(slots=True)
class OauthCode:
    """A sign-in code: once, five minutes. `who` is a userid or an external_userid."""

    code: str
    who: str
    at: float
    used: bool = False


@dataclass(slots=True, frozen=True)
class CardCode:
    """What a response_code is good for, until `expires` (unix seconds)."""

    agentid: int
    userid: str
    task_id: str
    expires: float


class World:
    """The corp and everything in it."""

    def __init__(self, corp_id: str, corp_name: str = "示例商贸") -> None:
        self.lock = threading.RLock()
        self.corp_id = corp_id
        self.corp_name = corp_name
        self.apps: dict[int, App] = {}
        self.departments: dict[int, Department] = {}
        self.members: dict[str, Member] = {}
        self.customers: dict[str, Customer] = {}
        self.tag_groups: dict[str, TagGroup] = {}
        self.groups: dict[str, Group] = {}
        self.media: dict[str, Media] = {}
        self.image_urls: set[str] = set()
        # Codes that update a card, each once: of which app, which member's, which card.
        self.card_codes: dict[str, CardCode] = {}
        self.codes: dict[str, WelcomeCode] = {}
        self.tokens: dict[str, Token] = {}
        self.tickets: dict[tuple[str, int], tuple[str, float]] = {}
        self.oauth_codes: dict[str, OauthCode] = {}
        self.callback_ips = ["127.0.0.1"]
        # WeCom still lists a customer who has deleted the member; False plays a corp where not.
        self.lists_one_way = True
        self.crowd: Crowd | None = None
        self._touched: set[str] = set()
        self._relations: dict[str, dict[str, Relation]] = {}
        self._lists: dict[str, list[Relation]] = {}
        self._followers: dict[str, list[str]] = {}

    def new_id(self, prefix: str, *, length: int = ID_LENGTH) -> str:
        """Return a fresh id in WeCom's shape, such as `wm…` of 32 characters."""
        return prefix + secrets.token_urlsafe(length)[: length - len(prefix)]

    def new_card_code(self, code: CardCode) -> str:
        """Return a fresh response_code."""
        response_code = self.new_id("RC_")
        self.card_codes[response_code] = code
        return response_code

    def find_member(self, userid: str) -> Member | None:
        """Find a member; WeCom does not mind the case of a userid."""
        member = self.members.get(userid)
        if member is None:
            low = userid.lower()
            return next((m for m in self.members.values() if m.userid.lower() == low), None)
        return member

    def find_customer(self, external_userid: str) -> Customer | None:
        """Find a customer, one of the crowd included."""
        known = self.customers.get(external_userid)
        if known is None and self.crowd:
            return self.crowd.customer(external_userid)
        return known

    def get_customer(self, external_userid: str) -> Customer:
        """Return a customer. Raises: LookupError if there is none of this id."""
        customer = self.find_customer(external_userid)
        if customer is None:
            raise LookupError(f"no customer {external_userid}")
        return customer

    def find_relation(self, userid: str, external_userid: str) -> Relation | None:
        """Find what this member holds about this customer, to be read or changed."""
        self._touch(external_userid)
        return self._relations.get(userid, {}).get(external_userid)

    def add_relation(self, relation: Relation) -> Relation:
        """Put a relation at the end of its member's list, in place of an older one."""
        self.remove_relation(relation.userid, relation.external_userid)
        row = self._lists.setdefault(relation.userid, [])
        relation.position = self._crowd_length(relation.userid) + len(row)
        row.append(relation)
        self._hold(relation)
        return relation

    def remove_relation(self, userid: str, external_userid: str) -> None:
        """Take a relation away; its place in the list stays empty, so that cursors hold."""
        self._touch(external_userid)
        if self._relations.get(userid, {}).pop(external_userid, None):
            self._followers[external_userid].remove(userid)

    def followers(self, external_userid: str) -> list[Relation]:
        """Return the relations that the API shows for a customer."""
        return [one for one in self.relations_of(external_userid) if self._shown(one)]

    def relations_of(self, external_userid: str) -> list[Relation]:
        """Return all relations of a customer, those too that the API does not show."""
        userids = self._followers.get(external_userid, [])
        relations = [self._relations[userid][external_userid] for userid in userids]
        if self.crowd and external_userid not in self._touched:
            relations += self.crowd.relations(external_userid)
        return relations

    def relations(self) -> list[Relation]:
        """Return all relations that take memory: everybody's but those of the crowd."""
        return [one for row in self._relations.values() for one in row.values()]

    def relations_from(self, userid: str, position: int = 0) -> Iterator[Relation]:
        """Yield the relations of a member that the API shows, from a place in his list on."""
        row = self._lists.get(userid, [])
        current = self._relations.get(userid, {})
        first = self._crowd_length(userid)
        yield from self._crowd_from(userid, range(position, first))
        for index in range(max(position - first, 0), len(row)):
            relation = row[index]
            if current.get(relation.external_userid) is relation and self._shown(relation):
                yield relation

    def find_tag(self, tag_id: str) -> tuple[TagGroup, Tag] | None:
        """Find a living corp tag and its group."""
        for group in self.tag_groups.values():
            for tag in group.tags:
                if tag.id == tag_id and not tag.deleted:
                    return group, tag
        return None

    def department_tree(self, top: int) -> list[Department]:
        """Return a department and everything below it, parents first."""
        found = [self.departments[top]] if top in self.departments else []
        for parent in found:
            found += [d for d in self.departments.values() if d.parentid == parent.id]
        return found

    def _hold(self, relation: Relation) -> None:
        self._relations.setdefault(relation.userid, {})[relation.external_userid] = relation
        self._followers.setdefault(relation.external_userid, []).append(relation.userid)

    def _crowd_length(self, userid: str) -> int:
        return self.crowd.length(userid) if self.crowd else 0

    def _touch(self, external_userid: str) -> None:
        """Make ordinary rows of one of the crowd, at his places in the lists."""
        if self.crowd is None or external_userid in self._touched:
            return
        customer = self.crowd.customer(external_userid)
        if customer:
            self._touched.add(external_userid)
            self.customers[external_userid] = customer
            for relation in self.crowd.relations(external_userid):
                self._hold(relation)

    def _crowd_from(self, userid: str, places: range) -> Iterator[Relation]:
        current = self._relations.get(userid, {})
        for place in places:
            relation = self.crowd.relation_at(userid, place) if self.crowd else None
            if relation and relation.external_userid in self._touched:
                relation = current.get(relation.external_userid)
            # One who left the crowd and came back stands at the end of the list.
            if relation and relation.position == place and self._shown(relation):
                yield relation

    def _shown(self, relation: Relation) -> bool:
        if relation.bond == "member_only":
            return self.lists_one_way
        return relation.usable
