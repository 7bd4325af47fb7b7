"""Notices a single track whose pictures stay away, long after everything else goes on. Pure, without I/O."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from .selection import Room

STARVED_SECONDS = 3.0
FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 4.0, 300.0
"""Until the same track is asked for anew once more, where that did not help; doubled each time."""


class Starved:
    """Keeps when each track's last picture came, by the id of what is subscribed to."""

    def __init__(self) -> None:
        self._came: dict[str, float] = {}
        self._repaired: dict[str, tuple[float, float]] = {}  # when, and how long to wait for the next time

    def came(self, track: str, now: float) -> None:
        """Take note of a picture."""
        self._came[track] = now

    def forget(self) -> None:
        """Wait for the next picture of each."""
        self._came.clear()

    def look(self, flowing: Collection[str], now: float) -> set[str]:
        """Return which of the tracks that have no reason to stand still have to be asked for anew."""
        for known in (self._came, self._repaired):
            for track in [one for one in known if one not in flowing]:
                del known[track]  # what begins to flow again is given its time
        starved = {track for track, came in self._came.items() if now - came > STARVED_SECONDS}
        due = {track for track in starved if now - self._repaired.get(track, (0.0, 0.0))[0] >= self._wait(track)}
        for track in due:
            self._repaired[track] = (now, min(2 * self._wait(track) or FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS))
        return due

    def _wait(self, track: str) -> float:
        return self._repaired.get(track, (0.0, 0.0))[1]


def flowing(room: Room, wanted: Iterable[str]) -> set[str]:
    """Return which of the wanted tracks should always bring pictures: cameras of browsers that are on and connected."""
    cameras = {
        track.id
        for one in room.participants
        if one.client == "browser" and one.connected
        for track in one.tracks
        if track.source == "camera" and track.of is None and not track.muted
    }
    return cameras & set(wanted)
