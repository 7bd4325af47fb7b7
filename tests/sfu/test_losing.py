"""Connections that break under an SFU that goes on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from peer import Peer, Picture
from rtc_notebook_server.sfu.embedded import EmbeddedEngine

Join = Callable[[str], Awaitable[Peer]]


@pytest.fixture
async def engine() -> AsyncIterator[EmbeddedEngine]:
    engine = EmbeddedEngine()
    await engine.start(lambda reason: None)
    yield engine
    await engine.close()


@pytest.fixture
async def join(engine: EmbeddedEngine) -> AsyncIterator[Join]:
    peers: list[Peer] = []

    async def enter(name: str) -> Peer:
        peers.append(await Peer.join(engine, name))
        return peers[-1]

    yield enter
    for peer in peers:
        await peer.close()


async def test_a_viewer_whose_connection_is_lost_is_offered_another_by_itself(
    engine: EmbeddedEngine, join: Join
) -> None:
    ana, ben = await join("ana"), await join("ben")
    await engine.set_audience("cam", ["ben"])
    await ana.publish({"cam": Picture(60)})
    await ben.subscribe("cam")
    await (await ben.screen("cam")).shows(60)
    ben.carries = {}
    assert ben.subscriber is not None
    await ben.subscriber.close()  # DTLS tells the SFU
    await (await ben.screen("cam")).shows(60)
    first, second = (offer.connection_id for offer in ben.offers)
    assert first != second and ben.lost == ["subscribe"]
