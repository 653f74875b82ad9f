"""The key of a sending: made with its messages, and good for telling once that they were sent.

It is sealed over whose sending it is, of which item and before which card, so that nobody can tell
of one that was never prepared.
"""

import hmac
import re
import secrets

from app import clock
from app.seal import Sealer
from sidebar.context import CardContext, GroupContext

PURPOSE = "library.sending"
# As long as a member is signed in.
GOOD_SECONDS = 12 * 3600
# How many messages, when it ends (unix), what makes it another one each time; and the seal.
KEY = re.compile(r"([1-9]-[0-9a-f]{8}-[0-9a-f]{16})-([0-9a-f]{32})", re.ASCII)

Context = CardContext | GroupContext


def make_key(sealer: Sealer, context: Context, item_id: int, *, parts: int) -> str:
    """Make the key of a sending of so many messages."""
    ends_at = int(clock.utcnow().timestamp()) + GOOD_SECONDS
    said = f"{parts}-{ends_at:08x}-{secrets.token_hex(8)}"
    return f"{said}-{_seal(sealer, context, item_id, said)}"


def is_good(sealer: Sealer, context: Context, item_id: int, *, parts: int, key: str) -> bool:
    """Tell whether we have made this key, not too long ago, for so many messages or more."""
    found = KEY.fullmatch(key)
    if not found:
        return False
    said, seal = found.groups()
    if not hmac.compare_digest(seal, _seal(sealer, context, item_id, said)):
        return False
    most, ends_at, _random = said.split("-")
    return 1 <= parts <= int(most) and clock.utcnow().timestamp() < int(ends_at, 16)


def _seal(sealer: Sealer, context: Context, item_id: int, said: str) -> str:
    sealed = "\n".join((context.viewer.userid, context.path, str(item_id), said))
    return sealer.fingerprint(sealed, purpose=PURPOSE)
