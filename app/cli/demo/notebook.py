"""What members write down about whom, at his card in the sidebar. Nobody in the table exists.

Days count as in `people.py`; each thing is done on the evening that comes next, when members see to
their customers.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.cli.demo.people import BOUGHT, NOT_KEEN
from app.cli.demo.visit import Lost, Said, Typed

PHONE, SIZE, BIRTHDAY, COMPANY, ADDRESS = "手机", "尺码", "生日", "公司", "地址"
MEASURES = "量体数据"
BUDGET, CAME_BY, LIKES, MEMBER = "预算", "来店方式", "感兴趣的商品", "会员"
# The options as their fields call them in files.
FRIEND, ONLINE = "friend", "online"
YES, ON_A_FORM = Said("同意"), Said("同意", "客户填写的表单")
NO, OF_HIS_OWN = Said("拒绝"), Said("拒绝", "客户主动提出")
BEST, GIFT, CUSTOM = "best", "gift", "custom"
# The stages of `pipelines.toml` for what comes after a purchase.
OPEN, READY, DONE = "待处理", "可取件", "已完成"


@dataclass(frozen=True)
class Note:
    """A note, by a colleague's hand if `by`.

    `remind`: its writer wants to be reminded so many days after that evening; if that is over, he
    has seen to it.
    """

    day: int
    text: str
    remind: int = 0
    by: str = ""


@dataclass(frozen=True, kw_only=True)
class Page:
    """What is known about a customer. `said`: what was added to his move to a stage.

    `service`: what comes after a purchase: day, stage, and the colleague who sees to it, if any.
    `sent`: day, shelf and title of what he got from the library; `lost`: the day and why;
    `consent`: the day and what he said of offers.
    """

    fields: tuple[tuple[int, Mapping[str, Typed]], ...] = ()
    notes: tuple[Note, ...] = ()
    said: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    service: tuple[tuple[int, str, str], ...] = ()
    sent: tuple[tuple[int, str, str], ...] = ()
    lost: tuple[int, Lost] | None = None
    consent: tuple[int, Said] | None = None


def sold(amount: str) -> Mapping[str, Mapping[str, str]]:
    """Return what is added to a purchase."""
    return {BOUGHT: {"amount": amount}}


NOTEBOOK = {
    "许清欢": Page(
        fields=(
            (9, {PHONE: "15400000318", SIZE: "S"}),
            (21, {BIRTHDAY: "1991-04-18"}),
        ),
        said=sold("1680"),
        service=((21, OPEN, ""), (31, DONE, "sunsan")),
        notes=(
            Note(9, "试了驼色大衣 S 码，肩线正好，袖子长两公分。可以免费改，她回去想一想。"),
            Note(21, "定了那件驼色大衣，袖子改短两公分，改好来取。"),
            Note(31, "袖子改好，大衣取走了，很满意。临走试了燕麦色围巾，说换季再来。", by="sunsan"),
        ),
        consent=(21, ON_A_FORM),
    ),
    "顾南枝": Page(lost=(13, Lost("暂不需要"))),
    "方知远": Page(
        fields=((12, {COMPANY: "知远设计工作室", BUDGET: "6000", LIKES: (GIFT, CUSTOM)}),),
        notes=(
            Note(12, "年底给十二位同事送围巾，一人一条，颜色要统一，要礼盒和手写卡。"),
            Note(32, "报了团购价，每条 320 元含礼盒。他要跟合伙人商量，下周给答复。", remind=5),
        ),
    ),
    "苏晚晴": Page(
        fields=(
            (14, {SIZE: "M"}),
            (30, {ADDRESS: "南山区示例路 8 号 2 栋 603"}),
        ),
        said=sold("1280"),
        service=((40, DONE, "sunsan"),),
        notes=(
            Note(14, "看笔记里的通勤搭配来的。围巾要单买，也喜欢配的那件开衫，M 码。"),
            Note(40, "开衫到家偏大，换成了 S 码。上身照很好看，她同意我们发笔记用。", by="sunsan"),
        ),
        consent=(30, YES),
    ),
    "叶蓁蓁": Page(
        notes=(Note(6, "喜欢宽松的版。嫌店里灯光偏黄看不准颜色，带她到门口看的。"),),
    ),
    "宋时雨": Page(
        fields=((10, {SIZE: "S", CAME_BY: FRIEND}),),
        notes=(Note(10, "许清欢介绍来的，皮肤白，雾蓝很衬她。连衣裙试了 S 码，腰略松。"),),
    ),
    "谢明朗": Page(
        fields=((11, {BUDGET: "3000"}),),
        notes=(Note(11, "给太太挑结婚纪念日礼物，说不准尺码，建议羊绒披肩，不用试。"),),
    ),
    "林听澜": Page(
        fields=((3, {PHONE: "15400000741", SIZE: "M", BUDGET: "1200"}),),
        notes=(
            Note(3, "周末来试了样衣，M 码合身，只喜欢雾蓝那条，店里没有现货。"),
            Note(14, "给她订了调货，仓库只说快了。她下周六要穿去婚礼，福田店也没有 M 码。"),
            Note(24, "裙子昨天到了，她已经删除了我。下次缺货要先给准日子，别只说快了。"),
            Note(24, "到店时再和她赔个不是，新款到了先给她留一条，不追着发消息。", by="sunsan"),
        ),
        lost=(24, Lost("其他", "等调货太久，没赶上婚礼")),
    ),
    "何以宁": Page(
        said={NOT_KEEN: {"reason": "price"}},
        notes=(Note(12, "喜欢大衣，觉得贵，说等打折再看。换季前不打扰。"),),
        consent=(12, OF_HIS_OWN),
    ),
    "沈佳禾": Page(
        fields=(
            (4, {PHONE: "15400000952", BUDGET: "800", CAME_BY: ONLINE, LIKES: (BEST, GIFT)}),
            (12, {SIZE: "M"}),
        ),
        sent=((4, "scripts", "问场合和预算"),),
        notes=(
            Note(4, "给妈妈挑外套，预算八百左右。妈妈怕扎、怕重，要软糯的面料。"),
            Note(7, "发了三款双面羊毛的图，她要问问妈妈喜欢哪个颜色。", remind=5),
            Note(12, "妈妈选了驼色，平时穿 M 码。下个月过生日，想要礼盒装。"),
            Note(19, "前几天下班顺路来摸了面料，很满意。那天小忆休息，是我接待的。", by="lisi"),
            Note(29, "约她这周末带妈妈来试穿，驼色大衣 M、L 各留一件。", remind=2),
        ),
        consent=(12, YES),
    ),
    "邓书瑶": Page(
        notes=(Note(20, "又加回来了，上次是清理微信误删的。出差多，给她留意抗皱的西装裤。"),),
    ),
    "薛知意": Page(
        notes=(Note(16, "接手跟进，已经打过招呼，她的尺码和喜好小忆都交代了。", by="lisi"),),
    ),
    "丁若溪": Page(lost=(6, Lost("价格"))),
    "任清越": Page(
        notes=(Note(1, "短靴 37 码店里没有了，福田店还有一双，答应明天回复她。", remind=1),),
    ),
    "王知夏": Page(
        fields=(
            (37, {PHONE: "15400000106", SIZE: "M", MEMBER: "yes"}),
            (16, {MEASURES: "胸围 86，腰围 68，臀围 92"}),
        ),
        said=sold("2360"),
        service=((16, OPEN, "lisi"), (6, READY, "lisi")),
        notes=(
            Note(37, "每季都来，这次带了女儿，大衣和半裙各一件。"),
            Note(16, "大衣内衬开线，拿回来免费修，修好送一次护理。小忆休息，我收的件。", by="lisi"),
        ),
        consent=(37, ON_A_FORM),
    ),
    "冯远山": Page(
        fields=((49, {COMPANY: "远山茶舍", BUDGET: "4000"}),),
        notes=(Note(31, "茶舍六位店员的制服，要耐洗的棉麻。看了两版样，喜欢立领那版。"),),
    ),
    "陈一诺": Page(
        fields=((45, {PHONE: "15400000284", COMPANY: "一诺文化"}),),
        said=sold("12800"),
        notes=(Note(45, "员工福利，四十份丝巾礼盒，开票信息已经收到。"),),
        consent=(45, YES),
    ),
    "卫长风": Page(
        fields=((33, {SIZE: "XL", MEASURES: "肩宽 52，胸围 112，袖长 63"}),),
        notes=(Note(33, "健身的，肩宽，成衣先看肩线。XL 的针织衫肩还是紧，等厚款。"),),
    ),
    "蒋念慈": Page(said={NOT_KEEN: {"reason": "rival"}}, consent=(8, NO)),
    "沈拾光": Page(
        fields=((25, {SIZE: "L"}),),
        said=sold("680"),
    ),
    "韩若水": Page(fields=((41, {SIZE: "S"}),)),
    "杨小舟": Page(
        fields=((21, {SIZE: "M"}),),
        said=sold("1980"),
    ),
    "秦望北": Page(said={NOT_KEEN: {"reason": "no_need"}}),
    "尤佳期": Page(
        fields=((13, {BUDGET: "8000"}),),
        notes=(Note(13, "婚礼在下个月，伴手礼八十份：小丝巾配卡片，要印两个人的名字。"),),
    ),
}
