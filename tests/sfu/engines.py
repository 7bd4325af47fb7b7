"""Drives an engine the same way whichever it is: who publishes, who asks, who is sent what."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from peer import Peer, Picture
from rtc_notebook_server.sfu.base import Engine, OfferMade
from rtc_notebook_server.sfu.embedded import EmbeddedEngine
from rtc_notebook_server.sfu.memory import MemoryEngine

SDP = "v=0\r\n"


async def until(condition: Callable[[], Any], timeout: float = 5.0) -> None:
    """Wait until an async condition holds."""

    async def poll() -> None:
        while not await condition():  # noqa: ASYNC110 - statistics are asked for, they do not come by themselves
            await asyncio.sleep(0.05)

    await asyncio.wait_for(poll(), timeout)


async def sent(engine: Engine, viewer: str, track: str) -> int:
    """Return how many packets of a track a viewer is being sent; 0 if none."""
    participants = (await engine.stats())["participants"]
    return int(participants[viewer]["subscribe"].get(track, {}).get("packets", 0))


class MemoryHarness:
    """Makes packets flow in a `MemoryEngine`."""

    def __init__(self) -> None:
        self.engine = MemoryEngine()
        self.seats: dict[str, Any] = {}

    async def join(self, name: str) -> Any:
        def on_event(event: Any) -> None:
            if isinstance(event, OfferMade):
                asyncio.get_running_loop().create_task(self.seats[name].answer(event.id, SDP))

        self.seats[name] = await self.engine.join(name, on_event)
        return self.seats[name]

    async def publish(self, name: str, *tracks: str) -> None:
        await self.seats[name].publish(SDP, {str(i): (t, "video") for i, t in enumerate(tracks)})

    async def flow(self, *tracks: str) -> None:
        """Let packets of these tracks flow for a while."""
        for _ in range(3):
            await asyncio.sleep(0)
            for track in tracks:
                self.engine.push(track)

    async def close(self) -> None:
        await self.engine.close()


class EmbeddedHarness:
    """Makes real packets flow through an SFU process."""

    def __init__(self) -> None:
        self.engine = EmbeddedEngine()
        self.seats: dict[str, Any] = {}
        self._peers: dict[str, Peer] = {}

    async def join(self, name: str) -> Any:
        self._peers[name] = await Peer.join(self.engine, name)
        self.seats[name] = self._peers[name].seat
        return self.seats[name]

    async def publish(self, name: str, *tracks: str) -> None:
        published = getattr(self._peers[name], "_ids", {}).values()
        await self._peers[name].publish({t: None if t in published else Picture(80) for t in tracks})

    async def flow(self, *tracks: str) -> None:
        """Let packets of these tracks flow for a while."""

        async def packets() -> int:
            participants = (await self.engine.stats())["participants"].values()
            return min(p["publish"][t]["packets"] for t in tracks for p in participants if t in p["publish"])

        target = await packets() + 10

        async def enough() -> bool:
            return await packets() >= target

        await until(enough, 10)

    async def close(self) -> None:
        for peer in self._peers.values():
            await peer.close()
        await self.engine.close()
