"""A description that names somebody else's certificate connects nobody."""

from __future__ import annotations

import re

from aiortc import RTCPeerConnection, RTCSessionDescription
from engines import until
from peer import Peer, Picture
from rtc_notebook_server.sfu.embedded import EmbeddedEngine

FINGERPRINT = re.compile(r"a=fingerprint:.*\r\n")


async def test_who_does_not_have_the_certificate_sends_nothing() -> None:
    engine, other = EmbeddedEngine(), RTCPeerConnection()
    await engine.start(lambda reason: None)
    try:
        other.addTransceiver("video")
        await other.setLocalDescription()
        theirs = "".join(FINGERPRINT.findall(other.localDescription.sdp)[:3])
        eve = await Peer.join(engine, "eve")
        eve.publisher.addTrack(Picture(80))
        await eve.publisher.setLocalDescription()
        first, *rest = FINGERPRINT.split(eve.publisher.localDescription.sdp)
        answer = await eve.seat.publish(first + theirs + "".join(rest), {"0": ("track", "video")})
        await eve.publisher.setRemoteDescription(RTCSessionDescription(answer, "answer"))

        async def refused() -> bool:
            return "publish" in eve.lost

        await until(refused, 15)
        assert (await engine.stats())["participants"]["eve"]["publish"]["track"]["packets"] == 0
        await eve.close()
    finally:
        await other.close()
        await engine.close()
