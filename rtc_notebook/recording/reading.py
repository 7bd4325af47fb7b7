"""What is in a recording, or in any other video file, and its frames as arrays. Reads as far as the file goes."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, cast

import av
import numpy as np
from numpy.typing import NDArray

from ..errors import RecordingError
from ..frames import FrameInfo
from ..media.control import TrackKey
from ..paths import whole_path
from ..pixels import Format
from ..protocol import Kind, ParticipantInfo, Source, TrackInfo
from .truncated import missing_bytes

RATE = 48_000
_FORMATS = {"bgr": "bgr24", "rgb": "rgb24", "gray": "gray", "yuv420p": "yuv420p"}


class Timed(NamedTuple):
    """A frame and its place: seconds from the file's beginning."""

    seconds: float
    frame: Any


@dataclass(frozen=True)
class Stream:
    """A picture or sound in the file. ``raw``: as it was before the filter that everybody saw."""

    index: int
    participant: str
    source: Source
    kind: Kind
    label: str = ""
    raw: bool = False


class Contents:
    """What a file holds.

    Parameters
    ----------
    path : path-like
        The file.
    raw : bool
        Whether a picture that was recorded raw too stands for the one that everybody saw.

    Attributes
    ----------
    duration : float
        Seconds, as far as the file goes.
    missing : int
        How many bytes were cut off at its end; 0 if that is not known.

    Raises
    ------
    RecordingError
        If there is none, or nothing to be seen or heard in it.
    """

    def __init__(self, path: str | os.PathLike[str], raw: bool = False) -> None:
        self.path = whole_path(path, RecordingError, "cannot be read")
        if not self.path.is_file():
            raise RecordingError(f"There is no file {self.path}.")
        try:
            with av.open(str(self.path)) as container:
                found = [_stream(stream, self.path.stem) for stream in container.streams]
                self.created = _created(container.metadata.get("creation_time", ""))
                self.duration = max((container.duration or 0) / 1e6, 0.0)
        except (av.FFmpegError, OSError) as error:
            why = getattr(error, "strerror", None) or str(error)
            raise RecordingError(
                f"{self.path} cannot be read as a recording: {why}. It is none, or was cut off before its first "
                "picture."
            ) from None
        streams = [stream for stream in found if stream is not None]
        if not streams:
            raise RecordingError(f"There is no picture and no sound in {self.path}.")
        self.streams = _chosen(streams, raw)
        self.missing = missing_bytes(self.path)
        if self.missing:
            self.duration = self._last()

    @property
    def participants(self) -> tuple[ParticipantInfo, ...]:
        """Who is in it, whenever they came, in the order of their first track."""
        names = list(dict.fromkeys(stream.participant for stream in self.streams))
        return tuple(self._participant(name, alone=len(names) == 1) for name in names)

    def _participant(self, name: str, alone: bool) -> ParticipantInfo:
        its = [stream for stream in self.streams if stream.participant == name]
        return ParticipantInfo(
            id=name,
            name=name,
            client="kernel" if all(stream.source == "kernel" for stream in its) else "browser",
            widget_of=REPLAYING if alone else None,  # then nobody else can be meant by "me"
            tracks=tuple(TrackInfo(id=str(s.index), kind=s.kind, source=s.source, label=s.label) for s in its),
        )

    def stream(self, key: TrackKey) -> Stream:
        """Return the stream of a track.

        Raises
        ------
        KeyError
            If there is none.
        """
        for stream in self.streams:
            if TrackKey(stream.participant, stream.source, stream.kind, stream.label) == key:
                return stream
        raise KeyError(key)

    def pictures(self, stream: Stream, start: float = 0.0) -> Iterator[Timed]:
        """Yield the pictures of a stream from ``start`` (seconds) on, as PyAV's frames."""
        for timed in self._decoded(stream, start):
            if timed.seconds >= start:
                yield timed

    def blocks(self, stream: Stream, start: float = 0.0) -> Iterator[Timed]:
        """Yield the sound of a stream in blocks as recorded, float32 (samples, 2) at 48 kHz."""
        blocks = Blocks()
        for timed in self._decoded(stream, start):
            samples = blocks.samples(timed.frame)
            if samples is not None and timed.seconds >= start:
                yield Timed(timed.seconds, samples)

    def info(self, sequence: int, timed: Timed) -> FrameInfo:
        """Return what is known of a frame: times as they were in the call."""
        captured = self.created + timed.seconds
        picture = isinstance(timed.frame, av.VideoFrame)
        width, height = (timed.frame.width, timed.frame.height) if picture else (0, 0)
        return FrameInfo(sequence, captured, captured, width, height)

    def events(self) -> list[dict[str, Any]]:
        """Return what happened; ``seconds`` is where that is in the file, ``time`` when it was."""
        events = []
        with av.open(str(self.path)) as container:
            for stream in container.streams.subtitles:
                for packet in _until_the_end(container.demux(stream)):
                    event = _event(bytes(packet)) if packet.size else None
                    if event is not None and packet.pts is not None:
                        events.append({"seconds": float(packet.pts * packet.time_base), **event})
        return events

    def _last(self) -> float:
        """Return when the last frame is that the file still has, seconds."""
        last = 0.0
        with av.open(str(self.path)) as container:
            for packet in _until_the_end(container.demux(video=(), audio=())):
                if packet.pts is not None and packet.time_base is not None:
                    last = max(last, float(packet.pts * packet.time_base))
        return last

    def _decoded(self, stream: Stream, start: float) -> Iterator[Timed]:
        with av.open(str(self.path)) as container:
            its: Any = container.streams[stream.index]
            its.thread_type = "AUTO" if stream.kind == "audio" else "SLICE"  # no picture is held back
            if start > 0 and its.time_base is not None:
                container.seek(int(start / its.time_base), stream=its)
            for packet in _until_the_end(container.demux(its)):
                try:
                    frames = packet.decode()
                except av.FFmpegError:
                    continue  # one that was damaged; the next keyframe mends it
                for frame in frames:
                    if frame.time is not None:
                        yield Timed(max(0.0, float(frame.time)), frame)


