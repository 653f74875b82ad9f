"""The buttons of the fault panel: what each is called and what the person will then see."""

from dataclasses import dataclass


@dataclass(slots=True, frozen=True)
class Words:
    """The words of one button. `once`: it strikes once and is over by itself."""

    title: str
    title_en: str
    effect: str
    effect_en: str
    once: bool = False


WORDS = {
    "slow": Words(
        "接口变慢",
        "Slow answers",
        "企业微信的每次应答都晚 3 秒：换个身份登录侧边栏要等几秒，已登录的照常打开；欢迎语晚几秒，"
        "但仍在 20 秒内送达。",
        "Every answer of WeCom takes 3 s longer: signing in as another member takes some seconds, "
        "a sidebar already signed in opens as usual; the welcome comes later, within its 20 s.",
    ),
    "busy": Words(
        "系统繁忙（-1）",
        "System busy (-1)",
        "企业微信一直回答「系统繁忙」：换个身份登录侧边栏会看到「企业微信正忙」和「再试一次」，"
        "已登录的照常打开；欢迎语会重试，过了 20 秒则记为未送达。",
        "WeCom keeps answering “system busy”: whoever signs in to the sidebar anew is told so and "
        "may try again, one already signed in opens as usual; the welcome is tried again, and "
        "on record as missed after 20 s.",
    ),
    "limit": Words(
        "调用超限（45009）",
        "Rate limit (45009)",
        "企业微信以「调用太频繁」拒绝客户相关的接口：侧边栏照常打开，欢迎语赶不上 20 秒，"
        "记为未送达；关闭后服务会等满一分钟再调用，然后自动补上资料。",
        "WeCom refuses the calls about customers as too many: the sidebar opens as usual, welcomes "
        "miss their 20 s and are on record as missed; once it is off, the server waits for a "
        "minute before it calls again and catches up.",
    ),
    "token_revoked": Words(
        "令牌作废",
        "Tokens revoked",
        "企业微信让所有 access_token 立即失效一次：服务会换取新令牌再试，你不会看出任何异样。",
        "WeCom voids all access tokens once: the server fetches a new one and tries again; you "
        "should notice nothing.",
        once=True,
    ),
    "doubled": Words(
        "回调重复",
        "Callbacks twice",
        "每个回调都送两次：欢迎语和提醒仍然各只有一条。",
        "Every callback comes twice: there is still one welcome and one alert each.",
    ),
    "reordered": Words(
        "回调乱序",
        "Callbacks out of order",
        "回调随机晚到最多 4 秒，先后颠倒：结果与顺序正确时相同，只是晚几秒。",
        "Callbacks come up to 4 s late and out of order: the outcome is the same, only some "
        "seconds later.",
    ),
    "redis_frozen": Words(
        "冻结 Redis",
        "Freeze Redis",
        "服务自带的 Redis 停住 60 秒后自动恢复：页面照常打开，欢迎语和提醒最多晚一两秒。",
        "The server's own Redis stands still for 60 s, then goes on by itself: pages open as "
        "usual, welcomes and alerts come a second or two later.",
    ),
    "signature_refused": Words(
        "签名被拒（40093）",
        "Signature refused (40093)",
        "客户端不接受页面的签名：重新打开侧边栏，会看到一页说明原因和该检查的设置。",
        "The client refuses the page's signature: open the sidebar again and a page tells why and "
        "which settings to check.",
    ),
    "no_permission": Words(
        "没有权限（48002）",
        "No permission (48002)",
        "应用被移出「可调用接口的应用」：侧边栏会说明缺少权限以及在管理后台哪里打开；欢迎语发不出去。",
        "The app is taken off the list of those that may call: the sidebar says which permission "
        "is missing and where to grant it; welcomes cannot be sent.",
    ),
    "network_gone": Words(
        "网络断开了",
        "Network gone",
        "侧边栏与服务之间的网络断开：点任何操作都会看到「网络断开了」和「重试」，恢复后点「重试」即可。",
        "The sidebar loses its connection to the server: any tap tells that the network is gone "
        "and offers another try.",
    ),
}
