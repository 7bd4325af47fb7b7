"""Pictures over a way that is too thin for them, and what viewers do about it."""

from __future__ import annotations

import asyncio
import itertools
from types import SimpleNamespace
from typing import Any

import pytest
from aiortc.rtp import (
    RTCP_PSFB_APP,
    RtcpPacket,
    RtcpPsfbPacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    RtcpSrPacket,
    is_rtcp,
    pack_remb_fci,
)
from harness.freezes import frozen
from lossy import FPS, Scene, Viewer, simulate
from rtc_notebook_server.sfu import subscriber as subscriber_module
from rtc_notebook_server.sfu.base import Network, OfferMade
from rtc_notebook_server.sfu.subscriber import Subscriber

from rtc_notebook.media.starved import Starved

SECONDS = 30


def report(scene: Scene, number: int, bitrate: int, loss: float) -> None:
    """Have a viewer say what it receives and what its way takes, as browsers do."""
    viewer = scene.viewers[number]
    ssrc = viewer.sender._ssrc
    info = RtcpReceiverInfo(
        ssrc=ssrc, fraction_lost=int(256 * loss), packets_lost=0, highest_sequence=0, jitter=0, lsr=0, dlsr=0
    )
    remb = RtcpPsfbPacket(fmt=RTCP_PSFB_APP, ssrc=1, media_ssrc=0, fci=pack_remb_fci(bitrate, [ssrc]))
    up = viewer.receiver.transport
    up.send(bytes(RtcpRrPacket(ssrc=1, reports=[info])))
    up.send(bytes(remb))


async def thin(scene: Scene, number: int, bitrate: int) -> None:
    """Let a viewer's way take only so much: what is more is lost, and said to be."""
    loop = asyncio.get_running_loop()
    viewer = scene.viewers[number]
    taken: dict[str, float] = {"bytes": 0.0, "at": 0.0, "sent": 1.0, "lost": 0.0}

    def lose(data: bytes) -> bool:
        now = loop.time()
        taken["bytes"] = max(0.0, taken["bytes"] - (now - taken["at"]) * bitrate / 8) + len(data)
        taken["at"], taken["sent"] = now, taken["sent"] + 1
        if taken["bytes"] < bitrate / 8:
            return False
        taken["bytes"] -= len(data)
        taken["lost"] += 1
        return True

    viewer.down.lose = lose
    report(scene, number, 2_500_000, 0.0)
    while True:
        await asyncio.sleep(1.0)
        loss = taken["lost"] / taken["sent"]
        taken["sent"], taken["lost"] = 1.0, 0.0
        report(scene, number, int(0.85 * bitrate) if loss > 0.05 else bitrate, loss)


def test_a_viewer_with_a_thin_way_gets_stretches_and_harms_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        scene = Scene(0.0, 0.01, viewers=2)
        task: asyncio.Future[Any] = asyncio.ensure_future(thin(scene, 0, 1_200_000))  # of 2 Mbps
        await scene.run(SECONDS)
        task.cancel()
        poor, good = scene.viewers
        assert frozen(good.times) < 0.01 and len(good.times) >= SECONDS * FPS - 1
        assert len(poor.times) > 0.25 * SECONDS * FPS, "it gets what fits"
        assert scene.camera.plis <= SECONDS / 2 + 2
        assert poor.sender.stats()["retransmitted"] < 1500
        assert 300_000 < (scene.publication.limit(SECONDS) or 0) <= 1_200_000

    simulate(monkeypatch, main)


