"""Anything over the real socket, with its paces and sizes: whatever one sends, the others' call goes on."""

from __future__ import annotations

import logging
from random import Random
from typing import Any

import pytest
from client import Client
from fuzz.script import Script
from fuzz.wire import CLOSES, frames
from guest import Guests, invite
from rtc_notebook_server.sockets import MESSAGES_PER_SECOND
from tornado.websocket import WebSocketClosedError

INTRUDERS = 20


async def intrude(guest: Client, script: Script, people: list[str], tracks: list[str], *, polite: bool) -> int | None:
    """Say everything in the script; return the code that the server closed with, if it did before the end."""
    if polite:
        await guest.hello(name="Eve")
    try:
        for frame in frames(script, people, tracks):
            guest.raw(frame)
        guest.say("leave")
    except WebSocketClosedError:
        pass
    if not polite:
        guest.socket.close()
    while (message := await guest.read()) is not None:
        assert message.get("code") != "internal", message
    return guest.socket.close_code


@pytest.mark.slow
async def test_whatever_comes_over_one_socket_the_others_call_goes_on(
    clock: Any,
    join: Any,
    guests: Guests,
    extension: Any,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def at_once(seconds: float) -> None: ...

    monkeypatch.setattr("rtc_notebook_server.conversation.sleep", at_once)
    ana, bo = await join(name="Ana"), await join(name="Bo")
    mine = await ana.publish(m0="microphone", m1="camera")
    link = (await invite(ana))["url"].partition("#")[2]
    room = extension.rooms.rooms["demo"].room
    before = repr([room.participants[one.id] for one in (ana, bo)])
    codes = set()
    for number in range(INTRUDERS):
        clock.now += 100
        guest = await guests.connect((await guests.exchange(link))["session"])
        script = Script(Random(number).randbytes(100 + 40 * number))
        codes.add(await intrude(guest, script, [ana.id, bo.id], list(mine.values()), polite=number % 5 != 0))
        ana.say("send-chat", text=f"after {number}")
        for one in (ana, bo):
            while (await one.next("chat"))["lines"][-1]["text"] != f"after {number}":
                pass
        live = extension.rooms.rooms["demo"]
        assert set(live.places) == set(room.participants)
    assert repr([room.participants[one.id] for one in (ana, bo)]) == before, "and they are who they were"
    assert codes <= {None, 1000, 1001, 1005, *CLOSES} and {1000, 1008, 1009} <= codes, "some went too far"
    failures = [one for one in caplog.records if one.levelno >= logging.ERROR and "rtc" in one.name.lower()]
    assert not failures, failures[0].getMessage()


async def test_a_socket_that_floods_is_closed_before_it_is_in_any_room(
    clock: Any, join: Any, guests: Guests, extension: Any
) -> None:
    link = (await invite(await join(name="Ana")))["url"].partition("#")[2]
    guest = await guests.connect((await guests.exchange(link))["session"])
    for _ in range(MESSAGES_PER_SECOND + 1):
        guest.raw("nonsense")
    assert await guest.closed() == 1008
    assert len(extension.rooms.rooms["demo"].places) == 1
