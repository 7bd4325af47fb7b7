"""Connections that break under an SFU that goes on."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiortc.rtp import is_rtcp
from engines import until
from peer import Join, Picture
from rtc_notebook_server.sfu.embedded import EmbeddedEngine


@pytest.mark.slow
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


class Still(Picture):
    """A picture of which nothing new comes while it is ``still``, as of a canvas that nobody draws on."""

    def __init__(self) -> None:
        super().__init__(60)
        self.moves = asyncio.Event()
        self.moves.set()

    async def recv(self) -> Any:
        await self.moves.wait()
        return await super().recv()


@pytest.mark.slow
async def test_what_a_publisher_sends_and_never_arrives_is_to_be_published_afresh_but_no_still(
    engine: EmbeddedEngine, join: Join
) -> None:
    ana, ben = await join("ana"), await join("ben")
    await engine.set_audience("cam", ["ben"])
    picture = Still()
    await ana.publish({"cam": picture})
    await ben.subscribe("cam")
    screen = await ben.screen("cam")
    await screen.more(10)
    picture.moves.clear()
    await asyncio.sleep(5)  # longer than a stall, and than two of its reports
    picture.moves.set()
    await screen.more(10)
    assert ana.lost == [], "it stood still, and that is no stall"

    transport = ana.publisher.getSenders()[0].transport
    send = transport._send_rtp

    async def only_reports(data: bytes) -> None:
        if is_rtcp(data):
            await send(data)

    transport._send_rtp = only_reports  # type: ignore[method-assign]

    async def lost() -> bool:
        return ana.lost == ["publish"]

    await until(lost, 20)
