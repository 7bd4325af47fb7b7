"""What is kept from whom; docs/security.md names these tests."""

from __future__ import annotations

import json
from typing import Any

import pytest
from guest import NOBODY, Guests, invite
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
