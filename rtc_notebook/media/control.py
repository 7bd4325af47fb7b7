"""What a kernel and its media worker say to each other; JSON lines, without I/O.

A track is named by its participant's id and its source, whatever track id carries it at the moment: a camera that is
published anew goes on. The worker decides which track that is (the raw one for whoever filters it, the processed one
for others) and what is sent while the kernel does not answer.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from .. import protocol
from ..protocol import FilterState, Kind, OnError, ParticipantInfo, Source, TrackInfo

Phase = Literal["connecting", "connected", "reconnecting", "ended"]
RecordingState = Literal["recording", "stopped", "failed"]


class _Message(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    pass


class TrackKey(msgspec.Struct, frozen=True):
    """A participant's id, what its track shows or sounds like, and the name that a kernel gave it."""

    participant: str
    source: Source
    kind: Kind = "video"
    name: str = ""

    @classmethod
    def of(cls, participant: str, track: TrackInfo) -> TrackKey:
        """Return the key of a participant's track."""
        return cls(participant, track.source, track.kind, track.label)

    @classmethod
    def own(cls, name: str, kind: Kind) -> TrackKey:
        """Return the key of what this kernel publishes itself: of no participant, since its id may change."""
        return cls("", "kernel", kind, name)

    def __str__(self) -> str:
        return f"{self.participant} {self.source} {self.kind} {self.name}"


# --- from the kernel ----------------------------------------------------------------------------------


class Join(_Message, frozen=True, tag="join"):
    """First message: where to go, and as whom. ``directory`` is private (0700) and the worker's to remove.

    ``url`` is the room's WebSocket; ``authorization`` goes into the header of that name, never into the URL. A guest
    has ``subprotocols`` instead.
    """

    url: str
    authorization: str
    room: str
    name: str | None
    call: str
    directory: str
    subprotocols: tuple[str, ...] = ()
    session: str = ""


class Want(_Message, frozen=True, tag="want"):
    """The tracks that the kernel wants to see or hear, whole; the filtered ones are wanted without being named."""

    tracks: tuple[TrackKey, ...]


class SetFilter(_Message, frozen=True, tag="set-filter"):
    """Take this picture for filtering, or change how."""

    track: TrackKey
    on_error: OnError
    label: str


class ClearFilter(_Message, frozen=True, tag="clear-filter"):
    """Stop filtering, also one that is held and was somebody else's."""

    track: TrackKey


class Results(_Message, frozen=True, tag="results"):
    """The kernel writes a filter's results, or what it publishes, into the ring at ``path``; the worker unlinks it."""

    track: TrackKey
    path: str


class Result(_Message, frozen=True, tag="result"):
    """The filter's result for frame ``sequence`` stands in the results' ring; ``failed``: it raised, there is none."""

    track: TrackKey
    sequence: int
    failed: bool = False


class Publish(_Message, frozen=True, tag="publish"):
    """Publish a track of the kernel's own, or begin it anew; what it shows or sounds like comes as results do.

    ``track`` is a `TrackKey.own`.
    """

    track: TrackKey


class Play(_Message, frozen=True, tag="play"):
    """Publish a file's picture, sound or both under this name, from ``start`` (seconds) on."""

    name: str
    path: str
    kinds: tuple[Kind, ...]
    start: float = 0.0


class Unpublish(_Message, frozen=True, tag="unpublish"):
    """Publish this track no more."""

    track: TrackKey


class Isolate(_Message, frozen=True, tag="isolate"):
    """Run the filter that is pickled in the file ``program`` in a process of its own; no name: end that process.

    The process gets this message as it is. ``values`` are the parameters' values, pickled; ``generation`` is another
    for every function set.
    """

    track: TrackKey
    generation: int
    program: str = ""
    values: bytes = b""
    description: str = ""


class SetValues(_Message, frozen=True, tag="set-values"):
    """The controls of a filter in a process of its own have changed."""

    track: TrackKey
    generation: int
    values: bytes


class ToServer(_Message, frozen=True, tag="to-server"):
    """Hand this to the server as it is."""

    message: (
        protocol.DrawOverlay
        | protocol.SendData
        | protocol.SetRecording
        | protocol.GetStats
        | protocol.SetRole
        | protocol.Moderate
        | protocol.SetLock
        | protocol.SendChat
        | protocol.SendReaction
        | protocol.AnswerAsk
        | protocol.CreateInvite
        | protocol.RevokeInvite
    )


