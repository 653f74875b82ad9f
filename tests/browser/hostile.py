"""Two hundred names that nobody should have: markup, trickery, what cannot be seen or broken."""

TRICKS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<body onload=alert(1)>",
    "<details open ontoggle=alert(1)>",
    "<a href=javascript:alert(1)>名</a>",
    "<form action=https://evil.example><button>",
    "<base href=https://evil.example/>",
    "<meta http-equiv=refresh content='0;https://evil.example'>",
    "<link rel=stylesheet href=https://evil.example/a.css>",
    "<style>*{display:none}</style>",
    "<template><b>名</b></template>",
    "<hx-partial hx-target='#panel'>名</hx-partial>",
    "<b hx-get='/sidebar/' hx-trigger='load'>名</b>",
    "<button hx-post=https://evil.example>名</button>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<!--<img src=--><img src=x onerror=alert(1)//>",
    "</title></textarea></style></script><script>alert(1)</script>",
    "</bdi></h1></article><script>alert(1)</script>",
    "<![CDATA[<script>alert(1)</script>]]>",
    "]]></Name><Name>别人",
    '" onmouseover="alert(1)',
    "' autofocus onfocus='alert(1)",
    "` onclick=`alert(1)",
    '"><script>alert(1)</script>',
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "https://evil.example/a.png",
    "//evil.example/a.js",
    "url(https://evil.example/a.png)",
    "{{ 7 * 7 }}{% for x in y %}",
    "${alert(1)}#{alert(1)}",
    "{{config}}{{员工姓名}}",
    "%(name)s %s {0} {name}",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;img src=x onerror=alert(1)&#62;&quot;&amp;amp;",
    "\\u003cscript\\u003e\\x3cscript\\x3e%3Cscript%3E",
    "\u202e名字倒过来\u202d<b>",
    "\u2066\u2067\u2068名\u2069\u2069\u2069",
    "مرحبا <b>שלום</b>",
    "零\u200b宽\u200d字\ufeff符\u2060",
    "W" * 90,
    "名" * 60,
    "👩‍👩‍👧‍👦🏳️‍🌈👍🏽<b>🀄</b>",
    "Z̸̡͎a̷͙l̶̰g̴̢o̷ <i>",
    "'; DROP TABLE customer; --",
)
WRAPS = ("{}", '张"{}', "<b>{}</b>", "\u202e{}'>")
# All tricks in the first way, then all of them in the second, and so on.
HOSTILE = tuple(wrap.replace("{}", trick) for wrap in WRAPS for trick in TRICKS)


def field_of(number: int) -> list[str]:
    """Return each trick once, wrapped in turn; each field of a thing begins with another wrap."""
    ways = len(WRAPS)
    return [HOSTILE[(number + at) % ways * len(TRICKS) + at] for at in range(len(TRICKS))]
