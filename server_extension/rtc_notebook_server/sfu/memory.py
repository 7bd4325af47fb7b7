"""An engine without media, for tests of rooms: it obeys the interface and counts made-up packets."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping
from typing import Any, ClassVar

from rtc_notebook.errors import SfuError
from rtc_notebook.protocol import Connection, IceCandidate, Kind

from .base import ConnectionLost, Engine, OfferMade, Seat, SeatEvent


class MemoryEngine(Engine):
    """Keeps in memory who publishes and who is being sent what.

    A description that does not begin with ``v=0`` is refused, as a real engine refuses one that is no SDP. Tests make a
    packet flow with `push` and see the engine's end with `die`; with a ``seat_class`` of their own they see more.
    """

    seat_class: ClassVar[type[MemorySeat]]

    def __init__(self) -> None:
        self.running = False
        self.seats: dict[str, MemorySeat] = {}
        self.audiences: dict[str, frozenset[str]] = {}
        self._on_exit: Callable[[str], None] = lambda reason: None

    # --- for tests -------------------------------------------------------------------------------------

    def sent_to(self, track: str) -> frozenset[str]:
        """Return who is being sent a track."""
        return frozenset(name for name, seat in self.seats.items() if track in seat.receiving())

    def push(self, track: str) -> None:
        """Publish one packet of a track."""
        publisher = next(seat for seat in self.seats.values() if track in seat.published)
        publisher.published[track]["packets"] += 1
        if track not in publisher.muted:
            for seat in self.seats.values():
                if track in seat.receiving():
                    seat.received[track] = seat.received.get(track, 0) + 1

    def die(self, reason: str = "the fake died") -> None:
        """End as if by itself."""
        self.running = False
        self.seats.clear()
        self.audiences.clear()
        self._on_exit(reason)

    # --- the interface ---------------------------------------------------------------------------------

    async def start(self, on_exit: Callable[[str], None]) -> None:
        """Make the engine ready."""
        self._on_exit = on_exit
        self.running = True

    async def join(self, participant: str, on_event: Callable[[SeatEvent], None]) -> Seat:
        """Give a participant a seat."""
        self.check_running()
        if participant in self.seats:
            raise SfuError("already-joined", f"Participant {participant!r} is there already; let it leave first.")
        seat = self.seats[participant] = self.seat_class(self, participant, on_event)
        return seat

    async def set_audience(self, track: str, participants: Collection[str]) -> None:
        """Say who may receive a track."""
        self.check_running()
        self.audiences[track] = frozenset(participants)
        self.changed()

    async def forget_track(self, track: str) -> None:
        """Drop a track's audience."""
        self.check_running()
        self.audiences.pop(track, None)
        self.changed()

    async def stats(self) -> dict[str, Any]:
        """Return counters as plain data."""
        self.check_running()
        process = {"pid": os.getpid(), "cpu_seconds": 0.0, "rss_bytes": 0}
        return {"process": process, "participants": {name: seat.stats() for name, seat in self.seats.items()}}

    async def close(self) -> None:
        """End the engine; idempotent."""
        self.running = False
        self.seats.clear()

    # --- for its seats ---------------------------------------------------------------------------------

    def check_running(self) -> None:
        """Refuse when the engine has ended."""
        if not self.running:
            raise SfuError("sfu-gone", "The SFU is not running; start the engine again.")

    def kind(self, track: str) -> Kind | None:
        """Return a published track's kind, or None if it is not published."""
        return next((seat.published[track]["kind"] for seat in self.seats.values() if track in seat.published), None)

    def changed(self) -> None:
        """Have every seat offer what it now may and wants to have."""
        for seat in list(self.seats.values()):
            seat.negotiate()


