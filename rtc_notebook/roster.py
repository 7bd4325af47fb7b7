"""Who is in the room, and what changed since the server last said so. Pure, without I/O."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .media.control import TrackKey
from .protocol import ParticipantInfo, TrackInfo


@dataclass(frozen=True)
class Change:
    """What the newest room state changed; own kernel excluded."""

    joined: tuple[ParticipantInfo, ...] = ()
    left: tuple[ParticipantInfo, ...] = ()
    published: tuple[TrackKey, ...] = ()
    unpublished: tuple[TrackKey, ...] = ()


class Roster:
    """The other participants by id, in the order in which the server names them.

    Attributes
    ----------
    own_id : str or None
        The kernel's own participant, which is never in `participants`.
    own : ParticipantInfo or None
        The same as the server last described it.
    """

    def __init__(self) -> None:
        self.own_id: str | None = None
        self.own: ParticipantInfo | None = None
        self.participants: dict[str, ParticipantInfo] = {}
        self._tracks: dict[TrackKey, TrackInfo] = {}

    def update(self, everybody: Iterable[ParticipantInfo]) -> Change:
        """Take the room as it is now."""
        everybody = tuple(everybody)
        before, tracks_before = self.participants, self._tracks
        self.own = next((one for one in everybody if one.id == self.own_id), None)
        self.participants = {one.id: one for one in everybody if one.id != self.own_id}
        # The processed version of a picture is no track of its own: it is what that picture is to everybody else.
        self._tracks = {
            TrackKey.of(one.id, track): track
            for one in self.participants.values()
            for track in one.tracks
            if track.of is None
        }
        return Change(
            joined=tuple(one for id, one in self.participants.items() if id not in before),
            left=tuple(one for id, one in before.items() if id not in self.participants),
            published=tuple(key for key in self._tracks if key not in tracks_before),
            unpublished=tuple(key for key in tracks_before if key not in self._tracks),
        )

    def named(self, name: str) -> ParticipantInfo | None:
        """Return who is called ``name``, exactly or, if only one fits, without regard to case."""
        everybody = self.participants.values()
        exact = [one for one in everybody if one.name == name]
        if exact:
            return exact[0]
        alike = [one for one in everybody if one.name.casefold() == name.casefold()]
        return alike[0] if len(alike) == 1 else None

    @property
    def widget(self) -> ParticipantInfo | None:
        """The browser that shows this kernel's widget, if it has joined."""
        if self.own_id is None:
            return None
        shown = [one for one in self.participants.values() if one.widget_of == self.own_id]
        return next((one for one in reversed(shown) if one.connected), shown[-1] if shown else None)

    def track(self, key: TrackKey) -> TrackInfo | None:
        """Return the track that a participant publishes from a source, if it does."""
        return self._tracks.get(key)

    def filtered_here(self) -> set[TrackKey]:
        """Return the tracks that are under a filter of this kernel's, as the server sees it."""
        return {key for key, track in self._tracks.items() if track.filter and track.filter.by == self.own_id}
