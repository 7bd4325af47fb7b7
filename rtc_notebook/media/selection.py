"""Which published track stands for what the kernel calls a track; without I/O."""

from __future__ import annotations

from collections.abc import Iterable

from ..protocol import ParticipantInfo, TrackInfo
from .control import TrackKey


class Room:
    """The room as the server described it last, asked by participant and source; ``me`` is the own participant."""

    def __init__(self, participants: Iterable[ParticipantInfo] = (), me: str | None = None) -> None:
        self.me = me
        self.participants = tuple(participants)
        self._raw = {
            TrackKey.of(participant.id, track): track
            for participant in self.participants
            for track in participant.tracks
            if track.of is None
        }

    def raw(self, key: TrackKey) -> TrackInfo | None:
        """Return the raw track of this participant and source, if it is published."""
        return self._raw.get(key)

    def owner(self, publication: str) -> str | None:
        """Return the id of who sends a track."""
        for participant in self.participants:
            if any(track.id == publication for track in participant.tracks):
                return participant.id
        return None

    def published_by(self, participant: str | None) -> set[TrackKey]:
        """Return what a kernel publishes of its own, by the keys under which it knows it."""
        return {TrackKey.own(key.name, key.kind) for key in self._raw if key.participant == participant}

    def filtered_here(self, key: TrackKey) -> bool:
        """Whether the filter on this track is this kernel's, as far as the server is concerned."""
        raw = self.raw(key)
        return raw is not None and raw.filter is not None and raw.filter.by == self.me and raw.filter.state != "held"

    def carrier(self, key: TrackKey) -> str | None:
        """Return the id of the track to subscribe to: the raw one if it is filtered here, else what everybody sees.

        None while there is nothing to be had.
        """
        raw = self.raw(key)
        if raw is None or key.participant == self.me:
            return None
        if raw.filter is None or self.filtered_here(key):
            return raw.id
        return raw.filter.track
