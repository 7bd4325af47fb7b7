"""What a room consists of."""

from __future__ import annotations

from dataclasses import dataclass, field

from rtc_notebook.protocol import ClientKind, Kind, OnError, Source


@dataclass
class Track:
    """A published track; ``mid`` is its m-line, None once its connection was lost."""

    id: str
    kind: Kind
    source: Source
    mid: str | None
    muted: bool = False
    of: str | None = None
    label: str = ""


@dataclass
class Filter:
    """A kernel's hold on somebody's picture or sound. ``held``: the kernel is gone and nobody gets the picture."""

    by: str
    on_error: OnError
    label: str = ""
    held: bool = False


@dataclass
class Participant:
    """Somebody in the room. ``session`` and ``call`` are secrets between this client and the server."""

    id: str
    name: str
    client: ClientKind
    user: str | None
    session: str
    call: str | None = None
    connected: bool = True
    recording: bool = False
    linked: bool = False
    tracks: dict[str, Track] = field(default_factory=dict)
