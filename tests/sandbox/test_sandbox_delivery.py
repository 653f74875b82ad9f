"""Callbacks: sealed as WeCom seals them, tried again as WeCom tries, and every try written down."""

import pytest

from app.sandbox.events import seal
from app.sandbox.server import Sandbox
from app.sandbox.world import App

from .conftest import Client
from .receiver import Post, Receiver, decrypt

VECTOR_KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"


def outcomes(box: Sandbox, event_id: int) -> list[str]:
    return [attempt.outcome for attempt in box.ledger.attempts(event_id)]


@pytest.mark.parametrize("length", [*range(1, 40), 500])
def test_any_length_opens_with_an_independent_aes(length: int) -> None:
    app = App(1, "", "", token="t", aes_key=VECTOR_KEY)
    text = "字" * length
    envelope = seal(
        text, app, receiveid="wwsandbox1", timestamp="1", nonce="2", corp_id="wwsandbox1"
    )
    post = Post(envelope.query, envelope.body)
    assert post.opened(VECTOR_KEY) == (text, "wwsandbox1")
    assert post.signed_by("t")


def test_the_tests_own_decryption_agrees_with_a_published_vector() -> None:
    sealed = (
        "P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ=="
    )
    assert decrypt(sealed, VECTOR_KEY) == ("1616140317555161061", "wx5823bf96d3bd56c7")


def test_an_add_arrives_signed_and_complete(box: Sandbox, receiver: Receiver) -> None:
    event = box.people.customer_scans("zhaoyi", state="store-12", create_time=1700000001)
    box.delivery.wait_idle()
    (post,) = receiver.posts
    assert post.signed_by(box.token)
    assert post.opened(box.aes_key)[1] == box.corp_id
    assert post.fields(box.aes_key) == {
        "ToUserName": box.corp_id,
        "FromUserName": "sys",
        "CreateTime": "1700000001",
        "MsgType": "event",
        "Event": "change_external_contact",
        "ChangeType": "add_external_contact",
        "UserID": "zhaoyi",
        "ExternalUserID": event.external_userid,
        "State": "store-12",
        "WelcomeCode": event.welcome_code,
    }


def test_absent_fields_are_absent(box: Sandbox, receiver: Receiver) -> None:
    box.people.customer_scans("zhaoyi", wecom=True)
    box.delivery.wait_idle()
    fields = receiver.posts[0].fields(box.aes_key)
    assert not {"State", "WelcomeCode"} & set(fields)


def test_a_failed_callback_is_tried_again_and_sealed_anew(box: Sandbox, receiver: Receiver) -> None:
    receiver.statuses = [500, 503, 200]
    event = box.people.customer_scans("zhaoyi")
    box.delivery.wait_idle()
    assert outcomes(box, event.event_id) == ["failed", "failed", "acked"]
    assert box.ledger.event_ids("acked") == {event.event_id}
    assert len({post.body for post in receiver.posts}) == 3
    assert len({post.opened(box.aes_key)[0] for post in receiver.posts}) == 1


def test_a_retry_may_repeat_the_same_bytes(box: Sandbox, receiver: Receiver) -> None:
    box.faults.callbacks.identical_retry = True
    receiver.statuses = [500, 200]
    box.people.customer_scans("zhaoyi")
    box.delivery.wait_idle()
    first, second = receiver.posts
    assert (first.body, first.query) == (second.body, second.query)


def test_a_callback_is_given_up_after_three_more_tries(box: Sandbox, receiver: Receiver) -> None:
    receiver.statuses = [500]
    event = box.people.customer_scans("zhaoyi")
    box.delivery.wait_idle()
    assert outcomes(box, event.event_id) == ["failed", "failed", "failed", "given_up"]
    assert box.ledger.event_ids("given_up") == {event.event_id}


def test_nobody_there_counts_as_failed(box: Sandbox, receiver: Receiver) -> None:
    box.delivery.retries = 0
    box.connect(callback_url="http://127.0.0.1:1/callbacks/app")
    event = box.people.customer_scans("zhaoyi")
    box.delivery.wait_idle()
    (attempt,) = box.ledger.attempts(event.event_id)
    assert attempt.status is None
    assert attempt.error == "ConnectionError"
    assert not receiver.posts


