"""What goes out next: sound before pictures, and where pictures do not get through in time, the next keyframe."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from .window import Window

MAX_AGE = 0.5
"""Seconds that a picture waits before it, and those that refer to it, are given up."""

MAX_SOUNDS = 50
ASK_AGAIN_SECONDS = 1.0


class Item(NamedTuple):
    """An encoded record on its way."""

    track: str
    sound: bool
    keyframe: bool
    record: bytes


class Outbox:
    """Holds what the window does not let out yet, and never more than is still worth sending."""

    def __init__(self) -> None:
        self.window = Window()
        self.skipped = 0
        """Pictures that were given up."""
        self._sounds: deque[Item] = deque(maxlen=MAX_SOUNDS)
        self._pictures: dict[str, deque[tuple[float, Item]]] = {}
        self._waiting: dict[str, float] = {}  # tracks that go on at a keyframe: when one was last asked for

    def begin(self, track: str) -> None:
        """Have a track of pictures begin, or go on, at a keyframe."""
        self._pictures[track] = deque()
        self._waiting[track] = float("-inf")

    def end(self, track: str) -> None:
        """Send nothing of a track any more."""
        self._pictures.pop(track, None)
        self._waiting.pop(track, None)
        self._sounds = deque((item for item in self._sounds if item.track != track), MAX_SOUNDS)

    def put(self, item: Item, now: float) -> None:
        """Take what is to be sent."""
        if item.sound:
            self._sounds.append(item)
            return
        queue = self._pictures.get(item.track)
        if queue is None:
            return
        if item.keyframe:
            self.skipped += len(queue)
            queue.clear()
            self._waiting.pop(item.track, None)
        elif item.track in self._waiting:
            self.skipped += 1
            return
        queue.append((now, item))
        self._give_up_old(item.track, now)

    def take(self, now: float) -> list[bytes]:
        """Return the records to send now, and count them as sent."""
        taken: list[bytes] = []
        window = self.window
        while self._sounds and window.unacked < 2 * window.size:
            self._take(self._sounds.popleft(), taken)
        for track in list(self._pictures):
            self._give_up_old(track, now)
        while window.open:
            queues = [queue for queue in self._pictures.values() if queue]
            if not queues:
                break
            self._take(min(queues, key=lambda queue: queue[0][0]).popleft()[1], taken)
        return taken

    def wanted(self, now: float) -> list[str]:
        """Return the tracks that a keyframe is to be asked for: those that wait for one and could send it."""
        if not self.window.roomy:
            return []
        due = [track for track, asked in self._waiting.items() if now - asked >= ASK_AGAIN_SECONDS]
        for track in due:
            self._waiting[track] = now
        return due

    @property
    def pending(self) -> bool:
        """Whether something waits to be sent."""
        return bool(self._sounds) or any(self._pictures.values())

    def waits(self, track: str) -> bool:
        """Whether a track goes on at a keyframe only."""
        return track in self._waiting

    def _take(self, item: Item, taken: list[bytes]) -> None:
        self.window.add(len(item.record))
        taken.append(item.record)

    def _give_up_old(self, track: str, now: float) -> None:
        queue = self._pictures[track]
        if queue and now - queue[0][0] > MAX_AGE:
            self.skipped += len(queue)
            queue.clear()
            self._waiting[track] = float("-inf")
