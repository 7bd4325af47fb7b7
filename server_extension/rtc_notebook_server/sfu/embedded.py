"""The engine that comes with the server extension: one SFU process a room."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable, Collection, Mapping
from typing import Any

from rtc_notebook.errors import SfuError
from rtc_notebook.process.channel import Channel
from rtc_notebook.process.spawn import Child
from rtc_notebook.protocol import Connection, IceCandidate, Kind, MediaSettings

from . import messages
from .base import ConnectionLost, Engine, MediaLink, Network, OfferMade, Seat, SeatEvent

logger = logging.getLogger(__name__)

MODULE = "rtc_notebook_server.sfu.process"
START_SECONDS = 30.0
REQUEST_SECONDS = 20.0


class EmbeddedEngine(Engine):
    """Runs a process that forwards one room's media.

    Parameters
    ----------
    media : MediaSettings, optional
        The bitrates at which a picture starts and ends, in bits per second.
    network : Network, optional
        Where it can be reached.
    """

    def __init__(self, media: MediaSettings | None = None, network: Network | None = None) -> None:
        self._media = media or MediaSettings()
        self._network = network or Network()
        self._child: Child | None = None
        self._reader: asyncio.Task[None] | None = None
        self._on_exit: Callable[[str], None] = lambda reason: None
        self._on_event: dict[str, Callable[[SeatEvent], None]] = {}
        self._pending: dict[int, asyncio.Future[Any]] = {}
        self._requests = 0
        self._closing = False
        self._channel: Channel | None = None
        self._links: dict[int, EmbeddedLink] = {}
        self._link_numbers = 0

    @property
    def pid(self) -> int | None:
        """Process id of the SFU process, or None before `start`."""
        return self._child.pid if self._child is not None else None

    async def start(self, on_exit: Callable[[str], None]) -> None:
        """Start the process; returns when it is ready."""
        ours, theirs = socket.socketpair()
        with theirs, contextlib.ExitStack() as failing:
            failing.callback(ours.close)
            self._child = child = await Child.spawn(MODULE, str(theirs.fileno()), pass_fds=(theirs.fileno(),))
            failing.pop_all()
        self._channel = await Channel.open(ours, self._relay)
        self._on_exit = on_exit
        self._reader = asyncio.ensure_future(self._read(child))
        try:
            await self.request(messages.Configure, timeout=START_SECONDS, media=self._media, network=self._network)
        except SfuError:
            await self.close()
            raise

    async def join(self, participant: str, on_event: Callable[[SeatEvent], None]) -> Seat:
        """Give a participant a seat."""
        before = self._on_event.get(participant)
        self._on_event[participant] = on_event
        try:
            await self.request(messages.Join, participant=participant)
        except SfuError:
            if before is None:
                self._on_event.pop(participant, None)
            else:
                self._on_event[participant] = before
            raise
        return EmbeddedSeat(self, participant)

    async def set_audience(self, track: str, participants: Collection[str]) -> None:
        """Say who may receive a track."""
        await self.request(messages.SetAudience, track=track, participants=sorted(participants))

    async def forget_track(self, track: str) -> None:
        """Drop a track's audience."""
        await self.request(messages.ForgetTrack, track=track)

    async def stats(self) -> dict[str, Any]:
        """Return counters as plain data."""
        stats: dict[str, Any] = await self.request(messages.Stats)
        return stats

    async def close(self) -> None:
        """End the process; idempotent."""
        self._closing = True
        child, reader = self._child, self._reader
        if child is not None:
            await child.close()
        if reader is not None and reader is not asyncio.current_task():
            await reader

    async def open_link(
        self, participant: str, on_data: Callable[[bytes], None], on_end: Callable[[SfuError], None]
    ) -> MediaLink:
        """Open a participant's media link."""
        if self._channel is None:
            raise SfuError("sfu-gone", "The SFU process is not running; start the engine again.")
        self._link_numbers += 1
        link = EmbeddedLink(self, self._channel, participant, self._link_numbers, on_data, on_end)
        self._links[link.number] = link
        try:
            await self.request(messages.OpenLink, participant=participant, link=link.number)
        except BaseException:
            self._links.pop(link.number, None)
            raise
        return link

    async def close_link(self, participant: str, number: int) -> None:
        """Close a participant's media link; nothing more is heard of it."""
        if self._links.pop(number, None) is not None:
            with contextlib.suppress(SfuError):
                await self.request(messages.CloseLink, participant=participant, link=number)

    def _relay(self, number: int, data: bytes) -> None:
        if (link := self._links.get(number)) is not None:
            link.on_data(data)

    def _end_links(self) -> None:
        links, self._links = self._links, {}
        for link in links.values():
            link.on_end(_gone())
        if self._channel is not None:
            self._channel.close()

    async def request(self, kind: Callable[..., Any], *, timeout: float = REQUEST_SECONDS, **fields: Any) -> Any:
        """Send a request to the process and wait for its result.

        Raises
        ------
        SfuError
            If the process refuses, is not running (``"sfu-gone"``) or does not answer (``"sfu-timeout"``).
        """
        if self._child is None or self._closing or (self._reader is not None and self._reader.done()):
            raise SfuError("sfu-gone", "The SFU process is not running; start the engine again.")
        self._requests += 1
        id = self._requests
        future = self._pending[id] = asyncio.get_running_loop().create_future()
        self._child.send(kind(id=id, **fields))
        try:
            return await asyncio.wait_for(future, timeout)
        except asyncio.TimeoutError:
            raise SfuError("sfu-timeout", "The SFU process did not answer in time; it may be overloaded.") from None
        finally:
            self._pending.pop(id, None)

    def forget(self, participant: str) -> None:
        """Emit no more events for a participant."""
        self._on_event.pop(participant, None)
        for link in [link for link in self._links.values() if link.participant == participant]:
            del self._links[link.number]
            link.on_end(_gone())

    async def _read(self, child: Child) -> None:
        async for line in child:
            try:
                self._take(messages.read_reply.decode(line))
            except Exception:
                logger.exception("A message of the SFU process's could not be handled")
        code = await child.wait() if not self._closing else 0
        for future in self._pending.values():
            if not future.done():
                future.set_exception(_gone())
        self._end_links()
        if not self._closing:
            self._on_exit(f"the SFU process ended ({f'signal {-code}' if code < 0 else f'exit code {code}'})")

    def _take(self, reply: Any) -> None:
        match reply:
            case messages.Result(id=id, value=value):
                if (future := self._pending.get(id)) is not None and not future.done():
                    future.set_result(value)
            case messages.Refusal(id=id, code=code, message=message):
                if (future := self._pending.get(id)) is not None and not future.done():
                    future.set_exception(SfuError(code, message))
            case messages.Offered():
                offer = OfferMade(reply.offer, reply.connection_id, reply.sdp, reply.tracks)
                self._emit(reply.participant, offer)
            case messages.Lost(participant=participant, connection=connection):
                self._emit(participant, ConnectionLost(connection))
            case messages.LinkEnded(link=number, code=code, message=message):
                if (link := self._links.pop(number, None)) is not None:
                    link.on_end(SfuError(code, message))

    def _emit(self, participant: str, event: SeatEvent) -> None:
        on_event = self._on_event.get(participant)
        if on_event is not None:
            on_event(event)


