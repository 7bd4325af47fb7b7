"""How tracks arrive at this kernel, counted where whole encoded frames come by."""

from __future__ import annotations

import time
from dataclasses import dataclass

from .control import Arrival, Arrivals
from .receiver import FrameReceiver, ReceivedFrame

FORGET_SECONDS = 10.0


@dataclass
class _Counted:
    receiver: FrameReceiver
    since: float
    bytes: int = 0
    frames: int = 0
    delays: float = 0.0
    seen: float = 0.0


class ArrivalCounter:
    """Counts frames by publication, between one report and the next."""

    def __init__(self) -> None:
        self._tracks: dict[str, _Counted] = {}

    def received(self, publication: str, receiver: FrameReceiver, frame: ReceivedFrame) -> None:
        """Count a frame."""
        counted = self._tracks.get(publication)
        if counted is None:
            counted = self._tracks[publication] = _Counted(receiver, time.monotonic())
        counted.receiver = receiver
        counted.bytes += len(frame.encoded.data)
        counted.frames += 1
        counted.delays += frame.arrived - frame.captured
        counted.seen = time.monotonic()

    def report(self) -> Arrivals:
        """Return how it went since the last report; what has not come for long is forgotten."""
        now = time.monotonic()
        tracks = []
        for publication, counted in list(self._tracks.items()):
            if now - counted.seen > FORGET_SECONDS:
                del self._tracks[publication]
                continue
            seconds = max(now - counted.since, 1e-3)
            tracks.append(
                Arrival(
                    track=publication,
                    bitrate=round(8 * counted.bytes / seconds),
                    fps=round(counted.frames / seconds, 1),
                    lost=counted.receiver.packets_lost,
                    jitter=round(counted.receiver.jitter, 5),
                    delay=round(counted.delays / counted.frames, 4) if counted.frames else None,
                )
            )
            self._tracks[publication] = _Counted(counted.receiver, now, seen=counted.seen)
        return Arrivals(tracks=tuple(tracks))
