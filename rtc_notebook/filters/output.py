"""What filters print, under their cell and within reason: a line a frame would fill the notebook."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

BURST = 10
"""Lines that go through at once."""

QUIET_SECONDS = 5.0
"""Who has printed nothing for so long may print a burst again."""

_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0


class Throttle:
    """Lets the first lines through, then one at growing intervals with the count of those left out. Without I/O.

    Attributes
    ----------
    lines : int
        How many there were in all.
    """

    def __init__(self) -> None:
        self.lines = 0
        self._left_out = 0
        self._burst = BURST
        self._pause = _FIRST_PAUSE
        self._next = 0.0
        self._last = 0.0
        self._parts: dict[str, str] = {}

    def take(self, stream: str, text: str, now: float) -> str:
        """Take what is printed to a stream (it may end within a line) and return what is to be shown of it.

        ``now`` is in seconds of any steady clock.
        """
        *lines, rest = (self._parts.get(stream, "") + text).split("\n")
        self._parts[stream] = rest[-10_000:]
        return "".join(self._line(line, now) for line in lines)

    def _line(self, line: str, now: float) -> str:
        if now - self._last > QUIET_SECONDS:
            self._burst, self._pause, self._next = BURST, _FIRST_PAUSE, 0.0
        self._last = now
        self.lines += 1
        if self._burst:
            self._burst -= 1
            self._next = now + self._pause
        elif now < self._next:
            self._left_out += 1
            return ""
        else:
            self._pause = min(2 * self._pause, _LONGEST_PAUSE)
            self._next = now + self._pause
        left_out, self._left_out = self._left_out, 0
        return (f"[a filter prints at every frame: {left_out} lines left out]\n" if left_out else "") + f"{line}\n"


_here = threading.local()
_lock = threading.Lock()
_patched: dict[str, tuple[Any, Any]] = {}
_users = 0


@contextlib.contextmanager
def throttled(throttle: Throttle, clock: Callable[[], float]) -> Iterator[None]:
    """Put what this thread prints through a throttle."""
    _here.by = (throttle, clock)
    try:
        yield
    finally:
        _here.by = None


def acquire() -> None:
    """Let `throttled` have its effect; for each thread that filters run in."""
    global _users
    with _lock:
        _users += 1
        for name in ("stdout", "stderr"):
            stream = getattr(sys, name)
            if stream is not None and (name not in _patched or _patched[name][0] is not stream):
                _patch(name, stream)


def release() -> None:
    """Leave the streams as they were, when the last one is done."""
    global _users
    with _lock:
        _users -= 1
        if not _users:
            for stream, ours in _patched.values():
                if vars(stream).get("write") is ours:
                    del stream.write
            _patched.clear()


def _patch(name: str, stream: Any) -> None:
    # On the stream itself, so that whoever puts another in its place for a while is left alone.
    write = stream.write

    def ours(text: str) -> int:
        by = getattr(_here, "by", None)
        if by is None:
            return int(write(text) or 0)
        throttle, clock = by
        shown = throttle.take(name, text, clock())
        if shown:
            write(shown)
        return len(text)

    with contextlib.suppress(AttributeError, TypeError):  # a stream that cannot be patched prints it all
        stream.write = ours
        _patched[name] = (stream, ours)
