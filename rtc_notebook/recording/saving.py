"""A recording with filters' results in the place of what they were given, as a new file."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

import av
import numpy as np

from ..errors import RecordingError
from .applying import Applied
from .encoding import PictureEncoder, SoundEncoder
from .reading import RATE, Blocks, Contents, Timed
from .writing import Writing


def save(
    contents: Contents,
    path: Path,
    filters: dict[int, Applied],
    *,
    overwrite: bool = False,
    on_progress: Callable[[float], None] = lambda seconds: None,
) -> None:
    """Write the recording with the filters' results; everything else is copied as it is.

    Parameters
    ----------
    contents : Contents
        The recording.
    path : Path
        The new file, ``.mkv``. It appears under this name when it is whole.
    filters : dict of int to Applied
        The filters by their streams' indexes.
    overwrite : bool
        Replace a file that is there.
    on_progress : callable
        Called with how many seconds of the recording are done, now and then.

    Raises
    ------
    RecordingError
        If it cannot be written.
    """
    writing = Writing(path)
    part = path.parent / f".{path.name}.{os.getpid()}.part"
    try:
        _check(path, contents.path, overwrite)
        with av.open(str(contents.path)) as source, av.open(str(part), "w", format="matroska") as sink:
            _write(source, sink, filters, on_progress)
        os.replace(part, path)
    except (OSError, av.FFmpegError) as error:
        raise RecordingError(f"{path} cannot be written: {error}.") from None
    finally:
        with suppress(OSError):
            part.unlink()
        writing.end()


def _check(path: Path, source: Path, overwrite: bool) -> None:
    if path.is_dir():
        raise RecordingError(f"{path} is a folder. Name a file in it.")
    if path.suffix.lower() != ".mkv":
        raise RecordingError(f"The result is a Matroska file: call it {path.with_suffix('.mkv').name!r}.")
    if not path.parent.is_dir():
        raise RecordingError(f"There is no folder {path.parent}. Make it first.")
    if path.exists() and os.path.samefile(path, source):
        raise RecordingError(f"{path} is the recording itself. Name another file.")
    if path.exists() and not overwrite:
        raise RecordingError(f"{path} is there already. Name another file, or say overwrite=True.")


def _write(source: Any, sink: Any, filters: dict[int, Applied], on_progress: Callable[[float], None]) -> None:
    for key in ("title", "creation_time"):
        if key in source.metadata:
            sink.metadata[key] = source.metadata[key]
    targets: dict[int, Any] = {}
    filtered: dict[int, _Filtered] = {}
    for stream in source.streams:
        if stream.index in filters:
            kind: type[_Filtered] = _FilteredSound if stream.type == "audio" else _FilteredPictures
            filtered[stream.index] = kind(filters[stream.index], stream, sink)
            target = filtered[stream.index].target
        elif stream.type in ("video", "audio", "subtitle"):
            targets[stream.index] = target = sink.add_stream_from_template(stream)
        else:
            continue
        target.metadata.update(stream.metadata)
    for packet in _packets(source):
        index = packet.stream.index
        if index in filtered:
            try:
                frames = packet.decode()
            except av.FFmpegError:
                continue  # damaged; the next keyframe mends it
            for frame in frames:
                if frame.time is not None:
                    seconds = max(0.0, float(frame.time))
                    sink.mux(filtered[index].frame(Timed(seconds, frame)))
                    on_progress(seconds)
        elif index in targets and packet.size and packet.dts is not None:
            packet.stream = targets[index]
            sink.mux(packet)
    for one in filtered.values():
        sink.mux(one.flush())


class _Filtered(Protocol):
    """A stream under a filter."""

    target: Any

    def __init__(self, applied: Applied, stream: Any, sink: Any) -> None: ...

    def frame(self, timed: Timed) -> list[Any]:
        """Return the packets that a decoded frame makes."""

    def flush(self) -> list[Any]:
        """Return what is left."""


class _FilteredPictures:
    def __init__(self, applied: Applied, stream: Any, sink: Any) -> None:
        self.target = sink.add_stream("libvpx", rate=30)
        self.target.width, self.target.height, self.target.pix_fmt = stream.width, stream.height, "yuv420p"
        self._encoder = PictureEncoder(self.target)
        self._applied = applied

    def frame(self, timed: Timed) -> list[Any]:
        picture = self._applied.picture(timed)
        return [] if picture is None else self._encoder.encode(picture, timed.seconds)

    def flush(self) -> list[Any]:
        return self._encoder.flush()


class _FilteredSound:
    def __init__(self, applied: Applied, stream: Any, sink: Any) -> None:
        self.target = sink.add_stream("libopus", rate=RATE)
        self.target.codec_context.layout, self.target.codec_context.format = "stereo", "flt"
        self._encoder = SoundEncoder(self.target)
        self._applied = applied
        self._blocks = Blocks()

    def frame(self, timed: Timed) -> list[Any]:
        samples = self._blocks.samples(timed.frame)
        if samples is None:
            return []
        block = self._applied.block(Timed(timed.seconds, samples))
        return self._encoder.encode(np.zeros_like(samples) if block is None else block, timed.seconds)

    def flush(self) -> list[Any]:
        return self._encoder.flush()


def _packets(source: Any) -> Iterator[Any]:
    try:
        yield from source.demux()
    except (av.FFmpegError, OSError):
        return  # the recording was cut here
