"""What a worker says to its kernel."""

from __future__ import annotations

from typing import Literal

import msgspec

from ... import protocol
from ...protocol import FilterState, ParticipantInfo
from .base import Message, Phase, RecordingState, TrackKey


class State(Message, frozen=True, tag="state"):
    """How it stands with the room. ``message`` is for the user; ``participant`` is the kernel's own id there.

    ``session`` takes the place up again, for the next worker.
    """

    phase: Phase
    participant: str | None = None
    code: str = ""
    message: str = ""
    session: str = ""


class Room(Message, frozen=True, tag="room"):
    """Who is there, as the server says it."""

    participants: tuple[ParticipantInfo, ...]
    locked: bool = False
    waiting: tuple[protocol.WaitingInfo, ...] = ()


class Frames(Message, frozen=True, tag="frames"):
    """Frames (or blocks of sound) of this track stand in the ring at ``path`` from now on; the kernel unlinks it."""

    track: TrackKey
    path: str


class Frame(Message, frozen=True, tag="frame"):
    """A new frame is in the ring; sent so that only the newest waits while the kernel is busy."""

    track: TrackKey
    sequence: int


class Ended(Message, frozen=True, tag="ended"):
    """The track is no longer published."""

    track: TrackKey


class FilterReport(Message, frozen=True, tag="filter-report"):
    """How a filter of this kernel goes, about once a second: frames a second sent, and of those raw ones (passed)."""

    track: TrackKey
    state: FilterState
    fps: float
    passed: int = 0
    stalled: bool = False


class PublicationReport(Message, frozen=True, tag="publication-report"):
    """How a publication of this kernel's goes, about once a second: frames (or blocks of sound) a second sent."""

    track: TrackKey
    fps: float


class FilterFigures(Message, frozen=True, tag="filter-figures"):
    """How a function in a process of its own goes; see `rtc_notebook.filters.status.FilterStatus`."""

    track: TrackKey
    generation: int
    milliseconds: float = 0.0
    dropped: int = 0
    errors: int = 0
    last_error: str = ""
    traceback: str = ""
    drawn: float = 0.0
    """Drawings a second, where it returns shapes."""


class FilterKind(Message, frozen=True, tag="filter-kind"):
    """What the first result of a function in a process of its own was; said before that is delivered."""

    track: TrackKey
    generation: int
    kind: Literal["picture", "shapes"]


class FilterOutput(Message, frozen=True, tag="filter-output"):
    """What a filter in a process of its own printed, or is to be said of it under its cell."""

    track: TrackKey
    generation: int
    stream: Literal["stdout", "stderr"]
    text: str


class Refused(Message, frozen=True, tag="refused"):
    """The server refused something that the kernel asked for; ``track`` where it was about one.

    ``about`` and ``id`` are the type and number of the message that it refused.
    """

    code: str
    message: str
    track: TrackKey | None = None
    about: str | None = None
    id: int | None = None


class FromServer(Message, frozen=True, tag="from-server"):
    """The server said this, and it is the kernel's to know."""

    message: (
        protocol.Data
        | protocol.Stats
        | protocol.Chat
        | protocol.Invites
        | protocol.Invited
        | protocol.Reaction
        | protocol.Asked
    )


class RecordingReport(Message, frozen=True, tag="recording-report"):
    """How a recording goes, about once a second, and at its beginning and end.

    ``message`` says why it failed. ``tracks`` counts pictures and sound; ``dropped`` the frames left out since the disk
    was too slow.
    """

    id: int
    state: RecordingState
    seconds: float = 0.0
    bytes: int = 0
    tracks: int = 0
    dropped: int = 0
    message: str = ""


class Arrival(msgspec.Struct, frozen=True):
    """How a track arrives at this kernel: over the last second, and packets lost since the beginning.

    ``bitrate`` is in bits per second; ``jitter`` and ``delay`` (from capture to the arrival of the whole frame) in
    seconds.
    """

    track: str
    bitrate: float
    fps: float
    lost: int
    jitter: float
    delay: float | None


class Arrivals(Message, frozen=True, tag="arrivals"):
    """How everything arrives that is subscribed to, about once a second."""

    tracks: tuple[Arrival, ...]


Event = (
    State
    | Room
    | Frames
    | Frame
    | Ended
    | FilterReport
    | FilterFigures
    | FilterKind
    | FilterOutput
    | PublicationReport
    | Refused
    | FromServer
    | RecordingReport
    | Arrivals
)
