"""A picture of a call, as it was at one moment."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import CallError, CallTimeout, TrackEnded
from .grid import compose
from .images import encode
from .participants import Participant
from .video import VideoTrack

FIRST_SECONDS = 5.0
"""How long the first picture of a camera is waited for."""


class Snapshot:
    """A picture that shows in a notebook and is an array everywhere else: ``numpy.asarray(snapshot)``.

    Attributes
    ----------
    array : ndarray
        uint8 (height, width, 3), BGR.
    names : tuple of str
        Whose pictures are in it, row by row.
    time : float
        When it was taken, in seconds since the epoch.
    """

    def __init__(self, array: NDArray[np.uint8], names: tuple[str, ...]) -> None:
        self.array = array
        self.names = names
        self.time = time.time()

    @property
    def shape(self) -> tuple[int, ...]:
        """The array's shape."""
        return self.array.shape

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write it to a file.

        Parameters
        ----------
        path : path-like
            The file, with the ending ``.png`` or ``.jpg``; one that is there is replaced.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        ValueError
            If the name ends in neither.
        OSError
            If it cannot be written there.
        """
        target = Path(path)
        kinds = {".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg"}
        kind = kinds.get(target.suffix.lower())
        if kind is None:
            raise ValueError(f"{target.name!r} is no picture's name; let it end in .png or .jpg.")
        target.write_bytes(encode(self.array, "png" if kind == "png" else "jpeg"))
        return target

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        if copy is False and dtype is not None and np.dtype(dtype) != self.array.dtype:
            raise ValueError("Another dtype needs a copy.")
        array = self.array if dtype is None else self.array.astype(dtype, copy=False)
        return array.copy() if copy and array is self.array else array

    def _repr_png_(self) -> bytes:
        return encode(self.array, "png")

    def __repr__(self) -> str:
        height, width = self.array.shape[:2]
        return f"<Snapshot of {', '.join(map(repr, self.names))}: {width}x{height}>"


def of_one(participant: Participant) -> Snapshot:
    """Return a participant's picture; see `Call.snapshot`."""
    track = participant._shown()
    if track is None:
        raise CallError(f"{participant.name!r} shows no picture at the moment; the camera is off.")
    picture = _picture(track, time.monotonic() + FIRST_SECONDS)
    if picture is None:
        raise CallTimeout(f"No picture came from {participant.name!r} within {FIRST_SECONDS:g} s. Is the camera on?")
    return Snapshot(picture, (participant.name,))


def of_all(participants: Mapping[str, Participant]) -> Snapshot:
    """Return everybody's picture in a grid; who shows none has a dark tile."""
    people = list(participants.values())
    if not people:
        raise CallError("Nobody else is in the call; there is nothing to take a picture of.")
    deadline = time.monotonic() + FIRST_SECONDS
    tracks = [one._shown() for one in people]
    for track in tracks:  # asked for all at once, then waited for
        if track is not None:
            _newest(track)
    pictures = [None if track is None else _picture(track, deadline) for track in tracks]
    names = tuple(one.name for one in people)
    return Snapshot(compose(pictures, names), names)


def _picture(track: VideoTrack, deadline: float) -> NDArray[np.uint8] | None:
    picture = _newest(track)
    if picture is not None:
        return picture
    try:
        return track.frame(timeout=max(0.0, deadline - time.monotonic()))
    except (CallTimeout, TrackEnded):
        return None


def _newest(track: VideoTrack) -> NDArray[np.uint8] | None:
    """Return the newest picture, unless it is from before the track was last muted."""
    try:
        found = track.latest(info=True)
    except TrackEnded:
        return None
    return None if found is None or track._feed.muted_since(found[1].arrived) else found[0]
