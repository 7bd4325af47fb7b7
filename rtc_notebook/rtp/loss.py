"""Which packets of a stream are missing, and when to ask for them again (RFC 4585, 6.2.1)."""

from __future__ import annotations

RETRY_SECONDS = 0.06
GIVE_UP_SECONDS = 1.0
MAX_MISSING = 256


class LossTracker:
    """Tells new packets from repeated ones and says what to NACK."""

    def __init__(self) -> None:
        self._latest: int | None = None
        self._missing: dict[int, tuple[float, float]] = {}  # index: (missed since, ask again at)

    def reset(self) -> None:
        """Forget everything: another source begins."""
        self._latest = None
        self._missing.clear()

    def add(self, index: int, now: float) -> bool:
        """Note a packet that has come; False if it is a repetition, or too late to matter."""
        if self._latest is None:
            self._latest = index
            return True
        if index <= self._latest:
            return self._missing.pop(index, None) is not None
        if index - self._latest > MAX_MISSING:
            self._missing.clear()  # an outage: a keyframe helps, hundreds of NACKs do not
        else:
            for lost in range(self._latest + 1, index):
                self._missing[lost] = (now, now)
        self._latest = index
        return True

    def due(self, now: float) -> list[int]:
        """Return the indexes to ask for now, in order."""
        if not self._missing:
            return []
        wanted = []
        for index, (since, again) in list(self._missing.items()):
            if now - since > GIVE_UP_SECONDS:
                del self._missing[index]
            elif now >= again:
                self._missing[index] = (since, now + RETRY_SECONDS)
                wanted.append(index)
        return sorted(wanted)[:MAX_MISSING]
