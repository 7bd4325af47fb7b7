"""A participant's publish connection: it offers, the SFU answers and takes in."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable, Mapping
from typing import cast

from aiortc import RTCIceCandidate, RTCSessionDescription
from aiortc.rtp import RTCP_PSFB_APP, RtcpPsfbPacket, pack_remb_fci

from rtc_notebook.errors import SfuError
from rtc_notebook.protocol import MediaSettings
from rtc_notebook.rtp import seam
from rtc_notebook.rtp.estimate import ReceiveEstimate

from . import sdp
from .base import Network
from .connection import PeerConnection
from .publication import Publication
from .receiver import ForwardingReceiver, now_ms

logger = logging.getLogger(__name__)

REMB_SECONDS = 0.5
REPORT_SECONDS = 1.0


class Publisher:
    """The publish connection of one participant.

    Parameters
    ----------
    media : MediaSettings
        Bitrates.
    network : Network
        Where the SFU can be reached.
    on_lost : callable
        Called when the connection is lost; the participant then publishes anew.
    """

    def __init__(self, media: MediaSettings, network: Network, on_lost: Callable[[], None]) -> None:
        self._media = media
        self._network = network
        self._on_lost = on_lost
        self._connection: PeerConnection | None = None
        self._username: str | None = None
        self._early: list[RTCIceCandidate] = []
        self._estimate = self._new_estimate()
        self._bound: list[ForwardingReceiver] = []
        self._reported = self._estimated = 0.0
        self._lock = asyncio.Lock()

    @property
    def state(self) -> str:
        """As W3C ``RTCPeerConnectionState``; ``"new"`` if nothing was offered yet."""
        return self._connection.state if self._connection is not None else "new"

    def silent(self, now: float) -> float:
        """Return the seconds since something came over the connection."""
        return self._connection.silent(now) if self._connection is not None else math.inf

    async def answer(self, offer: str, bindings: Mapping[str, Publication]) -> str:
        """Answer an offer, whose mids carry these publications from now on.

        An offer of another ICE session than before (the participant made a fresh connection) starts the
        connection afresh here too; publications go on.
        """
        description = sdp.parse(offer)
        async with self._lock:
            username = sdp.username(description)
            if self._connection is not None and (
                self._connection.dead or (self._username is not None and self._username != username)
            ):
                await self._drop()
            connection = self._connection = self._connection or PeerConnection(self._network, self._on_lost)
            self._username = username
            try:
                pc = connection.pc
                await pc.setRemoteDescription(RTCSessionDescription(offer, "offer"))
                self._bind(connection, bindings)
                await pc.setLocalDescription()
            except Exception as error:
                logger.info("An offer could not be answered", exc_info=True)
                await self._drop()
                self._on_lost()
                raise SfuError("bad-sdp", f"The offer cannot be answered: {error}. Publish afresh.") from None
            connection.described()
            return sdp.for_publisher(connection.local_sdp, self._media.start_bitrate, self._media.max_bitrate)

    def add_candidate(self, candidate: RTCIceCandidate) -> None:
        """Take a candidate; one that comes before the first offer waits for it."""
        if self._connection is None:
            self._connection = PeerConnection(self._network, self._on_lost)
        self._connection.add_candidate(candidate)

    async def close(self) -> None:
        """Drop the connection; publications stay, without a source."""
        async with self._lock:
            await self._drop()

    def tick(self, now: float) -> None:
        """Send what feedback is due: receiver reports, the bandwidth estimate; called about ten times a second."""
        if self._connection is not None:
            self._connection.pulse(now)
        if now - self._reported >= REPORT_SECONDS:
            self._reported = now
            for receiver in self._bound:
                receiver.send_report()
        if self._connection is not None and any(
            receiver.stalled(now) and receiver.publication is not None and not receiver.publication.muted
            for receiver in self._bound
        ):
            logger.info("What a participant sends does not arrive; it is to publish afresh")
            self._connection.lose()
        before = self._estimate.bitrate
        bitrate = self._estimate.update(now_ms())
        videos = [r for r in self._bound if r.kind == "video" and r.ready]
        if videos and (bitrate < before or now - self._estimated >= REMB_SECONDS):
            self._estimated = now
            bitrate = min(bitrate, sum(self._ceiling(receiver, now) for receiver in videos))
            fci = pack_remb_fci(bitrate, [r.media_ssrc for r in videos])
            packet = RtcpPsfbPacket(fmt=RTCP_PSFB_APP, ssrc=videos[0].rtcp_ssrc, media_ssrc=0, fci=fci)
            seam.send_packet(videos[0].transport, bytes(packet))

    def _ceiling(self, receiver: ForwardingReceiver, now: float) -> int:
        """Return what one picture may take: less for a viewer with a thin way, but never much less for all others."""
        limit = receiver.publication.limit(now) if receiver.publication is not None else None
        most = self._media.max_bitrate
        return most if limit is None else min(most, max(limit, self._media.start_bitrate // 2))

    def _bind(self, connection: PeerConnection, bindings: Mapping[str, Publication]) -> None:
        bound: list[ForwardingReceiver] = []
        for transceiver in connection.pc.getTransceivers():
            receiver = cast(ForwardingReceiver, transceiver.receiver)
            publication = bindings.get(str(transceiver.mid))
            receiver.estimate = self._estimate
            if receiver.publication is not None and receiver.publication is not publication:
                receiver.publication.receiver = None
            receiver.publication = publication
            if publication is not None:
                if publication.receiver is not None and publication.receiver is not receiver:
                    publication.receiver.publication = None
                publication.receiver = receiver
                bound.append(receiver)
        self._bound = bound
        self._estimate.set_streams(sum(receiver.kind == "video" for receiver in bound))

    def _new_estimate(self) -> ReceiveEstimate:
        return ReceiveEstimate(self._media.start_bitrate, self._media.max_bitrate)

    async def _drop(self) -> None:
        connection, self._connection, self._username = self._connection, None, None
        for receiver in self._bound:
            if receiver.publication is not None:
                receiver.publication.receiver = None
        self._bound = []
        self._estimate = self._new_estimate()
        if connection is not None:
            await connection.close()