def _gone() -> SfuError:
    return SfuError("sfu-gone", "The SFU process has ended; its room starts it again.")


class EmbeddedLink(MediaLink):
    """One media link over the channel to the SFU process."""

    def __init__(
        self,
        engine: EmbeddedEngine,
        channel: Channel,
        participant: str,
        number: int,
        on_data: Callable[[bytes], None],
        on_end: Callable[[SfuError], None],
    ) -> None:
        self._engine = engine
        self._channel = channel
        self.participant = participant
        self.number = number
        self.on_data = on_data
        self.on_end = on_end

    async def send(self, data: bytes) -> None:
        """Send what the participant said."""
        self._channel.send(self.number, data)
        await self._channel.drain()

    async def close(self) -> None:
        """Close it."""
        await self._engine.close_link(self.participant, self.number)


class EmbeddedSeat(Seat):
    """A place in the SFU process."""

    def __init__(self, engine: EmbeddedEngine, participant: str) -> None:
        self._engine = engine
        self._participant = participant

    async def publish(self, sdp: str, tracks: Mapping[str, tuple[str, Kind]]) -> str:
        """Take an offer and return the answer."""
        answer: str = await self._request(messages.Publish, sdp=sdp, tracks=dict(tracks))
        return answer

    async def subscribe(self, tracks: Collection[str]) -> None:
        """Set the tracks wanted."""
        await self._request(messages.Subscribe, tracks=list(tracks))

    async def publish_link(self, tracks: Mapping[str, Kind]) -> None:
        """Publish over the media link."""
        await self._request(messages.PublishLink, tracks=dict(tracks))

    async def subscribe_link(self, tracks: Collection[str]) -> None:
        """Set the tracks wanted over the media link."""
        await self._request(messages.SubscribeLink, tracks=list(tracks))

    async def open_link(self, on_data: Callable[[bytes], None], on_end: Callable[[SfuError], None]) -> MediaLink:
        """Open the media link."""
        return await self._engine.open_link(self._participant, on_data, on_end)

    async def answer(self, offer_id: int, sdp: str) -> None:
        """Take an answer."""
        await self._request(messages.Answer, offer=offer_id, sdp=sdp)

    async def candidate(self, connection: Connection, candidate: IceCandidate) -> None:
        """Take an ICE candidate."""
        await self._request(messages.Candidate, connection=connection, candidate=candidate)

    async def set_muted(self, track: str, muted: bool) -> None:
        """Hold an own track back, or let it go on."""
        await self._request(messages.SetMuted, track=track, muted=muted)

    async def restart(self, connection: Connection) -> None:
        """Drop a connection."""
        await self._request(messages.Restart, connection=connection)

    async def resend_offer(self) -> None:
        """Emit the open offer again."""
        await self._request(messages.ResendOffer)

    async def leave(self) -> None:
        """Give the place up."""
        try:
            await self._request(messages.Leave)
        finally:
            self._engine.forget(self._participant)

    async def _request(self, kind: Callable[..., Any], **fields: Any) -> Any:
        return await self._engine.request(kind, participant=self._participant, **fields)
