"""Whether a stream still fits the way down to one viewer, by what that viewer reports."""

from __future__ import annotations

THIN_LOSS = 0.1
MARGIN = 1.25
"""Of the estimate may be sent: after congestion, estimates are 0.85 of what arrived."""

AHEAD_SECONDS = 1.0
"""How much of it may be sent at once: a keyframe, and some."""

REST_SECONDS = 1.5
THIN_SECONDS = 10.0


class Downlink:
    """Sees a viewer's way become too thin, and says how much of a stream goes there then.

    An estimate (REMB) alone says little: it lags behind a stream that grows, and never goes far beyond what arrives. A
    way is taken to be thin for ten seconds once the estimate falls while packets are being lost; only then
    does anything here have an effect.

    Attributes
    ----------
    resting : bool
        Whether nothing is to be sent until the way has taken what was.
    """

    def __init__(self) -> None:
        self.resting = False
        self._estimate = 0
        self._loss = 0.0
        self._thin_until = float("-inf")
        self._bytes = 0.0  # sent, and not yet taken by a way of the estimated rate
        self._drained = 0.0
        self._held_at = float("-inf")

    def reported(self, loss: float) -> None:
        """Take the share of packets that the viewer says it lost."""
        self._loss = loss

    def estimated(self, bitrate: int, now: float) -> None:
        """Take the viewer's estimate for this stream, bits per second."""
        if bitrate < 0.97 * self._estimate and self._loss >= THIN_LOSS:
            self._thin_until = now + THIN_SECONDS
        self._estimate = bitrate

    def limit(self, now: float) -> int | None:
        """Return what the way takes, bits per second, while it is thin."""
        return self._estimate if now < self._thin_until else None

    def sent(self, size: int, now: float) -> None:
        """Note bytes that were sent."""
        if now < self._thin_until:
            self._drain(now)
            self._bytes += size

    def overfull(self, now: float) -> bool:
        """Say whether the next pictures would only be lost; then it rests until `rested`."""
        if now >= self._thin_until:
            self._bytes = 0.0
            return False
        self._drain(now)
        if self._bytes <= AHEAD_SECONDS * self._rate:
            return False
        self._held_at, self.resting = now, True
        return True

    def rested(self, now: float) -> bool:
        """Say whether it has just rested enough: pictures may begin again, at a keyframe."""
        if not self.resting:
            return False
        if now < self._thin_until:
            self._drain(now)
            self.resting = now - self._held_at < REST_SECONDS or self._bytes > 0
        else:
            self.resting = False
        return not self.resting

    @property
    def _rate(self) -> float:
        return MARGIN * self._estimate / 8 / (1 - min(self._loss, 0.5))

    def _drain(self, now: float) -> None:
        self._bytes = max(0.0, self._bytes - (now - self._drained) * self._rate)
        self._drained = now
