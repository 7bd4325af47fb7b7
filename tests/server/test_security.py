"""What is kept from whom; docs/security.md names these tests."""

from __future__ import annotations

import asyncio
import json
from base64 import urlsafe_b64encode
from typing import Any

import pytest
from client import Client
from guest import NOBODY, Guests, invite
from rtc_notebook_server.limits import Buckets
from rtc_notebook_server.manager import HELLOS, SILENT_SOCKETS
from rtc_notebook_server.rooms.door import MAX_WAITING
from tornado.httpclient import HTTPClientError


@pytest.fixture
async def session(join: Any, guests: Guests) -> str:
    made = await invite(await join(name="Ana"))
    return str((await guests.exchange(made["url"].partition("#")[2]))["session"])


@pytest.mark.parametrize(
    "path",
    [
        *("api/contents", "api/kernels", "api/sessions", "api/terminals", "api/config/x", "api/me"),
        *("rtc-notebook/api/rooms", "rtc-notebook/api/rooms/demo", "rtc-notebook/room/demo", "rtc-notebook"),
    ],
)
@pytest.mark.parametrize("scheme", ["token", "Bearer", "rtc-notebook"])
async def test_a_guests_session_opens_nothing_else(session: str, jp_fetch: Any, path: str, scheme: str) -> None:
    with pytest.raises(HTTPClientError) as refusal:
        await jp_fetch(*path.split("/"), headers={"Authorization": f"{scheme} {session}"}, follow_redirects=False)
    assert refusal.value.code in (302, 403)


async def test_a_guests_session_opens_no_other_room(session: str, connect: Any) -> None:
    for room in ("demo", "other"):
        with pytest.raises(HTTPClientError) as refusal:
            await connect(room, headers=dict(NOBODY), subprotocols=["rtc-notebook.guest", session])
        assert refusal.value.code == 403


@pytest.mark.parametrize("path", ["socket", "media"])
async def test_guests_sockets_open_with_a_session_only(session: str, jp_ws_fetch: Any, path: str) -> None:
    for subprotocols in (None, ["rtc-notebook.guest"], ["rtc-notebook.guest", session + "x"], ["else", session]):
        with pytest.raises(HTTPClientError) as refusal:
            where = ("rtc-notebook", "api", "guest", path)
            await jp_ws_fetch(*where, headers=dict(NOBODY), subprotocols=subprotocols)
        assert refusal.value.code == 403


async def test_another_site_cannot_use_a_guests_session(session: str, guests: Guests) -> None:
    with pytest.raises(HTTPClientError) as refusal:
        await guests.connect(session, Origin="https://example.org", Host="localhost:8888")
    assert refusal.value.code == 403


async def test_without_xsrf_nothing_is_exchanged(session: str, jp_fetch: Any) -> None:
    body = json.dumps({"session": session})
    with pytest.raises(HTTPClientError) as refusal:
        await jp_fetch("rtc-notebook", "api", "guest", method="POST", headers=dict(NOBODY), body=body)
    assert refusal.value.code == 403


async def test_a_guest_cannot_read_counters(session: str, guests: Guests) -> None:
    guest = await guests.connect(session)
    await guest.hello(name="G")
    guest.say("get-stats", id=1)
    assert (await guest.error())["code"] == "not-allowed"


@pytest.mark.parametrize(
    "message",
    [
        {"type": "set-lock", "locked": True},
        {"type": "create-invite", "id": 1},
        {"type": "revoke-invite", "invite": "x"},
        {"type": "moderate", "action": "admit", "participant": "x"},
    ],
)
async def test_a_member_sends_no_host_messages(session: str, guests: Guests, message: dict[str, Any]) -> None:
    guest = await guests.connect(session)
    await guest.hello(name="G")
    guest.raw(json.dumps(message))
    assert (await guest.error())["code"] == "hosts-only"


async def test_a_stolen_place_needs_its_guest(join: Any, session: str, guests: Guests, connect: Any) -> None:
    first = await guests.connect(session)
    await first.hello(name="G")
    thief = await connect()
    assert (await thief.hello(session=first.session))["resumed"] is False


