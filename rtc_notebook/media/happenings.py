"""What happened in a room between two of its descriptions, as the events of a recording; without I/O."""

from __future__ import annotations

from typing import Any

from ..protocol import ParticipantInfo, TrackInfo
from .control import TrackKey

Event = dict[str, Any]
State = dict[str, ParticipantInfo]


def describe(participants: tuple[ParticipantInfo, ...]) -> State:
    """Return a room's description by participant."""
    return {one.id: one for one in participants}


def happened(before: State, now: State) -> list[Event]:
    """Return what changed, in an order in which it may have happened: comings last, so that names are free."""
    events: list[Event] = []
    for id, one in before.items():
        if id not in now:
            events.append({"event": "participant-left", "participant": one.name})
    names = {one.id: one.name for one in (*before.values(), *now.values())}
    for id, one in now.items():
        former = before.get(id)
        if former is None:
            events.append({"event": "participant-joined", "participant": one.name, "client": one.client})
        events += _tracks(one, {} if former is None else _raw(former), _raw(one), names)
    return events


def _raw(one: ParticipantInfo) -> dict[TrackKey, TrackInfo]:
    return {TrackKey.of(one.id, track): track for track in one.tracks if track.of is None}


def _tracks(
    one: ParticipantInfo, before: dict[TrackKey, TrackInfo], now: dict[TrackKey, TrackInfo], names: dict[str, str]
) -> list[Event]:
    events: list[Event] = []
    for key in before.keys() | now.keys():
        was, its = before.get(key), now.get(key)
        which = {"participant": one.name, "source": key.source, "kind": key.kind}
        if key.name:
            which["label"] = key.name
        if its is None:
            events.append({"event": "track-ended", **which})
            continue
        if was is None:
            events.append({"event": "track-published", **which})
        if its.muted != (was is not None and was.muted):
            events.append({"event": "muted" if its.muted else "unmuted", **which})
        former, filter = (None if was is None else was.filter), its.filter
        if filter is None and former is not None:
            events.append({"event": "filter-cleared", **which})
        elif filter is not None and (
            former is None or (former.by, former.label, former.state) != (filter.by, filter.label, filter.state)
        ):
            by = names.get(filter.by, filter.by)
            events.append({"event": "filter-set", **which, "by": by, "filter": filter.label, "state": filter.state})
    return sorted(events, key=lambda event: event["event"] != "track-published")
