"""Many people in a room who send nothing, at the price of a socket each."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from websockets.asyncio.client import connect

from rtc_notebook import __version__, protocol
from rtc_notebook.server import named


class Server(Protocol):
    """What of a Jupyter server is needed here."""

    url: str
    token: str


@contextmanager
def seated(server: Server, room: str, names: Sequence[str]) -> Iterator[None]:
    """Have these people in a room meanwhile, who come in this order."""
    leave = threading.Event()
    inside = threading.Semaphore(0)
    thread = threading.Thread(target=lambda: asyncio.run(_sit(server, room, names, inside, leave)), daemon=True)
    thread.start()
    try:
        for name in names:
            assert inside.acquire(timeout=30), f"{name} does not get in"
        yield
    finally:
        leave.set()
        thread.join(30)


async def _sit(
    server: Server, room: str, names: Sequence[str], inside: threading.Semaphore, leave: threading.Event
) -> None:
    tasks = []
    for name in names:
        welcome = asyncio.Event()
        tasks.append(asyncio.ensure_future(_seat(server, room, name, welcome)))
        waiting = asyncio.ensure_future(welcome.wait())
        await asyncio.wait([tasks[-1], waiting], return_when=asyncio.FIRST_COMPLETED)
        if not welcome.is_set():
            waiting.cancel()
            break
        inside.release()
    await asyncio.to_thread(leave.wait)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _seat(server: Server, room: str, name: str, welcome: asyncio.Event) -> None:
    there = named(server.url, server.token)
    headers = {"Authorization": there.authorization}
    async with connect(there.socket(room), additional_headers=headers, proxy=None, max_size=None) as socket:
        hello = protocol.Hello(
            version=protocol.VERSION, client="browser", client_version=__version__, name=name, call=None
        )
        await socket.send(protocol.encode(hello))
        try:
            async for data in socket:
                if isinstance(protocol.decode_server(data), protocol.Welcome):
                    welcome.set()
        finally:
            await socket.send(protocol.encode(protocol.Leave()))
