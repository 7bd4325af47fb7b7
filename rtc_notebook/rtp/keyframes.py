"""When to ask a publisher for a keyframe."""

from __future__ import annotations

INTERVAL_SECONDS = 0.3
MAX_INTERVAL_SECONDS = 2.0


class KeyframeRequests:
    """Merges everybody's wish for a keyframe into few requests upstream.

    At most one request an interval goes out however many ask, and it is repeated, ever more slowly, until a
    keyframe comes.
    """

    def __init__(self) -> None:
        self._wanted = False
        self._last = float("-inf")
        self._interval = INTERVAL_SECONDS

    def ask(self) -> None:
        """Want a keyframe."""
        self._wanted = True
        self._interval = INTERVAL_SECONDS

    def arrived(self) -> None:
        """Note that a keyframe has begun to arrive."""
        self._wanted = False

    def due(self, now: float) -> bool:
        """Say whether a request is to go out now; if so, it counts as sent."""
        if not self._wanted or now - self._last < self._interval:
            return False
        self._interval = min(self._interval * 1.5, MAX_INTERVAL_SECONDS)
        self._last = now
        return True
