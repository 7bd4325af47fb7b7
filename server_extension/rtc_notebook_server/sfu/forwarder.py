"""The SFU process's room: who publishes what, who may have it, who wants it."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import time
from collections.abc import Callable, Collection, Mapping
from typing import Any

from rtc_notebook.errors import SfuError
from rtc_notebook.protocol import Connection, IceCandidate, Kind, MediaSettings

from . import sdp
from .base import ConnectionLost, Network, SeatEvent
from .connection import read_candidate
from .link import LinkPort
from .publication import Publication
from .publisher import Publisher
from .subscriber import Subscriber

logger = logging.getLogger(__name__)

TICK_SECONDS = 0.1
LATELY_SECONDS = 60.0


class Place:
    """One participant in the SFU process: its two connections and its publications' mids."""

    def __init__(self, forwarder: Forwarder, participant: str, emit: Callable[[SeatEvent], None]) -> None:
        self.participant = participant
        self._forwarder = forwarder
        self.publications: dict[str, Publication] = {}
        self.lock = asyncio.Lock()  # its requests are served one after another
        self.publisher = Publisher(forwarder.media, forwarder.network, lambda: emit(ConnectionLost("publish")))
        self.subscriber = Subscriber(forwarder.network, self._granted, emit)
        self.link = LinkPort(self._granted, forwarder.media.max_bitrate)

    async def publish(self, offer: str, tracks: Mapping[str, tuple[str, Kind]]) -> str:
        """Take an offer whose mids carry these tracks; return the answer."""
        sdp.check_tracks(sdp.parse(offer), tracks)
        bindings = {mid: self._publication(track, kind) for mid, (track, kind) in tracks.items()}
        answer = await self.publisher.answer(offer, bindings)
        self.link.publish(())
        self._forwarder.replace_publications(self, bindings.values())
        return answer

    async def publish_link(self, tracks: Mapping[str, Kind]) -> None:
        """Publish these tracks over the media link, in the place of the publish connection."""
        publications = [self._publication(track, kind) for track, kind in tracks.items()]
        await self.publisher.close()
        self.link.publish(publications)
        self._forwarder.replace_publications(self, publications)

    async def subscribe_link(self, tracks: Collection[str]) -> None:
        """Send these tracks over the media link, in the place of the subscribe connection."""
        self.subscriber.want(())
        await self.subscriber.restart()
        self.link.want(tracks)

    def subscribe(self, tracks: Collection[str]) -> None:
        """Send these tracks over the subscribe connection."""
        self.link.want(())
        self.subscriber.want(tracks)

    async def candidate(self, connection: Connection, candidate: IceCandidate) -> None:
        """Take an ICE candidate for one of the connections."""
        read = read_candidate(candidate)
        if read is not None:
            (self.publisher if connection == "publish" else self.subscriber).add_candidate(read)

    async def restart(self, connection: Connection) -> None:
        """Drop one connection."""
        if connection == "publish":
            self.link.publish(())
            await self.publisher.close()
        else:
            await self.subscriber.restart()

    async def close(self) -> None:
        """Close both connections and end the publications."""
        self.link.end()
        self._forwarder.replace_publications(self, ())
        await asyncio.gather(self.publisher.close(), self.subscriber.close())

    def connections(self) -> dict[str, Any]:
        """Return the states of its connections, and how its media link is if it has one.

        ``silent``: seconds since anything came over either connection, absent if nothing did lately.
        """
        now = time.monotonic()
        states: dict[str, Any] = {"publish": self.publisher.state, "subscribe": self.subscriber.state}
        if self.link.used:
            states["link"] = {"state": self.link.state, **self.link.describe()}
        silent = min(self.publisher.silent(now), self.subscriber.silent(now))
        if silent < LATELY_SECONDS:
            states["silent"] = round(silent, 2)
        return states

    def _publication(self, track: str, kind: Kind) -> Publication:
        known = self._forwarder.publications.get(track)
        if known is None:
            return Publication(track, self.participant, kind)
        if (known.participant, known.kind) != (self.participant, kind):
            raise SfuError("bad-track", f"Track {track!r} is there already; give each track an id of its own.")
        return known

    def _granted(self, wanted: Collection[str]) -> dict[str, Publication]:
        return self._forwarder.granted(self.participant, wanted)


