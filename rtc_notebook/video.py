"""A participant's picture, as arrays."""

from __future__ import annotations

import time
from typing import Any, Literal, overload

from .errors import CallTimeout
from .feed import START, Feed, Position, Taken
from .frames import FrameInfo
from .pixels import FORMATS, Format
from .tracks import LOOK_SECONDS, Array, Live, Track


class VideoTrack(Track):
    """A camera's, a screen's or a kernel's picture, live.

    `latest`, `frame` and `frames` share these options:

    format : {"bgr", "rgb", "gray", "yuv420p"}
        ``bgr`` (as OpenCV has it) and ``rgb``: uint8 (height, width, 3). ``gray``: uint8 (height, width), 0 to 255.
        ``yuv420p``: uint8 (height * 3 // 2, width), I420 as it was decoded, in limited range; sides are even.
    copy : bool
        True: each array is your own; write on it as you like. False: it is read-only and shared by all who ask so,
        which costs one conversion however many read, and for ``yuv420p`` none: that is a view into the memory that the
        media worker wrote. Either stays as it is for as long as you keep it, or anything sliced from it: memory is
        written anew only after the last reference is gone. You may keep as many as you like; of ``yuv420p``, those past
        the third are copies, so that the worker always has room.
    info : bool
        True: ``(frame, FrameInfo)`` instead of the frame.
    """

    @overload
    def latest(self, format: Format = ..., copy: bool = ..., info: Literal[False] = ...) -> Array | None: ...
    @overload
    def latest(
        self, format: Format = ..., copy: bool = ..., *, info: Literal[True]
    ) -> tuple[Array, FrameInfo] | None: ...
    def latest(self, format: Format = "bgr", copy: bool = True, info: bool = False) -> Any:
        """Return the newest frame at once, or None before the first.

        Parameters
        ----------
        format, copy, info
            See `VideoTrack`.

        Raises
        ------
        ValueError
            If there is no such format.
        TrackEnded
            If the track is no longer published.
        CallEnded
            If the call was left.
        """
        check_format(format)
        self._fetch()
        taken = self._feed.latest(format, copy)
        return None if taken is None else _given(taken, info)

    @overload
    def frame(
        self, timeout: float = ..., format: Format = ..., copy: bool = ..., info: Literal[False] = ...
    ) -> Array: ...
    @overload
    def frame(
        self, timeout: float = ..., format: Format = ..., copy: bool = ..., *, info: Literal[True]
    ) -> tuple[Array, FrameInfo]: ...
    def frame(self, timeout: float = 5.0, format: Format = "bgr", copy: bool = True, info: bool = False) -> Any:
        """Wait for the next new frame and return it.

        Parameters
        ----------
        timeout : float
            Seconds to wait at most.
        format, copy, info
            See `VideoTrack`.

        Raises
        ------
        CallTimeout
            If none came in time, as when the camera is off.
        ValueError
            If there is no such format.
        TrackEnded, CallEnded
            If the track or the call ended meanwhile.
        """
        check_format(format)
        cursor, deadline = (
            _Cursor(self._feed, self._feed.position(), format, copy, info, None),
            time.monotonic() + timeout,
        )
        self._fetch()
        while (taken := cursor.take()) is None:
            self._check()
            left = deadline - time.monotonic()
            if left <= 0:
                raise CallTimeout(
                    f"Nothing new came from {self._describe()} within {timeout:g} s. Is it switched off or muted?"
                )
            self._feed.wait(lambda: cursor.ready() or self.ended, min(left, LOOK_SECONDS))
        return taken

    @overload
    def frames(
        self, fps: float | None = ..., format: Format = ..., copy: bool = ..., info: Literal[False] = ...
    ) -> Live[Array]: ...
    @overload
    def frames(
        self, fps: float | None = ..., format: Format = ..., copy: bool = ..., *, info: Literal[True]
    ) -> Live[tuple[Array, FrameInfo]]: ...
    def frames(
        self, fps: float | None = None, format: Format = "bgr", copy: bool = True, info: bool = False
    ) -> Live[Any]:
        """Iterate over the frames, with ``for`` or ``async for``, until the track ends or the call is left.

        It is always the newest: a slow loop sees fewer of them, never old ones.

        Parameters
        ----------
        fps : float, optional
            Frames a second at most; all that come by default.
        format, copy, info
            See `VideoTrack`.

        Raises
        ------
        ValueError
            If there is no such format, or ``fps`` is not above 0.
        TrackEnded, CallEnded
            If the track or the call is over already.
        """
        check_format(format)
        if fps is not None and not fps > 0:
            raise ValueError(f"fps is a number above 0, or None for all frames, not {fps!r}.")
        self._fetch()
        return Live(self, _Cursor(self._feed, START, format, copy, info, fps))


class _Cursor:
    def __init__(
        self, feed: Feed, position: Position, format: Format, copy: bool, info: bool, fps: float | None
    ) -> None:
        self._feed = feed
        self._position = position
        self._options = format, copy
        self._info = info
        self._step = 0.0 if fps is None else 1 / fps
        self._due = 0.0

    def ready(self) -> bool:
        return self._feed.newer(self._position)

    def pause(self) -> float:
        return self._due - time.monotonic() if self._step else 0.0

    def take(self) -> Any:
        taken = self._feed.latest(*self._options) if self.ready() else None
        if taken is None:
            return None
        self._position = taken.position
        if self._step:
            now = time.monotonic()
            self._due = max(self._due + self._step, now) if self._due else now + self._step
        return _given(taken, self._info)


def _given(taken: Taken, info: bool) -> Any:
    return (taken.array, taken.info) if info else taken.array


def check_format(format: str) -> None:
    """Raise a ValueError where there is no such format."""
    if format not in FORMATS:
        raise ValueError(f"There is no format {format!r}. There are: {', '.join(FORMATS)}.")
