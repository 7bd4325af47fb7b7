"""A participant's picture or sound, as arrays."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import numpy as np

from .errors import CallEnded, CallTimeout, TrackEnded
from .feed import START, Feed, Position, Taken
from .media.control import TrackKey
from .protocol import Kind, Source

GRACE_SECONDS = 3.0
"""How long a track that is no longer published may come back (an SFU that starts anew) before it has ended."""

_LOOK_SECONDS = 0.5  # how often a waiting reader looks whether the grace time is over

Array = np.ndarray[Any, Any]


class Track:
    """A track of a participant's, live.

    A picture is ``uint8 (height, width, 3)``, BGR as OpenCV has it; sound comes in blocks, ``float32 (samples,
    channels)`` at 48 kHz in [-1, 1]. Each array is the reader's own: write on it as you like. While a filter of this
    notebook is on the picture, it is the raw one here.

    Frames are fetched from the room from the first time on that one is asked for.

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

    def latest(self) -> Array | None:
        """Return the newest frame at once, or None before the first.

        Raises
        ------
        TrackEnded
            If the track is no longer published.
        CallEnded
            If the call was left.
        """
        self._check()
        self._want(self.key)
        taken = self._feed.sound() if self.kind == "audio" else self._feed.latest()
        return None if taken is None else taken.array

    def frame(self, timeout: float = 5.0) -> Array:
        """Wait for the next new frame and return it.

        Parameters
        ----------
        timeout : float
            Seconds to wait at most.

        Raises
        ------
        CallTimeout
            If none came in time, as when the camera is off.
        TrackEnded, CallEnded
            If the track or the call ended meanwhile.
        """
        position, deadline = self._feed.position(), time.monotonic() + timeout
        self._check()
        self._want(self.key)
        while (taken := self._take(position)) is None:
            self._check()
            left = deadline - time.monotonic()
            if left <= 0:
                raise CallTimeout(
                    f"Nothing new came from {self._describe()} within {timeout:g} s. Is it switched off or muted?"
                )
            self._wait(position, min(left, _LOOK_SECONDS))
        return taken.array

    def frames(self) -> Frames:
        """Iterate over the frames, with ``for`` or ``async for``, until the track ends or the call is left.

        A picture is always the newest: a slow loop sees fewer of them, never old ones. Sound comes without gaps as
        long as the loop is less than two seconds behind.
        """
        self._check()
        self._want(self.key)
        return Frames(self)

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

    def _take(self, position: Position) -> Taken | None:
        if not self._feed.newer(position):
            return None
        return self._feed.following(position) if self.kind == "audio" else self._feed.latest()

    def _wait(self, position: Position, timeout: float) -> None:
        self._feed.wait(lambda: self._feed.newer(position) or self.ended, timeout)

    def __repr__(self) -> str:
        return f"<Track {self._describe()}{', ended' if self.ended else ''}>"


class Frames(Iterator[Array], AsyncIterator[Array]):
    """The frames of a track, one after the other; made by `Track.frames`."""

    def __init__(self, track: Track) -> None:
        self._track = track
        # sound starts now; a picture starts with what is there
        self._position: Position = track._feed.position() if track.kind == "audio" else START

    def __iter__(self) -> Frames:
        return self

    def __next__(self) -> Array:
        while not self._track.ended:
            taken = self._track._take(self._position)
            if taken is not None:
                self._position = taken.position
                return taken.array
            self._track._wait(self._position, _LOOK_SECONDS)
        raise StopIteration

    def __aiter__(self) -> Frames:
        return self

    async def __anext__(self) -> Array:
        loop = asyncio.get_running_loop()
        woken = asyncio.Event()
        off = self._track._feed.on_wake(lambda: _set_from_thread(loop, woken))
        try:
            while not self._track.ended:
                taken = self._track._take(self._position)
                if taken is not None:
                    self._position = taken.position
                    return taken.array
                with contextlib.suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(woken.wait(), _LOOK_SECONDS)
                woken.clear()
        finally:
            off()
        raise StopAsyncIteration


def _set_from_thread(loop: asyncio.AbstractEventLoop, event: asyncio.Event) -> None:
    with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
        loop.call_soon_threadsafe(event.set)
