"""What hosts do, over sockets; every user is somebody here."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from fake_engine import FakeEngine
from rtc_notebook_server import going
from rtc_notebook_server.live import LiveRoom
from rtc_notebook_server.place import CHANGES_AT_ONCE, CHANGES_PER_SECOND, CHAT_AT_ONCE, CHAT_PER_SECOND

from rtc_notebook import protocol


@pytest.fixture
def jp_server_config(jp_server_config: dict[str, Any]) -> dict[str, Any]:
    jp_server_config["ServerApp"]["identity_provider_class"] = "test_access.KnowsUsers"
    return jp_server_config


@pytest.fixture
def enter(join: Any) -> Any:
    async def enter(user: str, **more: Any) -> Any:
        return await join(headers={"Authorization": f"user {user}"}, **more)

    return enter


@pytest.fixture
def knock(connect: Any) -> Any:
    async def knock(user: str) -> Any:
        client = await connect(headers={"Authorization": f"user {user}"})
        client.say("hello", version=1, client="browser", clientVersion="1")
        await client.next("waiting")
        return client

    return knock


async def test_a_host_mutes_and_the_muted_unmute_themselves(enter: Any, engines: list[FakeEngine]) -> None:
    ana, bo = await enter("Ana"), await enter("Bo")
    ids = await bo.publish(m0="microphone")
    ana.say("moderate", action="mute", participant=bo.id)
    await bo.until(lambda c: (c.track(ids["0"]) or {}).get("muted"))
    assert engines[0].seats[bo.id].log[-1] == ("set_muted", ids["0"], True)
    await ana.until(lambda c: (c.track(ids["0"]) or {}).get("muted"))
    bo.say("mute", track=ids["0"], muted=False)
    await ana.until(lambda c: c.track(ids["0"]) and not c.track(ids["0"])["muted"])
    assert engines[0].seats[bo.id].log[-1] == ("set_muted", ids["0"], False)


async def test_a_host_mutes_everybody_and_lowers_a_hand(enter: Any, engines: list[FakeEngine]) -> None:
    ana, bo, cy = [await enter(name) for name in ("Ana", "Bo", "Cy")]
    own, his, hers = [(await one.publish(m0="microphone"))["0"] for one in (ana, bo, cy)]
    bo.say("set-hand", raised=True)
    await ana.until(lambda c: c.room["hands"] == [bo.id])
    for refused in ({"type": "mute-all"}, {"type": "lower-hand", "participant": bo.id}, {"type": "end-room"}):
        cy.say(**refused)
        assert (await cy.error())["code"] == "hosts-only"
    ana.say("mute-all")
    await cy.until(lambda c: all((c.track(id) or {}).get("muted") for id in (his, hers)))
    assert not cy.track(own)["muted"]
    muted = {id: [line for line in seat.log if line[0] == "set_muted"] for id, seat in engines[0].seats.items()}
    assert muted == {ana.id: [], bo.id: [("set_muted", his, True)], cy.id: [("set_muted", hers, True)]}
    ana.say("lower-hand", participant=bo.id)
    await cy.until(lambda c: not c.who("Bo")["hand"] and c.room["hands"] == [])


async def test_a_host_ends_the_call_for_everybody(enter: Any, knock: Any, engines: list[FakeEngine]) -> None:
    ana, bo = await enter("Ana"), await enter("Bo")
    await enter("Ana", room="other")
    ana.say("set-lock", locked=True)
    await ana.until(lambda c: c.room["locked"])
    eve = await knock("Eve")
    ana.say("end-room")
    for one, code in ((ana, 1001), (bo, 1001), (eve, 1008)):
        assert (await one.next("bye"))["code"] == "ended"
        assert await one.closed() == code
    assert [engine.closed for engine in engines] == [True, False], "and only this one"
    again = await enter("Eve")
    assert again.names == ["Eve"] and not again.room["locked"] and again.lines == []


async def test_who_is_removed_is_told_and_knocks_when_coming_back(enter: Any, knock: Any) -> None:
    ana, bo = await enter("Ana"), await enter("Bo")
    ana.say("moderate", action="remove", participant=bo.id)
    assert (await bo.next("bye"))["code"] == "removed"
    assert await bo.closed() == 1008
    await ana.until(lambda c: c.names == ["Ana"])
    again = await knock("Bo")
    await ana.until(lambda c: c.room["waiting"])
    again.say("subscribe", tracks=[])
    assert (await again.error())["code"] == "not-admitted"
    ana.say("moderate", action="admit", participant=ana.room["waiting"][0]["id"])
    await again.next("welcome")
    await again.until(lambda c: c.names == ["Ana", "Bo"])


@pytest.mark.slow
async def test_a_locked_room(enter: Any, knock: Any) -> None:
    ana = await enter("Ana")
    ana.say("set-lock", locked=True)
    await ana.until(lambda c: c.room["locked"])
    bo, eve = await knock("Bo"), await knock("Eve")
    assert (await bo.next("heard"))["count"] == 0  # now and then, so that they know that they are not forgotten
    bo.say("heard", count=0)
    await bo.next("heard")
    await ana.until(lambda c: [one["name"] for one in c.room["waiting"]] == ["Bo", "Eve"])
    bo.socket.close()
    await ana.until(lambda c: [one["name"] for one in c.room["waiting"]] == ["Eve"])
    ana.say("moderate", action="remove", participant=ana.room["waiting"][0]["id"])
    bye = await eve.next("bye")
    assert (bye["code"], bye["message"]) == ("denied", "A host of this room did not let you in.")
    await ana.until(lambda c: not c.room["waiting"])


async def test_waiting_ends_with_the_room(enter: Any, knock: Any, jp_serverapp: Any) -> None:
    ana = await enter("Ana")
    ana.say("set-lock", locked=True)
    await ana.until(lambda c: c.room["locked"])
    bo = await knock("Bo")
    await jp_serverapp.cleanup_extensions()
    assert (await bo.next("bye"))["code"] == "server-stopped"


async def test_who_becomes_a_viewer_stops_sending_at_once(enter: Any, engines: list[FakeEngine]) -> None:
    ana, bo = await enter("Ana"), await enter("Bo")
    ids = await bo.publish(m1="camera")
    await ana.until(lambda c: c.track(ids["1"]))
    assert engines[0].audiences[ids["1"]] == {ana.id}
    ana.say("set-role", participant=bo.id, role="viewer")
    assert (await bo.next("restarted"))["connections"] == ["publish"]
    await ana.until(lambda c: c.who("Bo")["role"] == "viewer")
    assert ids["1"] not in engines[0].audiences
    assert engines[0].seats[bo.id].log[-1] == ("restart", "publish")
    bo.say("publish", id=9, sdp="v=0\r\nm=video 9 X 0\r\na=mid:1\r\n", tracks={"1": {"source": "camera"}})
    error = await bo.error()
    assert (error["code"], error["about"], error["id"]) == ("viewers-watch", "publish", 9)


async def test_chat_reaches_everybody_and_who_comes_later(enter: Any) -> None:
    ana, bo = await enter("Ana"), await enter("Bo")
    assert bo.lines == []
    bo.say("send-chat", text="<b>hello</b>")
    for one in (ana, bo):
        (line,) = (await one.next("chat"))["lines"]
        assert (line["name"], line["by"], line["text"]) == ("Bo", bo.id, "<b>hello</b>")
    ana.say("send-chat", text="x" * 4001)
    assert (await ana.error())["code"] == "chat-too-long"
    bo.say("leave")
    eve = await enter("Eve")
    assert [line["text"] for line in eve.lines] == ["<b>hello</b>"]


async def test_chat_goes_at_a_persons_pace(clock: Any, enter: Any) -> None:
    ana = await enter("Ana")
    for number in range(int(CHAT_AT_ONCE) + 1):
        ana.say("send-chat", text=str(number))
    refusal = await ana.error()
    assert (refusal["code"], refusal["about"]) == ("chat-rate", "send-chat")
    clock.now += 1 / CHAT_PER_SECOND
    ana.say("send-chat", text="later")
    while (await ana.next("chat"))["lines"][0]["text"] != "later":
        pass


async def test_what_changes_the_room_is_done_at_a_persons_pace(
    clock: Any, enter: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, bo = await enter("Ana"), await enter("Bo")
    waits: list[float] = []
    monkeypatch.setattr("rtc_notebook_server.conversation.sleep", _noting(waits))
    for number in range(int(CHANGES_AT_ONCE) + 2):
        bo.say("set-hand", raised=number % 2 == 0)
    bo.say("send-chat", text="no change")
    await ana.next("chat")
    assert waits == [1 / CHANGES_PER_SECOND, 2 / CHANGES_PER_SECOND], "and is lost for nobody"
    await ana.until(lambda c: c.room["hands"] == [])


async def test_a_full_room_is_told_the_newest_now_and_then(enter: Any, extension: Any) -> None:
    ana, bo = await enter("Ana"), await enter("Bo")
    live = extension.rooms.rooms["demo"]
    await live.telling.later()  # that Bo came
    bo.say("send-chat", text="0")
    await bo.next("chat")
    bo.say("set-hand", raised=False)  # as it is
    bo.say("send-chat", text="1")
    assert "room" not in [message["type"] async for message in bo.up_to("chat")], "nothing new is told again"
    object.__setattr__(live.settings, "tell_seconds", 1e6)
    for number in range(9):
        bo.say("set-hand", raised=number % 2 == 0)
    bo.say("send-chat", text="2")
    await ana.next("chat")
    await ana.next("chat")
    told = [message["type"] async for message in ana.up_to("chat")]
    assert told.count("room") <= 1, "it is told once that there was something to tell, and not again for each"
    await live.telling.later()
    await ana.until(lambda c: c.room["hands"] == [bo.id])
    cy = await enter("Cy")
    assert cy.room["hands"] == [bo.id] and cy.names == ["Ana", "Bo", "Cy"], "who comes is told at once"


async def test_a_room_whose_host_left_for_good_has_another(enter: Any) -> None:
    ana, bo = await enter("Ana"), await enter("Bo")
    ana.say("leave")
    await bo.until(lambda c: c.who("Bo")["role"] == "host")
    assert (await asyncio.wait_for(bo.next("invites"), 5))["invites"] == []


async def _kept_waiting(enter: Any, knock: Any) -> tuple[Any, Any]:
    """Return a host in a room that she has locked, and somebody at its door."""
    ana = await enter("Ana")
    ana.say("set-lock", locked=True)
    await ana.until(lambda c: c.room["locked"])
    bo = await knock("Bo")
    await ana.until(lambda c: c.room["waiting"])
    return ana, bo


async def test_who_goes_while_being_let_in_leaves_nobody_behind(
    enter: Any, knock: Any, engines: list[FakeEngine], monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, bo = await _kept_waiting(enter, knock)
    seating, gone, real = asyncio.Event(), asyncio.Event(), engines[0].join

    async def join(*args: Any) -> Any:
        seating.set()
        await gone.wait()
        return await real(*args)

    monkeypatch.setattr(engines[0], "join", join)
    monkeypatch.setattr(going, "gone", _telling(going.gone, gone))
    ana.say("moderate", action="admit", participant=ana.room["waiting"][0]["id"])
    await seating.wait()
    bo.socket.close()
    await ana.until(lambda c: c.names == ["Ana"] and not c.room["waiting"])
    assert list(engines[0].seats) == [ana.id], "the seat that was taken meanwhile is given back"


async def test_what_somebody_says_at_once_when_let_in_is_heard(
    enter: Any, knock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, bo = await _kept_waiting(enter, knock)
    said, settle, decode = asyncio.Event(), LiveRoom.settle, protocol.decode_client

    async def settle_late(live: LiveRoom) -> None:
        await said.wait()
        await settle(live)

    def decoded(data: str | bytes) -> protocol.ClientMessage:
        message = decode(data)
        if isinstance(message, protocol.SetHand):
            said.set()
        return message

    monkeypatch.setattr(LiveRoom, "settle", settle_late)
    monkeypatch.setattr(protocol, "decode_client", decoded)
    ana.say("moderate", action="admit", participant=ana.room["waiting"][0]["id"])
    await bo.next("welcome")
    bo.say("set-hand", raised=True)
    await asyncio.wait_for(bo.until(lambda c: (c.who("Bo") or {}).get("hand")), 10)


def _noting(waits: list[float]) -> Any:
    sleep = asyncio.sleep

    async def noted(seconds: float) -> None:
        waits.append(seconds)
        await sleep(0)

    return noted


def _telling(function: Any, event: asyncio.Event) -> Any:
    async def tell(*args: Any) -> None:
        event.set()
        await function(*args)

    return tell