class StartRecording(_Message, frozen=True, tag="start-recording"):
    """Write everything that everybody sees and hears to a new file; ``raw``: also what only this kernel sees."""

    id: int
    path: str
    overwrite: bool = False
    raw: bool = False


class StopRecording(_Message, frozen=True, tag="stop-recording"):
    """Finish the file."""

    id: int


class RecordEvent(_Message, frozen=True, tag="record-event"):
    """Write an event of the kernel's own into every recording; ``event`` is a JSON object."""

    event: dict[str, Any]


class Leave(_Message, frozen=True, tag="leave"):
    """Leave the room and end."""


Command = (
    Join
    | Want
    | SetFilter
    | ClearFilter
    | Results
    | Result
    | Publish
    | Play
    | Unpublish
    | Isolate
    | SetValues
    | ToServer
    | StartRecording
    | StopRecording
    | RecordEvent
    | Leave
)


# --- from the worker ----------------------------------------------------------------------------------


class State(_Message, frozen=True, tag="state"):
    """How it stands with the room. ``message`` is for the user; ``participant`` is the kernel's own id there.

    ``session`` takes the place up again, for the next worker.
    """

    phase: Phase
    participant: str | None = None
    code: str = ""
    message: str = ""
    session: str = ""


class Room(_Message, frozen=True, tag="room"):
    """Who is there, as the server says it."""

    participants: tuple[ParticipantInfo, ...]
    locked: bool = False
    waiting: tuple[protocol.WaitingInfo, ...] = ()


class Frames(_Message, frozen=True, tag="frames"):
    """Frames (or blocks of sound) of this track stand in the ring at ``path`` from now on; the kernel unlinks it."""

    track: TrackKey
    path: str


class Frame(_Message, frozen=True, tag="frame"):
    """A new frame is in the ring; sent so that only the newest waits while the kernel is busy."""

    track: TrackKey
    sequence: int


class Ended(_Message, frozen=True, tag="ended"):
    """The track is no longer published."""

    track: TrackKey


class FilterReport(_Message, frozen=True, tag="filter-report"):
    """How a filter of this kernel goes, about once a second: frames a second sent, and of those raw ones (passed)."""

    track: TrackKey
    state: FilterState
    fps: float
    passed: int = 0
    stalled: bool = False


class PublicationReport(_Message, frozen=True, tag="publication-report"):
    """How a publication of this kernel's goes, about once a second: frames (or blocks of sound) a second sent."""

    track: TrackKey
    fps: float


class FilterFigures(_Message, frozen=True, tag="filter-figures"):
    """How a function in a process of its own goes; see `rtc_notebook.filters.status.FilterStatus`."""

    track: TrackKey
    generation: int
    milliseconds: float = 0.0
    dropped: int = 0
    errors: int = 0
    last_error: str = ""
    traceback: str = ""


class FilterOutput(_Message, frozen=True, tag="filter-output"):
    """What a filter in a process of its own printed, or is to be said of it under its cell."""

    track: TrackKey
    generation: int
    stream: Literal["stdout", "stderr"]
    text: str


class Refused(_Message, frozen=True, tag="refused"):
    """The server refused something that the kernel asked for; ``track`` where it was about one.

    ``about`` and ``id`` are the type and number of the message that it refused.
    """

    code: str
    message: str
    track: TrackKey | None = None
    about: str | None = None
    id: int | None = None


class FromServer(_Message, frozen=True, tag="from-server"):
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


class RecordingReport(_Message, frozen=True, tag="recording-report"):
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


class Arrivals(_Message, frozen=True, tag="arrivals"):
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
    | FilterOutput
    | PublicationReport
    | Refused
    | FromServer
    | RecordingReport
    | Arrivals
)

Isolated = Isolate | SetValues | Frames | Frame
"""What the worker says to a filter's own process; it says `Results`, `Result`, `FilterFigures` and `FilterOutput`."""

_commands: msgspec.json.Decoder[Any] = msgspec.json.Decoder(Command)
_events: msgspec.json.Decoder[Any] = msgspec.json.Decoder(Event)


def decode_command(line: bytes) -> Command:
    """Read a line from the kernel."""
    return _commands.decode(line)  # type: ignore[no-any-return]


def decode_event(line: bytes) -> Event:
    """Read a line from the worker."""
    return _events.decode(line)  # type: ignore[no-any-return]
