"""What every source is, and the pace at which it is asked."""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterator
from typing import Any

from ..errors import SourceError
from ..protocol import Kind

MAX_FPS = 60


class Pace:
    """When a source is to give its next frame.

    Parameters
    ----------
    fps : float
        Pictures a second, at most.
    stopped : threading.Event
        Set when no more are wanted.
    failed : callable
        Called with an error after which the source goes on.
    clock : callable
        Returns seconds that never go back.
    """

    def __init__(
        self,
        fps: float,
        stopped: threading.Event,
        failed: Callable[[BaseException], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._step = 1 / fps
        self._stopped = stopped
        self.failed = failed
        self._clock = clock
        self._began = clock()

    def elapsed(self) -> float:
        """Return the seconds since the start."""
        return self._clock() - self._began

    def until(self, seconds: float) -> bool:
        """Wait until so many seconds have passed since the start; False if no more is wanted."""
        left = seconds - self.elapsed()
        return not (self._stopped.wait(left) if left > 0 else self._stopped.is_set())

    def ticks(self) -> Iterator[float]:
        """Yield the seconds since the start, each time a picture is due; who is late is not hurried afterwards."""
        due = 0.0
        while self.until(due):
            yield self.elapsed()
            due = max(due + self._step, self.elapsed())


class Source(ABC):
    """Something that can be published.

    Attributes
    ----------
    kinds : tuple of str
        What it has: ``"video"``, ``"audio"``.
    """

    kinds: tuple[Kind, ...] = ("video",)

    @abstractmethod
    def frames(self, pace: Pace) -> Generator[Any, None, None]:
        """Yield pictures (uint8 BGR) or blocks of sound (float32), each when it is due, until there are no more."""

    def wake(self) -> None:  # noqa: B027 - most have nothing to be woken from
        """Let `frames` look whether more are wanted."""


def checked_fps(fps: float) -> float:
    """Return a number of pictures a second.

    Raises
    ------
    SourceError
        If it is none that can be kept.
    """
    try:
        good = 0 < fps <= MAX_FPS
    except TypeError:
        good = False
    if not good:
        raise SourceError(f"fps is how many pictures a second are sent, above 0 and up to {MAX_FPS}, not {fps!r}.")
    return float(fps)
