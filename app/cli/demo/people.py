"""Who lives through the demo's sixty days, and what becomes of each. Nobody in the table exists.

Days count from the day a newcomer arrives, and for the regulars back from today. Customers are
numbered on from those of the sandbox's seed, who are the regulars: they were there before us.
"""

from dataclasses import dataclass, field

POSTER, REDNOTE = "门店海报", "小红书"
TALKED, KEEN, BOUGHT, NOT_KEEN = "初步沟通", "意向", "成交", "无意向"
REGULARS = 12

# Numbers of tags: the group's number times 100, and the tag's within it.
FROM_SHOP, FROM_FRIEND, FROM_NET, PLAIN, IMPORTANT, CORE = 0, 1, 2, 100, 101, 102


@dataclass(frozen=True, kw_only=True)
class Life:
    """What a member does with a customer, each part at a day; and what they say to each other.

    A line that begins with ">" is the member's.
    """

    stages: tuple[tuple[int, str], ...] = ()
    remark: tuple[int, str] | None = None
    tags: tuple[int, tuple[int, ...]] | None = None
    talk: tuple[int, tuple[str, ...]] | None = None


@dataclass(frozen=True, kw_only=True)
class Newcomer:
    """A customer who came so many days ago, on the nearest weekend if `weekend`.

    `lost`: the day he deletes the member; `back`: the day he comes again; `also`: the day he adds a
    second member, too; `moved`: the day and the member whom he is handed to. `half`: the member has
    not added him back.
    """

    name: str
    userid: str
    ago: int
    state: str = ""
    weekend: bool = False
    late: bool = False
    half: bool = False
    lost: int | None = None
    back: int | None = None
    also: tuple[int, str] | None = None
    moved: tuple[int, str] | None = None
    life: Life = field(default_factory=Life)


@dataclass(frozen=True, kw_only=True)
class Regular:
    """A customer of the seed: the member who follows him, and what becomes of him."""

    number: int
    userid: str
    life: Life


@dataclass(frozen=True)
class GroupDay:
    """Who joins or leaves a group of the seed so many days ago; customers by their number.

    Or its owner gives it a new notice, in the opening hours.
    """

    ago: int
    group: int
    joined: tuple[int, ...] = ()
    left: tuple[int, ...] = ()
    notice: str = ""


