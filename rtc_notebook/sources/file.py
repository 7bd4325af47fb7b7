"""Video, sound and picture files. They are played in the media worker, where no busy cell holds them up."""

from __future__ import annotations

import os
from collections.abc import Generator
from typing import Any

from ..errors import SourceError
from ..paths import whole_path
from ..protocol import Kind
from .pictures import Still, to_picture
from .source import Pace, Source


class File(Source):
    """A file with a picture, sound, or both."""

    def __init__(self, path: str, kinds: tuple[Kind, ...]) -> None:
        self.path = path
        self.kinds = kinds

    def frames(self, pace: Pace) -> Generator[Any, None, None]:
        """Yield nothing: the media worker plays it."""
        yield from ()


def open_file(path: str | os.PathLike[str]) -> File | Still:
    """Return a file as a source: one picture as a still, anything else to be played.

    Raises
    ------
    SourceError
        If there is no such file, or nothing in it that can be played.
    """
    import av

    full = whole_path(path, SourceError, "cannot be published")
    if full.is_dir():
        raise SourceError(f"{str(full)!r} is a directory; what is published is one file in it.")
    if not full.is_file():
        raise SourceError(f"There is no file {str(full)!r}. A text that is published is the path of a file.")
    try:
        with av.open(str(full)) as container:
            names = container.format.name
            if names.endswith("_pipe") or names == "image2":
                frame = next(container.decode(video=0))
                return Still(to_picture(frame.to_ndarray(format="bgr24")))
            has: tuple[tuple[Kind, Any], ...] = (
                ("video", container.streams.video),
                ("audio", container.streams.audio),
            )
            kinds = tuple(kind for kind, streams in has if streams)
            for kind in kinds:
                next(container.decode(**{kind: 0}))
                container.seek(0)
    except (av.FFmpegError, OSError, StopIteration) as error:
        why = getattr(error, "strerror", None) or str(error) or "it has no frames"
        raise SourceError(f"{str(full)!r} is no video that can be played: {why}.") from None
    if not kinds:
        raise SourceError(f"{str(full)!r} has neither picture nor sound.")
    return File(str(full), kinds)
