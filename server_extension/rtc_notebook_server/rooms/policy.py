"""Who may receive each track, from the room's state alone.

- A track nobody filters goes to everybody but its publisher.
- A filtered picture or sound goes to the filtering kernel and to nobody else; to nobody at all while it is held.
- A processed track goes to everybody but its publisher, as long as its publisher is the one who filters.
"""

from __future__ import annotations

from collections.abc import Mapping

from rtc_notebook.protocol import Filterable, Kind

from .state import Filter, Participant, Track

Filters = Mapping[tuple[str, Filterable], Filter]
Audiences = dict[str, frozenset[str]]

KIND: Mapping[Filterable, Kind] = {"camera": "video", "screen": "video", "microphone": "audio"}
"""What a filter on a source is on; the sound of a shared screen is not filtered."""


def audiences(participants: Mapping[str, Participant], filters: Filters) -> Audiences:
    """Return the participants that may receive each track."""
    everybody = frozenset(participants)
    owners = {track.id: (who.id, track) for who in participants.values() for track in who.tracks.values()}
    return {
        track.id: _audience(owner, track, everybody, owners, filters) & (everybody - {owner})
        for owner, track in owners.values()
    }


def filter_on(owner: str, track: Track, filters: Filters) -> Filter | None:
    """Return the filter that a raw track is under; processed tracks and what kernels publish are under none."""
    if track.of is not None or track.source == "kernel" or track.kind != KIND[track.source]:
        return None
    return filters.get((owner, track.source))


def changes(applied: Audiences, wanted: Audiences) -> tuple[Audiences, Audiences]:
    """Return the audiences to set: first those that somebody is taken from, then those that only grow."""
    changed = {track: who for track, who in wanted.items() if applied.get(track) != who}
    narrowed = {track: who for track, who in changed.items() if applied.get(track, frozenset()) - who}
    return narrowed, {track: who for track, who in changed.items() if track not in narrowed}


def _audience(
    owner: str,
    track: Track,
    everybody: frozenset[str],
    owners: Mapping[str, tuple[str, Track]],
    filters: Filters,
) -> frozenset[str]:
    if track.of is not None:
        raw_owner, raw = owners.get(track.of, (None, None))
        if raw_owner is None or raw is None:
            return frozenset()
        its = filter_on(raw_owner, raw, filters)
        return everybody if its is not None and not its.held and its.by == owner else frozenset()
    its = filter_on(owner, track, filters)
    if its is None:
        return everybody
    return frozenset() if its.held else frozenset({its.by})
