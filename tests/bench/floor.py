"""The floors: the cheapest things that a Flask on gunicorn can do with a callback."""

import os

from flask import Flask, Response, request

from app.wecom.crypto import CallbackCipher, Proof, find_encrypt

CIPHER = CallbackCipher(
    token=os.environ["BENCH_TOKEN"],
    aes_key=os.environ["BENCH_AES_KEY"],
    receiveid=os.environ["BENCH_CORP_ID"],
)

empty = Flask("empty")
decrypting = Flask("decrypting")


@empty.post("/callbacks/app")
def answer_nothing() -> Response:
    """Answer, and that is all."""
    return Response(status=200)


@decrypting.post("/callbacks/app")
def verify_and_decrypt() -> Response:
    """Verify and decrypt, store nothing, answer."""
    args = request.args
    proof = Proof(args["msg_signature"], args["timestamp"], args["nonce"])
    CIPHER.open(find_encrypt(request.get_data()), proof)
    return Response(status=200)
