"""Where a sign-in might be made to lead, and states that are not the one that was drawn."""

from collections.abc import Iterator

# What somebody would write behind ?next= so that whoever signs in lands with him.
PLACES: tuple[str, ...] = (
    *("https://evil.example", "http://evil.example/admin/", "//evil.example", "///evil.example"),
    *("////evil.example/admin/", "/\\evil.example", "\\\\evil.example", "\\/evil.example"),
    *("/\t/evil.example", "/\n/evil.example", "/\r\n/evil.example", "\t//evil.example"),
    *(" //evil.example", "https:evil.example", "https:/evil.example", "https:\\evil.example"),
    *(
        "HTTPS://evil.example",
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java\nscript:alert(1)",
    ),
    *("data:text/html,<script>alert(1)</script>", "vbscript:x", "blob:https://evil.example/x"),
    *(
        "/admin@evil.example",
        "/admin/@evil.example",
        "/admin/../sidebar/",
        "/admin/..//evil.example",
    ),
    *("/admin/%2e%2e//evil.example", "/admin/%0d%0aX-Evil:1", "/admin/\r\nX-Evil: 1", "/admin/\0"),
    *("/admin//evil.example/..;/", "/admin.evil.example", "/adminevil", "/Admin/", "/sidebar/"),
    *("/callbacks/app", "/metrics", "admin/", "?next=//evil.example", "#//evil.example", "."),
    *("/admin/#@evil.example", "/admin/?x=//evil.example/<script>", "/admin/；", "/admin/．．/"),
    *(
        "//evil。example",
        "//evil%E3%80%82example",
        "/%09/evil.example",
        "/%5cevil.example",
        "/%2f%2fevil",
    ),
    *("https://127.0.0.1:8000@evil.example/admin/", "http://127.0.0.1:8000.evil.example/admin/"),
)


def bent_states(state: str) -> Iterator[str]:
    """Yield queries that say another state than this, as somebody would who guesses or replays."""
    half = len(state) // 2
    wrong = [
        *("", "0", "null", "undefined", "*", "%00", "%2a", "true", "-1", "[]", "{}", "a" * 5000),
        *(state[:-1], state[1:], state[:half], state[half:], state[::-1], state + state),
        *(f"{state}0", f"0{state}", f"{state}%00", f"%00{state}", f"{state}%20", f"%20{state}"),
        *(f"{state}%0a", f"{state},", f"{state};", f"{state}%23", f"{state}/", f"%22{state}%22"),
        *(
            state[: at - 1] + ("0" if state[at - 1] != "0" else "1") + state[at:]
            for at in (1, 5, 9)
        ),
        *(state.swapcase(), state.translate(str.maketrans("0123456789", "０１２３４５６７８９"))),
    ]
    yield from (f"state={one}" for one in dict.fromkeys(wrong) if one != state)
    yield from ("", f"STATE={state}", f"state[]={state}", f"%20state={state}", f"state%00={state}")
    # Of two the first counts.
    yield from (f"state=0&state={state}", f"state=&state={state}", f"State={state}&s={state}")
