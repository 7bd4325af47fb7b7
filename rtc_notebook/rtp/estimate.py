"""How much a publisher may send: receiver-side bandwidth estimation, told by REMB."""

from __future__ import annotations

from aiortc.rate import (
    INTER_ARRIVAL_SHIFT,
    TIMESTAMP_GROUP_LENGTH_MS,
    TIMESTAMP_TO_MS,
    BandwidthUsage,
    InterArrival,
    OveruseDetector,
    OveruseEstimator,
    RateCounter,
)

MIN_BITRATE = 100_000
DECREASE = 0.85
INCREASE_PER_SECOND = 1.25
DECREASE_SECONDS = 0.5
HOLD_SECONDS = 1.0


class ReceiveEstimate:
    """Estimates one connection's capacity from packet delay, with aiortc's detector and a gentler controller.

    aiortc's own controller falls to 0.85 of what has just been sent: a sender that was sending little, on a machine
    that was busy for a moment, is thrown to a fraction of what the path carries and is back twenty seconds later.
    Here a sign of congestion takes 15 % off the estimate, at most twice a second, and never pulls it under 0.85
    of what arrives.

    Parameters
    ----------
    start, maximum : int
        Bits per second, of one stream; the estimate is for all streams of the connection together.
    """

    def __init__(self, start: int, maximum: int) -> None:
        self._start, self._maximum = start, maximum
        self._streams = 1
        self.bitrate = start
        self._rate = RateCounter(1000, 8000)
        self._arrival = InterArrival((TIMESTAMP_GROUP_LENGTH_MS << INTER_ARRIVAL_SHIFT) // 1000, TIMESTAMP_TO_MS)
        self._kalman = OveruseEstimator()
        self._detector = OveruseDetector()
        self._updated: float | None = None
        self._decreased = float("-inf")

    def set_streams(self, count: int) -> None:
        """Say how many video streams share the connection; one more may start at full quality too."""
        if count > self._streams:
            self.bitrate += self._start * (count - self._streams)
        self._streams = max(1, count)
        self.bitrate = min(self.bitrate, self._maximum * self._streams)

    def add(self, abs_send_time: int, arrival_ms: int, size: int) -> None:
        """Note a packet: its abs-send-time (24 bits), arrival in ms, and size in bytes."""
        self._rate.add(size, arrival_ms)
        deltas = self._arrival.compute_deltas(abs_send_time << 8, arrival_ms, size)
        if deltas is None:
            return
        sent_ms = deltas.timestamp * TIMESTAMP_TO_MS
        self._kalman.update(deltas.arrival_time, sent_ms, deltas.size, self._detector.state(), arrival_ms)
        self._detector.detect(self._kalman.offset(), sent_ms, self._kalman.num_of_deltas(), arrival_ms)

    def update(self, arrival_ms: int) -> int:
        """Return the estimate in bits per second; ``arrival_ms`` is now, by the clock of `add`."""
        now = arrival_ms / 1000
        elapsed = 0.0 if self._updated is None else min(1.0, now - self._updated)
        self._updated = now
        usage = self._detector.state()
        if usage is BandwidthUsage.OVERUSING:
            if now - self._decreased >= DECREASE_SECONDS:
                self._decreased = now
                received = self._rate.rate(arrival_ms) or 0
                self.bitrate = round(max(DECREASE * self.bitrate, min(DECREASE * received, self.bitrate), MIN_BITRATE))
        elif usage is BandwidthUsage.NORMAL and now - self._decreased >= HOLD_SECONDS:
            self.bitrate = min(round(self.bitrate * INCREASE_PER_SECOND**elapsed), self._maximum * self._streams)
        return self.bitrate
