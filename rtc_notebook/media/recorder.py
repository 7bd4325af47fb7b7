"""One recording: encoded frames and events in, a Matroska file out, written by a thread of its own."""

from __future__ import annotations

import contextlib
import json
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from ..protocol import Kind, Source
from ..recording.matroska import Block, MatroskaWriter, TooManyTracks
from ..rtp.vp8 import keyframe_size
from .control import RecordingReport

FLUSH_SECONDS = 0.5
REPORT_SECONDS = 1.0
KEYFRAME_SECONDS = 10.0
"""How far apart the places are that a player can seek to."""

MAX_WAITING_BYTES = 64 * 1024 * 1024
"""What waits for a slow disk at most: minutes of a usual call."""

MAX_CAPTURE_AGE = 10.0
EVENT_MS = 1000


class Recorded(NamedTuple):
    """A track of the recording: whose, of what; ``raw``: not what everybody sees but what was before the filter."""

    participant: str
    source: Source
    kind: Kind
    label: str = ""
    raw: bool = False

    @property
    def title(self) -> str:
        """Return what a player calls it."""
        return " ".join(filter(None, (self.participant, self.source, self.label, "(raw)" if self.raw else "")))

    @property
    def tags(self) -> dict[str, str]:
        """Return what a program knows it by."""
        tags = {"PARTICIPANT": self.participant, "SOURCE": self.source}
        return {**tags, **({"LABEL": self.label} if self.label else {}), **({"RAW": "1"} if self.raw else {})}


@dataclass
class _Track:
    """Where a track stands. ``stream`` is what is written now: another one begins at a keyframe."""

    stream: object = None
    ms: int = -1
    keyframe: float = 0.0
    size: tuple[int, int] = (0, 0)


@dataclass
class _Waiting:
    """A block that waits to be written; ``track`` None: the events."""

    track: Recorded | None
    ms: int
    data: bytes
    keyframe: bool = True
    size: tuple[int, int] = (0, 0)


@dataclass
class _Counts:
    bytes: int = 0
    tracks: int = 0
    dropped: int = 0
    end: float = field(default_factory=time.time)