async def test_what_was_recorded_and_is_said_again_gives_nobody_anothers_place(join: Any, guests: Guests) -> None:
    ana = await join(name="Ana")
    made, others = await invite(ana, uses=1), await invite(ana)
    token = made["url"].partition("#")[2]
    told = await guests.exchange(token)
    gus = await guests.connect(told["session"])
    await gus.hello(name="Gus")
    said = [{"type": "send-chat", "text": "Mine"}, {"type": "set-hand", "raised": True}, {"type": "leave"}]
    again = await guests.exchange(token)
    assert again["status"] == 403 and again["code"] == "invite-used"
    eve = await guests.connect((await guests.exchange(others["url"].partition("#")[2]))["session"])
    assert (await eve.hello(name="Eve", session=gus.session, heard=0))["resumed"] is False
    for message in said:
        eve.raw(json.dumps(message))
    told = await ana.next("chat")
    while not told["lines"]:
        told = await ana.next("chat")
    assert [line["name"] for line in told["lines"]] == ["Eve"], "what is said is its socket's"
    await ana.until(lambda c: c.names == ["Ana", "Gus"] and not c.who("Gus").get("hand"))
    assert eve.id != gus.id


# --- one token for all ---


@pytest.mark.parametrize("path", ["socket", "media"])
async def test_a_token_opens_a_socket_without_standing_in_its_address(
    jp_ws_fetch: Any, jp_serverapp: Any, path: str
) -> None:
    async def connect(token: str) -> Any:
        shown = ["rtc-notebook.token", urlsafe_b64encode(token.encode()).decode().rstrip("=")]
        headers = {"Authorization": "", "Origin": "https://lab.example.org"}
        where = ("rtc-notebook", "api", "rooms", "demo", path)
        return await jp_ws_fetch(*where, headers=headers, subprotocols=shown)

    opened = await connect(jp_serverapp.identity_provider.token)
    assert opened.selected_subprotocol == "rtc-notebook.token"
    if path == "socket":
        await Client(opened).hello(name="Ana")
    for wrong in ("wrong", "", "\r\nX: y"):
        with pytest.raises(HTTPClientError) as refusal:
            await connect(wrong)
        assert refusal.value.code == 403


async def test_who_is_removed_waits_in_that_browser_where_all_have_one_token(
    join: Any, connect: Any, jp_fetch: Any, http_server_port: Any
) -> None:
    page = await jp_fetch("rtc-notebook", "room", "demo")
    cookie = "; ".join(each.split(";")[0] for each in page.headers.get_list("Set-Cookie"))
    browser = {"Authorization": "", "Cookie": cookie, "Host": f"127.0.0.1:{http_server_port[1]}"}
    ana, bo = await join(name="Ana"), await join(name="Bo", headers=dict(browser))
    ana.say("moderate", action="remove", participant=bo.id)
    assert (await bo.next("bye"))["code"] == "removed"
    again = await connect(headers=dict(browser))
    again.say("hello", version=1, client="browser", clientVersion="1", name="Bo")
    await again.next("waiting")
    await ana.until(lambda c: c.room["waiting"])
    ana.say("moderate", action="admit", participant=ana.room["waiting"][0]["id"])
    await again.next("welcome")


# --- floods ---


async def test_a_guest_has_so_many_places_at_once(join: Any, session: str, guests: Guests) -> None:
    ana = await join(name="Watches")
    theirs = []
    for number in range(3):
        theirs.append(await guests.connect(session))
        await theirs[-1].hello(name=f"G{number}")
    fourth = await guests.connect(session)
    fourth.say("hello", version=1, client="browser", clientVersion="1", name="G4")
    assert (await fourth.next("bye"))["code"] == "too-many-places"
    theirs[0].socket.close()
    await ana.until(lambda c: c.who("G0") and not c.who("G0")["connected"])
    fifth = await guests.connect(session)
    await fifth.hello(name="G5")
    assert fifth.names == ["Ana", "Watches", "G1", "G2", "G5"], "what nobody looks at any more makes way"
    ana.say("leave")


