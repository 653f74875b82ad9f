"""Callback cryptography: known vectors open, everything else is refused with one exception."""

import base64
import secrets
from collections.abc import Iterator

import pytest
from Crypto.Cipher import AES
from hypothesis import given
from hypothesis import strategies as st

from app.wecom.crypto import CallbackCipher, CallbackError, Proof, find_encrypt, sign, sign_jsapi

KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
RECEIVEID = "wwsandbox000000001"
CIPHER = CallbackCipher(token="SandboxToken0001", aes_key=KEY, receiveid=RECEIVEID)

# Public facts: token, key, receiveid, timestamp, nonce, signature, plaintext, ciphertext.
VECTORS = {
    "1": (
        "QDG6eK",
        "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C",
        "wx5823bf96d3bd56c7",
        "1409659589",
        "263014780",
        "5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3",
        b"1616140317555161061",
        "P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ==",
    ),
    "6": (
        "kjr2TKI8umCBfVF3wAHk8JiPwma5VBme",
        "4Ma3YBrSBbX2aez8MJpXGBne5LSDwgGqHbhM9WPYIws",
        "ww6a112864f8022910",
        "1583940690",
        "VHh7ymSeb0jc4lSb",
        "1ba3cb09c0d2c2b3ed6900d37f91a6efae6cb011",
        b"94966531020182955848408",
        "6KmUQuPVu7UhjyVqRdbo5SfcRqaHvbUlKSHFvBV2ZuR6TIlKsygcfeSd1GDplg1C5KSKr6UPHCaC/nIX3ZNt9w==",
    ),
    "9": (
        "pcoLldqMu2WQQtYBeDX5HiXPsBFlTnDM",
        "CyjBvGm4tJNmcThkeL5Wajzom4jKlBygKtpTkYeqsnE",
        "wwedab3d5fc43636d8",
        "1623292419",
        "1623324060",
        "1495c4dfd4958d4e5faf618978ae66943a042f87",
        b"6058207018001857403",
        "o1XtmVltGmUAqoWee54yd4Q5ZBgrw4/9lFo5qdZoVPd1DybzarjuYCfFlR2AFbAcWHwFgmbrVBD+f9910QIF6g==",
    ),
}


@pytest.mark.parametrize("number", VECTORS)
def test_a_known_vector_opens(number: str) -> None:
    token, key, receiveid, timestamp, nonce, signature, plaintext, encrypted = VECTORS[number]
    cipher = CallbackCipher(token=token, aes_key=key, receiveid=receiveid)
    assert cipher.open(encrypted, Proof(signature, timestamp, nonce)) == plaintext


def test_the_jsapi_vector_is_signed_as_published() -> None:
    ticket = (
        "sM4AOVdWfPE4DxkXGEs8VMCPGGVi4C3VM0P37wVUCFvkVAy_90u5h9nbSlYy3-Sl-HhTdfl2fzFy1AOcHKP7qg"
    )
    signature = sign_jsapi(
        ticket,
        noncestr="Wm3WZYTPz0wzccnW",
        timestamp=1414587457,
        url="http://mp.weixin.qq.com?params=value",
    )
    assert signature == "0f9de62fce790f9a083d5c99e95740ceb90c27ed"


def encrypt(message: bytes, *, receiveid: str = RECEIVEID, padding: int | None = None) -> str:
    """Encrypt as WeCom does, written down a second time; `padding` forces a wrong pad byte."""
    key = base64.b64decode(KEY + "=")
    plain = secrets.token_bytes(16) + len(message).to_bytes(4, "big") + message + receiveid.encode()
    count = 32 - len(plain) % 32
    plain += bytes([count if padding is None else padding]) * count
    return base64.b64encode(AES.new(key, AES.MODE_CBC, key[:16]).encrypt(plain)).decode()


def proof(encrypted: str, *, timestamp: str = "1700000000", nonce: str = "nonce1") -> Proof:
    return Proof(sign("SandboxToken0001", timestamp, nonce, encrypted), timestamp, nonce)


@pytest.mark.parametrize("length", range(64), ids=str)
def test_every_padding_from_1_to_32_opens(length: int) -> None:
    message = b"x" * length
    encrypted = encrypt(message)
    assert CIPHER.open(encrypted, proof(encrypted)) == message


