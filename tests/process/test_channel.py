"""Binary messages over a socket pair."""

from __future__ import annotations

import asyncio
import socket

from rtc_notebook.process.channel import Channel


async def test_messages_come_whole_and_one_that_cannot_be_handled_costs_nobody_elses() -> None:
    ours, theirs = socket.socketpair()
    came: asyncio.Queue[tuple[int, bytes]] = asyncio.Queue()

    def take(number: int, data: bytes) -> None:
        if number == 2:
            raise OverflowError("what its sender meant, nobody knows")
        came.put_nowait((number, data))

    here, there = await Channel.open(ours, lambda number, data: None), await Channel.open(theirs, take)
    for number in (1, 2, 3):
        here.send(number, bytes(100_000) + bytes([number]))
        await here.drain()
    for number in (1, 3):
        assert await asyncio.wait_for(came.get(), 15) == (number, bytes(100_000) + bytes([number]))
    here.close()
    there.close()
