"""An SFU process of each test's own, and peers in it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from peer import Join, Peer
from rtc_notebook_server.sfu.embedded import EmbeddedEngine


@pytest.fixture
async def engine() -> AsyncIterator[EmbeddedEngine]:
    engine = EmbeddedEngine()
    await engine.start(lambda reason: None)
    yield engine
    await engine.close()


@pytest.fixture
async def join(engine: EmbeddedEngine) -> AsyncIterator[Join]:
    """Return a function that lets a peer of this name in."""
    peers: list[Peer] = []

    async def enter(name: str) -> Peer:
        peers.append(await Peer.join(engine, name))
        return peers[-1]

    yield enter
    for peer in peers:
        await peer.close()
