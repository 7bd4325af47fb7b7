from __future__ import annotations

import asyncio
from typing import Any

import pytest
from fake_engine import FakeEngine

from rtc_notebook.errors import SfuError


async def test_an_sfu_that_dies_is_replaced_and_everybody_is_told(join: Any, engines: list[FakeEngine]) -> None:
    ana, bo, kernel = await join(name="Ana"), await join(name="Bo"), await join(client="kernel")
    ids = await ana.publish(m1="camera")
    for who in (bo, kernel):
        who.say("subscribe", tracks=[ids["1"]])
        await who.next("offer")
    kernel.say("set-filter", participant=ana.id, onError="hold")
    await bo.until(lambda c: c.filter(ids["1"]))
    engines[0].die()
    for who in (ana, bo, kernel):
        assert (await who.next("restarted"))["connections"] == ["publish", "subscribe"]
    assert len(engines) == 2
    assert engines[0].closed
    assert engines[1].audiences[ids["1"]] == {kernel.id}
    assert engines[1].seats[bo.id].log[0] == ("subscribe", (ids["1"],))
    assert await ana.publish(m1="camera") == ids, "tracks keep their ids, so that filters go on"
    assert list((await kernel.next("offer"))["tracks"].values()) == [ids["1"]]
    assert not engines[1].seats[bo.id].offers, "and the raw picture goes to nobody else"


async def test_an_sfu_that_cannot_take_a_picture_away_is_given_up(join: Any, engines: list[FakeEngine]) -> None:
    ana, kernel = await join(name="Ana"), await join(client="kernel")
    ids = await ana.publish(m1="camera")
    engines[0].running = False
    kernel.say("set-filter", participant=ana.id)
    await ana.next("restarted")
    assert engines[0].closed
    assert engines[1].audiences[ids["1"]] == {kernel.id}
    await ana.until(lambda c: c.filter(ids["1"]))


async def test_an_sfu_that_dies_again_and_again_ends_the_call(join: Any, engines: list[FakeEngine]) -> None:
    ana = await join()
    for death in range(5):
        engines[-1].die()
        if death < 4:
            await ana.next("restarted")
    bye = await ana.next("bye")
    assert bye["code"] == "sfu-failed"
    assert bye["message"].endswith(".")
    assert await ana.closed() == 1001
    assert all(engine.closed for engine in engines)
    assert (await join()).names == ["Guest"], "the room can be opened anew"


async def test_an_sfu_that_does_not_start_is_told(connect: Any, join: Any) -> None:
    FakeEngine.refuse_start = True
    guest = await connect()
    guest.say("hello", version=1, client="browser", clientVersion="1")
    assert (await guest.error())["code"] == "sfu-failed"
    assert await guest.closed() == 1013
    FakeEngine.refuse_start = False
    await join()


async def test_who_was_away_hears_of_it_on_coming_back(join: Any, connect: Any, engines: list[FakeEngine]) -> None:
    ana, bo = await join(name="Ana"), await join(name="Bo")
    ana.socket.close()
    await bo.until(lambda c: not c.who("Ana")["connected"])
    engines[0].die()
    await bo.next("restarted")
    again = await connect()
    await again.hello(session=ana.session, heard=ana.heard)
    assert (await again.next("restarted"))["connections"] == ["publish", "subscribe"]


async def test_an_empty_room_ends_its_sfu(join: Any, engines: list[FakeEngine], jp_serverapp: Any) -> None:
    ana = await join()
    ana.say("leave")
    await ana.closed()
    await asyncio.wait_for(engines[0].ended.wait(), 10)
    assert not jp_serverapp.web_app.settings["rtc_notebook_rooms"].rooms


async def test_a_server_that_stops_says_goodbye_and_ends_every_sfu(
    join: Any, engines: list[FakeEngine], jp_serverapp: Any
) -> None:
    ana, bo = await join("one"), await join("two")
    await jp_serverapp.cleanup_extensions()
    for who in (ana, bo):
        assert (await who.next("bye"))["code"] == "server-stopped"
        assert await who.closed() == 1001
    assert [engine.closed for engine in engines] == [True, True]


async def test_who_is_muted_is_muted_for_the_next_sfu_too(join: Any, engines: list[FakeEngine]) -> None:
    ana, bo = await join(name="Ana"), await join(name="Bo")
    ids = await bo.publish(m0="microphone")
    await ana.until(lambda c: c.track(ids["0"]))
    engines[0].die()
    await ana.next("restarted")
    ana.say("moderate", action="mute", participant=bo.id)
    await bo.until(lambda c: (c.track(ids["0"]) or {}).get("muted"))
    assert await bo.publish(m0="microphone") == ids
    assert engines[1].seats[bo.id].log[-1] == ("set_muted", ids["0"], True)


async def test_a_kernel_whose_media_goes_on_keeps_its_place(join: Any, connect: Any, engines: list[FakeEngine]) -> None:
    ana, kernel = await join(name="Ana"), await join(name="Kernel", client="kernel")
    engines[0].silent[kernel.id] = 0.4
    kernel.socket.close()
    await ana.until(lambda c: (c.who("Kernel") or {}).get("connected") is False)
    await asyncio.sleep(0.3)  # several times as long as one whose media is gone is waited for
    again = await connect()
    assert (await again.hello(client="kernel", session=kernel.session))["participant"] == kernel.id
    again.socket.close()
    engines[0].silent[kernel.id] = 9.0
    await ana.until(lambda c: len(c.room["participants"]) == 1)


async def test_an_sfu_that_seats_only_some_is_given_up_for_the_next(
    join: Any, engines: list[FakeEngine], monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, bo = await join(name="Ana"), await join(name="Bo")
    seat = FakeEngine.join

    async def slow(engine: FakeEngine, participant: str, *args: Any) -> Any:
        if engine is engines[1] and engine.seats:
            raise SfuError("sfu-timeout", "The SFU did not answer.")
        return await seat(engine, participant, *args)

    monkeypatch.setattr(FakeEngine, "join", slow)
    engines[0].die()
    for who in (ana, bo):
        assert (await who.next("restarted"))["connections"] == ["publish", "subscribe"]
    assert set(engines[2].seats) == {ana.id, bo.id} and engines[1].closed
    await bo.publish(m1="camera")


async def test_who_comes_before_the_others_are_seated_again_does_not_take_their_seats(
    join: Any, engines: list[FakeEngine], jp_serverapp: Any
) -> None:
    ana = await join(name="Ana")
    live = jp_serverapp.web_app.settings["rtc_notebook_rooms"].rooms["demo"]
    async with live.lock:
        coming = asyncio.ensure_future(join(name="Bo"))
        while not live.lock._waiters:  # noqa: ASYNC110 - Bo is the first who waits
            await asyncio.sleep(0.01)
        engines[0].die()
    bo = await coming
    await ana.next("restarted")
    assert set(engines[-1].seats) == {ana.id, bo.id}
    await ana.publish(m1="camera")
