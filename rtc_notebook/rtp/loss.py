"""Which packets of a stream are missing, and when to ask for them again (RFC 4585, 6.2.1)."""

from __future__ import annotations

from dataclasses import dataclass

FIRST_RTT_SECONDS = 0.08
"""What a round trip is taken to be until one was measured."""

MIN_RETRY_SECONDS, MAX_RETRY_SECONDS = 0.02, 0.5
MIN_PATIENCE_SECONDS, MAX_PATIENCE_SECONDS = 0.15, 0.8
GIVE_UP_SECONDS = 1.0
MAX_MISSING = 256
LONGER_AFTER = 8  # answers in a row that came after more than one request


@dataclass
class _Missing:
    since: float
    asked: float = 0.0
    times: int = 0


class LossTracker:
    """Tells new packets from repeated ones, says what to NACK, and measures the round trip by what comes of it."""

    def __init__(self) -> None:
        self.rtt = FIRST_RTT_SECONDS
        """Smoothed time from a request to its answer, seconds."""
        self._measured = False
        self._doubtful = 0
        self._latest: int | None = None
        self._missing: dict[int, _Missing] = {}

    @property
    def waiting(self) -> bool:
        """Whether packets are missing that may still come."""
        return bool(self._missing)

    @property
    def retry(self) -> float:
        """Seconds after which a packet is asked for again: a little more than a round trip; then twice as often."""
        return min(max(MIN_RETRY_SECONDS, 1.25 * self.rtt), MAX_RETRY_SECONDS)

    @property
    def patience(self) -> float:
        """Seconds after which a missing packet is not counted on any more: enough for two or three requests."""
        return min(max(MIN_PATIENCE_SECONDS, 2.5 * self.retry), MAX_PATIENCE_SECONDS)

    def reset(self) -> None:
        """Forget which packets there were: another source begins."""
        self._latest = None
        self._missing.clear()

    def add(self, index: int, now: float, again: bool = False) -> bool:
        """Note a packet that has come, ``again`` if it was sent again; False if it is of no use any more."""
        if self._latest is None:
            self._latest = index
            return True
        if index <= self._latest:
            missing = self._missing.pop(index, None)
            if missing is not None and again and missing.times:
                self._measure(missing, now)
            return missing is not None
        if index - self._latest > MAX_MISSING:
            self._missing.clear()  # an outage: a keyframe helps, hundreds of NACKs do not
        else:
            for lost in range(self._latest + 1, index):
                self._missing[lost] = _Missing(now)
        self._latest = index
        return True

    def due(self, now: float) -> list[int]:
        """Return the indexes to ask for now, in order."""
        if not self._missing:
            return []
        wanted = []
        retry = self.retry
        for index, missing in list(self._missing.items()):
            if now - missing.since > GIVE_UP_SECONDS:
                del self._missing[index]
            elif not missing.times or now - missing.asked >= (retry if missing.times == 1 else retry / 2):
                missing.asked = now
                missing.times += 1
                wanted.append(index)
        return sorted(wanted)

    def _measure(self, missing: _Missing, now: float) -> None:
        """Learn from an answer; to which of several requests it is cannot be told (Karn's algorithm)."""
        if missing.times > 1:
            self._doubtful += 1
            if self._doubtful >= LONGER_AFTER:  # the way is longer than we think
                self._doubtful = 0
                self.rtt = min(2 * self.rtt, MAX_RETRY_SECONDS)
            return
        self._doubtful = 0
        sample = now - missing.asked
        self.rtt = self.rtt + (sample - self.rtt) / 8 if self._measured else sample
        self._measured = True
