"""What a kernel and its media worker say to each other; JSON lines, without I/O.

A track is named by its participant's id and its source, whatever track id carries it at the moment: a camera that is
published anew goes on. The worker decides which track that is (the raw one for whoever filters it, the processed one
for others) and what is sent while the kernel does not answer.
"""

from __future__ import annotations

from typing import Any

import msgspec

from .base import Phase, RecordingState, TrackKey
from .commands import (
    ClearFilter,
    Command,
    Isolate,
    Join,
    Leave,
    Play,
    Publish,
    RecordEvent,
    Result,
    Results,
    SetFilter,
    SetValues,
    StartRecording,
    StopRecording,
    ToServer,
    Unpublish,
    Want,
)
from .events import (
    Arrival,
    Arrivals,
    Ended,
    Event,
    FilterFigures,
    FilterKind,
    FilterOutput,
    FilterReport,
    Frame,
    Frames,
    FromServer,
    PublicationReport,
    RecordingReport,
    Refused,
    Room,
    State,
)

__all__ = [
    "Arrival",
    "Arrivals",
    "ClearFilter",
    "Command",
    "Ended",
    "Event",
    "FilterFigures",
    "FilterKind",
    "FilterOutput",
    "FilterReport",
    "Frame",
    "Frames",
    "FromServer",
    "Isolate",
    "Isolated",
    "IsolatedAnswer",
    "Join",
    "Leave",
    "Phase",
    "Play",
    "PublicationReport",
    "Publish",
    "RecordEvent",
    "RecordingReport",
    "RecordingState",
    "Refused",
    "Result",
    "Results",
    "Room",
    "SetFilter",
    "SetValues",
    "StartRecording",
    "State",
    "StopRecording",
    "ToServer",
    "TrackKey",
    "Unpublish",
    "Want",
    "decode_command",
    "decode_event",
]

Isolated = Isolate | SetValues | Frames | Frame
"""What the worker says to a filter's own process."""

IsolatedAnswer = Results | Result | ToServer | FilterFigures | FilterKind | FilterOutput
"""What that process says; to the server only drawings."""

_commands: msgspec.json.Decoder[Any] = msgspec.json.Decoder(Command)
_events: msgspec.json.Decoder[Any] = msgspec.json.Decoder(Event)


def decode_command(line: bytes) -> Command:
    """Read a line from the kernel."""
    return _commands.decode(line)  # type: ignore[no-any-return]


def decode_event(line: bytes) -> Event:
    """Read a line from the worker."""
    return _events.decode(line)  # type: ignore[no-any-return]
