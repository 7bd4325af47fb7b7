"""What everybody sees and hears, as a recording has it; without I/O.

A picture under a filter is recorded as the filter leaves it. The raw one is recorded where that was asked for, and only
by the kernel whose filter it is: nobody else gets it.
"""

from __future__ import annotations

from collections.abc import Collection

from .control import TrackKey
from .recorder import Recorded
from .selection import Room


def received(room: Room, me: str | None, filtering: Collection[TrackKey], raw: bool) -> dict[str, Recorded]:
    """Return what is to be recorded of what comes in, by publication.

    Parameters
    ----------
    room : Room
        As the server says it.
    me : str or None
        The own participant: what it publishes is recorded where it is encoded.
    filtering : collection of TrackKey
        What this kernel filters or is about to: raw from that moment on, whatever the room still says.
    raw : bool
        Whether what comes in raw under a filter of this kernel is wanted too.
    """
    found: dict[str, Recorded] = {}
    for participant in room.participants:
        if participant.id == me:
            continue
        for track in participant.tracks:
            if track.of is not None:
                continue
            key = TrackKey.of(participant.id, track)
            recorded = Recorded(participant.name, track.source, track.kind, track.label)
            if key in filtering:
                if raw:
                    found[track.id] = recorded._replace(raw=True)
            elif track.filter is None:
                found[track.id] = recorded
            elif track.filter.by != me and track.filter.track is not None:
                found[track.filter.track] = recorded
    return found


def processed(room: Room, filtering: Collection[TrackKey]) -> dict[TrackKey, Recorded]:
    """Return what this kernel's own filters give, which goes out from here, by what they filter."""
    found = {}
    for participant in room.participants:
        for track in participant.tracks:
            key = TrackKey.of(participant.id, track)
            if track.of is None and key in filtering and room.filtered_here(key):
                found[key] = Recorded(participant.name, track.source, track.kind, track.label)
    return found


def published(room: Room, me: str | None) -> dict[TrackKey, Recorded]:
    """Return what this kernel publishes of its own."""
    return {
        TrackKey.own(track.label, track.kind): Recorded(participant.name, track.source, track.kind, track.label)
        for participant in room.participants
        if participant.id == me
        for track in participant.tracks
        if track.of is None
    }