class Forwarder:
    """Everything that one SFU process forwards."""

    def __init__(self, media: MediaSettings, network: Network) -> None:
        self.media = media
        self.network = network
        self.places: dict[str, Place] = {}
        self.publications: dict[str, Publication] = {}
        self._audiences: dict[str, frozenset[str]] = {}

    def join(self, participant: str, emit: Callable[[SeatEvent], None]) -> None:
        """Give a participant a place."""
        if participant in self.places:
            raise SfuError("already-joined", f"Participant {participant!r} is there already; let it leave first.")
        self.places[participant] = Place(self, participant, emit)

    async def leave(self, participant: str) -> None:
        """Take a participant's place away; idempotent."""
        place = self.places.pop(participant, None)
        if place is not None:
            await place.close()

    def place(self, participant: str) -> Place:
        """Return a participant's place."""
        try:
            return self.places[participant]
        except KeyError:
            raise SfuError("not-joined", f"Participant {participant!r} has no place here; join first.") from None

    def granted(self, participant: str, wanted: Collection[str]) -> dict[str, Publication]:
        """Return the publications that a participant may be sent, of those named."""
        return {
            track: self.publications[track]
            for track in wanted
            if track in self.publications and participant in self._audiences.get(track, ())
        }

    def set_audience(self, track: str, participants: Collection[str]) -> None:
        """Say who may have a track. When this returns, nobody else is being sent it."""
        self._audiences[track] = frozenset(participants)
        self._changed()

    def forget_track(self, track: str) -> None:
        """Drop a track's audience."""
        self._audiences.pop(track, None)
        self._changed()

    def set_muted(self, place: Place, track: str, muted: bool) -> None:
        """Hold an own track back, or let it go on."""
        if track not in place.publications:
            raise SfuError("unknown-track", f"There is no own track {track!r} to mute; publish it first.")
        place.publications[track].set_muted(muted)

    def replace_publications(self, place: Place, publications: Collection[Publication]) -> None:
        """Set what a participant publishes, whole."""
        fresh = {publication.id: publication for publication in publications}
        for track, publication in place.publications.items():
            if track not in fresh:
                publication.end()
                self.publications.pop(track, None)
        place.publications = fresh
        if place.participant in self.places:
            self.publications.update(fresh)
        self._changed()

    async def run(self) -> None:
        """Do what is due with time, for ever."""
        while True:
            await asyncio.sleep(TICK_SECONDS)
            now = time.monotonic()
            for tick in self._ticks(now):
                try:
                    tick()
                except Exception:
                    logger.exception("Something due with time failed")

    def stats(self) -> dict[str, Any]:
        """Return the counters that `rtc_notebook_server.sfu.base.Engine.stats` documents."""
        process = {"pid": os.getpid(), "cpu_seconds": time.process_time(), "rss_bytes": _rss_bytes()}
        participants = {
            participant: {
                "publish": {track: publication.stats() for track, publication in place.publications.items()},
                "subscribe": {**place.subscriber.stats(), **place.link.stats()},
                "connections": place.connections(),
            }
            for participant, place in self.places.items()
        }
        return {"process": process, "participants": participants}

    async def close(self) -> None:
        """Close every connection."""
        await asyncio.gather(*(self.leave(participant) for participant in list(self.places)))

    def _ticks(self, now: float) -> list[Callable[[], None]]:
        ticks: list[Callable[[], None]] = []
        for place in self.places.values():
            ticks.append(lambda place=place: place.publisher.tick(now))  # type: ignore[misc]
            ticks.append(lambda place=place: place.subscriber.tick(now))  # type: ignore[misc]
            ticks.append(place.link.tick)
        for publication in self.publications.values():
            ticks.append(lambda publication=publication: publication.tick(now))  # type: ignore[misc]
        return ticks

    def _changed(self) -> None:
        for place in self.places.values():
            place.subscriber.changed()
            place.link.changed()


def _rss_bytes() -> int:
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024
