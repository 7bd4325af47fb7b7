"""A recorded call again: the interface of a `Call`, the people of a file."""

from __future__ import annotations

import os
import secrets
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

from ..call import Call, _living, _living_lock
from ..errors import CallError, RecordingError
from ..filters.slot import key_of
from ..house import House
from ..media.control import Join, Room, State, TrackKey
from ..participants import ME, Participant, Participants, live_track
from ..paths import whole_path
from ..protocol import Filterable, Kind
from ..studio import Studio
from ..tracks import Track
from .applying import Applied
from .player import Player
from .pulled import pulled
from .reading import REPLAYING, Contents, Stream
from .saving import save


def replay(path: str | os.PathLike[str], *, speed: float | None = 1.0, raw: bool = False) -> Replay:
    """Open a recording, or any other video file, as a call.

    Parameters
    ----------
    path : path-like
        A file of `Call.record`'s; one that was cut off is replayed as far as it goes. In any other video file there is
        one participant, called as the file.
    speed : float or None
        1: in real time, as in a call: who is slow sees fewer pictures. 2: twice as fast. None: as fast as they are
        asked for: `Track.frames` gives every picture, from the beginning, the same each time.
    raw : bool
        Where a picture was recorded raw as well (``call.record(..., raw=True)``): that one instead of what everybody
        saw.

    Returns
    -------
    Replay

    Raises
    ------
    RecordingError
        If the file is not there, or cannot be read.

    Examples
    --------
    >>> lesson = replay("lesson.mkv", speed=None)                                # doctest: +SKIP
    >>> frames = [f.mean() for f in lesson.participants["Ana"].video.frames()]   # doctest: +SKIP
    """
    return Replay(path, speed=speed, raw=raw)


