"""What every track of a participant's has in common, pictures and sound."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, Generic, Protocol, TypeVar

import numpy as np

from .errors import CallEnded, TrackEnded
from .feed import Feed
from .media.control import TrackKey
from .protocol import Kind, Source

GRACE_SECONDS = 3.0
"""How long a track that is no longer published may come back (an SFU that starts anew) before it has ended."""

LOOK_SECONDS = 0.5
"""How often a waiting reader looks whether the grace time is over."""

Array = np.ndarray[Any, Any]
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Track:
    """A track of a participant's, live: a `VideoTrack` or an `AudioTrack`.

    Frames are fetched from the room from the first time on that one is asked for. While a filter of this notebook is
    on a track, what it gives here is the raw picture or sound.

    Attributes
    ----------
    kind : {"video", "audio"}
    source : {"camera", "microphone", "screen", "kernel"}
    """

    def __init__(
        self,
        key: TrackKey,
        kind: Kind,
        feed: Feed,
        want: Callable[[TrackKey], None],
        call_over: Callable[[], CallEnded | None],
        describe: Callable[[], str],
    ) -> None:
        self.key = key
        self.kind: Kind = kind
        self.source: Source = key.source
        self._feed = feed
        self._want = want
        self._call_over = call_over
        self._describe = describe
        self._missing_since: float | None = None
        self._ended = False

    @property
    def ended(self) -> bool:
        """Whether the track is over: no longer published, its participant gone, or the call left."""
        missing = self._missing_since
        gone = missing is not None and time.monotonic() - missing > GRACE_SECONDS
        return self._ended or gone or self._call_over() is not None

    def end(self) -> None:
        """Tell readers that this track is over."""
        self._ended = True
        self._feed.wake()

    def missing(self, is_missing: bool) -> None:
        """Say whether the room has the track at the moment."""
        if not is_missing:
            self._missing_since = None
        elif self._missing_since is None:
            self._missing_since = time.monotonic()

    def _check(self) -> None:
        over = self._call_over()
        if over is not None:
            raise over
        if self.ended:
            raise TrackEnded(f"{self._describe()} is no longer in the call.")

    def _fetch(self) -> None:
        self._check()
        self._want(self.key)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._describe()}{', ended' if self.ended else ''}>"


class Cursor(Protocol[T_co]):
    """Where a reader stands in a track."""

    def ready(self) -> bool:
        """Whether `take` may have something."""

    def take(self) -> T_co | None:
        """Return the next item, if it is there."""

    def pause(self) -> float:
        """Return the seconds until the reader wants another one."""


class Live(Iterator[T], AsyncIterator[T], Generic[T]):
    """What comes on a track, with ``for`` or ``async for``, until the track ends or the call is left."""

    def __init__(self, track: Track, cursor: Cursor[T]) -> None:
        self._track = track
        self._cursor = cursor

    def __iter__(self) -> Live[T]:
        return self

    def __next__(self) -> T:
        track, cursor = self._track, self._cursor
        while not track.ended:
            pause = cursor.pause()
            if pause > 0:
                track._feed.wait(lambda: track.ended, min(pause, LOOK_SECONDS))
                continue
            item = cursor.take()
            if item is not None:
                return item
            track._feed.wait(lambda: cursor.ready() or track.ended, LOOK_SECONDS)
        raise StopIteration

    def __aiter__(self) -> Live[T]:
        return self

    async def __anext__(self) -> T:
        track, cursor = self._track, self._cursor
        loop = asyncio.get_running_loop()
        woken = asyncio.Event()
        off = track._feed.on_wake(lambda: _set_from_thread(loop, woken))
        try:
            while not track.ended:
                pause = cursor.pause()
                item = cursor.take() if pause <= 0 else None
                if item is not None:
                    return item
                with contextlib.suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(woken.wait(), min(pause, LOOK_SECONDS) if pause > 0 else LOOK_SECONDS)
                woken.clear()
        finally:
            off()
        raise StopAsyncIteration


def _set_from_thread(loop: asyncio.AbstractEventLoop, event: asyncio.Event) -> None:
    with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
        loop.call_soon_threadsafe(event.set)
