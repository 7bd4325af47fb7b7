"""A server's own authorizer and identity provider have the last word, as in jupyter_server_terminals' tests."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest
from guest import Guests, invite
from jupyter_server.auth.authorizer import Authorizer
from tornado.httpclient import HTTPClientError


class Asks(Authorizer):
    """Writes down what it is asked, and permits what it is told to."""

    permits: ClassVar[set[tuple[str, str]]] = set()
    asked: ClassVar[list[tuple[str, str, str]]] = []

    def is_authorized(self, handler: Any, user: Any, action: str, resource: str) -> bool:
        self.asked.append((user.username, action, resource))
        return (action, resource) in self.permits


@pytest.fixture
def jp_server_config(jp_server_config: dict[str, Any]) -> dict[str, Any]:
    jp_server_config["ServerApp"]["authorizer_class"] = f"{__name__}.Asks"
    jp_server_config["ServerApp"]["identity_provider_class"] = "test_access.KnowsUsers"
    Asks.permits, Asks.asked = {("read", "rtc_notebook"), ("execute", "rtc_notebook")}, []
    return jp_server_config


ANA = {"Authorization": "user Ana"}


@pytest.mark.parametrize("path", ["", "room/demo", "api/rooms", "api/rooms/demo"])
async def test_pages_and_lists_ask_the_authorizer(jp_fetch: Any, path: str) -> None:
    Asks.permits = {("execute", "rtc_notebook")}
    with pytest.raises(HTTPClientError) as refusal:
        await jp_fetch("rtc-notebook", *path.split("/"), headers=dict(ANA), follow_redirects=False)
    assert refusal.value.code == 403
    assert Asks.asked == [("ana", "read", "rtc_notebook")]


@pytest.mark.parametrize("socket", ["socket", "media"])
async def test_sockets_ask_the_authorizer(jp_ws_fetch: Any, socket: str) -> None:
    Asks.permits = {("read", "rtc_notebook")}
    with pytest.raises(HTTPClientError) as refusal:
        await jp_ws_fetch("rtc-notebook", "api", "rooms", "demo", socket, headers=dict(ANA))
    assert refusal.value.code == 403
    assert Asks.asked == [("ana", "execute", "rtc_notebook")]


async def test_who_is_permitted_comes_in_and_guests_need_the_invite_alone(join: Any, guests: Guests) -> None:
    ana = await join(headers=dict(ANA))
    assert ana.names == ["Ana"]
    link = await invite(ana)
    Asks.permits = set()
    guest = await guests.come(link["url"], name="G")
    await guest.until(lambda c: c.names == ["Ana", "G"])


@pytest.mark.parametrize("room", ["..%2F..%2Fetc", "%2e%2e", "a%2Fb", "a%00b", "x" * 65, "%3Cscript%3E"])
async def test_names_that_are_paths_or_markup_are_no_rooms(connect: Any, jp_fetch: Any, room: str) -> None:
    with pytest.raises(HTTPClientError) as refusal:
        await jp_fetch("rtc-notebook", "room", room, headers=dict(ANA))
    assert refusal.value.code in (400, 404)
    try:
        client = await connect(room, headers=dict(ANA))
    except HTTPClientError as error:
        assert error.code in (400, 404)
    else:
        client.say("hello", version=1, client="browser", clientVersion="1")
        assert (await client.next("bye"))["code"] == "bad-room-name"