class Blocks:
    """Sound of any kind as float32 (samples, 2) at 48 kHz."""

    def __init__(self) -> None:
        self._resampler = av.AudioResampler(format="flt", layout="stereo", rate=RATE)

    def samples(self, frame: av.AudioFrame) -> NDArray[np.float32] | None:
        """Return the samples of a decoded frame; None: none yet."""
        frame.pts = None  # its clock is not the resampler's business: gaps stay gaps
        arrays = [resampled.to_ndarray() for resampled in self._resampler.resample(frame)]
        return np.concatenate(arrays, axis=1).reshape(-1, 2).astype(np.float32, copy=False) if arrays else None


REPLAYING = "replay"
"""The id of the kernel that watches a replay."""


def to_array(frame: av.VideoFrame, format: Format) -> NDArray[np.uint8]:
    """Return a picture as an array of its own."""
    return cast("NDArray[np.uint8]", frame.to_ndarray(format=_FORMATS[format]))


def _until_the_end(packets: Iterator[Any]) -> Iterator[Any]:
    """Yield packets until the file ends, wherever it was cut."""
    try:
        yield from packets
    except (av.FFmpegError, OSError):
        return


def _stream(stream: Any, name: str) -> Stream | None:
    if stream.type not in ("video", "audio") or stream.codec_context is None:
        return None
    tags = {key.upper(): value for key, value in stream.metadata.items()}
    usual = "camera" if stream.type == "video" else "microphone"
    return Stream(
        index=stream.index,
        participant=tags.get("PARTICIPANT", name),
        source=cast(Source, tags["SOURCE"] if tags.get("SOURCE") in ("screen", "kernel") else usual),
        kind=stream.type,
        label=tags.get("LABEL", ""),
        raw=tags.get("RAW") == "1",
    )


def _chosen(streams: list[Stream], raw: bool) -> list[Stream]:
    """Return one stream for each track: what everybody saw, or what was under the filter where ``raw`` asks for it."""
    chosen: dict[tuple[str, str, str, str], Stream] = {}
    for stream in sorted(streams, key=lambda stream: (stream.raw != raw, stream.index)):
        chosen.setdefault((stream.participant, stream.source, stream.kind, stream.label), stream)
    return sorted(chosen.values(), key=lambda stream: stream.index)


def _created(text: str) -> float:
    try:
        return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
    except ValueError:
        return 0.0


def _event(data: bytes) -> dict[str, Any] | None:
    try:
        event = json.loads(data)
    except ValueError:
        return None  # a subtitle of some other file's
    return event if isinstance(event, dict) else None
