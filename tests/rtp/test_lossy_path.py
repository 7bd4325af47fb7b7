"""Pictures over a path that loses packets, both ways and on both legs, to the SFU and from it to a kernel."""

from __future__ import annotations

import asyncio

import pytest
from harness.freezes import frozen
from lossy import FPS, Scene, simulate

SECONDS = 30


@pytest.mark.slow
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


@pytest.mark.slow
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
