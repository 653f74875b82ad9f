"""A small corp to begin with: five members in three departments, customers, tags, three groups.

Always the same, and nobody in it exists. Seeding raises no callbacks.
"""

from .clock import Clock
from .world import Customer, Department, Group, GroupMember, Member, Relation, Tag, TagGroup, World

DAY = 86400

DEPARTMENTS = (
    Department(1, "示例商贸", 0),
    Department(2, "门店部", 1, order=300, leaders=["qianer"]),
    Department(3, "南山店", 2, order=200, leaders=["sunsan"]),
)
MEMBERS = (
    Member("qianer", "钱尔雅", [1, 2], alias="二雅", position="区域经理", leader_of=[2]),
    Member("sunsan", "孙叁木", [3], position="店长", leader_of=[3], direct_leader=["qianer"]),
    Member("zhaoyi", "赵忆南", [3], alias="小忆", position="导购", direct_leader=["sunsan"]),
    Member("lisi", "李思远", [3], position="导购", direct_leader=["sunsan"]),
    Member("zhouwu", "周午阳", [1], position="行政", has_external=False),
)
TAG_GROUPS = (
    ("客户来源", ("门店扫码", "朋友推荐", "线上活动")),
    ("客户等级", ("普通", "重要", "核心")),
)
CUSTOMERS = (
    ("王知夏", 2),
    ("冯远山", 1),
    ("陈一诺", 2),
    ("褚清和", 1),
    ("卫长风", 1),
    ("蒋念慈", 2),
    ("沈拾光", 1),
    ("韩若水", 2),
    ("杨小舟", 0),
    ("朱砚秋", 2),
    ("秦望北", 1),
    ("尤佳期", 2),
)
FOLLOWERS = ("zhaoyi", "lisi", "sunsan")
# (state, name, name in English) of the codes that customers scan (渠道活码).
CHANNELS = (
    ("门店海报", "门店海报", "Poster in the shop"),
    ("小红书", "小红书", "Xiaohongshu"),
    ("", "成员名片（无渠道）", "Member's own code (no channel)"),
)
GROUPS = ("南山会员群", "新品体验群", "周末团购群")


def seeded_id(prefix: str, kind: str, number: int) -> str:
    """Return an id of WeCom's shape that is the same in every run."""
    tail = f"{kind}{number:04d}"
    return f"{prefix}{'Sandbox'}{'0' * (32 - len(prefix) - 7 - len(tail))}{tail}"


def seed(world: World, clock: Clock) -> None:
    """Fill an empty world."""
    now = clock.unix()
    with world.lock:
        for department in DEPARTMENTS:
            world.departments[department.id] = Department(
                department.id,
                department.name,
                department.parentid,
                department.order,
                list(department.leaders),
            )
        for member in MEMBERS:
            world.members[member.userid] = _copy(member)
        _seed_tags(world, now)
        _seed_customers(world, now)
        _seed_groups(world, now)


def seed_bare(world: World) -> None:
    """Give an empty world its root department only."""
    world.departments[1] = Department(1, world.corp_name, 0)


def _copy(member: Member) -> Member:
    """Copy a member, so that what happens in one sandbox stays there."""
    return Member(
        userid=member.userid,
        name=member.name,
        department=list(member.department),
        alias=member.alias,
        position=member.position,
        leader_of=list(member.leader_of),
        direct_leader=list(member.direct_leader),
        has_external=member.has_external,
    )


def _seed_tags(world: World, now: int) -> None:
    # The first group an admin made in the console, the others the corp's app.
    app = next(iter(world.apps), 0)
    for group_number, (group_name, names) in enumerate(TAG_GROUPS):
        creator = app if group_number else 0
        group_id = seeded_id("et", "Group", group_number)
        group = TagGroup(
            group_id, group_name, now - 90 * DAY, order=10 - group_number, creator=creator
        )
        for number, name in enumerate(names):
            tag_id = seeded_id("et", "Tag", group_number * 100 + number)
            group.tags.append(Tag(tag_id, name, now - 90 * DAY, order=10 - number, creator=creator))
        world.tag_groups[group_id] = group


def _seed_customers(world: World, now: int) -> None:
    tags = [tag.id for group in world.tag_groups.values() for tag in group.tags]
    for number, (name, gender) in enumerate(CUSTOMERS):
        external_userid = seeded_id("wm", "Customer", number)
        world.customers[external_userid] = Customer(external_userid, name, gender=gender)
        # Every fourth customer is followed by two members.
        for userid in FOLLOWERS[number % 3 :][: 2 if number % 4 == 0 else 1]:
            relation = Relation(
                userid=userid,
                external_userid=external_userid,
                bond="both",
                createtime=now - (88 - 2 * number) * DAY,
                state=CHANNELS[number % 4 // 2][0] if number % 2 else "",
                tag_ids=[tags[number % len(tags)]],
                oper_userid=external_userid,
                chatted=True,
            )
            relation.greeting.status = "done"
            world.add_relation(relation)


def _seed_groups(world: World, now: int) -> None:
    customers = list(world.customers)
    for number, name in enumerate(GROUPS):
        owner = FOLLOWERS[number]
        made = now - (20 - number) * DAY
        members = [GroupMember(owner, 1, made)]
        members += [GroupMember(one, 2, made, 3) for one in customers[number * 4 :][:4]]
        chat_id = seeded_id("wr", "Group", number)
        world.groups[chat_id] = Group(
            chat_id=chat_id,
            name=name,
            owner=owner,
            create_time=made,
            member_version=f"{number:032x}",
            members=members,
        )
