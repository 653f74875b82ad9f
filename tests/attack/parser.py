"""Atheris feeds envelope, cipher and event whatever leads to code that it has not seen yet.

`python -m tests.attack.parser -max_total_time=300`: its options are libFuzzer's, and so is what it
says. The first byte chooses what the rest is: a body, what a cipher holds, or an event's XML.
"""

import sys
from contextlib import suppress
from dataclasses import replace
from importlib import import_module

try:
    atheris = import_module("atheris")
except ImportError:
    # It is in no lock of ours: not every Python has it.
    raise SystemExit("atheris is not there: pip install atheris") from None

with atheris.instrument_imports():
    from app.wecom.envelope import Unreadable, event_key, plaintext_key, read_event
    from tests.wecom.lots import knock, wrap

BODY, CIPHER = 0, 1
WHOLE = wrap(b"")


def feed(data: bytes) -> None:
    """Take one input as the door does; whatever is raised but its own errors is a finding."""
    kind, rest = data[:1], data[1:]
    if kind == bytes([BODY]):
        knock(replace(WHOLE, body=rest, is_ours=False))
    elif kind == bytes([CIPHER]):
        knock(wrap(rest))
    else:
        plaintext_key(rest)
        with suppress(Unreadable):
            event_key(read_event(rest))


if __name__ == "__main__":
    atheris.Setup(sys.argv, feed)
    atheris.Fuzz()