NEWCOMERS = (
    Newcomer(
        name="许清欢",
        userid="zhaoyi",
        ago=59,
        state=POSTER,
        weekend=True,
        life=Life(
            stages=((9, KEEN), (21, BOUGHT)),
            remark=(2, "许女士 羊毛大衣"),
            tags=(9, (FROM_SHOP, CORE)),
            talk=(
                0,
                (
                    "你好，橱窗里那件驼色大衣有 S 码吗？",
                    ">有的，S 和 M 都有现货，您方便的话这两天可以来试穿。",
                    "好，我周末过去。",
                ),
            ),
        ),
    ),
    Newcomer(
        name="顾南枝",
        userid="lisi",
        ago=58,
        state=REDNOTE,
        weekend=True,
        lost=12,
        life=Life(stages=((4, TALKED),)),
    ),
    Newcomer(
        name="方知远",
        userid="sunsan",
        ago=56,
        state=POSTER,
        life=Life(stages=((12, KEEN),), remark=(3, "方先生 团购")),
    ),
    Newcomer(
        name="苏晚晴",
        userid="zhaoyi",
        ago=53,
        state=REDNOTE,
        weekend=True,
        life=Life(
            stages=((14, KEEN), (30, BOUGHT)),
            tags=(5, (FROM_NET, IMPORTANT)),
            talk=(
                5,
                (
                    "看到你们笔记里的搭配，围巾可以单买吗？",
                    ">可以的，这条围巾有燕麦和雾蓝两个颜色。",
                ),
            ),
        ),
    ),
    Newcomer(name="江予安", userid="sunsan", ago=52, state=POSTER, weekend=True, lost=1),
    Newcomer(name="叶蓁蓁", userid="lisi", ago=50, state=POSTER, life=Life(stages=((6, TALKED),))),
    Newcomer(
        name="宋时雨",
        userid="lisi",
        ago=46,
        weekend=True,
        late=True,
        life=Life(
            stages=((10, KEEN),),
            tags=(10, (FROM_FRIEND,)),
            talk=(
                2,
                (
                    "朋友推荐我加的，你们周日几点开门？",
                    ">周日 10 点就开门啦，我都在。",
                    "太好了，谢谢！",
                ),
            ),
        ),
    ),
    Newcomer(name="陆知行", userid="lisi", ago=45, state=REDNOTE, weekend=True, lost=6, back=15),
    Newcomer(
        name="唐栀",
        userid="lisi",
        ago=43,
        state=REDNOTE,
        life=Life(stages=((7, TALKED),), remark=(7, "唐小姐 周末来")),
    ),
    Newcomer(
        name="谢明朗",
        userid="sunsan",
        ago=39,
        state=POSTER,
        weekend=True,
        life=Life(stages=((11, KEEN),)),
    ),
    Newcomer(
        name="林听澜",
        userid="zhaoyi",
        ago=38,
        state=POSTER,
        weekend=True,
        lost=20,
        life=Life(
            stages=((3, TALKED), (9, KEEN)),
            remark=(3, "林听澜 雾蓝连衣裙"),
            tags=(3, (FROM_SHOP, PLAIN)),
            talk=(
                14,
                (
                    "那条雾蓝的裙子到货了吗？",
                    ">还没有，仓库说快了，一到我就告诉您。",
                    "好吧，我下周六就要穿。",
                ),
            ),
        ),
    ),
    Newcomer(
        name="孟初夏",
        userid="lisi",
        ago=38,
        state=REDNOTE,
        weekend=True,
        life=Life(stages=((3, TALKED),), tags=(3, (FROM_NET,))),
    ),
    Newcomer(name="白既明", userid="zhaoyi", ago=35, state=POSTER),
    Newcomer(
        name="何以宁",
        userid="lisi",
        ago=32,
        state=POSTER,
        weekend=True,
        life=Life(stages=((12, NOT_KEEN),)),
    ),
    Newcomer(
        name="沈佳禾",
        userid="zhaoyi",
        ago=31,
        state=REDNOTE,
        weekend=True,
        also=(14, "lisi"),
        life=Life(
            stages=((4, TALKED), (12, KEEN)),
            remark=(4, "沈佳禾 送妈妈"),
            tags=(4, (FROM_NET, IMPORTANT)),
            talk=(
                4,
                (
                    ">您是平时上班穿，还是有特别的场合？大概的预算也告诉我，我挑三款发您比较。",
                    "想给妈妈挑件外套，预算八百左右。",
                    ">好的，我整理三款发您，都是软糯不扎的面料。",
                ),
            ),
        ),
    ),
    Newcomer(name="程见微", userid="sunsan", ago=29, state=REDNOTE, lost=3),
    Newcomer(
        name="邓书瑶",
        userid="zhaoyi",
        ago=25,
        state=POSTER,
        weekend=True,
        lost=14,
        back=18,
        life=Life(stages=((6, TALKED),), remark=(6, "邓女士 常出差")),
    ),
    Newcomer(name="罗一帆", userid="lisi", ago=24, state=POSTER, weekend=True),
    Newcomer(
        name="薛知意",
        userid="zhaoyi",
        ago=22,
        state=REDNOTE,
        moved=(11, "lisi"),
        life=Life(stages=((4, TALKED),), remark=(4, "薛知意 住南山")),
    ),
    Newcomer(
        name="傅云舒",
        userid="lisi",
        ago=18,
        state=REDNOTE,
        weekend=True,
        life=Life(
            stages=((3, TALKED),),
            talk=(3, ("直播间的优惠门店也有吗？", ">有的，报手机号就可以用。")),
        ),
    ),
    Newcomer(name="彭嘉树", userid="zhaoyi", ago=17, state=POSTER, weekend=True),
    Newcomer(
        name="曾晓棠", userid="sunsan", ago=15, state=POSTER, life=Life(stages=((4, TALKED),))
    ),
    Newcomer(name="丁若溪", userid="zhaoyi", ago=11, state=REDNOTE, weekend=True, lost=5),
    Newcomer(name="余望舒", userid="lisi", ago=10, state=POSTER, weekend=True, half=True),
    Newcomer(
        name="潘星野",
        userid="zhaoyi",
        ago=7,
        state=REDNOTE,
        life=Life(tags=(3, (FROM_NET, PLAIN))),
    ),
    Newcomer(
        name="任清越",
        userid="zhaoyi",
        ago=4,
        state=POSTER,
        life=Life(talk=(1, ("上次看的那双短靴还有 37 码吗？", ">我帮您问一下仓库，明天回复您。"))),
    ),
    Newcomer(name="田小禾", userid="lisi", ago=1, state=REDNOTE, lost=1),
    Newcomer(name="姚思齐", userid="zhaoyi", ago=0, state=POSTER),
)

