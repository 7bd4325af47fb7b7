"""How many bytes may be on their way: over TCP, what is sent beyond what the path takes only becomes delay.

The window grows while the round trip stays near the shortest one seen and shrinks when it does not, as in delay-based
congestion control (LEDBAT, RFC 6817), but counts what the application at the other end has acknowledged: buffers of
kernels and proxies in between are all part of the path.
"""

from __future__ import annotations

START_BYTES = 64 * 1024
MIN_BYTES = 6 * 1024
MAX_BYTES = 1024 * 1024
QUEUE_SECONDS = 0.12
"""How much longer than the shortest a round trip may take."""

SHORTEST_FOR = 20.0
RATE_SECONDS = 0.5


class Window:
    """One sender's window, by the acknowledgements that it gets. Times are seconds of one steady clock."""

    def __init__(self) -> None:
        self.size = START_BYTES
        self.sent = 0
        self.acked = 0
        self.delay = 0.0
        """Smoothed round trip, seconds, waiting in buffers included; 0 until the first acknowledgement."""
        self.rate = 0.0
        """Bytes a second that got through lately."""
        self._shortest = float("inf")
        self._shortest_at = 0.0
        self._changed = float("-inf")
        self._limited = False
        self._rated: tuple[float, int] | None = None

    @property
    def unacked(self) -> int:
        """Bytes on their way."""
        return self.sent - self.acked

    @property
    def open(self) -> bool:
        """Whether more may be sent."""
        is_open = self.unacked < self.size
        self._limited = self._limited or not is_open
        return is_open

    @property
    def roomy(self) -> bool:
        """Whether a keyframe's worth may be sent."""
        return self.unacked <= self.size // 2

    def add(self, size: int) -> None:
        """Note bytes that were sent."""
        self.sent += size

    def acknowledge(self, received: int, round_trip: float, now: float) -> None:
        """Take an acknowledgement of ``received`` bytes in all."""
        if not self.acked <= received <= self.sent:
            return
        self.acked = received
        if not 0 <= round_trip < 60:
            return
        self._rate(received, now)
        self.delay = round_trip if not self.delay else self.delay + (round_trip - self.delay) / 4
        if round_trip <= self._shortest or now - self._shortest_at > SHORTEST_FOR:
            self._shortest, self._shortest_at = round_trip, now
        if now - self._changed < max(self.delay, 0.05):
            return
        self._changed = now
        if round_trip > self._shortest + QUEUE_SECONDS:
            self.size = max(MIN_BYTES, int(self.size * 0.75))
        elif self._limited:
            self.size = min(MAX_BYTES, int(self.size * 1.15))
        self._limited = False

    def _rate(self, received: int, now: float) -> None:
        if self._rated is None:
            self._rated = (now, received)
            return
        since, before = self._rated
        if now - since >= RATE_SECONDS:
            self.rate = (received - before) / (now - since)
            self._rated = (now, received)


MIN_BITRATE = 100_000


class Bitrate:
    """What all pictures of a link may take together: less where some did not get out, slowly more where all did.

    Parameters
    ----------
    start, maximum : int
        Bits per second.
    """

    def __init__(self, start: int, maximum: int) -> None:
        self.value = float(start)
        self._maximum = maximum
        self._out = self._blocked = 0
        self._updated = 0.0

    def note(self, out: bool) -> None:
        """Note a picture that got out, or did not."""
        if out:
            self._out += 1
        else:
            self._blocked += 1

    def update(self, rate: float, now: float) -> float:
        """Return bits per second; ``rate`` is how many bytes a second got through, ``now`` seconds."""
        if now - self._updated < RATE_SECONDS:
            return self.value
        self._updated = now
        seen = self._out + self._blocked
        if self._blocked > 0.1 * seen:
            through = 8 * 0.9 * rate if rate > 0 else self.value
            self.value = max(MIN_BITRATE, min(0.85 * self.value, max(through, 0.5 * self.value)))
        elif seen:
            self.value = min(self._maximum, 1.06 * self.value)
        self._out = self._blocked = 0
        return self.value