def test_a_viewer_whose_way_is_wide_enough_is_never_held_back(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        scene = Scene(0.1, 0.01)

        async def doubt() -> None:
            """Report as a browser that is busy: estimates go up and down around what arrives."""
            for second in range(SECONDS):
                report(scene, 0, [2_300_000, 1_750_000][second % 2], 0.1)
                await asyncio.sleep(1.0)

        task = asyncio.ensure_future(doubt())
        await scene.run(SECONDS)
        task.cancel()
        assert frozen(scene.viewers[0].times) < 0.01

    simulate(monkeypatch, main)


class Connection:
    """A subscribe connection whose one m-line is a viewer's."""

    state, dead, local_sdp = "connected", False, ""

    def __init__(self, viewer: Viewer) -> None:
        self._viewer = viewer
        self.pc = self

    def addTransceiver(self, kind: str, direction: str) -> Any:
        return SimpleNamespace(sender=self._viewer.sender, kind=kind, mid="0", direction=direction)

    async def createOffer(self) -> None: ...

    async def setLocalDescription(self, offer: None) -> None: ...

    async def setRemoteDescription(self, answer: object) -> None:
        await self._viewer.negotiate()

    def described(self) -> None: ...


def subscribe(scene: Scene, viewer: Viewer, monkeypatch: pytest.MonkeyPatch) -> Subscriber:
    """Have a viewer's m-line come and go as the SFU offers it."""
    loop = asyncio.get_running_loop()
    monkeypatch.setattr(subscriber_module, "PeerConnection", lambda *args: Connection(viewer))
    monkeypatch.setattr(subscriber_module.sdp, "parse", lambda text: None)

    def answer(offer: object) -> None:
        assert isinstance(offer, OfferMade)
        loop.call_later(0.05, lambda: asyncio.ensure_future(subscriber.answer(offer.id, "")))

    async def begin() -> None:
        subscriber.want(["cam"])

    viewer.begin = begin  # type: ignore[method-assign]
    subscriber = Subscriber(Network(), lambda wanted: dict.fromkeys(wanted, scene.publication), answer)
    return subscriber


async def repair(viewer: Viewer, subscriber: Subscriber, times: list[float]) -> None:
    """Ask for a track anew whenever it is starved, as a kernel does."""
    loop, starved = asyncio.get_running_loop(), Starved()
    while True:
        await asyncio.sleep(0.5)
        if viewer.times:
            starved.came("cam", viewer.times[-1])
        if starved.look({"cam"}, loop.time()):
            times.append(loop.time())
            subscriber.want([])
            await asyncio.sleep(0.4)
            subscriber.want(["cam"])


@pytest.mark.slow
@pytest.mark.parametrize("repaired", [False, True])
def test_a_thin_way_is_not_flooded_again_by_who_asks_anew(monkeypatch: pytest.MonkeyPatch, repaired: bool) -> None:
    async def main() -> None:
        repairs: list[float] = []
        scene = Scene(0.0, 0.01, viewers=2)
        poor, good = scene.viewers
        subscriber = subscribe(scene, poor, monkeypatch)
        running = asyncio.ensure_future(scene.run(SECONDS))
        await asyncio.sleep(0.2)
        tasks = [asyncio.ensure_future(thin(scene, 0, 350_000))]  # which a keyframe a second fills
        if repaired:
            tasks.append(asyncio.ensure_future(repair(poor, subscriber, repairs)))
        await running
        for task in tasks:
            task.cancel()
        assert len(repairs) >= (2 if repaired else 0)
        assert poor.down.sent < 4_000, "without knowing of the way it was 60,000"
        assert len(poor.times) > 5
        assert frozen(good.times) < 0.01 and scene.camera.plis < SECONDS

    simulate(monkeypatch, main)


def test_who_is_sent_nothing_for_a_while_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """By reports that count what was sent: then nobody needs to ask for the track anew."""
    said: list[tuple[float, int | None]] = []  # when a report came, and its count; None: a packet of the picture

    async def main() -> None:
        loop, scene = asyncio.get_running_loop(), Scene(0.0, 0.01)
        down = scene.viewers[0].down
        deliver = down.deliver

        def listen(data: bytes) -> None:
            reports = RtcpPacket.parse(data) if is_rtcp(data) else [None]
            for one in reports:
                if one is None or isinstance(one, RtcpSrPacket):
                    said.append((loop.time(), None if one is None else one.sender_info.packet_count))
            deliver(data)

        async def report_twice_a_second() -> None:
            while True:
                await asyncio.sleep(0.5)
                scene.publication.add_report(
                    scene.camera.ssrc, int(loop.time() * (1 << 32)), scene.camera.frames * 3000
                )

        down.deliver = listen
        tasks = [asyncio.ensure_future(report_twice_a_second()), asyncio.ensure_future(thin(scene, 0, 1_200_000))]
        await scene.run(SECONDS)
        for task in tasks:
            task.cancel()

    simulate(monkeypatch, main)
    packets = [at for at, count in said if count is None]
    rests = [(a, b) for a, b in itertools.pairwise(packets) if b - a > 1.5]
    assert rests
    for begin, end in rests:
        counts = [count for at, count in said if begin < at < end and count is not None]
        assert len(counts) >= 2 and len(set(counts[:-1])) == 1, "the last comes with the first packet after it"
