"""What a kernel says to its worker."""

from __future__ import annotations

from typing import Any

from ... import protocol
from ...protocol import Kind, OnError
from .base import Message, TrackKey


class Join(Message, frozen=True, tag="join"):
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


class Want(Message, frozen=True, tag="want"):
    """The tracks that the kernel wants to see or hear, whole; the filtered ones are wanted without being named."""

    tracks: tuple[TrackKey, ...]


class SetFilter(Message, frozen=True, tag="set-filter"):
    """Take this picture for filtering, or change how."""

    track: TrackKey
    on_error: OnError
    label: str


class ClearFilter(Message, frozen=True, tag="clear-filter"):
    """Stop filtering, also one that is held and was somebody else's."""

    track: TrackKey


class Results(Message, frozen=True, tag="results"):
    """The kernel writes a filter's results, or what it publishes, into the ring at ``path``; the worker unlinks it."""

    track: TrackKey
    path: str


class Result(Message, frozen=True, tag="result"):
    """The filter's result for frame ``sequence`` stands in the results' ring; ``failed``: it raised, there is none."""

    track: TrackKey
    sequence: int
    failed: bool = False


class Publish(Message, frozen=True, tag="publish"):
    """Publish a track of the kernel's own, or begin it anew; what it shows or sounds like comes as results do.

    ``track`` is a `TrackKey.own`.
    """

    track: TrackKey


class Play(Message, frozen=True, tag="play"):
    """Publish a file's picture, sound or both under this name, from ``start`` (seconds) on."""

    name: str
    path: str
    kinds: tuple[Kind, ...]
    start: float = 0.0


class Unpublish(Message, frozen=True, tag="unpublish"):
    """Publish this track no more."""

    track: TrackKey


class Isolate(Message, frozen=True, tag="isolate"):
    """Run the filter that is pickled in the file ``program`` in a process of its own; no name: end that process.

    The process gets this message as it is. ``values`` are the parameters' values, pickled; ``generation`` is another
    for every function set.
    """

    track: TrackKey
    generation: int
    program: str = ""
    values: bytes = b""
    description: str = ""


class SetValues(Message, frozen=True, tag="set-values"):
    """The controls of a filter in a process of its own have changed."""

    track: TrackKey
    generation: int
    values: bytes


class ToServer(Message, frozen=True, tag="to-server"):
    """Hand this to the server as it is."""

    message: (
        protocol.DrawOverlay
        | protocol.SendData
        | protocol.SetRecording
        | protocol.GetStats
        | protocol.SetRole
        | protocol.Moderate
        | protocol.MuteAll
        | protocol.SetLock
        | protocol.LowerHand
        | protocol.EndRoom
        | protocol.SendChat
        | protocol.SendReaction
        | protocol.AnswerAsk
        | protocol.CreateInvite
        | protocol.RevokeInvite
    )


class StartRecording(Message, frozen=True, tag="start-recording"):
    """Write everything that everybody sees and hears to a new file; ``raw``: also what only this kernel sees."""

    id: int
    path: str
    overwrite: bool = False
    raw: bool = False


class StopRecording(Message, frozen=True, tag="stop-recording"):
    """Finish the file."""

    id: int


class RecordEvent(Message, frozen=True, tag="record-event"):
    """Write an event of the kernel's own into every recording; ``event`` is a JSON object."""

    event: dict[str, Any]


class Leave(Message, frozen=True, tag="leave"):
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
