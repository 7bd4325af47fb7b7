"""Capture times of many senders on one clock. Without I/O."""

from __future__ import annotations

BELIEVED_SECONDS = 0.25
"""A sender whose quickest frame took so long at most, by its own clock, is taken to have the same clock as we."""

WINDOW_SECONDS = 30.0

STEP_SECONDS = 1.0
"""A clock that was set back by so much is followed at once."""


class SenderClock:
    """Brings capture times by one sender's clock to this machine's; for all tracks of that sender.

    How far two clocks are apart cannot be told from the way a frame takes, but for how much that way varies: the
    quickest frame of the last half minute bounds it (as in Cristian's algorithm, with one way instead of two). A clock
    by which that frame took a plausible time is believed, as both machines are then set by NTP; any other is corrected
    so that it took none.
    """

    def __init__(self) -> None:
        self._quickest: float | None = None  # of this window and of the last: old ones are forgotten, as clocks drift
        self._before: float | None = None
        self._window_end = 0.0

    def here(self, captured: float, arrived: float) -> float:
        """Return when a frame was captured by this machine's clock; ``captured`` is by the sender's.

        Never later than ``arrived``, by this machine's clock too. Seconds since the epoch.
        """
        took = arrived - captured
        if arrived >= self._window_end or arrived < self._window_end - 2 * WINDOW_SECONDS:
            self._before, self._quickest = self._quickest, took
            self._window_end = arrived + WINDOW_SECONDS / 2
        elif self._quickest is None or took < self._quickest:
            self._quickest = took
        quickest = took if self._quickest is None else min(took, self._quickest)
        if self._before is not None:
            quickest = min(quickest, self._before)
        return captured if 0 <= quickest <= BELIEVED_SECONDS else captured + quickest


class TrackClock:
    """Keeps the capture times of one track's frames from going back where a report says that they were taken earlier.

    Some senders' reports err by how late they were sent, as aiortc's do: times then come nearer to the newest one by
    half of the time that passes.
    """

    def __init__(self) -> None:
        self._last: tuple[float, float] | None = None

    def captured(self, media: float, told: float, arrived: float) -> float:
        """Return when a frame was captured.

        Parameters
        ----------
        media : float
            Its place in the track, seconds.
        told : float
            When it was captured by what the newest report says.
        arrived : float
            When it arrived; the result is no later, and no earlier than that of the frame before.
        """
        found = told
        if self._last is not None:
            passed, before = media - self._last[0], self._last[1]
            if before - told < STEP_SECONDS:
                found = max(told, min(before + max(0.0, passed) / 2, arrived), min(before, arrived))
        self._last = (media, found)
        return found
