"""What pages inside the client need: who a visitor is, and tickets to sign addresses with."""

from collections.abc import Iterator

import pytest

from app.sandbox.api.oauth import new_code
from app.sandbox.server import Sandbox, SandboxServer
from app.wecom import auth
from app.wecom.client import WeComClient, connect_wecom
from app.wecom.errors import BadRequest, TryAgainLater
from app.wecom.ticket import Tickets

from .bare import config_for


@pytest.fixture
def box() -> Sandbox:
    return Sandbox(seed=True)


@pytest.fixture
def client(box: Sandbox) -> Iterator[WeComClient]:
    with SandboxServer(box) as address:
        client = connect_wecom(config_for(address, box.secret, box.corp_id), None)
        yield client
        client.close()


def code_of(box: Sandbox, who: str) -> str:
    return new_code(box.world, who, box.clock.time())


def test_a_member_is_known_by_his_code(box: Sandbox, client: WeComClient) -> None:
    visitor = auth.getuserinfo(client, code_of(box, "zhaoyi"), within=5)
    assert visitor == auth.Visitor(userid="zhaoyi", openid=None, external_userid=None)


def test_a_customer_is_told_from_a_member(box: Sandbox, client: WeComClient) -> None:
    customer = next(box.world.relations_from("zhaoyi")).external_userid
    visitor = auth.getuserinfo(client, code_of(box, customer))
    assert (visitor.userid, visitor.external_userid) == (None, customer)
    assert visitor.openid


def test_a_stranger_is_known_by_openid_alone(box: Sandbox, client: WeComClient) -> None:
    visitor = auth.getuserinfo(client, code_of(box, "somebody"))
    assert (visitor.userid, visitor.external_userid) == (None, None)
    assert visitor.openid


def test_a_code_serves_once_and_for_five_minutes(box: Sandbox, client: WeComClient) -> None:
    used, old = code_of(box, "zhaoyi"), code_of(box, "zhaoyi")
    auth.getuserinfo(client, used)
    box.clock.move(301)
    refused = []
    for code in (used, old, "made-up"):
        with pytest.raises(BadRequest) as caught:
            auth.getuserinfo(client, code)
        refused.append(caught.value.errcode)
        assert code not in f"{caught.value} {caught.value!r} {caught.value.errmsg}"
    assert refused == [42022, 42003, 40029]


def test_a_busy_wecom_leaves_the_code_good(box: Sandbox, client: WeComClient) -> None:
    code = code_of(box, "zhaoyi")
    box.faults.errcode("auth/getuserinfo", -1)
    with pytest.raises(TryAgainLater):
        auth.getuserinfo(client, code, within=5)
    assert auth.getuserinfo(client, code, within=5).userid == "zhaoyi"


def test_corp_and_app_have_tickets_of_their_own(box: Sandbox, client: WeComClient) -> None:
    tickets = Tickets(client)
    assert tickets.corp().value == box.world.tickets["corp", 0][0]
    assert tickets.agent().value == box.world.tickets["agent", box.agent_id][0]
    assert tickets.corp().value != tickets.agent().value


def test_a_ticket_is_asked_for_once(box: Sandbox, client: WeComClient) -> None:
    tickets = Tickets(client)
    values = {tickets.agent(within=2).value for _ in range(5)}
    assert len(values) == len(box.ledger.calls("ticket/get")) == 1


def test_a_ticket_is_in_no_repr(client: WeComClient) -> None:
    ticket = Tickets(client).corp()
    assert ticket.value not in repr(ticket)


def test_a_ticket_that_wecom_does_not_give_in_time_is_an_error(
    box: Sandbox, client: WeComClient
) -> None:
    hold = box.faults.hold("get_jsapi_ticket")
    with pytest.raises(TryAgainLater):
        Tickets(client).corp(within=0.3)
    hold.release()
