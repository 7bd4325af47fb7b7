"""What is sent of a filtered picture, decided without I/O."""

from __future__ import annotations

from typing import Literal

from ..protocol import OnError

STALL_SECONDS = 2.0

Decision = Literal["result", "raw", None]


class FilterPolicy:
    """Decides, picture by picture, between the filter's result, the raw picture and nothing.

    Nothing raw is sent while the filter answers, nor before its first answer. Where it fails (it raised) or stalls
    (pictures were handed over and nothing came back for ``stall_seconds``), ``"pass"`` sends raw pictures until it
    answers again and ``"hold"`` sends none. Blocks of sound are pictures too.

    Times are seconds of any steady clock.
    """

    def __init__(self, on_error: OnError, stall_seconds: float = STALL_SECONDS) -> None:
        self.on_error: OnError = on_error
        self._stall_seconds = stall_seconds
        self.passed = 0
        self.sent = 0
        self._unanswered_since: float | None = None
        self._latest_result = 0

    def begin(self) -> None:
        """Note that another publication of the track begins: answers to the last one may never come."""
        self._unanswered_since = None

    def picture(self, now: float) -> Decision:
        """Note that a raw picture was handed to the kernel; say what to send."""
        if self._unanswered_since is None:
            self._unanswered_since = now
        return self._raw() if self.stalled(now) else None

    def result(self, sequence: int, failed: bool) -> Decision:
        """Note the kernel's answer for picture ``sequence``; say what to send."""
        self._unanswered_since = None
        if sequence <= self._latest_result:
            return None
        self._latest_result = sequence
        if failed:
            return self._raw()
        self.sent += 1
        return "result"

    def stalled(self, now: float) -> bool:
        """Whether the kernel has stopped answering."""
        return self._unanswered_since is not None and now - self._unanswered_since > self._stall_seconds

    def take_counts(self) -> tuple[int, int]:
        """Return how many pictures were sent, and how many of them raw, since the last call."""
        counts = (self.sent, self.passed)
        self.sent = self.passed = 0
        return counts

    def _raw(self) -> Decision:
        if self.on_error == "hold":
            return None
        self.sent += 1
        self.passed += 1
        return "raw"
