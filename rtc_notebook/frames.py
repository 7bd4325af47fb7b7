"""What is known of a frame besides its pixels."""

from __future__ import annotations

import time
from dataclasses import dataclass


@dataclass(frozen=True)
class FrameInfo:
    """When a frame (or block of sound) was made and how large it is.

    Attributes
    ----------
    sequence : int
        From 1; rises by at least one with each frame of a track.
    captured, arrived : float
        Seconds since the epoch (Unix): when the sender captured it, as its RTCP sender reports say it and as
        arrival otherwise, and when it arrived here.
    width, height : int
        Pixels; 0 for sound.
    """

    sequence: int
    captured: float
    arrived: float
    width: int
    height: int

    @property
    def age(self) -> float:
        """Seconds since it was captured; rises while you look."""
        return time.time() - self.captured
