"""The tracks of the others: which there are, whose frames come in, and where."""

from __future__ import annotations

from collections.abc import Callable
from threading import RLock
from typing import Any

from .feed import Feed
from .media.control import TrackKey, Want
from .protocol import ParticipantInfo
from .roster import Change, Roster
from .tracks import Track

Told = list[tuple[str, tuple[Any, ...]]]
"""What listeners are to hear: an event's name, and its arguments."""


class Reception:
    """What the worker is asked for and hands over. May be used from any thread.

    Parameters
    ----------
    roster : Roster
        Who is in the room, as of now.
    send : callable
        Takes a command for the worker.
    lock : threading.RLock
        The call's.
    make : callable
        Makes a track for its author.
    over : callable
        Returns the error that says why the call is over, once it is.
    filtered : callable
        Whether a filter here takes the frames of a track.
    """

    def __init__(
        self,
        roster: Roster,
        send: Callable[[Any], None],
        lock: RLock,
        make: Callable[..., Track],
        over: Callable[[], Exception | None],
        filtered: Callable[[TrackKey], bool],
    ) -> None:
        self._roster = roster
        self._send = send
        self._lock = lock
        self._make = make
        self._over = over
        self._filtered = filtered
        self._tracks: dict[TrackKey, Track] = {}
        self._feeds: dict[TrackKey, Feed] = {}
        self._wanted: dict[TrackKey, None] = {}
        self._glanced: dict[str, tuple[TrackKey, ...]] = {}

    def track(self, key: TrackKey) -> Track | None:
        """Return the track of this participant and source, if it is published."""
        with self._lock:
            return self._tracks.get(key) if self._roster.track(key) is not None else None

    def feed(self, key: TrackKey) -> Feed:
        """Return where the frames of a track come in."""
        with self._lock:
            return self._feeds.setdefault(key, Feed())

    def want(self, key: TrackKey) -> None:
        """Have a track come in, from now on."""
        with self._lock:
            if key not in self._wanted:
                self._wanted[key] = None
                self.ask()

    def glance(self, owner: str, keys: tuple[TrackKey, ...]) -> None:
        """Have these tracks come in for as long as ``owner`` does not say otherwise; none: no more of them."""
        with self._lock:
            before = self._glanced.pop(owner, ())
            if keys:
                self._glanced[owner] = keys
            if keys == before:
                return
            self.ask()
            for key in before:
                if key in self._feeds and not self._comes_in(key):
                    self._feeds[key].clear()  # or an old picture would be the newest one day

    def ask(self) -> None:
        """Tell the worker what is to come in."""
        with self._lock:
            glanced = (key for keys in self._glanced.values() for key in keys)
            self._send(Want(tracks=tuple(dict.fromkeys((*self._wanted, *glanced)))))

    def gone(self, change: Change) -> Told:
        """Take the room as the roster has it now: what is muted, what is missing, and what has ended."""
        with self._lock:
            for key, feed in self._feeds.items():
                info = self._roster.track(key)
                feed.mute(info is not None and info.muted)
            told: Told = []
            for key in [*change.unpublished, *(key for one in change.left for key in self._tracks_of(one))]:
                if key.participant in self._roster.participants:
                    self._tracks[key].missing(True)
                else:
                    told += self.end(key)
            return told

    def appeared(self, change: Change) -> Told:
        """Take what is published now."""
        with self._lock:
            told: Told = []
            for key in change.published:
                track = self._tracks.get(key)
                if track is not None and not track.ended:
                    track.missing(False)  # back within the grace time: whoever reads it goes on
                    continue
                info = self._roster.track(key)
                assert info is not None
                feed = self.feed(key)
                self._tracks[key] = self._make(key, info.kind, feed, self.want, self._over, self._describer(key))
                told.append(("track-published", (self._tracks[key],)))
            return told

    def end(self, key: TrackKey) -> Told:
        """End a track, for good."""
        with self._lock:
            track = self._tracks.pop(key, None)
            if key.participant not in self._roster.participants:
                self._feeds.pop(key, None)
            if self._wanted.pop(key, self) is None:
                self.ask()
            if track is None:
                return []
            track.end()
            return [("track-ended", (track,))]

    def close(self) -> None:
        """End every track; who waits for a frame is told."""
        with self._lock:
            tracks, feeds = list(self._tracks.values()), list(self._feeds.values())
        for track in tracks:
            track.end()
        for feed in feeds:
            feed.wake()

    def _tracks_of(self, one: ParticipantInfo) -> list[TrackKey]:
        return [key for key in self._tracks if key.participant == one.id]

    def _comes_in(self, key: TrackKey) -> bool:
        return key in self._wanted or self._filtered(key) or any(key in keys for keys in self._glanced.values())

    def _describer(self, key: TrackKey) -> Callable[[], str]:
        name = self._roster.participants[key.participant].name
        what = repr(key.name) if key.source == "kernel" else f"the {key.source}"
        return lambda: f"{what} of {name!r}"
