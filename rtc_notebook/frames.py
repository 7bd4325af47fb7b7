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
    captured : float
        When it was captured (sound: its first sample), in seconds since the epoch (Unix) by this machine's clock, the
        same for all participants. Senders say it by clocks of their own, in RTCP sender reports (RFC 3550, 6.4.1). A
        clock by which the quickest frame of the last half minute took 0 to 250 ms is believed as it is; any other is
        shifted so that this frame took no time, and then ``captured`` is late by the shortest way that a frame takes,
        typically 10 to 50 ms. Sound and pictures of one participant are shifted alike. Until the first report, within
        a second or so, it is when the frame arrived.
    arrived : float
        When it arrived here, by the same clock.
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
