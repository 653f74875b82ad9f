"""The names that every installation begins with, worded in the reader's language.

They stand in the database in Chinese, as an admin's own do. Which is which shows in the name alone,
in the timeline too: what somebody has renamed, or made, is nobody's to translate.
"""

from app.i18n import N_, _

PIPELINE = N_("客户阶段")
STAGES = frozenset({N_("新客户"), N_("初步沟通"), N_("意向"), N_("成交"), N_("无意向")})
FIELDS = frozenset(
    {
        N_("手机"),
        N_("生日"),
        N_("公司"),
        N_("地址"),
        N_("预算"),
        N_("来店方式"),
        N_("感兴趣的商品"),
        N_("会员"),
    }
)
OPTIONS = frozenset(
    {
        N_("路过"),
        N_("朋友介绍"),
        N_("线上广告"),
        N_("老客回访"),
        N_("其他"),
        N_("新品"),
        N_("热销款"),
        N_("套餐"),
        N_("礼盒"),
        N_("定制"),
    }
)
HINTS = frozenset({N_("收货地址，可以写到门牌号")})


def word_pipeline(name: str) -> str:
    """Say a pipeline's name."""
    return _(name) if name == PIPELINE else name


def word_stage(name: str) -> str:
    """Say a stage's name."""
    return _(name) if name in STAGES else name


def word_field(name: str) -> str:
    """Say the name of a field."""
    return _(name) if name in FIELDS else name


def word_option(name: str) -> str:
    """Say one of the options of a field."""
    return _(name) if name in OPTIONS else name


def word_hint(hint: str) -> str:
    """Say what stands below the input of a field."""
    return _(hint) if hint in HINTS else hint
