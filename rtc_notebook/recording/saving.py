"""A recording with filters' results in the place of what they were given, as a new file."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from ..errors import RecordingError
from ..filters.result import Picture, to_bgr
from ..filters.runner import Program
from ..overlays import are_shapes
from ..protocol import OnError
from .reading import Contents, Timed, to_array

MILLISECONDS = Fraction(1, 1000)
BITS_PER_PIXEL = 3


class Applied:
    """A filter on one stream, picture by picture, with the policy that it has in a call."""

    def __init__(self, contents: Contents, program: Program, on_error: OnError, describe: str) -> None:
        self._contents = contents
        self._program = program
        self._on_error = on_error
        self._describe = describe
        self._sequence = 0

    def __call__(self, timed: Timed) -> Picture | None:
        """Return what everybody would see of a picture; None: nothing new."""
        self._sequence += 1
        array = to_array(timed.frame, "bgr")
        try:
            value = self._program.run(array.copy(), self._contents.info(self._sequence, timed), to_bgr)
            return array if are_shapes(value) else to_bgr(value)  # shapes leave the picture as it is
        except Exception as error:
            if self._program.failures.add(error):
                self._program.tell(
                    f"Filter {self._describe} failed; the replay goes on.\n{self._program.failures.traceback}"
                )
            return array if self._on_error == "pass" else None


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
    _check(path, contents.path, overwrite)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with av.open(str(contents.path)) as source, av.open(str(part), "w", format="matroska") as sink:
            _write(source, sink, filters, on_progress)
        os.replace(part, path)
    except (OSError, av.FFmpegError) as error:
        raise RecordingError(f"{path} cannot be written: {error}.") from None
    finally:
        with suppress(OSError):
            part.unlink()


def _check(path: Path, source: Path, overwrite: bool) -> None:
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
    encoders: dict[int, _Encoder] = {}
    for stream in source.streams:
        if stream.index in filters:
            targets[stream.index] = target = sink.add_stream("libvpx", rate=30)
            target.width, target.height, target.pix_fmt = stream.width, stream.height, "yuv420p"
            encoders[stream.index] = _Encoder(target)
        elif stream.type in ("video", "audio", "subtitle"):
            targets[stream.index] = target = sink.add_stream_from_template(stream)
        else:
            continue
        target.metadata.update(stream.metadata)
    for packet in _packets(source):
        index = packet.stream.index
        if index in encoders:
            _filter(packet, filters[index], encoders[index], sink, on_progress)
        elif index in targets and packet.size and packet.dts is not None:
            packet.stream = targets[index]
            sink.mux(packet)
    for encoder in encoders.values():
        for packet in encoder.flush():
            sink.mux(packet)


def _filter(packet: Any, applied: Applied, encoder: _Encoder, sink: Any, on_progress: Callable[[float], None]) -> None:
    try:
        frames = packet.decode()
    except av.FFmpegError:
        return
    for frame in frames:
        if frame.time is None:
            continue
        timed = Timed(max(0.0, float(frame.time)), frame)
        picture = applied(timed)
        if picture is not None:
            for encoded in encoder.encode(picture, timed.seconds):
                sink.mux(encoded)
        on_progress(timed.seconds)


def _packets(source: Any) -> Iterator[Any]:
    try:
        yield from source.demux()
    except (av.FFmpegError, OSError):
        return  # the recording was cut here


class _Encoder:
    """VP8 for a file, of pictures that may change their size."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._codec: Any = None
        self._last = -1

    def encode(self, picture: Picture, seconds: float) -> list[Any]:
        """Return the packets of a picture."""
        height, width = picture.shape[0] & ~1, picture.shape[1] & ~1
        packets = []
        if self._codec is None or (self._codec.width, self._codec.height) != (width, height):
            packets = self.flush()
            self._codec = _open(width, height)
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture[:height, :width]), "bgr24")
        frame = frame.reformat(format="yuv420p")
        self._last = frame.pts = max(self._last + 1, round(seconds * 1000))
        frame.time_base = MILLISECONDS
        return packets + self._bound(self._codec.encode(frame))

    def flush(self) -> list[Any]:
        """Return what is left."""
        return [] if self._codec is None else self._bound(self._codec.encode(None))

    def _bound(self, packets: list[Any]) -> list[Any]:
        for packet in packets:
            packet.stream, packet.time_base = self._stream, MILLISECONDS
        return packets


def _open(width: int, height: int) -> Any:
    codec: Any = av.CodecContext.create("libvpx", "w")
    codec.width, codec.height, codec.pix_fmt = width, height, "yuv420p"
    codec.time_base = MILLISECONDS
    codec.bit_rate = max(500_000, BITS_PER_PIXEL * width * height)
    codec.gop_size = 300
    codec.thread_count = max(1, min(4, (os.cpu_count() or 1)))
    codec.options = {"deadline": "good", "cpu-used": "5", "lag-in-frames": "0", "crf": "10"}
    return codec
