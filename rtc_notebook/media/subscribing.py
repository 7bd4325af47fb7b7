"""The kernel's subscribe connection: the SFU offers, and says which m-line carries which track."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from aiortc import RTCPeerConnection, RTCSessionDescription

from ..protocol import Candidate, ClientMessage, MediaSettings, Offer, OfferAnswer, Restart
from . import peer
from .receiver import FrameReceiver

logger = logging.getLogger(__name__)

RETRY_SECONDS = 1.0
OFFER_SECONDS = 4.0
"""How long after a connection was dropped the SFU may take to offer the next one."""


class Subscribing:
    """Answers the SFU's offers and binds each m-line's receiver to the track it carries.

    Parameters
    ----------
    send : callable
        Sends a message to the server.
    bind : callable
        Called with a track's id and a receiver that begins to carry it.
    """

    def __init__(self, send: Callable[[ClientMessage], None], bind: Callable[[str, FrameReceiver], None]) -> None:
        self.media = MediaSettings()
        self.on_no_path: Callable[[], None] | None = None
        self._send = send
        self._bind = bind
        self._connection: RTCPeerConnection | None = None
        self._connection_id: int | None = None
        self._carried: dict[str, str] = {}
        self._offer: Offer | None = None
        self._arrived = asyncio.Event()
        self._awaited: asyncio.TimerHandle | None = None
        self._task = asyncio.ensure_future(self._run())

    def offered(self, offer: Offer) -> None:
        """Take an offer; one that waits is out of date."""
        self._expect(False)
        self._offer = offer
        self._arrived.set()

    async def candidate(self, message: Candidate) -> None:
        """Take a candidate of the SFU's."""
        await peer.add_candidate(self._connection, message.candidate)

    @property
    def connection(self) -> RTCPeerConnection | None:
        """The connection that there is at the moment."""
        return self._connection

    async def renew(self) -> None:
        """Have the SFU offer afresh: this connection leads nowhere any more."""
        self._send(Restart(connection="subscribe"))
        await self.start_over()

    async def start_over(self) -> None:
        """Drop the connection: the SFU has lost it and will offer afresh."""
        self._expect(self._connection is not None)
        await self._drop()

    async def close(self) -> None:
        """Close the connection."""
        self._task.cancel()
        self._expect(False)
        await self._drop()

    async def _drop(self) -> None:
        self._connection_id = None
        self._carried = {}
        connection, self._connection = self._connection, None
        await peer.close(connection)

    def _expect(self, offer: bool) -> None:
        """Ask for an offer, if none comes by itself."""
        if self._awaited is not None:
            self._awaited.cancel()
            self._awaited = None
        if offer:
            restart = Restart(connection="subscribe")
            self._awaited = asyncio.get_running_loop().call_later(OFFER_SECONDS, self._send, restart)

    async def _run(self) -> None:
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            offer, self._offer = self._offer, None
            if offer is None:
                continue
            try:
                await self._answer(offer)
            except Exception:
                logger.exception("An offer of the SFU's could not be answered; the connection starts over")
                await self._drop()
                await asyncio.sleep(RETRY_SECONDS)
                if self._offer is None:
                    self._send(Restart(connection="subscribe"))

    async def _answer(self, offer: Offer) -> None:
        if self._connection is None or offer.connection_id != self._connection_id:
            await self._drop()
            self._connection = peer.new_connection(self.media, self._connection_lost, self.on_no_path)
            self._connection_id = offer.connection_id
        connection = self._connection
        receivers: dict[str, FrameReceiver] = {}
        for mid, receiver in _receivers(connection):
            if self._carried.get(mid) != offer.tracks.get(mid):
                receiver.bind(None)
        await connection.setRemoteDescription(RTCSessionDescription(offer.sdp, "offer"))
        receivers.update(_receivers(connection))
        for mid, track in offer.tracks.items():
            if self._carried.get(mid) != track and mid in receivers:
                self._bind(track, receivers[mid])
        self._carried = dict(offer.tracks)
        await connection.setLocalDescription(await connection.createAnswer())
        self._send(OfferAnswer(id=offer.id, sdp=connection.localDescription.sdp))

    def _connection_lost(self) -> None:
        self._connection_id = None
        self._send(Restart(connection="subscribe"))


def _receivers(connection: RTCPeerConnection) -> list[tuple[str, Any]]:
    return [(t.mid, t.receiver) for t in connection.getTransceivers() if t.mid is not None]