async def test_a_guest_at_the_door_has_no_more_places_than_in_the_room(
    session: str, guests: Guests, extension: Any
) -> None:
    live = extension.rooms.rooms["demo"]
    live.room.door.locked = True
    for number in range(4):
        knocking = await guests.connect(session)
        knocking.say("hello", version=1, client="browser", clientVersion="1", name=str(number))
        assert (await knocking.read())["type"] == ("waiting" if number < 3 else "bye")  # type: ignore[index]


async def test_the_door_is_not_crowded_out(session: str, guests: Guests, extension: Any) -> None:
    room = extension.rooms.rooms["demo"].room
    room.door.locked = True
    for number in range(MAX_WAITING):
        assert room.knock(str(number), user=str(number))
    one_more = await guests.connect(session)
    one_more.say("hello", version=1, client="browser", clientVersion="1")
    assert (await one_more.next("bye"))["code"] == "room-full"
    assert len(room.door.waiting) == MAX_WAITING


@pytest.mark.parametrize("path", ["socket", "media"])
async def test_a_guest_has_few_sockets_that_say_nothing(
    session: str, guests: Guests, jp_ws_fetch: Any, extension: Any, path: str
) -> None:
    async def connect() -> Client:
        where = ("rtc-notebook", "api", "guest", path)
        return Client(await jp_ws_fetch(*where, headers=dict(NOBODY), subprotocols=["rtc-notebook.guest", session]))

    silent = [await connect() for _ in range(SILENT_SOCKETS)]
    assert await (await connect()).closed() == 1013
    if path == "socket":
        await silent.pop().hello(name="G")
    else:
        silent.pop().socket.close()
    while extension.rooms.silent.taken() == SILENT_SOCKETS:  # noqa: ASYNC110 - the server hears of it
        await asyncio.sleep(0.01)
    last = await connect()
    for one in (*silent, last):
        one.socket.close()
    while extension.rooms.silent.taken():  # noqa: ASYNC110
        await asyncio.sleep(0.01)


async def test_a_guest_who_comes_and_goes_all_the_time_has_to_wait(clock: Any, session: str, guests: Guests) -> None:
    for _ in range(int(HELLOS[1])):
        guest = await guests.connect(session)
        await guest.hello(name="G")
        guest.say("leave")
        await guest.closed()
    guest = await guests.connect(session)
    guest.say("hello", version=1, client="browser", clientVersion="1")
    assert (await guest.next("bye"))["code"] == "too-many"
    clock.now += 1 / HELLOS[0]
    await (await guests.connect(session)).hello(name="G")


async def test_one_address_that_tries_links_keeps_no_others_out(
    clock: Any, session: str, guests: Guests, extension: Any, http_server: Any
) -> None:
    http_server.xheaders = True  # as ServerApp.trust_xheaders has it, behind a proxy
    extension.rooms.exchanges = Buckets((1.0, 2.0), (10.0, 4.0))
    codes = [(await guests.exchange("made up", address="192.0.2.1"))["code"] for _ in range(3)]
    assert codes == ["invite-invalid", "invite-invalid", "too-many"]
    assert (await guests.exchange(session, "session", address="192.0.2.2"))["room"] == "demo"
    many = [(await guests.exchange("made up", address=f"192.0.2.{n}"))["code"] for n in range(3, 6)]
    assert many == ["invite-invalid", "too-many", "too-many"], "the server has its own ceiling"
    clock.now += 1
    assert (await guests.exchange("made up", address="192.0.2.1"))["code"] == "invite-invalid"


def test_addresses_are_forgotten() -> None:
    buckets = Buckets((1.0, 1.0), (1e9, 1e9), most=2)
    assert [buckets.take(one) for one in "abab"] == [True, True, False, False]
    assert buckets.take("c") and buckets.take("a"), "who came first is known no more"
