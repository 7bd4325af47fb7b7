"""The kernel's end of the media link, against a server whose network is gone without a word."""

from __future__ import annotations

import asyncio

import pytest
from websockets.asyncio.server import ServerConnection, serve

from rtc_notebook.media import link
from rtc_notebook.media.link import MediaLink
from rtc_notebook.protocol import MediaSettings


async def test_a_socket_over_which_nothing_comes_is_made_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link, "PING_SECONDS", 0.3)
    monkeypatch.setattr(link, "DEAD_SECONDS", 1.5)
    sockets: asyncio.Queue[ServerConnection] = asyncio.Queue()

    async def converse(socket: ServerConnection) -> None:
        await socket.recv()
        await socket.send('{"type": "open"}')
        sockets.put_nowait(socket)
        await socket.wait_closed()

    async with serve(converse, "127.0.0.1", 0, ping_interval=None) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        media = MediaLink(f"ws://127.0.0.1:{port}/socket", "", "secret", MediaSettings())
        try:
            first = await asyncio.wait_for(sockets.get(), 15)
            with pytest.raises(asyncio.TimeoutError):  # answers to pings are enough to keep it
                await asyncio.wait_for(sockets.get(), 3)
            first.transport.pause_reading()  # what is sent arrives nowhere, and nothing comes back
            await asyncio.wait_for(sockets.get(), 15)
            first.transport.abort()
        finally:
            await media.close()
