"""The SFU process: ``python -m rtc_notebook_server.sfu.process``, speaking JSON lines with the engine."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import sys
from collections.abc import Callable
from typing import Any

from rtc_notebook.errors import ProtocolError, SfuError
from rtc_notebook.process.channel import Channel
from rtc_notebook.process.child import Parent
from rtc_notebook.process.turns import ask_for_short_turns
from rtc_notebook.rtp import seam

from . import messages
from .base import ConnectionLost, OfferMade, SeatEvent
from .forwarder import Forwarder, Place
from .link import LinkPort
from .ports import use_ports
from .receiver import ForwardingReceiver
from .sender import ForwardingSender

logger = logging.getLogger(__name__)


class Service:
    """Serves an engine's requests: those of one participant in order, one participant not waiting for another."""

    def __init__(self, parent: Parent, forwarder: Forwarder, links: Links) -> None:
        self._parent = parent
        self._forwarder = forwarder
        self._links = links
        self._tasks: set[asyncio.Task[None]] = set()

    def serve(self, request: Any) -> None:
        """Begin to serve a request; its reply goes to the engine when it is served."""
        task = asyncio.ensure_future(self._reply(request))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _reply(self, request: Any) -> None:
        try:
            self._parent.send(messages.Result(id=request.id, value=await self._handle(request)))
        except SfuError as error:
            self._parent.send(messages.Refusal(id=request.id, code=error.code, message=str(error)))
        except Exception as error:
            logger.exception("A request failed: %s", type(request).__name__)
            text = f"The SFU failed ({type(error).__name__}: {error}); try again."
            self._parent.send(messages.Refusal(id=request.id, code="internal", message=text))

    async def _handle(self, request: Any) -> Any:
        forwarder = self._forwarder
        match request:
            case messages.Join(participant=participant):
                forwarder.join(participant, lambda event: self._emit(participant, event))
            case messages.SetAudience(track=track, participants=participants):
                forwarder.set_audience(track, participants)
            case messages.ForgetTrack(track=track):
                forwarder.forget_track(track)
            case messages.Stats():
                return forwarder.stats()
            case messages.Leave(participant=participant):
                if (place := forwarder.places.get(participant)) is not None:
                    self._links.forget(place.link)
                await forwarder.leave(participant)
            case _:
                place = forwarder.place(request.participant)
                async with place.lock:
                    return await self._handle_seat(place, request)
        return None

    async def _handle_seat(self, place: Place, request: Any) -> Any:
        match request:
            case messages.Publish(sdp=sdp, tracks=tracks):
                return await place.publish(sdp, tracks)
            case messages.Subscribe(tracks=tracks):
                place.subscribe(tracks)
            case messages.PublishLink(tracks=tracks):
                await place.publish_link(tracks)
            case messages.SubscribeLink(tracks=tracks):
                await place.subscribe_link(tracks)
            case messages.OpenLink(link=link):
                self._links.open(link, place.link)
            case messages.CloseLink(link=link):
                self._links.close(link)
            case messages.Answer(offer=offer, sdp=sdp):
                await place.subscriber.answer(offer, sdp)
            case messages.Candidate(connection=connection, candidate=candidate):
                await place.candidate(connection, candidate)
            case messages.SetMuted(track=track, muted=muted):
                self._forwarder.set_muted(place, track, muted)
            case messages.Restart(connection=connection):
                await place.restart(connection)
            case messages.ResendOffer():
                place.subscriber.resend()
        return None

    def _emit(self, participant: str, event: SeatEvent) -> None:
        match event:
            case OfferMade(id=id, connection_id=connection_id, sdp=sdp, tracks=tracks):
                self._parent.send(
                    messages.Offered(
                        participant=participant, offer=id, connection_id=connection_id, sdp=sdp, tracks=dict(tracks)
                    )
                )
            case ConnectionLost(connection=connection):
                self._parent.send(messages.Lost(participant=participant, connection=connection))


class Links:
    """The media links that are open, by the numbers that mark their messages on the channel.

    ``on_end`` is called with the number of a link that is ended for what came over it, and why.
    """

    def __init__(self, on_end: Callable[[int, ProtocolError], None]) -> None:
        self._on_end = on_end
        self.channel: Channel | None = None
        self._ports: dict[int, LinkPort] = {}

    def open(self, link: int, port: LinkPort) -> None:
        """Have a port speak over a link; one that it spoke over before is closed."""
        channel = self.channel
        if channel is None:
            raise SfuError("no-link", "This SFU process has no channel for media links.")
        self.forget(port)
        self._ports[link] = port
        port.open(lambda data: channel.send(link, data))

    def close(self, link: int) -> None:
        """Note that a link is closed; idempotent."""
        if (port := self._ports.pop(link, None)) is not None:
            port.close()

    def forget(self, port: LinkPort) -> None:
        """Have a port speak over no link: nobody closes that of who leaves the room."""
        self._ports = {number: other for number, other in self._ports.items() if other is not port}

    def receive(self, link: int, data: bytes) -> None:
        """Take a message that came over a link; one that makes no sense, or too many, end this link and no other."""
        if (port := self._ports.get(link)) is None:
            return
        try:
            port.receive(data)
        except ProtocolError as error:
            self.close(link)
            self._on_end(link, error)


async def run() -> None:
    """Serve the engine until it is gone."""
    seam.use_only_forwarded_codecs()
    seam.use_mid_router()
    seam.use_roomy_sockets()
    seam.use_short_gathering()
    seam.use_rtp_classes(ForwardingSender, ForwardingReceiver)
    parent = await Parent.attach()
    links = Links(lambda link, error: parent.send(messages.LinkEnded(link=link, code=error.code, message=str(error))))
    if len(sys.argv) > 1:
        links.channel = await Channel.open(socket.socket(fileno=int(sys.argv[1])), links.receive)
    forwarder: Forwarder | None = None
    service: Service | None = None
    clock: asyncio.Task[None] | None = None
    async for line in parent:
        request = messages.read_request.decode(line)
        if isinstance(request, messages.Configure):
            if request.network.ports is not None:
                use_ports(asyncio.get_running_loop(), *request.network.ports)
            forwarder = Forwarder(request.media, request.network)
            service = Service(parent, forwarder, links)
            clock = asyncio.ensure_future(forwarder.run())
            parent.send(messages.Result(id=request.id))
        elif service is not None:
            service.serve(request)
    if clock is not None and forwarder is not None:
        clock.cancel()
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(forwarder.close(), 1.0)


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING, format="rtc-notebook SFU: %(levelname)s %(name)s: %(message)s")
    ask_for_short_turns()
    asyncio.run(run())
