"""Plays a recording in real time, in the place of a media worker: the call around it notices no difference."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time
from collections.abc import Callable
from typing import Any

import av
import numpy as np

from ..media.control import (
    ClearFilter,
    Command,
    Ended,
    Event,
    FilterReport,
    Frame,
    Frames,
    Result,
    Results,
    Room,
    SetFilter,
    State,
    TrackKey,
    Want,
)
from ..media.ring import RingReader, RingWriter
from ..pixels import i420_shape, planes_into
from ..worker import private_directory, remove_directory
from .pulled import JITTER_SECONDS
from .reading import RATE, REPLAYING, Contents, Timed

logger = logging.getLogger(__name__)

PICTURE_SLOTS, SOUND_SLOTS = 6, 200
BLOCK = 960
LONGEST_SILENCE = 1.0  # as in a call: a longer one is made by whoever reads
LATE_SECONDS = 0.1
REPORT_SECONDS = 1.0


class Player:
    """Gives a file's frames when they are due; time begins with the first track that is wanted.

    Parameters
    ----------
    contents : Contents
        The file.
    speed : float
        How many seconds of the recording pass in one.
    on_event : callable
        Called with each event, in a thread, as `rtc_notebook.worker.Worker` does.
    """

    def __init__(self, contents: Contents, speed: float, on_event: Callable[[Event], None]) -> None:
        self.directory = private_directory()
        self._contents = contents
        self._speed = speed
        self._on_event = on_event
        self._lock = threading.Lock()
        self._begun: float | None = None
        self._playing: dict[TrackKey, threading.Thread] = {}
        self._filters: dict[TrackKey, int] = {}
        self._closed = threading.Event()
        self._start = threading.Event()
        threading.Thread(target=self._run, name="replay", daemon=True).start()

    @property
    def position(self) -> float:
        """Seconds from the recording's beginning."""
        return 0.0 if self._begun is None else (time.monotonic() - self._begun) * self._speed

    def send(self, command: Command) -> None:
        """Do what a worker would; what only a room can do is left out."""
        if isinstance(command, Want):
            for key in command.tracks:
                self._play(key)
        elif isinstance(command, SetFilter):
            with self._lock:
                self._filters.setdefault(command.track, 0)
            self._play(command.track)
        elif isinstance(command, ClearFilter):
            with self._lock:
                self._filters.pop(command.track, None)
        elif isinstance(command, Results):
            with contextlib.suppress(FileNotFoundError):
                RingReader.open(command.path)  # nobody watches; opening lets the writer's file go
        elif isinstance(command, Result):
            with self._lock:
                if command.track in self._filters:
                    self._filters[command.track] += 1

    def close(self) -> None:
        """Stop; idempotent."""
        self._closed.set()
        self._start.set()
        for thread in list(self._playing.values()):
            thread.join(2.0)
        remove_directory(self.directory)

    # --- threads ---------------------------------------------------------------------------------------

    def _run(self) -> None:
        self._on_event(State(phase="connecting", participant=REPLAYING))
        self._on_event(Room(participants=self._contents.participants))
        self._on_event(State(phase="connected", participant=REPLAYING))
        self._start.wait()
        reported = time.monotonic()
        while not self._closed.wait(REPORT_SECONDS if self._filters else 0.2):
            now = time.monotonic()
            if now - reported >= REPORT_SECONDS:
                self._report(now - reported)
                reported = now
            if not any(thread.is_alive() for thread in self._playing.values()):
                self._on_event(State(phase="ended", participant=REPLAYING, message="The recording is over."))
                return

    def _report(self, seconds: float) -> None:
        with self._lock:
            counts = dict(self._filters)
            self._filters = dict.fromkeys(counts, 0)
        for key, count in counts.items():
            self._on_event(FilterReport(track=key, state="active", fps=round(count / seconds, 1)))

    def _play(self, key: TrackKey) -> None:
        try:
            self._contents.stream(key)
        except KeyError:
            return
        with self._lock:
            if key in self._playing or self._closed.is_set():
                return
            if self._begun is None:
                self._begun = time.monotonic()
            thread = threading.Thread(target=self._track, args=(key,), name=f"replay {key}", daemon=True)
            self._playing[key] = thread
        thread.start()
        self._start.set()

    def _track(self, key: TrackKey) -> None:
        writer = _Writer(self.directory, key, self._on_event)
        stream = self._contents.stream(key)
        read = self._contents.blocks if stream.kind == "audio" else self._contents.pictures
        try:
            for timed in read(stream, self.position):
                wait = (timed.seconds - self.position) / self._speed
                if wait < -LATE_SECONDS and stream.kind == "video":
                    continue  # the newest wins, as in a call
                if self._closed.wait(max(0.0, wait)):
                    return
                writer.write(timed, time.time())
            self._on_event(Ended(track=key))
        except Exception:
            logger.exception("A track of %s cannot be played any further", self._contents.path)
        finally:
            writer.close()


class _Writer:
    """Puts one track's frames where a feed finds them."""

    def __init__(self, directory: os.PathLike[str], key: TrackKey, on_event: Callable[[Event], None]) -> None:
        self._directory = directory
        self._key = key
        self._on_event = on_event
        self._ring: RingWriter | None = None
        self._sequence = 0
        self._expected = 0.0  # where sound goes on, seconds

    def write(self, timed: Timed, now: float) -> None:
        """Hand one frame on, as if it were captured now."""
        times = {"sequence": self._sequence + 1, "captured": now, "arrived": now}
        if isinstance(timed.frame, av.VideoFrame):
            width, height = timed.frame.width & ~1, timed.frame.height & ~1
            frame = timed.frame.reformat(format="yuv420p", width=width, height=height)
            shape = i420_shape(frame.height, frame.width)
            written = self._room_for(shape[0] * shape[1], PICTURE_SLOTS).fill(
                shape,
                np.uint8,
                lambda slot: planes_into(frame, slot),
                layout="yuv420p",
                size=(frame.height, frame.width),
                **times,  # type: ignore[arg-type]
            )
        else:
            gap = timed.seconds - self._expected
            if JITTER_SECONDS < gap <= LONGEST_SILENCE and self._sequence:
                self._sound(np.zeros((round(gap * RATE), 2), np.float32), now - gap)
            self._expected = timed.seconds + len(timed.frame) / RATE
            self._sound(timed.frame, now)
            return
        self._written(written)

    def _sound(self, samples: np.ndarray[Any, Any], captured: float) -> None:
        for at in range(0, len(samples), BLOCK):
            block, when = samples[at : at + BLOCK], captured + at / RATE
            ring = self._room_for(block.nbytes, SOUND_SLOTS)
            self._written(ring.write(block, sequence=self._sequence + 1, captured=when, arrived=time.time()))

    def _written(self, written: bool) -> None:
        if written:
            self._sequence += 1
            self._on_event(Frame(track=self._key, sequence=self._sequence))

    def close(self) -> None:
        """Let go of the memory."""
        if self._ring is not None:
            with contextlib.suppress(OSError):
                self._ring.close()

    def _room_for(self, nbytes: int, slots: int) -> RingWriter:
        if self._ring is None or not self._ring.fits(nbytes):
            self.close()
            self._ring = RingWriter.create(self._directory, slots, nbytes if slots == PICTURE_SLOTS else 2 * nbytes)
            self._on_event(Frames(track=self._key, path=str(self._ring.path)))
        return self._ring
