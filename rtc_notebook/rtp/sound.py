"""Sound packets in order, without waiting for one that does not come."""

from __future__ import annotations

from typing import Generic, TypeVar

T = TypeVar("T")

HOLD_SECONDS = 0.06
"""How long what follows a missing packet is held: three packets, within which it may be sent again."""


class SoundOrder(Generic[T]):
    """Gives packets out at once as long as none is missing; what comes too late is dropped."""

    def __init__(self) -> None:
        self.next: int | None = None
        """The index of the packet to come next."""
        self._held: dict[int, tuple[float, T]] = {}  # each with when it came

    @property
    def holds(self) -> bool:
        """Whether packets wait for one that is missing."""
        return bool(self._held)

    def add(self, index: int, packet: T, now: float) -> list[T]:
        """Take a packet; return those that go on now."""
        if self.next is None:
            self.next = index
        if index < self.next:
            return []
        self._held[index] = (now, packet)
        return [*self._take(), *self.due(now)]

    def due(self, now: float) -> list[T]:
        """Return what has been held long enough."""
        released = []
        while self._held and now - self._held[first := min(self._held)][0] >= HOLD_SECONDS:
            self.next = first
            released += self._take()
        return released

    def _take(self) -> list[T]:
        taken = []
        while self.next in self._held:
            taken.append(self._held.pop(self.next)[1])
            self.next += 1
        return taken
