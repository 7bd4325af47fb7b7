"""The SFU process with real pictures: how fast, how whole, and what happens when something goes wrong."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
from aiortc import AudioStreamTrack, RTCPeerConnection
from aiortc.rtp import RtcpPacket, RtcpSrPacket
from engines import until
from peer import CONFIGURATION, Join, Noise, Picture
from rtc_notebook_server.sfu.embedded import EmbeddedEngine

pytestmark = pytest.mark.slow

SECOND = 30
"""A second in pictures of the camera, which runs beside what is tested: what else the machine does slows both."""


async def published(engine: EmbeddedEngine, name: str, track: str) -> dict[str, Any]:
    counters: dict[str, Any] = (await engine.stats())["participants"][name]["publish"][track]
    return counters


async def test_picture_and_sound_arrive_and_are_counted(engine: EmbeddedEngine, join: Join) -> None:
    ana, ben = await join("ana"), await join("ben")
    for track in ("cam", "mic"):
        await engine.set_audience(track, ["ben"])
    await ana.publish({"cam": Picture(90), "mic": AudioStreamTrack()})
    await ben.subscribe("cam", "mic")
    screen, speaker = await ben.screen("cam"), await ben.screen("mic")
    await screen.shows(90)
    await screen.more(10)
    await speaker.more(10)
    counters = await published(engine, "ana", "cam")
    assert (counters["width"], counters["height"]) == (320, 240) == screen.size
    assert counters["frames"] >= 10 and counters["keyframes"] >= 1
    assert (await engine.stats())["process"]["pid"] == engine.pid


async def test_a_late_joiner_sees_a_picture_within_a_second(engine: EmbeddedEngine, join: Join) -> None:
    ana, ben = await join("ana"), await join("ben")
    await engine.set_audience("cam", ["ben", "cem"])
    camera = Picture(90)
    await ana.publish({"cam": camera})
    await ben.subscribe("cam")
    await (await ben.screen("cam")).more(30)
    before = await published(engine, "ana", "cam")
    cem = await join("cem")
    await cem.subscribe("cam")
    screen = await cem.screen("cam")
    await cem.reaches()
    began = camera.taken
    await screen.shows(90)
    assert camera.taken - began <= SECOND
    assert (await published(engine, "ana", "cam"))["keyframes"] > before["keyframes"]


async def test_many_wishes_for_a_keyframe_are_few_requests_upstream(engine: EmbeddedEngine, join: Join) -> None:
    names = ["v1", "v2", "v3", "v4"]
    ana = await join("ana")
    await engine.set_audience("cam", names)
    await ana.publish({"cam": Picture(90)})
    began = time.monotonic()
    viewers = [await join(name) for name in names]
    for viewer in viewers:
        await viewer.subscribe("cam")
    for viewer in viewers:
        await (await viewer.screen("cam")).shows(90)
    plis = (await published(engine, "ana", "cam"))["plis_sent"]
    assert plis <= 1 + (time.monotonic() - began) / 0.3


async def test_what_a_viewer_lost_is_sent_again(engine: EmbeddedEngine, join: Join) -> None:
    ana, ben = await join("ana"), await join("ben")
    await engine.set_audience("cam", ["ben"])
    await ana.publish({"cam": Picture(90)})
    await ben.subscribe("cam")
    screen = await ben.screen("cam")
    await screen.more(5)
    assert ben.subscriber is not None
    drop_every(ben.subscriber, 10)
    keyframes = (await published(engine, "ana", "cam"))["keyframes"]
    await screen.more(45, timeout=10)
    stats = await engine.stats()
    assert stats["participants"]["ben"]["subscribe"]["cam"]["retransmitted"] >= 3
    assert stats["participants"]["ana"]["publish"]["cam"]["keyframes"] <= keyframes + 1


def drop_every(connection: RTCPeerConnection, nth: int) -> None:
    """Lose every nth media packet that comes in."""
    transport = connection.getTransceivers()[0].receiver.transport
    handle, count = transport._handle_rtp_data, 0

    async def lossy(data: bytes, arrival_time_ms: int) -> None:
        nonlocal count
        count += 1
        if count % nth or data[1] & 0x7F == 98:  # 98: the retransmissions themselves
            await handle(data, arrival_time_ms)

    transport._handle_rtp_data = lossy  # type: ignore[method-assign]


async def test_sender_reports_tell_the_publishers_time_of_every_timestamp(engine: EmbeddedEngine, join: Join) -> None:
    ana, ben = await join("ana"), await join("ben")
    for track in ("cam", "mic"):
        await engine.set_audience(track, ["ben"])
    await ana.publish({"cam": Picture(90), "mic": Noise()})
    await ben.subscribe("cam", "mic")
    await (await ben.screen("cam")).more(5)
    assert ben.subscriber is not None
    said, heard = Reports(), Reports()
    sender, receiver = ana.publisher.getSenders()[0].transport, ben.subscriber.getTransceivers()[0].receiver.transport
    send, handle_rtp, handle_rtcp = sender._send_rtp, receiver._handle_rtp_data, receiver._handle_rtcp_data

    async def note_sent(data: bytes) -> None:
        said.packet(data)
        await send(data)

    async def note_packet(data: bytes, arrival_time_ms: int) -> None:
        heard.packet(data)
        await handle_rtp(data, arrival_time_ms)

    async def note_report(data: bytes) -> None:
        heard.packet(data)
        await handle_rtcp(data)

    sender._send_rtp = note_sent  # type: ignore[method-assign]
    receiver._handle_rtp_data = note_packet  # type: ignore[method-assign]
    receiver._handle_rtcp_data = note_report  # type: ignore[method-assign]
    shifts: dict[int, int] = {}

    async def both() -> bool:
        for key, timestamp in heard.media.items():
            if key in said.media:
                shifts[key[0]] = (timestamp - said.media[key]) % (1 << 32)
        return len(shifts) == 2 and len({ssrc for ssrc, _ in heard.times}) == 2

    await until(both, 20)
    told = {(ntp, timestamp) for (_, ntp), timestamp in said.times.items()}
    for (_, ntp), timestamp in heard.times.items():
        assert any((ntp, (timestamp - shift) % (1 << 32)) in told for shift in shifts.values()), "the same moment"


class Reports:
    """What timestamps a connection carried: of each packet by how its payload ends, and of each sender report."""

    def __init__(self) -> None:
        self.media: dict[tuple[int, bytes], int] = {}
        self.times: dict[tuple[int, int], int] = {}

    def packet(self, data: bytes) -> None:
        """Take note of a packet."""
        if not 192 <= data[1] <= 223:
            self.media[data[1] & 0x7F, data[-24:]] = int.from_bytes(data[4:8], "big")
            return
        for packet in RtcpPacket.parse(data):
            if isinstance(packet, RtcpSrPacket):
                info = packet.sender_info
                self.times[packet.ssrc, info.ntp_timestamp] = info.rtp_timestamp


async def test_what_the_sfu_lost_is_asked_for_again(engine: EmbeddedEngine, join: Join) -> None:
    ana, ben = await join("ana"), await join("ben")
    await engine.set_audience("cam", ["ben"])
    await ana.publish({"cam": Picture(90)})
    await ben.subscribe("cam")
    screen = await ben.screen("cam")
    await screen.more(5)
    sender = ana.publisher.getSenders()[0]
    send, count = sender.transport._send_rtp, 0

    async def lossy(data: bytes) -> None:
        nonlocal count
        count += data[1] & 0x7F == 97
        if data[1] & 0x7F != 97 or count % 10:
            await send(data)

    sender.transport._send_rtp = lossy  # type: ignore[method-assign]
    before = await published(engine, "ana", "cam")
    await screen.more(45, timeout=10)
    counters = await published(engine, "ana", "cam")
    assert counters["keyframes"] <= before["keyframes"] + 1
    assert counters["frames"] - before["frames"] >= 43  # nearly nothing stays lost


async def test_unmuted_a_picture_is_back_at_once(engine: EmbeddedEngine, join: Join) -> None:
    ana, ben = await join("ana"), await join("ben")
    await engine.set_audience("cam", ["ben"])
    picture = Picture(60)
    await ana.publish({"cam": picture})
    await ben.subscribe("cam")
    screen = await ben.screen("cam")
    await screen.shows(60)
    await ana.seat.set_muted("cam", True)
    picture.level = 180
    await asyncio.sleep(0.3)
    await ana.seat.set_muted("cam", False)
    began = picture.taken
    await screen.shows(180)
    assert picture.taken - began <= SECOND


async def test_others_go_on_when_one_leaves_or_vanishes(engine: EmbeddedEngine, join: Join) -> None:
    ana, ben, cem = await join("ana"), await join("ben"), await join("cem")
    for track in ("cam-ana", "cam-cem"):
        await engine.set_audience(track, ["ben"])
    await ana.publish({"cam-ana": Picture(60)})
    await cem.publish({"cam-cem": Picture(180)})
    await ben.subscribe("cam-ana", "cam-cem")
    screen = await ben.screen("cam-ana")
    await (await ben.screen("cam-cem")).shows(180)
    await cem.close()  # DTLS says good-bye

    async def lost() -> bool:
        return "publish" in cem.lost

    await until(lost)
    await cem.seat.leave()
    await ben.carrying("cam-ana")
    await screen.more(10)


async def test_a_publisher_with_a_fresh_connection_is_the_same_track(engine: EmbeddedEngine, join: Join) -> None:
    ana, ben = await join("ana"), await join("ben")
    await engine.set_audience("cam", ["ben"])
    await ana.publish({"cam": Picture(60)})
    await ben.subscribe("cam")
    screen = await ben.screen("cam")
    await screen.shows(60)
    await ana.publisher.close()
    ana.publisher = RTCPeerConnection(CONFIGURATION)
    await ana.publish({"cam": Picture(180)})
    await screen.shows(180)
    assert len(ben.offers) == 1
