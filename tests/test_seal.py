"""The seal: opened by the same key for the same purpose, and by nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.seal import SealBroken, Sealer

SEALER = Sealer("a secret key for tests only")


@given(st.binary(max_size=300))
def test_what_was_sealed_comes_back(plain: bytes) -> None:
    assert SEALER.open(SEALER.seal(plain, purpose="a"), purpose="a") == plain


def test_the_same_text_is_never_sealed_alike() -> None:
    assert SEALER.seal(b"x", purpose="a") != SEALER.seal(b"x", purpose="a")


@given(st.binary(min_size=1, max_size=40), st.data())
def test_a_changed_box_is_refused(plain: bytes, data: st.DataObject) -> None:
    box = bytearray(SEALER.seal(plain, purpose="a"))
    box[data.draw(st.integers(0, len(box) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(SealBroken):
        SEALER.open(bytes(box), purpose="a")


def test_another_key_or_purpose_does_not_open() -> None:
    box = SEALER.seal(b"x", purpose="a")
    for sealer, purpose in ((Sealer("another secret key"), "a"), (SEALER, "b")):
        with pytest.raises(SealBroken):
            sealer.open(box, purpose=purpose)


@pytest.mark.parametrize("box", [b"", b"\x01", b"\x02" + b"x" * 60])
def test_what_is_no_box_is_refused(box: bytes) -> None:
    with pytest.raises(SealBroken):
        SEALER.open(box, purpose="a")