@given(st.binary(max_size=400))
def test_any_bytes_come_back_whole(message: bytes) -> None:
    encrypted = encrypt(message)
    assert CIPHER.open(encrypted, proof(encrypted)) == message


@pytest.mark.parametrize("wrong", [0, 33, 255])
def test_a_pad_byte_out_of_range_is_refused(wrong: int) -> None:
    encrypted = encrypt(b"hello", padding=wrong)
    with pytest.raises(CallbackError, match="padding"):
        CIPHER.open(encrypted, proof(encrypted))


@pytest.mark.parametrize("receiveid", ["", "wwsandbox000000002", RECEIVEID + "x"])
def test_a_message_for_somebody_else_is_refused(receiveid: str) -> None:
    encrypted = encrypt(b"hello", receiveid=receiveid)
    with pytest.raises(CallbackError, match=r"receiveid"):
        CIPHER.open(encrypted, proof(encrypted))


def test_a_wrong_signature_is_refused_before_anything_is_decrypted() -> None:
    with pytest.raises(CallbackError, match="signature"):
        CIPHER.open("not even base64", Proof("0" * 40, "1700000000", "nonce1"))


@given(st.text("ABCDabcd0123+/=", min_size=1, max_size=200))
def test_signed_garbage_is_refused_and_nothing_else_escapes(encrypted: str) -> None:
    with pytest.raises(CallbackError):
        CIPHER.open(encrypted, proof(encrypted))


@pytest.mark.parametrize(
    ("signature", "timestamp", "nonce"),
    [
        ("0" * 39, "1700000000", "n"),
        ("A" * 40, "1700000000", "n"),
        ("0" * 40, "170000000", "n"),
        ("0" * 40, "17000000001", "n"),
        ("0" * 40, "１７００００００００", "n"),
        ("0" * 40, "1700000000", ""),
        ("0" * 40, "1700000000", "n" * 65),
        ("0" * 40, "1700000000", "a b"),
        ("0" * 40 + "\n", "1700000000", "n"),
    ],
)
def test_parameters_out_of_form_are_refused(signature: str, timestamp: str, nonce: str) -> None:
    with pytest.raises(CallbackError) as caught:
        Proof(signature, timestamp, nonce)
    assert caught.value.status == 400


def envelopes() -> Iterator[bytes]:
    yield b""
    yield b"{}"
    yield b'{"encrypt": "AAAA"}'
    yield b"<xml></xml>"
    yield b"<xml><Encrypt>AAAA</Encrypt><Encrypt>BBBB</Encrypt></xml>"
    yield b"<xml><a><Encrypt>AAAA</Encrypt></a></xml>"
    yield b"<other><Encrypt>AAAA</Encrypt></other>"
    yield b"<xml><Encrypt>A A</Encrypt></xml>"
    yield b"<xml><Encrypt></Encrypt></xml>"
    yield b'<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x"><xml><Encrypt>AAAA</Encrypt></xml>'
    yield b'<!DOCTYPE x [<!ENTITY a "AAAA">]><xml><Encrypt>&a;</Encrypt></xml>'
    yield b"<?php 1 ?><xml><Encrypt>AAAA</Encrypt></xml>"
    yield b"<xml>" + b"<a>" * 5000 + b"</a>" * 5000 + b"</xml>"
    yield b"<xml>" + b"<a/>" * 65 + b"<Encrypt>AAAA</Encrypt></xml>"
    yield b"\xff\xfe<\x00x\x00m\x00l\x00"
    yield "<xml><Encrypt>ＡＡＡＡ</Encrypt></xml>".encode()


@pytest.mark.parametrize("body", list(envelopes()), ids=lambda body: body[:24])
def test_an_envelope_that_wecom_never_sends_is_refused(body: bytes) -> None:
    with pytest.raises(CallbackError) as caught:
        find_encrypt(body)
    assert caught.value.status == 400


def test_the_envelope_is_read_by_name_whatever_the_order() -> None:
    body = b"<xml><Encrypt><![CDATA[QUJD]]></Encrypt><AgentID>1</AgentID><ToUserName/></xml>"
    assert find_encrypt(body) == "QUJD"