class Recorder:
    """Writes one file. Frames may come from any thread; nothing here ever waits for the disk but the writing thread.

    Parameters
    ----------
    path : Path
        The file, made anew.
    overwrite : bool
        Whether one that is there may be replaced.
    title : str
        What the recording is of.
    on_report : callable
        Called in the writing thread with each `RecordingReport`; one that says ``stopped`` or ``failed`` is the last.
    id : int
        The recording's number in its reports.

    Raises
    ------
    OSError
        If the file cannot be made.
    """

    def __init__(
        self, path: Path, overwrite: bool, title: str, on_report: Callable[[RecordingReport], None], id: int
    ) -> None:
        self.created = time.time()
        self._path = path
        self._id = id
        self._on_report = on_report
        self._file = _open(path, overwrite)
        try:
            self._writer = MatroskaWriter(self._file, self.created, title)
            self._events = self._writer.add("S_TEXT/UTF8", "events", {"SOURCE": "events"})
        except BaseException:
            self._file.close()
            raise
        self._lock = threading.Lock()
        self._tracks: dict[Recorded, _Track] = {}
        self._numbers: dict[Recorded, int] = {}
        self._waiting: list[_Waiting] = []
        self._waiting_bytes = 0
        self._counts = _Counts()
        self._over = False
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self._thread.start()

    # --- from any thread -------------------------------------------------------------------------------

    def put(
        self,
        track: Recorded,
        stream: object,
        data: bytes,
        keyframe: bool,
        captured: float,
        ask_keyframe: Callable[[], None],
    ) -> None:
        """Take an encoded frame.

        ``stream`` is what it belongs to, compared by equality: where that changes, the next keyframe is waited for,
        as it is after frames were dropped. ``ask_keyframe`` is called while one is wanted.
        """
        now = time.time()
        with self._lock:
            if self._over or self._stop.is_set():
                return
            its = self._tracks.setdefault(track, _Track())
            keyframe = keyframe or track.kind == "audio"
            wanted = not keyframe and (its.stream != stream or now - its.keyframe > KEYFRAME_SECONDS)
            if keyframe or its.stream == stream:
                self._take(track, its, stream, data, keyframe, captured, now)
        if wanted:
            ask_keyframe()

    def event(self, event: dict[str, Any]) -> None:
        """Take an event; ``time`` is added where it has none."""
        now = time.time()
        event = {"time": round(now, 3), **event}
        with self._lock:
            if self._over or self._stop.is_set():
                return
            data = json.dumps(event, ensure_ascii=False, default=str).encode()
            self._append(_Waiting(None, max(0, round(1000 * (now - self.created))), data))

    @property
    def over(self) -> bool:
        """Whether nothing is written any more."""
        return self._over

    def stop(self) -> None:
        """Write what waits and finish the file, soon."""
        self._stop.set()

    def join(self, timeout: float | None = None) -> None:
        """Wait until it is finished."""
        self._thread.join(timeout)

    def _take(
        self,
        track: Recorded,
        its: _Track,
        stream: object,
        data: bytes,
        keyframe: bool,
        captured: float,
        now: float,
    ) -> None:
        if self._waiting_bytes + len(data) > MAX_WAITING_BYTES:
            its.stream = None
            self._counts.dropped += 1
            return
        its.stream = stream
        if keyframe and track.kind == "video":
            its.keyframe = now
            its.size = keyframe_size(b"\x10" + data) or its.size
        if not now - MAX_CAPTURE_AGE < captured <= now:  # no clock says so
            captured = now
        its.ms = max(its.ms + 1, round(1000 * (captured - self.created)), 0)
        self._append(_Waiting(track, its.ms, data, keyframe, its.size))

    def _append(self, waiting: _Waiting) -> None:
        self._waiting.append(waiting)
        self._waiting_bytes += len(waiting.data)

    # --- the writing thread ----------------------------------------------------------------------------

    def _run(self) -> None:
        reported = 0.0
        message = ""
        try:
            stopping = False
            while not stopping:
                if time.monotonic() - reported >= REPORT_SECONDS:
                    reported = time.monotonic()
                    self._on_report(self._report("recording"))
                stopping = self._stop.wait(FLUSH_SECONDS)
                self._flush()
            self._finish()
        except OSError as error:
            message = f"Recording to {self._path} stopped: {error.strerror or error}. What was written is playable."
            with contextlib.suppress(OSError):
                self._finish()
        except Exception as error:
            message = f"Recording to {self._path} stopped by an error of rtc-notebook's own: {error!r}."
        with self._lock:
            self._over = True
            self._waiting.clear()
        with contextlib.suppress(OSError):
            self._file.close()
        self._on_report(self._report("failed" if message else "stopped", message))

    def _flush(self) -> None:
        with self._lock:
            waiting, self._waiting, self._waiting_bytes = self._waiting, [], 0
        blocks = []
        for one in waiting:
            if one.track is None:
                blocks.append(Block(self._events, one.ms, one.data, True, EVENT_MS))
            elif (number := self._number(one.track, one.size)) is not None:
                blocks.append(Block(number, one.ms, one.data, one.keyframe))
        self._writer.cluster(blocks)
        self._counts.bytes = self._writer.end

    def _number(self, track: Recorded, size: tuple[int, int]) -> int | None:
        number = self._numbers.get(track)
        if number is None:
            try:
                codec = "V_VP8" if track.kind == "video" else "A_OPUS"
                number = self._numbers[track] = self._writer.add(codec, track.title, track.tags, *size)  # type: ignore[arg-type]
                self._counts.tracks += 1
            except TooManyTracks:
                self._counts.dropped += 1
                return None
        elif track.kind == "video":
            self._writer.resize(number, *size)
        return number

    def _finish(self) -> None:
        self._writer.finish()
        self._counts.bytes = self._writer.end

    def _report(self, state: Any, message: str = "") -> RecordingReport:
        if state == "recording":
            self._counts.end = time.time()
        return RecordingReport(
            id=self._id,
            state=state,
            seconds=round(max(self._counts.end - self.created, self._writer.duration / 1000), 2),
            bytes=self._counts.bytes,
            tracks=self._counts.tracks,
            dropped=self._counts.dropped,
            message=message,
        )


def _open(path: Path, overwrite: bool) -> BinaryIO:
    """Open a file for writing alone, locked where the system can: two recordings in one would be none."""
    flags = os.O_RDWR | os.O_CREAT | (0 if overwrite else os.O_EXCL)
    file = open(path, "r+b", buffering=0, opener=lambda name, _: os.open(name, flags, 0o644))  # noqa: SIM115
    try:
        _lock(file, path)
        file.truncate(0)
    except BaseException:
        file.close()
        raise
    return file


def _lock(file: BinaryIO, path: Path) -> None:
    try:
        import fcntl
    except ImportError:  # Windows
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise OSError(16, "another recording is being written there", str(path)) from None
    except OSError:  # a file system without locks
        pass
