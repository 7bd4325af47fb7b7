"""The SFU process with real pictures: how fast, how whole, and what happens when something goes wrong."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from typing import Any

import psutil
import pytest
from aiortc import AudioStreamTrack, RTCPeerConnection
from aiortc.rtp import RtcpPacket, RtcpSrPacket
from engines import until
from peer import CONFIGURATION, Join, Noise, Picture
from rtc_notebook_server.sfu import embedded
from rtc_notebook_server.sfu.embedded import EmbeddedEngine

from rtc_notebook.errors import SfuError
from rtc_notebook.process.spawn import Child
from rtc_notebook.protocol import IceCandidate

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


async def test_an_idle_m_line_carries_the_next_track(engine: EmbeddedEngine, join: Join) -> None:
    ana, ben = await join("ana"), await join("ben")
    for track in ("dark", "light"):
        await engine.set_audience(track, ["ben"])
    await ana.publish({"dark": Picture(50), "light": Picture(200)})
    await ben.subscribe("dark")
    await (await ben.screen("dark")).shows(50)
    await ben.subscribe()
    await ben.carrying()
    await ben.subscribe("light")
    await ben.carrying("light")
    assert ben.subscriber is not None and len(ben.subscriber.getTransceivers()) == 1
    await (await ben.screen("light")).shows(200)
    ssrcs = [next(line for line in o.sdp.splitlines() if line.startswith("a=ssrc:")) for o in ben.offers]
    assert ssrcs[0] != ssrcs[-1]


async def test_four_that_join_at_once_cost_few_offers_and_all_see_all(engine: EmbeddedEngine, join: Join) -> None:
    names = ["p1", "p2", "p3", "p4"]
    peers = {name: await join(name) for name in names}
    for name in names:
        await engine.set_audience(f"cam-{name}", [other for other in names if other != name])
        await peers[name].subscribe(*(f"cam-{other}" for other in names if other != name))
    await asyncio.gather(*(peers[n].publish({f"cam-{n}": Picture(50 + 40 * i)}) for i, n in enumerate(names)))
    for i, name in enumerate(names):
        for other in names:
            if other != name:
                await (await peers[other].screen(f"cam-{name}")).shows(50 + 40 * i, timeout=10)
    assert max(len(peer.offers) for peer in peers.values()) <= 3


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


async def test_a_restarted_subscribe_connection_is_offered_afresh(engine: EmbeddedEngine, join: Join) -> None:
    ana, ben = await join("ana"), await join("ben")
    await engine.set_audience("cam", ["ben"])
    await ana.publish({"cam": Picture(60)})
    await ben.subscribe("cam")
    await (await ben.screen("cam")).shows(60)
    ben.carries = {}
    await ben.seat.restart("subscribe")
    await (await ben.screen("cam")).shows(60)
    first, second = (offer.connection_id for offer in ben.offers)
    assert first != second


async def test_no_two_m_lines_of_an_offer_have_one_msid(engine: EmbeddedEngine, join: Join) -> None:
    """Chromium refuses a description in which a track stands twice, be one of them inactive."""
    ana, ben = await join("ana"), await join("ben")
    for track in ("cam", "screen"):
        await engine.set_audience(track, ["ben"])
    await ana.publish({"cam": Picture(60), "screen": Picture(180)})
    await ben.subscribe("cam", "screen")
    await ben.carrying("cam", "screen")
    await ben.subscribe()
    await ben.carrying()
    for track in ("screen", "cam"):  # each, in one of the m-lines that are free
        await ben.subscribe(track)
        await ben.carrying(track)
        msids = [line for line in ben.offers[-1].sdp.splitlines() if line.startswith("a=msid:")]
        assert len(msids) == len(set(msids)) == 2


async def test_an_unanswered_offer_is_sent_again_on_request(engine: EmbeddedEngine, join: Join) -> None:
    ana, ben = await join("ana"), await join("ben")
    ben.answering = False
    await engine.set_audience("cam", ["ben"])
    await ana.publish({"cam": Picture(60)})
    await ben.subscribe("cam")

    async def offered() -> bool:
        return len(ben.offers) > 0

    await until(offered)
    with pytest.raises(SfuError) as refusal:
        await ben.seat.answer(ben.offers[0].id, "v=0 nonsense")
    assert refusal.value.code == "bad-sdp"
    ben.answering = True
    await ben.seat.resend_offer()
    await (await ben.screen("cam")).shows(60)
    assert ben.offers[0] == ben.offers[1]


async def test_candidates_may_come_early_but_not_for_ever(engine: EmbeddedEngine, join: Join) -> None:
    ana = await join("ana")
    candidate = IceCandidate(candidate="candidate:1 1 udp 2130706431 192.0.2.1 50000 typ host", sdp_mid="0")
    with pytest.raises(SfuError) as refusal:
        for _ in range(100):
            await ana.seat.candidate("publish", candidate)
    assert refusal.value.code == "too-many-candidates"
    ben = await join("ben")
    await ben.publish({"cam": Picture(60)})
    with pytest.raises(SfuError) as refusal:
        await ben.seat.candidate("publish", IceCandidate(candidate=candidate.candidate, sdp_mid="nowhere"))
    assert refusal.value.code == "unknown-mid"


async def test_a_process_that_dies_is_reported_and_requests_fail() -> None:
    engine = EmbeddedEngine()
    reasons: asyncio.Queue[str] = asyncio.Queue()
    await engine.start(reasons.put_nowait)
    assert engine.pid is not None
    os.kill(engine.pid, signal.SIGKILL)
    assert "signal 9" in await asyncio.wait_for(reasons.get(), 5)
    with pytest.raises(SfuError) as refusal:
        await engine.stats()
    assert refusal.value.code == "sfu-gone"
    await engine.close()


async def test_a_process_that_cannot_be_started_leaves_nothing_open(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[socket.socket] = []
    pair = socket.socketpair

    def noted() -> tuple[socket.socket, socket.socket]:
        made.extend(pair())
        return made[0], made[1]

    async def refuse(*args: Any, **options: Any) -> None:
        raise OSError("no more processes")

    monkeypatch.setattr(embedded.socket, "socketpair", noted)
    monkeypatch.setattr(Child, "spawn", refuse)
    with pytest.raises(OSError, match="no more processes"):
        await EmbeddedEngine().start(lambda reason: None)
    assert [end.fileno() for end in made] == [-1, -1]


async def test_closing_is_no_death() -> None:
    engine = EmbeddedEngine()
    reasons: list[str] = []
    await engine.start(reasons.append)
    pid = engine.pid
    await engine.close()
    assert not reasons
    assert pid is not None and not psutil.pid_exists(pid)


def test_no_process_is_left_when_its_parent_is_killed() -> None:
    program = """
import asyncio
from rtc_notebook_server.sfu.embedded import EmbeddedEngine
async def main():
    engine = EmbeddedEngine()
    await engine.start(lambda reason: None)
    print(engine.pid, flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
    child.wait(5)
