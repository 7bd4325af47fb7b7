"""What both directions speak of: tracks by participant and source."""

from __future__ import annotations

from typing import Literal

import msgspec

from ...protocol import Kind, Source, TrackInfo

Phase = Literal["connecting", "connected", "reconnecting", "ended"]
RecordingState = Literal["recording", "stopped", "failed"]


class Message(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    """A line; its type is its tag."""


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