# Days ago. Banke hears of them when their member edits something: that is how it meets customers
# who were there before it.
OLD_FRIENDS = (
    Regular(
        number=0,
        userid="zhaoyi",
        life=Life(remark=(57, "王女士 老会员"), stages=((37, BOUGHT),)),
    ),
    Regular(number=1, userid="lisi", life=Life(tags=(57, (CORE,)), stages=((49, KEEN),))),
    Regular(
        number=2, userid="sunsan", life=Life(remark=(57, "陈一诺 企业采购"), stages=((45, BOUGHT),))
    ),
    Regular(number=3, userid="zhaoyi", life=Life(tags=(53, (IMPORTANT,)), stages=((49, TALKED),))),
    Regular(number=4, userid="lisi", life=Life(remark=(53, "卫长风 健身"), stages=((33, KEEN),))),
    Regular(number=5, userid="sunsan", life=Life(tags=(53, (PLAIN,)), stages=((41, NOT_KEEN),))),
    Regular(
        number=6,
        userid="zhaoyi",
        life=Life(remark=(49, "沈先生 刚搬来"), stages=((25, BOUGHT),)),
    ),
    Regular(number=7, userid="lisi", life=Life(tags=(49, (CORE,)), stages=((41, KEEN),))),
    Regular(number=8, userid="sunsan", life=Life(tags=(49, (IMPORTANT,)), stages=((21, BOUGHT),))),
    Regular(number=9, userid="zhaoyi", life=Life(remark=(45, "朱老师"), stages=((29, TALKED),))),
    Regular(number=10, userid="lisi", life=Life(tags=(45, (PLAIN,)), stages=((17, NOT_KEEN),))),
    Regular(
        number=11,
        userid="sunsan",
        life=Life(remark=(45, "尤佳期 婚礼伴手礼"), stages=((13, KEEN),)),
    ),
)

GROUP_DAYS = (
    GroupDay(17, 0, joined=(12, 15)),
    GroupDay(17, 1, joined=(14, 17)),
    GroupDay(13, 2, joined=(21, 33)),
    GroupDay(13, 0, joined=(24, 26)),
    GroupDay(9, 1, joined=(31,)),
    GroupDay(9, 0, left=(2,)),
    GroupDay(5, 2, joined=(36,)),
    GroupDay(5, 1, left=(5,)),
    GroupDay(
        4,
        0,
        notice="每周六 15:00 店里有秋冬搭配小课，会员免费，报名找小忆。"
        "羊毛、羊绒会员免费护理一次，带来就行。",
    ),
    GroupDay(1, 0, joined=(37,)),
    GroupDay(1, 2, left=(9,)),
)
