"""Whatever comes to the door: it is taken, kept as unreadable or refused, and nothing else."""

from collections import Counter

from tests.soak import seeds
from tests.wecom.lots import Lot, draw, knock

MANY = 20_000
(SEED,) = seeds([1])


def test_no_callback_raises_anything_but_the_one_error() -> None:
    said: Counter[str] = Counter()
    for number in range(MANY):
        try:
            said[knock(draw(SEED, number))] += 1
        except Exception as error:
            raise AssertionError(f"callback {number} of seed {SEED}") from error
    # All ways in and out were taken.
    assert said.keys() == {
        *("read", "unreadable", "parameters", "envelope"),
        *("signature", "ciphertext", "padding", "length", "receiveid"),
    }


def test_what_our_secrets_have_not_signed_is_never_taken() -> None:
    def is_taken(lot: Lot) -> bool:
        return not lot.is_ours and knock(lot) in {"read", "unreadable"}

    assert [number for number in range(MANY) if is_taken(draw(SEED, number))] == []
