"""One participant's media link in the SFU process: frames over a WebSocket in the place of both peer connections.

What comes in is packetised and becomes a publication like any other; what goes out is a publication's packets, put
together to frames again. Who may have what is decided where it is for everybody.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Mapping
from typing import Any

from rtc_notebook.errors import ProtocolError
from rtc_notebook.link import wire
from rtc_notebook.link.outbox import Item, Outbox

from ..limits import Bucket
from .linked import LinkSource, Viewing
from .publication import Publication

FLUSH_SECONDS = 0.012
"""How long a record waits for others to share a message with: what a message costs is the Jupyter server's time."""

ACK_SECONDS = 0.04

PULSE_SECONDS = 1.0

MAX_PER_SECOND = 200.0
"""Messages and records, for each track that comes or goes, and for none; a track has 50 a second."""

MAX_AT_ONCE = 1000.0
"""Of them: what was held up on its way for ten seconds comes all at once."""

MAX_BYTES_PER_SECOND = 8 * 1024 * 1024
"""Or twice the bitrate that is allowed, if that is more; for two seconds twice as many."""


class LinkPort:
    """What a participant publishes and wants over its link, whether it is open at the moment or not.

    Parameters
    ----------
    granted : callable
        Returns the publications that this participant may have, of those named.
    max_bitrate : int, optional
        What is sent at most, bits per second, by who keeps to it.
    """

    def __init__(self, granted: Callable[[Collection[str]], Mapping[str, Publication]], max_bitrate: int = 0) -> None:
        self._granted = granted
        rate = max(MAX_BYTES_PER_SECOND, max_bitrate / 4)
        self._bytes = Bucket(rate, 2 * rate)
        self._said = Bucket(MAX_PER_SECOND, MAX_AT_ONCE)
        self._wanted: tuple[str, ...] = ()
        self._sources: dict[str, LinkSource] = {}
        self._viewings: dict[str, Viewing] = {}
        self._transmit: Callable[[bytes], None] | None = None
        self._outbox = Outbox()
        self._receipts = wire.Receipts()
        self._urgent: list[bytes] = []
        self._timer: asyncio.TimerHandle | None = None
        self._spoke = 0.0

    @property
    def state(self) -> str:
        """``"connected"`` while the participant's socket is open."""
        return "new" if self._transmit is None else "connected"

    @property
    def used(self) -> bool:
        """Whether anything is published or wanted over it."""
        return bool(self._sources or self._wanted)

    # --- what the participant asks for -----------------------------------------------------------------

    def publish(self, publications: Collection[Publication]) -> None:
        """Take these publications' frames from the link from now on, and no others'."""
        fresh = {publication.id: publication for publication in publications}
        for track, source in list(self._sources.items()):
            if track not in fresh or source.publication is not fresh[track]:
                self._sources.pop(track).unbind()
        for track, publication in fresh.items():
            if track not in self._sources:
                self._sources[track] = LinkSource(publication, self._want_keyframe)
                self._sources[track].open(self._transmit is not None)

    def want(self, tracks: Collection[str]) -> None:
        """Set the tracks that go out over the link, whole."""
        self._wanted = tuple(dict.fromkeys(tracks))
        self.changed()

    def changed(self) -> None:
        """Stop at once what may not be sent any more, and begin what may."""
        granted = self._granted(self._wanted)
        for track, viewing in list(self._viewings.items()):
            if granted.get(track) is not viewing.publication:
                del self._viewings[track]
                viewing.end()
                self._outbox.end(track)
        for track, publication in granted.items():
            if track not in self._viewings:
                if publication.kind == "video":
                    self._outbox.begin(track)
                self._viewings[track] = Viewing(publication, self._put, self._outbox)
        self._flush_soon()

    # --- the socket ------------------------------------------------------------------------------------

    def open(self, transmit: Callable[[bytes], None]) -> None:
        """Speak over a fresh socket: everything begins anew, at keyframes."""
        self._transmit = transmit
        self._outbox, self._receipts, self._urgent = Outbox(), wire.Receipts(), []
        for source in self._sources.values():
            source.open(True)
        for viewing in self._viewings.values():
            viewing.end()
        self._viewings.clear()
        self.changed()

    def close(self) -> None:
        """Note that the socket is gone."""
        self._transmit = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for source in self._sources.values():
            source.open(False)

    def end(self) -> None:
        """Publish and want nothing any more."""
        self.publish(())
        self.want(())
        self.close()

    def receive(self, data: bytes) -> None:
        """Take a message of the participant's.

        Raises
        ------
        ProtocolError
            If it is none (``"bad-media"``), or one too many (``"rate-limit"``): the link is to end.
        """
        now = time.monotonic()
        sent, records, media = wire.decode(data)
        tracks = 1 + len(self._sources) + len(self._viewings)
        if not (self._said.take((1 + len(records)) / tracks) and self._bytes.take(len(data))):
            raise ProtocolError("rate-limit", "More came over a media link than any has to say. Send less.")
        self._receipts.add(sent, media, now)
        for record in records:
            if isinstance(record, wire.Frame):
                if (source := self._sources.get(record.track)) is not None and source.kind == record.kind:
                    source.take(record, now)
            elif isinstance(record, wire.Ack):
                self._outbox.window.acknowledge(record.received, now - record.echo - record.held, now)
            elif (viewing := self._viewings.get(record.track)) is not None:
                viewing.publication.want_keyframe()
        self._flush_soon(FLUSH_SECONDS if self._outbox.pending else ACK_SECONDS)

    def tick(self) -> None:
        """Do what is due with time; called about ten times a second."""
        if self._transmit is not None and time.monotonic() - self._spoke >= PULSE_SECONDS:
            self._say([])
        self._flush_soon()

    def stats(self) -> dict[str, Any]:
        """Return the counters of each track that goes out over the link."""
        return {track: viewing.stats() for track, viewing in self._viewings.items()}

    def describe(self) -> dict[str, Any]:
        """Return how the link is: bytes, seconds, bytes a second."""
        window = self._outbox.window
        return {"window": window.size, "delay": window.delay, "rate": window.rate, "skipped": self._outbox.skipped}

    # --- within ----------------------------------------------------------------------------------------

    def _put(self, item: Item) -> None:
        if self._transmit is not None:
            self._outbox.put(item, time.monotonic())
            self._flush_soon()

    def _want_keyframe(self, track: str) -> bool:
        if self._transmit is None:
            return False
        self._urgent.append(wire.encode(wire.Wanted(track)))
        self._flush_soon()
        return True

    def _flush_soon(self, seconds: float = FLUSH_SECONDS) -> None:
        if self._transmit is None:
            return
        loop = asyncio.get_running_loop()
        if self._timer is not None:
            if self._timer.when() <= loop.time() + seconds:
                return
            self._timer.cancel()
        self._timer = loop.call_later(seconds, self._flush)

    def _flush(self) -> None:
        self._timer = None
        if self._transmit is None:
            return
        now = time.monotonic()
        for track in self._outbox.wanted(now):
            if (viewing := self._viewings.get(track)) is not None:
                viewing.publication.want_keyframe()
        records, self._urgent = self._urgent, []
        if (ack := self._receipts.take(now)) is not None:
            records.append(wire.encode(ack))
        records += self._outbox.take(now)
        if records:
            self._say(records)

    def _say(self, records: list[bytes]) -> None:
        if self._transmit is not None:
            self._spoke = time.monotonic()
            self._transmit(wire.message(self._spoke, records))
