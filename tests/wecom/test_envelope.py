"""The plaintext of a callback becomes one event, and equal events have equal keys."""

import random
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.wecom.envelope import Unreadable, event_key, read_event

ADD = {
    "ToUserName": "wwsandbox000000001",
    "FromUserName": "sys",
    "CreateTime": "1700000001",
    "MsgType": "event",
    "Event": "change_external_contact",
    "ChangeType": "add_external_contact",
    "UserID": "zhaoyi",
    "ExternalUserID": "wmAAAA0000000000000000000000000A",
    "State": "store-12",
    "WelcomeCode": "WC_x1",
}
texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zs"]), max_size=20)


def xml(fields: dict[str, str], *, cdata: bool = False, space: str = "") -> bytes:
    wrap = "<![CDATA[{}]]>".format if cdata else escape
    inner = "".join(
        f"<{tag}>{space}{wrap(text)}{space}</{tag}>{space}" for tag, text in fields.items()
    )
    return f"<xml>{inner}</xml>".encode()


def test_the_fields_of_an_add_are_read() -> None:
    event = read_event(xml(ADD, cdata=True))
    assert (event.event, event.change_type) == ("change_external_contact", "add_external_contact")
    assert (event.userid, event.state, event.welcome_code) == ("zhaoyi", "store-12", "WC_x1")
    assert event.create_time is not None
    assert int(event.create_time.timestamp()) == 1700000001


@given(
    order=st.permutations(list(ADD)), cdata=st.booleans(), space=st.sampled_from(["", " ", "\n  "])
)
def test_order_cdata_and_space_do_not_change_the_key(
    *, order: list[str], cdata: bool, space: str
) -> None:
    other = read_event(xml({tag: ADD[tag] for tag in order}, cdata=cdata, space=space))
    assert event_key(other) == event_key(read_event(xml(ADD)))


@given(st.sampled_from(list(ADD)), texts)
def test_any_changed_field_changes_the_key(tag: str, text: str) -> None:
    changed = read_event(xml(ADD | {tag: "z" + text}))
    assert event_key(changed) != event_key(read_event(xml(ADD)))


@pytest.mark.parametrize(
    "text",
    [
        "<MemChangeList><Item>wm1</Item><Item>wm2</Item></MemChangeList>",
        "<MemChangeList><![CDATA[wm1,wm2]]></MemChangeList>",
    ],
)
def test_both_shapes_of_a_member_list_are_read(text: str) -> None:
    event = read_event(f"<xml><Event>e</Event>{text}</xml>".encode())
    assert event.items("MemChangeList") == ("wm1", "wm2")


def test_an_absent_member_list_is_empty() -> None:
    assert read_event(b"<xml><Event>e</Event></xml>").items("MemChangeList") == ()


@pytest.mark.parametrize(
    "plaintext",
    [
        b"",
        b"1234567890",
        b"<xml>text</xml>",
        b"<other><Event>e</Event></other>",
        b"<xml><Event>e</Event>",
        b'<!DOCTYPE x [<!ENTITY a "b">]><xml><Event>&a;</Event></xml>',
        b"<xml>" + b"<a>" * 20 + b"</a>" * 20 + b"</xml>",
        b"<xml><UserID>" + b"x" * 65 + b"</UserID></xml>",
        b"\xff\xff",
    ],
    ids=lambda plaintext: plaintext[:24],
)
def test_what_is_no_event_is_unreadable(plaintext: bytes) -> None:
    with pytest.raises(Unreadable):
        read_event(plaintext)


@given(st.binary(max_size=200))
def test_nothing_but_unreadable_escapes(plaintext: bytes) -> None:
    try:
        read_event(plaintext)
    except Unreadable:
        return


def test_lists_are_equal_in_any_order() -> None:
    items = [f"<Item>wm{n}</Item>" for n in range(5)]
    random.Random(1).shuffle(items)
    mixed = f"<xml><Event>e</Event><L>{''.join(items)}</L></xml>"
    sorted_ = f"<xml><Event>e</Event><L>{''.join(sorted(items))}</L></xml>"
    assert event_key(read_event(mixed.encode())) == event_key(read_event(sorted_.encode()))


@pytest.mark.parametrize(
    "text", ["", "-1", "1_000", "１７００００００００", "253402300799", "99999999999", "0", "soon"]
)
def test_a_time_that_cannot_be_is_none(text: str) -> None:
    assert read_event(xml(ADD | {"CreateTime": text})).create_time is None


def test_a_list_given_in_several_elements_is_one() -> None:
    lists = "<MemChangeList>a,b</MemChangeList><MemChangeList>c</MemChangeList>"
    assert read_event(f"<xml><Event>e</Event>{lists}</xml>".encode()).items("MemChangeList") == (
        "a",
        "b",
        "c",
    )


def test_a_new_userid_may_not_be_longer_than_any() -> None:
    with pytest.raises(Unreadable):
        read_event(xml(ADD | {"NewUserID": "x" * 65}))


def test_a_pressed_button_names_who_what_and_on_which_card() -> None:
    told = {
        "FromUserName": "zhaoyi",
        "EventKey": "done",
        "TaskId": "reminder-1",
        "ResponseCode": "RC",
    }
    pressed = read_event(xml({"Event": "template_card_event"} | told))
    found = (pressed.from_userid, pressed.event_key, pressed.task_id, pressed.response_code)
    assert found == tuple(told.values())


def test_whoever_pressed_has_no_longer_id_than_any() -> None:
    with pytest.raises(Unreadable):
        read_event(xml(ADD | {"FromUserName": "x" * 65}))
