"""When to ask a publisher for a keyframe."""

from __future__ import annotations

INTERVAL_SECONDS = 0.3
MAX_INTERVAL_SECONDS = 2.0
CALM_SECONDS = 5.0
"""Without a request for so long, the next ones may come as quickly again as the first ones did."""


class KeyframeRequests:
    """Merges everybody's wish for a keyframe into few requests upstream.

    At most one request an interval goes out however many ask, and it is repeated until a keyframe comes. Each makes the
    next interval longer, whether it was answered or not: where keyframes get lost, as on a path that is too thin, ever
    more of them make it worse. Somebody who sees nothing yet waits for the shortest interval only.
    """

    def __init__(self) -> None:
        self._wanted = False
        self._first = False
        self._last = float("-inf")
        self._interval = INTERVAL_SECONDS

    @property
    def wanted(self) -> bool:
        """Whether a keyframe is wanted that has not come."""
        return self._wanted

    def ask(self, first: bool = False) -> None:
        """Want a keyframe; ``first`` if somebody cannot begin without one."""
        self._wanted = True
        self._first = self._first or first

    def arrived(self) -> None:
        """Note that a keyframe has begun to arrive."""
        self._wanted = self._first = False

    def due(self, now: float, at_least: float = 0.0) -> bool:
        """Say whether a request is to go out now; if so, it counts as sent.

        ``at_least``: seconds within which a request cannot have been answered yet.
        """
        if not self._wanted:
            return False
        since = now - self._last
        if since < max(INTERVAL_SECONDS if self._first else self._interval, at_least):
            return False
        self._interval = INTERVAL_SECONDS if since > CALM_SECONDS else min(1.5 * self._interval, MAX_INTERVAL_SECONDS)
        self._last = now
        self._first = False
        return True