class Replay(Call):
    """A recorded call; made by `replay`. What only a room can do (publish, send, mute, invite …) raises `CallError`.

    Everybody of the recording is there from the beginning. Where there is one person alone, ``"me"`` is that one.
    Time begins with the first frame that is asked for.

    Attributes
    ----------
    path : Path
        The file.
    duration : float
        Seconds.
    """

    _gives_way = False  # what is past can wait

    def __init__(self, path: str | os.PathLike[str], *, speed: float | None = 1.0, raw: bool = False) -> None:
        if speed is not None and not 0 < speed <= 100:
            raise RecordingError(f"speed is a number above 0, 100 at most, or None, not {speed!r}.")
        self._contents = contents = Contents(path, raw)
        if contents.missing:
            print(
                f"rtc-notebook: {contents.path.name} was cut off, {contents.missing / 1e6:.1f} MB are missing. It is "
                f"replayed as far as it goes, {contents.duration:.1f} s.",
                file=sys.stderr,
            )
        self.path, self.duration = contents.path, contents.duration
        self.room, self.name = self.path.name, None
        self._widget = self._view = None
        self._identity = ("", os.fspath(self.path), secrets.token_hex())
        join = Join(url="", authorization="", room=self.room, name=None, call="", directory="")

        def start(join: Join, on_event: Callable[[Any], None]) -> Any:
            return _Still(contents, on_event) if speed is None else Player(contents, speed, on_event)

        def track(key: TrackKey, kind: Kind, *args: Any) -> Track:
            return live_track(key, kind, *args) if speed is not None else pulled(contents, key, *args[-2:])

        self._studio = Studio(join, lambda: None, worker=start, track=track)
        self._studio.filters.runs = speed is not None
        self._studio.house = _Past(self._studio.roster, lambda command: None)
        self._participants = Participants(self._studio)
        with _living_lock:
            _living[self._identity] = self
        self._studio.first_connected()

    @property
    def events(self) -> list[dict[str, Any]]:
        """What happened: ``seconds`` from the beginning, ``time`` of day, ``event``, and what belongs to it."""
        return self._contents.events()

    def filter(self, *args: Any, isolated: bool = False, **kwargs: Any) -> Any:
        """Put a filter on somebody's picture, as `Call.filter`; it runs here, ``isolated`` or not."""
        return super().filter(*args, **kwargs)

    def results(self, on: str | Participant = ME, *, source: Filterable = "camera") -> Iterator[Any]:
        """Iterate over what a filter makes of every frame, in order and as fast as it can.

        Parameters
        ----------
        on : str or Participant
            Whom the filter is on, by name or as `participants` has them.
        source : {"camera", "screen", "microphone"}
            Which of the pictures, or the sound.

        Yields
        ------
        ndarray
            uint8 (height, width, 3), BGR, or float32 (samples, channels) at 48 kHz; what came in where the filter
            failed and has ``on_error="pass"``.

        Raises
        ------
        RecordingError
            If there is no filter on that picture.
        """
        self._check()
        who = self.participants[on]
        stream = self._stream(who.id, source)
        found = None if stream is None else self._applied().get(stream.index)
        if stream is None or found is None:
            on = who.name
            raise RecordingError(f"There is no filter on the {source} of {on!r}. Set one with filter(..., on={on!r}).")
        sound = stream.kind == "audio"
        for timed in self._contents.blocks(stream) if sound else self._contents.pictures(stream):
            result = found.block(timed) if sound else found.picture(timed)
            if result is not None:
                yield result.copy()

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
        """Write a new recording in which the filters are on: every picture of it, whatever ``speed`` is.

        Everything else is copied as it is: the other pictures, all sound, and what happened.

        Parameters
        ----------
        path : path-like
            The file, with the ending ``.mkv``.
        overwrite : bool
            Replace a file that is there.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        RecordingError
            If it cannot be written; says why. A filter that fails is told under its cell and counted in ``filters``.
        """
        self._check()
        target = whole_path(path, RecordingError, "cannot be written")
        save(self._contents, target, self._applied(), overwrite=overwrite, on_progress=_Progress(self.duration))
        return target

    @property
    def link(self) -> str:
        """There is none: a replay has no room."""
        return _no("have others join it")

    @property
    def stats(self) -> NoReturn:
        """There are none: nothing is sent."""
        _no("measure how it is sent")

    def publish(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse: nobody would see it."""
        _no("publish in it")

    def overlay(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse: no browser shows it."""
        _no("draw on it")

    def send(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse: no kernel is there."""
        _no("send in it")

    def record(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse: it is a recording."""
        _no("record it; save() writes it with your filters")

    def _applied(self) -> dict[int, Applied]:
        applied = {}
        for who, source, program, on_error in self._studio.filters.programs():
            info = self._studio.roster.widget if who == ME else self._studio.roster.named(who)
            stream = None if info is None else self._stream(info.id, source)
            if stream is not None:
                describe = f"{program.chain.label!r} on {who!r}"
                applied[stream.index] = Applied(self._contents, program, on_error, describe)
        return applied

    def _stream(self, participant: str, source: Filterable) -> Stream | None:
        try:
            return self._contents.stream(key_of(participant, source))
        except KeyError:
            return None

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        return {"text/plain": repr(self)}

    def __repr__(self) -> str:
        there = ", ".join(one.name for one in self._studio.roster.participants.values())
        return f"<Replay of {self.path.name}: {self.duration:.1f} s with {there}; {self.phase}>"


class _Past(House):
    """The room as it was: nobody is there to be told anything."""

    def _tell(self, message: object) -> NoReturn:
        _no("change who is there, invite to it or write in it")


class _Still:
    """Stands where a worker stands, for tracks that are read from the file as they are asked for."""

    def __init__(self, contents: Contents, on_event: Callable[[Any], None]) -> None:
        self.directory = Path()

        def say() -> None:
            on_event(State(phase="connecting", participant=REPLAYING))
            on_event(Room(participants=contents.participants))
            on_event(State(phase="connected", participant=REPLAYING))

        threading.Thread(target=say, name="replay", daemon=True).start()

    def send(self, command: object) -> None:
        """Nothing is to be done."""

    def close(self) -> None:
        """Nothing is to be let go."""


class _Progress:
    """Writes how far it is, in place, where somebody may be looking."""

    def __init__(self, duration: float) -> None:
        self._duration = duration
        self._shown = -1

    def __call__(self, seconds: float) -> None:
        percent = min(100, int(100 * seconds / self._duration)) if self._duration else 0
        if percent > self._shown and sys.stderr.isatty():
            self._shown = percent
            print(f"\rrtc-notebook: {percent} %", end="" if percent < 100 else "\n", file=sys.stderr, flush=True)


def _no(what: str) -> NoReturn:
    raise CallError(f"This is a recording: you cannot {what}.")
