"""A participant's subscribe connection: the SFU offers what is wanted and allowed, and sends it."""

from __future__ import annotations

import asyncio
import logging
import math
import secrets
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, cast

from aiortc import RTCIceCandidate, RTCRtpTransceiver, RTCSessionDescription

from rtc_notebook.errors import SfuError
from rtc_notebook.rtp.downlink import Downlink

from . import sdp
from .base import ConnectionLost, Network, OfferMade, SeatEvent
from .connection import PeerConnection
from .publication import Publication
from .sender import ForwardingSender

logger = logging.getLogger(__name__)

RENEW_SECONDS = 0.5
"""How long a connection that is lost is left alone: who closed it on purpose leaves in a moment."""


@dataclass
class Slot:
    """An m-line and the publication it carries (``None`` while idle); ``answered`` once the viewer knows."""

    transceiver: RTCRtpTransceiver
    publication: Publication | None = None
    answered: bool = False

    @property
    def sender(self) -> ForwardingSender:
        """The m-line's sender."""
        return cast(ForwardingSender, self.transceiver.sender)


class Subscriber:
    """Renegotiates one connection towards the set of tracks that are wanted, published and allowed.

    Parameters
    ----------
    network : Network
        Where the SFU can be reached.
    granted : callable
        Returns the publications that this participant may have, of those named.
    emit : callable
        Takes `OfferMade` and `ConnectionLost`.
    """

    def __init__(
        self,
        network: Network,
        granted: Callable[[Collection[str]], Mapping[str, Publication]],
        emit: Callable[[SeatEvent], None],
    ) -> None:
        self._network = network
        self._granted = granted
        self._emit = emit
        self._wanted: tuple[str, ...] = ()
        self._connection: PeerConnection | None = None
        # not from 0: whoever still has a connection to an SFU that died must not take the next one's for it
        self._connection_id = secrets.randbelow(2**31)
        self._offers = 0
        self._slots: list[Slot] = []
        self._thin: dict[str, Downlink] = {}  # what is known of the way of tracks that are not sent at the moment
        self._open: OfferMade | None = None
        self._task: asyncio.Task[None] | None = None
        self._renewal: asyncio.TimerHandle | None = None
        self._renewing: asyncio.Task[None] | None = None
        self._closed = False
        self._lock = asyncio.Lock()

    @property
    def state(self) -> str:
        """As W3C ``RTCPeerConnectionState``; ``"new"`` if nothing was offered yet."""
        return self._connection.state if self._connection is not None else "new"

    def silent(self, now: float) -> float:
        """Return the seconds since something came over the connection."""
        return self._connection.silent(now) if self._connection is not None else math.inf

    def want(self, tracks: Collection[str]) -> None:
        """Set the tracks wanted, whole."""
        self._wanted = tuple(dict.fromkeys(tracks))
        self.changed()

    def changed(self) -> None:
        """Stop at once what may not be sent any more, and offer what may, when no offer is open."""
        granted = self._granted(self._wanted)
        for slot in self._slots:
            publication = slot.publication
            if publication is None or granted.get(publication.id) is not publication:
                slot.sender.unbind()
            elif slot.answered and slot.sender.publication is not publication:
                slot.sender.bind(publication)
        if self._open is None and not self._closed and (self._task is None or self._task.done()):
            self._task = asyncio.ensure_future(self._negotiate())

    async def answer(self, offer_id: int, text: str) -> None:
        """Take the answer to the open offer; any other is ignored.

        Raises
        ------
        SfuError
            ``"bad-sdp"``; the offer then stays open.
        """
        async with self._lock:
            if self._open is None or self._open.id != offer_id or self._connection is None:
                return
            sdp.parse(text)
            try:
                await self._connection.pc.setRemoteDescription(RTCSessionDescription(text, "answer"))
            except Exception as error:
                raise SfuError("bad-sdp", f"The answer does not fit the offer: {error}. Answer it again.") from None
            self._connection.described()
            self._open = None
            for slot in self._slots:
                slot.answered = True
        self.changed()

    def add_candidate(self, candidate: RTCIceCandidate) -> None:
        """Take a candidate of the participant's."""
        if self._connection is None:
            raise SfuError("no-connection", "Nothing was offered on this connection yet; wait for an offer.")
        self._connection.add_candidate(candidate)

    async def restart(self) -> None:
        """Drop the connection and offer afresh on a new one."""
        async with self._lock:
            await self._drop()
        self.changed()

    def resend(self) -> None:
        """Emit the open offer again, if there is one."""
        if self._open is not None:
            self._emit(self._open)

    async def close(self) -> None:
        """Close the connection for good."""
        self._closed = True
        if self._renewal is not None:
            self._renewal.cancel()
        async with self._lock:
            await self._drop()

    def tick(self, now: float) -> None:
        """Do what is due with time; called about ten times a second."""
        if self._connection is not None:
            self._connection.pulse(now)
        for slot in self._slots:
            slot.sender.tick(now)

    def stats(self) -> dict[str, Any]:
        """Return the counters of each track that is being sent."""
        return {s.publication.id: s.sender.stats() for s in self._slots if s.publication is not None}

    # --- within ------------------------------------------------------------------------------------------

    async def _negotiate(self) -> None:
        async with self._lock:
            if self._closed or self._open is not None:
                return
            if self._connection is not None and self._connection.dead:
                return  # `_renew` sees to it
            try:
                await self._offer()
            except Exception:
                logger.exception("An offer could not be made; the connection is dropped")
                await self._drop()
                self._emit(ConnectionLost("subscribe"))

    async def _offer(self) -> None:
        granted = dict(self._granted(self._wanted))
        idle: list[Slot] = []
        changed = False
        for slot in self._slots:
            if slot.publication is not None and granted.get(slot.publication.id) is slot.publication:
                del granted[slot.publication.id]
                continue
            if slot.publication is not None:
                slot.sender.unbind()
                self._remember(slot.publication.id, slot.sender.downlink)
                slot.publication = None
                slot.transceiver.direction = "inactive"
                changed = True
            idle.append(slot)
        for publication in granted.values():
            slot = self._take_slot(publication.kind, idle)
            slot.sender.renew(publication.participant, self._thin.pop(publication.id, None))
            slot.publication, slot.answered = publication, False
            slot.transceiver.direction = "sendonly"
            changed = True
        if not changed or self._connection is None:
            return
        pc = self._connection.pc
        await pc.setLocalDescription(await pc.createOffer())
        self._offers += 1
        tracks = {str(s.transceiver.mid): s.publication.id for s in self._slots if s.publication is not None}
        self._open = OfferMade(self._offers, self._connection_id, self._connection.local_sdp, tracks)
        self._emit(self._open)

    def _remember(self, track: str, downlink: Downlink) -> None:
        """Keep what is known of a thin way: who asks for a track anew, since it rests, is not to be flooded again."""
        now = time.monotonic()
        thin = {**self._thin, track: downlink}
        self._thin = {id: one for id, one in thin.items() if one.limit(now) is not None}

    def _take_slot(self, kind: str, idle: list[Slot]) -> Slot:
        for slot in idle:
            if slot.transceiver.kind == kind:
                idle.remove(slot)
                return slot
        if self._connection is None:
            self._connection_id += 1
            self._connection = PeerConnection(self._network, self._lost)
        slot = Slot(self._connection.pc.addTransceiver(kind, direction="sendonly"))
        self._slots.append(slot)
        return slot

    def _lost(self) -> None:
        self._emit(ConnectionLost("subscribe"))
        self._renewal = asyncio.get_running_loop().call_later(RENEW_SECONDS, self._renew, self._connection)

    def _renew(self, lost: PeerConnection | None) -> None:
        if self._connection is lost and not self._closed:
            self._renewing = asyncio.ensure_future(self.restart())

    async def _drop(self) -> None:
        connection, self._connection = self._connection, None
        for slot in self._slots:
            slot.sender.unbind()
        self._slots = []
        self._thin = {}  # the next connection may go another way
        self._open = None
        if connection is not None:
            await connection.close()