class MemorySeat(Seat):
    """A place in a `MemoryEngine`."""

    def __init__(self, engine: MemoryEngine, participant: str, on_event: Callable[[SeatEvent], None]) -> None:
        self.participant = participant
        self.published: dict[str, dict[str, Any]] = {}
        self.received: dict[str, int] = {}
        self.muted: set[str] = set()
        self.candidates: list[tuple[Connection, IceCandidate]] = []
        self._engine = engine
        self._on_event = on_event
        self._wanted: tuple[str, ...] = ()
        self._open: OfferMade | None = None
        self._mids: dict[str, str] = {}  # as answered
        self._kinds: dict[str, Kind] = {}  # every m-line there ever was
        self._offers = 0
        self._connection_id = 0

    async def publish(self, sdp: str, tracks: Mapping[str, tuple[str, Kind]]) -> str:
        """Take an offer and return the answer."""
        self._check(sdp)
        for track, _ in tracks.values():
            if self._engine.kind(track) is not None and track not in self.published:
                raise SfuError("bad-track", f"Track {track!r} is there already; give each track an id of its own.")
        self.published = {
            track: self.published.get(track, {"kind": kind, "packets": 0}) for track, kind in tracks.values()
        }
        self._engine.changed()
        return "v=0\r\ns=answer\r\n"

    async def subscribe(self, tracks: Collection[str]) -> None:
        """Set the tracks wanted."""
        self._check()
        self._wanted = tuple(dict.fromkeys(tracks))
        self.negotiate()

    async def answer(self, offer_id: int, sdp: str) -> None:
        """Take an answer."""
        if self._open is None or self._open.id != offer_id:
            return
        self._check(sdp)
        self._mids, self._open = dict(self._open.tracks), None
        self.negotiate()

    async def candidate(self, connection: Connection, candidate: IceCandidate) -> None:
        """Take an ICE candidate."""
        self._check()
        if candidate.candidate and "candidate:" not in candidate.candidate:
            raise SfuError("bad-candidate", f"The ICE candidate {candidate.candidate[:80]!r} cannot be read.")
        self.candidates.append((connection, candidate))

    async def set_muted(self, track: str, muted: bool) -> None:
        """Hold an own track back, or let it go on."""
        self._check()
        if track not in self.published:
            raise SfuError("unknown-track", f"There is no own track {track!r} to mute; publish it first.")
        (self.muted.add if muted else self.muted.discard)(track)

    async def restart(self, connection: Connection) -> None:
        """Drop a connection."""
        self._check()
        if connection == "subscribe":
            self._mids, self._kinds, self._open = {}, {}, None
            self._connection_id += 1
            self.negotiate()

    async def resend_offer(self) -> None:
        """Emit the open offer again."""
        self._check()
        if self._open is not None:
            self._on_event(self._open)

    async def leave(self) -> None:
        """Give the place up."""
        if self._engine.seats.get(self.participant) is self:
            del self._engine.seats[self.participant]
            self._engine.changed()

    def lose(self, connection: Connection) -> None:
        """Lose a connection, as when a participant's network is gone; for tests."""
        self._on_event(ConnectionLost(connection))

    def receiving(self) -> frozenset[str]:
        """Return the tracks that this participant is being sent."""
        return frozenset(self._mids.values()) & frozenset(self._granted())

    def stats(self) -> dict[str, Any]:
        """Return its part of the engine's statistics."""
        return {
            "publish": {track: dict(counters) for track, counters in self.published.items()},
            "subscribe": {
                track: {"packets": self.received.get(track, 0), "paused": False} for track in self.receiving()
            },
            "connections": {"publish": "connected", "subscribe": "connected"},
        }

    def negotiate(self) -> None:
        """Offer what may be had, if it is not what is being sent and no offer is open."""
        granted = self._granted()
        if self._open is not None or set(granted) == set(self._mids.values()):
            return
        mids = {mid: track for mid, track in self._mids.items() if track in granted}
        for track, kind in granted.items():
            if track not in mids.values():
                idle = (mid for mid, of in self._kinds.items() if of == kind and mid not in mids)
                mid = next(idle, str(len(self._kinds)))
                self._kinds[mid] = kind
                mids[mid] = track
        self._connection_id = self._connection_id or 1
        self._offers += 1
        self._open = OfferMade(self._offers, self._connection_id, "v=0\r\ns=offer\r\n", mids)
        self._on_event(self._open)

    def _granted(self) -> dict[str, Kind]:
        granted: dict[str, Kind] = {}
        for track in self._wanted:
            kind = self._engine.kind(track)
            if kind is not None and self.participant in self._engine.audiences.get(track, ()):
                granted[track] = kind
        return granted

    def _check(self, sdp: str | None = None) -> None:
        self._engine.check_running()
        if self._engine.seats.get(self.participant) is not self:
            raise SfuError("not-joined", f"Participant {self.participant!r} has no place here; join first.")
        if sdp is not None and not sdp.startswith("v=0"):
            raise SfuError("bad-sdp", "The session description cannot be used: it cannot be read.")


MemoryEngine.seat_class = MemorySeat