def test_copies_and_losses_are_injected(box: Sandbox, receiver: Receiver) -> None:
    box.faults.callbacks.copies = 3
    doubled = box.people.customer_scans("zhaoyi")
    box.faults.callbacks.lost = 1.0
    lost = box.people.customer_scans("zhaoyi")
    box.delivery.wait_idle()
    assert len(receiver.posts) == 3
    assert doubled.acks == 3
    assert box.ledger.event_ids("lost") == {lost.event_id}


def test_a_bad_signature_is_bad(box: Sandbox, receiver: Receiver) -> None:
    box.faults.callbacks.bad_signature = True
    box.people.customer_scans("zhaoyi")
    box.delivery.wait_idle()
    assert not receiver.posts[0].signed_by(box.token)


def test_a_wrong_receiveid_is_well_signed(box: Sandbox, receiver: Receiver) -> None:
    box.faults.callbacks.wrong_receiveid = True
    box.people.customer_scans("zhaoyi")
    box.delivery.wait_idle()
    assert receiver.posts[0].signed_by(box.token)
    assert receiver.posts[0].opened(box.aes_key)[1] != box.corp_id


def test_kept_callbacks_leave_shuffled_by_seed(receiver: Receiver) -> None:
    box = Sandbox(seed=True, delivery_threads=1)
    box.connect(callback_url=f"{receiver.url}/callbacks/app")
    orders = []
    for _ in range(2):
        receiver.posts.clear()
        box.delivery.pause()
        made = [event.external_userid for event in box.people.customers_scan(20, "zhaoyi")]
        assert not receiver.posts
        box.delivery.resume(shuffle_seed=7)
        box.delivery.wait_idle()
        arrived = [post.fields(box.aes_key)["ExternalUserID"] for post in receiver.posts]
        orders.append([made.index(external_userid) for external_userid in arrived])
    box.close()
    assert orders[0] == orders[1] != list(range(20))
    assert sorted(orders[0]) == list(range(20))


@pytest.mark.parametrize("flat", [False, True])
def test_a_list_of_members_is_nested_or_flat(
    box: Sandbox, receiver: Receiver, *, flat: bool
) -> None:
    box.faults.callbacks.flat_member_list = flat
    chat_id = next(iter(box.world.groups))
    box.people.group_joined(chat_id, ["wmA", "wmB"])
    box.delivery.wait_idle()
    xml = receiver.posts[0].opened(box.aes_key)[0]
    nested = "<Item><![CDATA[wmA]]></Item><Item><![CDATA[wmB]]></Item>"
    assert f"<MemChangeList>{'<![CDATA[wmA,wmB]]>' if flat else nested}</MemChangeList>" in xml


def test_an_unknown_change_type_can_be_sent(box: Sandbox, receiver: Receiver) -> None:
    box.faults.callbacks.unknown_change = True
    box.people.customer_scans("zhaoyi")
    box.delivery.wait_idle()
    assert "change_that_nobody_knows" in receiver.posts[0].opened(box.aes_key)[0]


def test_text_that_looks_like_xml_stays_text(box: Sandbox, receiver: Receiver) -> None:
    box.people.customer_scans("zhaoyi", state="]]></State><x>")
    box.delivery.wait_idle()
    assert receiver.posts[0].fields(box.aes_key)["State"] == "]]></State><x>"


def test_changes_through_the_api_call_nobody_back(
    box: Sandbox, receiver: Receiver, wecom: Client
) -> None:
    relation = next(box.world.relations_from("zhaoyi"))
    whose = {"userid": "zhaoyi", "external_userid": relation.external_userid}
    assert wecom.post("externalcontact/remark", **whose, remark="老客户")["errcode"] == 0
    assert relation.remark == "老客户"
    assert box.ledger.count("event") == 0
    assert not receiver.posts


def test_callbacks_go_to_this_machine_only(box: Sandbox) -> None:
    for url in ("http://192.0.2.1/", "https://example.com/", "ftp://127.0.0.1/"):
        with pytest.raises(ValueError, match="this machine"):
            box.connect(callback_url=url)


def test_no_real_corp_is_taken() -> None:
    with pytest.raises(ValueError, match="no real corp"):
        Sandbox(corp_id="ww1234567890abcdef")


def test_the_url_check_names_what_is_wrong(box: Sandbox, receiver: Receiver) -> None:
    receiver.page = b'"quoted"\n'
    assert box.verify_callback_url() == ["quotes", "newline", "another text"]
