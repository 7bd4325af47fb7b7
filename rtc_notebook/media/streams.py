"""All that comes in and goes out, kept to what the room and the kernel's wishes come to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Coroutine
from typing import Any

from .. import protocol
from ..process import memory
from ..rtp import seam
from ..signaling import Signaling
from . import control
from .arrivals import ArrivalCounter
from .control import TrackKey
from .encoder import RealtimeVp8Encoder
from .filtering import Filtering
from .mediapath import MediaPath
from .outbox import Outbox
from .own import OwnTracks
from .publishing import Offered
from .receiver import FrameReceiver, ReceivedFrame
from .recordings import Recordings
from .seen import processed, published
from .selection import Room
from .sender import Sender
from .sound import OpusEncoder
from .starved import Starved, flowing
from .tap import sending
from .tracks import IncomingTracks

REPORT_SECONDS = 1.0
LOOK_SECONDS = 0.5
WITHOUT_SECONDS = 0.4
"""Enough for the SFU to have offered less."""

QUIET_SECONDS = 1.5
"""All of the way is quiet then, which is nothing that a single track could be blamed for."""
GIVE_BACK_SECONDS = 3.0
"""After somebody has gone; their decoders and the encoders of what was made of them have ended by then."""


class Streams:
    """One call's tracks in both directions, its filters and its recordings.

    Parameters
    ----------
    signaling : Signaling
        Sends to the server.
    parent : Outbox
        Is told what comes in, and how everything goes.
    join : Join
        The call.
    on_command : callable
        Takes what a filter in a process of its own answers, as the kernel's answers are.
    later : callable
        Runs a coroutine to its end.

    Attributes
    ----------
    own : OwnTracks
        What the kernel publishes itself.
    filtering : Filtering
        Its filters on others.
    recordings : Recordings
        What it records.
    path : MediaPath
        The way that pictures and sound take.
    """

    def __init__(
        self,
        signaling: Signaling,
        parent: Outbox,
        join: control.Join,
        on_command: Callable[[control.Command], None],
        later: Callable[[Coroutine[Any, Any, None]], None],
    ) -> None:
        self._parent = parent
        self._room = Room()
        self._giving_back: asyncio.TimerHandle | None = None
        self._wanted: set[TrackKey] = set()
        self._subscribed: tuple[str, ...] | None = None
        self._starved = Starved()
        self._without: set[str] = set()  # not subscribed to for a moment
        self._arrivals = ArrivalCounter()
        self._tracks = IncomingTracks(join.directory, parent, lambda track: self._room.owner(track))
        self._tracks.on_encoded = self._on_encoded
        self.filtering = Filtering(signaling.send, self._tracks, join.directory, parent, on_command, later)
        self.recordings = Recordings(signaling.send, parent, self.update)
        self.own = OwnTracks(parent, self.update)
        seam.use_rtp_classes(Sender, FrameReceiver)
        self.path = MediaPath(signaling, join, self._tracks.bind, self._connect, self.subscribe_again, later)

    def welcomed(self, welcome: protocol.Welcome) -> None:
        """Begin, or go on where the socket broke."""
        media = welcome.media
        seam.use_encoders(
            video=lambda: RealtimeVp8Encoder(media.start_bitrate, media.max_bitrate, sending.get()),
            audio=lambda: OpusEncoder(sending.get()),
        )
        self.path.session = welcome.session
        if welcome.resumed:
            self.path.publishing.resume()
        else:
            self._room = Room(me=welcome.participant)
            self.path.take(media)
        self.filtering.ask_again()
        if self.recordings.active:
            self.recordings.announce()
        self.subscribe_again()

    def show(self, room: Room) -> None:
        """Take the room as it is now; `update` does what comes of it."""
        before, present = ({one.id for one in each.participants} for each in (self._room, room))
        self._room = room
        self.filtering.update(room, present)
        if before - present:
            self._give_back_soon()

    def want(self, tracks: Collection[TrackKey]) -> None:
        """Receive what the kernel wants to see and hear."""
        self._wanted = set(tracks)
        self.update()

    def subscribe_again(self) -> None:
        """Ask for everything that is wanted: what was asked for is lost."""
        self._subscribed = None
        self.update()

    def update(self) -> None:
        """Subscribe to and publish what the room and the kernel's wishes come to."""
        keys = self._wanted | set(self.filtering.keys)
        carriers = {key: self._room.carrier(key) for key in keys}
        self._tracks.set_carriers({carrier: key for key, carrier in carriers.items() if carrier is not None})
        present = {one.id for one in self._room.participants}
        self._tracks.keep(keys, lambda key: self._room.raw(key) is not None, present)
        self.recordings.update(self._room, self._room.me, self.filtering.keys)
        carriers_wanted = {carrier for carrier in carriers.values() if carrier is not None}
        wanted = tuple(sorted((carriers_wanted | self.recordings.wanted) - self._without))
        if wanted != (self._subscribed or ()):
            self._subscribed = wanted
            self.path.want(wanted)
        self.own.shown(self._room.published_by(self._room.me))
        offered = self.own.offered()
        for key in self.filtering.keys:
            raw = self._room.raw(key)
            if raw is not None and self._room.filtered_here(key):
                description = protocol.TrackDescription(source=key.source, of=raw.id)
                offered[raw.id] = Offered(key.kind, description)
        self.path.publishing.want(offered)
        self._connect()

    async def report(self) -> None:
        """Tell the kernel how everything goes, again and again."""
        while True:
            await asyncio.sleep(REPORT_SECONDS)
            self.filtering.report(self._room)
            self.own.report()
            self._parent.send_latest("arrivals", self._arrivals.report())

    async def repair(self) -> None:
        """Have a single track sent afresh whose pictures stay away while all else comes, again and again."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if self.path.quiet > QUIET_SECONDS:
                self._starved.forget()
                continue
            self._without = self._starved.look(flowing(self._room, self._subscribed or ()), loop.time())
            if self._without:
                self.update()
                await asyncio.sleep(WITHOUT_SECONDS)
                self._without = set()
                self.update()

    async def close(self) -> None:
        """Close the connections and end the threads and processes."""
        self.path.stay()
        if self._giving_back is not None:
            self._giving_back.cancel()
        await self.filtering.close()
        self.own.close()
        await self.path.close()
        await self.recordings.close()
        self._tracks.close()

    def _give_back_soon(self) -> None:
        """Return the memory of who has gone to the system, once nobody has gone for a moment."""
        if self._giving_back is not None:
            self._giving_back.cancel()
        loop = asyncio.get_running_loop()
        self._giving_back = loop.call_later(GIVE_BACK_SECONDS, loop.run_in_executor, None, memory.give_back)

    def _connect(self) -> None:
        publishing = self.path.publishing
        self.own.connect(publishing.track)
        for filtered in self.filtering:
            raw = self._room.raw(filtered.key)
            outgoing = None if raw is None else publishing.track(raw.id)
            filtered.carry(outgoing)  # type: ignore[arg-type]  # of the key's kind, as is the filter
        self._tap()

    def _tap(self) -> None:
        """Record what goes out, under this kernel's filters or of its own, once the room shows it."""
        publishing = self.path.publishing
        taps = {}
        for key, recorded in published(self._room, self._room.me).items():
            outgoing = publishing.track(str(key))
            if outgoing is not None:
                taps[outgoing.tap] = recorded
        for key, recorded in processed(self._room, self.filtering.keys).items():
            raw = self._room.raw(key)
            outgoing = None if raw is None else publishing.track(raw.id)
            if outgoing is not None:
                taps[outgoing.tap] = recorded
        self.recordings.tap(taps)

    def _on_encoded(self, publication: str, receiver: FrameReceiver, frame: ReceivedFrame) -> None:
        self._starved.came(publication, asyncio.get_running_loop().time())
        self._arrivals.received(publication, receiver, frame)
        self.recordings.received(publication, receiver, frame)
