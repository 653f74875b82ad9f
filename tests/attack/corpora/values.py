"""Values of fields, addresses and headers that nobody types and parsers stumble over."""

HUGE = "9" * 400
LONG = "长" * 3000
VALUES: tuple[str, ...] = (
    # Numbers that are none, or too many.
    *("", "0", "-1", "1", "2", "+1", " 1", "1 ", "01", "1.0", "1e3", "1e999", "NaN", "Infinity"),
    *("2147483647", "2147483648", "4294967296", "9223372036854775807", "9223372036854775808"),
    *("-2147483649", "-9223372036854775809", HUGE, "-" + HUGE, "0x10", "１２", "𝟙𝟚", "٣", "²", "½"),
    *("1_000", "1,2", "1,2,3,", ",,,", "1;2", "1\n2", "true", "null", "None", "undefined", "[]"),
    # Times and days.
    *("0000-00-00", "2026-02-30", "9999-12-31", "0001-01-01", "10000-01-01", "-1-01-01"),
    *("2026-11-18T25:61", "9999-12-31T23:59", "0001-01-01T00:00", "1970-01-01T00:00"),
    *("2026-03-29T02:30", "2026-1-1", "2026-11-18 09:00", "2026-11-18T09:00:00+99:99", "soon"),
    # Places in lists.
    *("0-0", "-", "1-1", f"{HUGE}-1", f"1-{HUGE}", "99999999999999999-999999999999999999"),
    *("253402300800000000-1", "-62135596800000001-1", "1--1", "٣-٣", "1-1-1"),
    # Letters: none, half of one, marks, turned round, invisible, far too many.
    *("\0", "a\0b", "\ud800", "\udfff", "a\udc80", "\ufffe", "\ufeff", "\u202eabc", "\u200b"),
    *("\x7f", "\x1b[31m", "\r\nX-Evil: 1", "\r", "\n", "\t", "\x0b\x0c", "é" * 9, "e\u0301" * 99),
    *("👩‍👩‍👧‍👦", "🏳️‍🌈" * 50, "İ", "ß", "ﷺ" * 40, "Ω≈ç√", "文字", LONG, "x" * 9000, " " * 500),
    # Markup, templates, queries, paths.
    *("<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "'", '"', "`", "\\", "--"),
    *("{{7*7}}", "${7*7}", "%(x)s", "%s%n", "{0}", "{", "}", "{{", "}}", "{%", "#{1}", "%", "%00"),
    *("' OR '1'='1", "1; DROP TABLE members", "1' UNION SELECT 1--", "%' ESCAPE '", "_", "%_%"),
    *("../../etc/passwd", "..", ".", "/", "//", "//evil.example", "\\\\evil", "C:\\x", "file:///"),
    *(
        "http://127.0.0.1:1/",
        "javascript:alert(1)",
        "data:text/html,x",
        "=1+1",
        "@SUM(A1)",
        "|calc",
    ),
    # Keys, kinds and values that mean something somewhere.
    *("on", "off", "yes", "1,", "all", "own", "corp", "customer", "member", "stage", "text"),
    *("image", "news", "file", "video", "miniprogram", "agreed", "refused", "unknown", "done"),
    *("a-key-of-mine", "0123456789abcdef", "f" * 64, "wm", "wr", "wmNobody", "etNothing"),
    *("AAAA", "A" * 200, "====", "_" * 43, "AQ" + "A" * 90, "[[]]", '[["a"]]', '{"a":1}', "[1]"),
)
HEADERS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "Accept-Language",
        ("", "*", "en", "zh-CN;q=0.5, en;q=nan", "en;q=1e999", "x" * 900, "en;q=-1"),
    ),
    ("User-Agent", ("", "\xff", "wxwork Language/en ColorScheme/Dark", "Language/" + "x" * 3000)),
    ("HX-Target", ("main#panel", "#" + "x" * 900, "\xe9", "")),
    ("HX-Request", ("false", "TRUE", "1")),
    ("HX-Current-URL", ("http://evil.example/", "\xff", "http://[::1")),
    ("Cookie", ("", "a", "=;=", "banke_member=", "banke_theme=dark; banke_theme=x", "\xff=\xff")),
    ("Cookie", ("banke_admin=" + "x" * 3000, "banke_admin_said=AAAA", "banke_sign_in=AAAA====")),
    ("Origin", ("null", "http://evil.example", "http://127.0.0.1:8000", "http://[", "\xff")),
    ("Sec-Fetch-Site", ("cross-site", "same-site", "none", "x")),
    ("X-Forwarded-For", ("1.1.1.1, 2.2.2.2", "x" * 900, "", "::1%eth0")),
    ("X-Forwarded-Host", ("evil.example",)),
    ("X-HTTP-Method-Override", ("DELETE",)),
    (
        "Range",
        ("bytes=0-", "bytes=-1", "bytes=9-1", "bytes=0-0,1-1,2-2", "x=1", "bytes=" + "9" * 99),
    ),
    ("If-Modified-Since", ("x", "Thu, 01 Jan 1970 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT")),
    ("If-None-Match", ("*", '"x"', 'W/"', "x" * 900)),
    ("If-Range", ("x", '"x"')),
    ("Accept", ("", "*/*;q=nan", "application/json", "x/y;" * 99)),
    ("Accept-Encoding", ("gzip;q=nan", "br", "identity;q=0", "x" * 900)),
    ("Content-Encoding", ("gzip", "x")),
    (
        "Content-Type",
        ("text/html", "multipart/form-data; boundary=", "x", "\xff", "a/b; charset=x"),
    ),
    ("Authorization", ("Basic ", "Basic \xff", "Digest x", "Bearer " + "x" * 900)),
    ("X-CSRF-Token", ("", "0" * 64, "\xe9", "x" * 5000)),
    ("Host", ("evil.example", "127.0.0.1:8000:8000", "", "[::1", "a b", "\xff")),
    ("Expect", ("100-continue",)),
    ("Transfer-Encoding", ("chunked", "x")),
    ("Content-Length", ("0", "5", "99999999")),
)
