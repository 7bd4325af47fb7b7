"""What this kernel publishes: pictures and sound of its own, by name."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from .errors import CallEnded, SourceError, TrackEnded
from .media.control import Command, Play, TrackKey, Unpublish
from .output import Output
from .protocol import Kind, TrackInfo
from .publication import Publication, Run
from .sources import read
from .sources.file import File
from .sources.pictures import Still
from .sources.source import checked_fps
from .statistics import SfuCounters

MOST = 20
MAX_NAME = 80
DEFAULT_NAMES: dict[Kind, str] = {"video": "plot", "audio": "sound"}


class Publications:
    """All of a call's, by name. They are wanted state: a new worker is told of them again.

    Parameters
    ----------
    send, directory : callable
        Sends a command to the worker; returns where its shared memory is.
    over : callable
        Returns the error that says why the call is over, once it is.
    sfu : SfuCounters
        For counting viewers.
    lock : threading.RLock
        The call's.
    """

    def __init__(
        self,
        send: Callable[[Command], None],
        directory: Callable[[], Path],
        over: Callable[[], CallEnded | None],
        sfu: SfuCounters,
        lock: threading.RLock,
    ) -> None:
        self._send = send
        self._directory = directory
        self._call_over = over
        self._sfu = sfu
        self._lock = lock
        self._current: dict[str, Publication] = {}
        self._outputs: dict[TrackKey, Output] = {}
        self._wanted: set[TrackKey] = set()
        self._shown: dict[TrackKey, str] = {}

    def current(self) -> dict[str, Publication]:
        """Return those that have not ended."""
        with self._lock:
            return dict(self._current)

    def publish(self, value: Any, name: str | None, fps: float, kind: Kind | None) -> Publication:
        """Publish something; one of the same name gives way, without a gap where both have pictures."""
        fps, source = checked_fps(fps), read(value, kind)
        if name is None:
            name = Path(source.path).stem[:MAX_NAME] if isinstance(source, File) else DEFAULT_NAMES[source.kinds[0]]
        if not isinstance(name, str) or not 0 < len(name.strip()) <= MAX_NAME:
            raise SourceError(f"A publication's name is a text of 1 to {MAX_NAME} characters, not {name!r:.100}.")
        publication = Publication(self, name, source, fps)
        with self._lock:
            self._check()
            former = self._current.get(name)
            if former is None and len(self._current) >= MOST:
                raise SourceError(f"{MOST} publications at once are the most; stop one first.")
            self._current[name] = publication
            if former is not None:
                _stop(former)
                former.finish()
            self._begin(publication)
        return publication

    def update(self, publication: Publication, value: Any) -> None:
        """Have a publication show something else."""
        source = read(value, "audio" if publication.source.kinds == ("audio",) else None)
        with self._lock:
            self._check()
            if self._current.get(publication.name) is not publication:
                raise TrackEnded(f"Publication {publication.name!r} has ended; publish it again.")
            if isinstance(source, Still) and isinstance(publication.source, Still):
                publication.source = source
                self._outputs[TrackKey.own(publication.name, "video")].write(source.picture)
                return
            _stop(publication)
            publication.source = source
            self._begin(publication)

    def end(self, publication: Publication) -> None:
        """End a publication; nothing happens if it has ended."""
        with self._lock:
            if self._current.get(publication.name) is not publication:
                return
            del self._current[publication.name]
            _stop(publication)
            self._drop()
        publication.finish()

    def viewers(self, publication: Publication) -> int:
        """Count who receives a publication."""
        with self._lock:
            ids = {self._shown[key] for key in _keys(publication) if key in self._shown}
        if not ids or publication.ended:
            return 0
        seats = self._sfu.ask().get("participants", {}).values()
        return sum(1 for seat in seats if ids & set(seat.get("subscribe", ())))

    # --- from the worker's events ---

    def seen(self, own: Iterable[TrackInfo]) -> None:
        """Take note of what the room shows of it."""
        with self._lock:
            tracks = (track for track in own if track.source == "kernel" and track.of is None)
            self._shown = {TrackKey.own(track.label, track.kind): track.id for track in tracks}
            for publication in self._current.values():
                self._go(publication)

    def reset(self) -> None:
        """Publish everything again: there is a new worker, or another place in the room."""
        with self._lock:
            self._shown = {}
            for output in self._outputs.values():
                output.renew()
            for publication in self._current.values():
                if isinstance(publication.source, File):
                    self._play(publication, publication.source)

    def report(self, key: TrackKey, fps: float) -> None:
        """Take the worker's report on a track."""
        publication = self._current.get(key.name)
        if publication is not None:
            publication.reports[key] = fps

    def over(self, key: TrackKey, message: str = "") -> bool:
        """End a file that has come to its end, or cannot be played further; False if the track is none of these."""
        if key.participant:
            return False
        publication = self._current.get(key.name)
        if publication is not None and isinstance(publication.source, File):
            self.end(publication)
            if message:
                publication.tell(f"Publication {publication.name!r} has ended. {message}")
        return True

    def close(self) -> None:
        """End all: the call is over."""
        with self._lock:
            publications = list(self._current.values())
            self._current.clear()
            self._drop()
        for publication in publications:
            _stop(publication)
            publication.finish()

    # --- within, with the lock held ---

    def _check(self) -> None:
        over = self._call_over()
        if over is not None:
            raise over

    def _begin(self, publication: Publication) -> None:
        source, keys = publication.source, _keys(publication)
        publication.reports.clear()
        publication.played_since = None
        if isinstance(source, File):
            self._play(publication, source)
        else:
            outputs = [self._outputs.setdefault(key, Output(key, self._send, self._directory)) for key in keys]
            for output in outputs:
                output.begin()
            if isinstance(source, Still):
                outputs[0].write(source.picture)
            else:
                publication.run = Run(publication, source, outputs, self._run_over)
        self._drop()
        self._go(publication)

    def _run_over(self, publication: Publication, run: Run) -> None:
        with self._lock:
            if publication.run is run:
                self.end(publication)

    def _drop(self) -> None:
        """Let go of tracks and of memory that nothing needs any more."""
        needed = {key for publication in self._current.values() for key in _keys(publication)}
        written = {k for p in self._current.values() if not isinstance(p.source, File) for k in _keys(p)}
        for key in [key for key in self._outputs if key not in written]:
            self._outputs.pop(key).close()
        for key in self._wanted - needed:
            self._send(Unpublish(track=key))
        self._wanted = needed

    def _play(self, publication: Publication, file: File) -> None:
        since = publication.played_since
        start = 0.0 if since is None else time.monotonic() - since
        self._send(Play(name=publication.name, path=file.path, kinds=file.kinds, start=start))

    def _go(self, publication: Publication) -> None:
        """Let a publication begin, once the room shows it: there is nobody to see or hear it before."""
        if not all(key in self._shown for key in _keys(publication)):
            return
        if publication.run is not None:
            publication.run.shown.set()
        elif publication.played_since is None:
            publication.played_since = time.monotonic()


def _keys(publication: Publication) -> tuple[TrackKey, ...]:
    return tuple(TrackKey.own(publication.name, kind) for kind in publication.source.kinds)


def _stop(publication: Publication) -> None:
    if publication.run is not None:
        publication.run.stop()
        publication.run = None
