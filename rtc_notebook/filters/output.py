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
_users = 0


@contextlib.contextmanager
def throttled(throttle: Throttle, clock: Callable[[], float]) -> Iterator[None]:
    """Put what this thread prints through a throttle."""
    _patch_all()
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


def release() -> None:
    """Leave the streams as they were, when the last one is done."""
    global _users
    with _lock:
        _users -= 1
        if not _users:
            for stream in (sys.stdout, sys.stderr):
                ours = vars(stream).get("write") if hasattr(stream, "__dict__") else None
                if isinstance(ours, _Write):
                    ours.undo()


def _patch_all() -> None:
    """Make sure that both streams are ours.

    Anew before each frame: IPython puts a ``write`` of its own on them when a cell begins, and the one from before back
    when it ends.
    """
    with _lock:
        for name in ("stdout", "stderr"):
            stream = getattr(sys, name)
            if _users and stream is not None and not isinstance(getattr(stream, "write", None), _Write):
                with contextlib.suppress(AttributeError, TypeError):  # one that cannot be patched prints it all
                    stream.write = _Write(name, stream)


class _Write:
    """A stream's ``write``, on the stream itself so that whoever puts another in its place for a while is left alone.

    One that is left behind, under IPython's say, does nothing to anybody who is not throttled.
    """

    def __init__(self, name: str, stream: Any) -> None:
        self._name = name
        self._stream = stream
        self._write = stream.write
        self._was_set = "write" in vars(stream)

    def __call__(self, text: str, *more: Any) -> Any:
        by = getattr(_here, "by", None)
        if by is None:
            return self._write(text, *more)
        throttle, clock = by
        shown = throttle.take(self._name, text, clock())
        if shown:
            _here.by = None  # there may be another one further down
            try:
                self._write(shown)
            finally:
                _here.by = by
        return len(text)

    def undo(self) -> None:
        """Put the former one back."""
        if self._was_set:
            self._stream.write = self._write
        else:
            del self._stream.write
