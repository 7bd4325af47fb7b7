"""Pictures over a path that loses packets, both ways and on both legs, to the SFU and from it to a kernel."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiortc.rtp import RTCP_PSFB_APP, RtcpPsfbPacket, RtcpReceiverInfo, RtcpRrPacket, pack_remb_fci
from harness.freezes import frozen
from lossy import FPS, Scene, simulate

SECONDS = 30


@pytest.mark.parametrize(
    ("loss", "round_trip", "still", "plis"),
    [(0.02, 0.05, 0.02, 4), (0.05, 0.05, 0.04, 6), (0.1, 0.05, 0.08, 14), (0.2, 0.004, 0.02, 10), (0.2, 0.05, 0.2, 16)],
)
def test_pictures_keep_going_and_keyframes_do_not_storm(
    monkeypatch: pytest.MonkeyPatch, loss: float, round_trip: float, still: float, plis: int
) -> None:
    async def main() -> None:
        scene = Scene(loss, round_trip / 2)
        await scene.run(SECONDS)
        times = scene.viewers[0].times
        assert len(times) > 0.97 * SECONDS * FPS
        assert frozen(times) < still
        assert scene.camera.plis <= plis
        assert len(set(scene.viewers[0].got)) == len(scene.viewers[0].got), "no picture twice"

    simulate(monkeypatch, main)


def test_the_round_trip_is_learnt_and_no_packet_is_asked_for_twice_within_it(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        scene = Scene(0.0, 0.15)
        lost: set[bytes] = set()

        def lose_once(data: bytes) -> bool:
            """Lose every 50th packet, and no retransmission."""
            first = data[1] & 0x7F == 97 and int.from_bytes(data[2:4], "big") % 50 == 0 and data not in lost
            if first:
                lost.add(data)
            return first

        scene.camera.path.lose = lose_once
        await scene.run(SECONDS)
        assert scene.publication.losses.rtt == pytest.approx(0.3, abs=0.02)
        settled = scene.camera.nacks
        assert settled < 1.3 * len(lost) + 20, "a few more before it was learnt"
        assert len(scene.viewers[0].times) > SECONDS * FPS - 10, "all but those before the first keyframe"

    simulate(monkeypatch, main)


def test_what_is_lost_before_a_pause_is_asked_for_although_nothing_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        scene = Scene(0.0, 0.02)
        losses = 3  # the packet, and two answers to requests for it

        def lose(data: bytes) -> bool:
            nonlocal losses
            again = data[1] & 0x7F == 98
            if losses and (again or scene.camera.frames == 5):
                losses -= 1
                return True
            return False

        scene.camera.path.lose = lose
        began = asyncio.ensure_future(scene.run(0.2))  # six pictures, then nothing any more
        await asyncio.sleep(1.0)
        assert not losses and len(scene.viewers[0].times) == 6
        await began

    simulate(monkeypatch, main)


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
