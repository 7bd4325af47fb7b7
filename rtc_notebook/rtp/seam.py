"""The one place that touches aiortc's and aioice's private names.

aiortc is pinned to one minor version for each Python (1.15 is the last for 3.10); ``tests/rtp/test_seam.py`` fails with
a sentence when something here is no longer what it was.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import aioice.ice
import aiortc.codecs
import aiortc.rtcdtlstransport
import aiortc.rtcpeerconnection
import aiortc.rtcrtpsender
import pylibsrtp
from aiortc import RTCBundlePolicy, RTCConfiguration, RTCIceGatherer, RTCIceServer, RTCPeerConnection
from aiortc.codecs import is_rtx
from aiortc.rtcdtlstransport import RtpRouter, State
from aiortc.rtp import RtpPacket, is_rtcp

FORWARDED = {"audio": "audio/opus", "video": "video/VP8"}
"""The one codec of each kind that a room carries."""

BUFFER_BYTES = 2**20

STUN_SECONDS = 1.0
TURN_SECONDS = 2.0


class MidRouter(RtpRouter):
    """Finds the receiver of an unknown SSRC by the packet's mid (RFC 8843, 9.2), which aiortc's own router ignores."""

    def route_rtp(self, packet: RtpPacket) -> Any:
        """Return the receiver that a packet is for, or None."""
        receiver = super().route_rtp(packet)
        if receiver is None and packet.extensions.mid is not None:
            receiver = self.mid_table.get(packet.extensions.mid)
            if receiver is not None:
                self.ssrc_table[packet.ssrc] = receiver
        return receiver


def use_mid_router() -> None:
    """Have connections made from now on, in this process, route by mid."""
    _replace(aiortc.rtcdtlstransport, "RtpRouter", MidRouter)


def use_only_forwarded_codecs() -> None:
    """Have connections made from now on, in this process, speak Opus and VP8 (with its retransmissions) alone."""
    for kind, mime_type in FORWARDED.items():
        codecs = aiortc.codecs.CODECS[kind]
        kept = [codec for codec in codecs if codec.mimeType == mime_type]
        types = {codec.payloadType for codec in kept}
        kept += [codec for codec in codecs if is_rtx(codec) and codec.parameters["apt"] in types]
        codecs[:] = kept


def use_rtp_classes(sender: type, receiver: type) -> None:
    """Have connections made from now on, in this process, send and receive with these classes."""
    _replace(aiortc.rtcpeerconnection, "RTCRtpSender", sender)
    _replace(aiortc.rtcpeerconnection, "RTCRtpReceiver", receiver)


def _replace(module: Any, name: str, value: Callable[..., Any]) -> None:
    getattr(module, name)  # a name that is gone must not be set in vain
    setattr(module, name, value)


def send_packet(transport: Any, data: bytes) -> bool:
    """Encrypt and send an RTP or RTCP packet at once, without a coroutine; False if it cannot be sent now.

    What the socket does not take at once is dropped, as a network would: nothing queues here.
    """
    if transport._state is not State.CONNECTED:
        return False
    pair = transport.transport._connection._nominated.get(1)
    if pair is None:
        return False
    datagrams = pair.protocol.transport
    try:
        if datagrams.get_write_buffer_size():
            return False
    except NotImplementedError:  # a TURN server's
        pass
    try:
        session = transport._tx_srtp
        data = session.protect_rtcp(data) if is_rtcp(data) else session.protect(data)
    except pylibsrtp.Error:  # a repetition too old for the replay window
        return False
    datagrams.sendto(data, pair.remote_addr)
    return True


def chosen_pair(transport: Any) -> tuple[Any, Any] | None:
    """Return the candidates that a transport's packets go between, this side's first; None while there are none."""
    pair = transport.transport._connection._nominated.get(1)
    return None if pair is None else (pair.local_candidate, pair.remote_candidate)


def received_packets(transport: Any) -> int:
    """Return how many RTP and RTCP packets a transport has taken in."""
    return sum(one.packetsReceived for one in transport._get_stats().values())


def register_receiver(transport: Any, receiver: Any, parameters: Any, ssrcs: list[int]) -> None:
    """Have a transport hand a receiver its packets; may be called again after a renegotiation."""
    transport._register_rtp_receiver(receiver, parameters)
    transport._rtp_router.register_receiver(receiver, ssrcs=ssrcs, payload_types=[], mid=parameters.muxId)


def unregister_receiver(transport: Any, receiver: Any) -> None:
    """Have a transport forget a receiver."""
    transport._unregister_rtp_receiver(receiver)


def register_sender(transport: Any, sender: Any, parameters: Any) -> None:
    """Have a transport hand a sender the feedback for its SSRC; a former SSRC of its is forgotten."""
    transport._unregister_rtp_sender(sender)
    transport._register_rtp_sender(sender, parameters)


def unregister_sender(transport: Any, sender: Any) -> None:
    """Have a transport forget a sender."""
    transport._unregister_rtp_sender(sender)


def add_candidate(connection: RTCPeerConnection, candidate: Any) -> asyncio.Task[None]:
    """Add a candidate in the background: resolving an mDNS name may take seconds."""
    return asyncio.ensure_future(connection.addIceCandidate(candidate))


def use_encoders(**factories: Callable[[], Any]) -> None:
    """Have senders made from now on, in this process, encode with these instead of aiortc's encoders.

    Parameters
    ----------
    factories : callable
        ``video=`` and ``audio=``; each makes an encoder.
    """
    aiortc_get_encoder = aiortc.codecs.get_encoder
    ours = {FORWARDED[kind]: factory for kind, factory in factories.items()}

    def get_encoder(codec: Any) -> Any:
        return ours[codec.mimeType]() if codec.mimeType in ours else aiortc_get_encoder(codec)

    aiortc.rtcrtpsender.get_encoder = get_encoder  # type: ignore[attr-defined]


class RelayGatherer(RTCIceGatherer):
    """Gathers relayed candidates alone, where aiortc (1.15) has no word for it and aioice has."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._connection._transport_policy = aioice.ice.TransportPolicy.RELAY


def ice_configuration(servers: list[RTCIceServer], policy: str) -> RTCConfiguration:
    """Return a connection's configuration, all in one bundle.

    With the default bundle policy aiortc loses tracks when audio and video m-lines alternate.

    Parameters
    ----------
    servers : list of RTCIceServer
        STUN and TURN servers.
    policy : {"all", "relay"}
        Which paths may be taken; one process keeps to one.
    """
    bundle: dict[str, Any] = {"iceServers": servers, "bundlePolicy": RTCBundlePolicy.MAX_BUNDLE}
    policies = getattr(aiortc, "RTCIceTransportPolicy", None)
    if policies is not None:
        return RTCConfiguration(**bundle, iceTransportPolicy=policies(policy))
    if policy == "relay":
        _replace(aiortc.rtcpeerconnection, "RTCIceGatherer", RelayGatherer)
    return RTCConfiguration(**bundle)


class RoomyProtocol(aioice.ice.StunProtocol):
    """What aioice speaks on a socket, with room for a picture's packets that all come at once."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Widen the socket's buffers, as far as the system lets it."""
        super().connection_made(transport)
        found = transport.get_extra_info("socket")
        if found is not None:
            for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
                with contextlib.suppress(OSError):
                    found.setsockopt(socket.SOL_SOCKET, option, BUFFER_BYTES)


def use_roomy_sockets() -> None:
    """Have connections made from now on, in this process, use sockets with more room than the system's default.

    That holds 90 packets with Linux, which is less than a keyframe may take.
    """
    _replace(aioice.ice, "StunProtocol", RoomyProtocol)


def use_short_gathering() -> None:
    """Have connections made from now on, in this process, wait for a STUN or TURN server no longer than a call can.

    aiortc tells the other side nothing before all of them have answered, to which aioice gives five seconds: also where
    one cannot, since UDP is blocked, or an interface leads nowhere, as Docker's does. A call waits three for a way.
    """
    for name, seconds in (("server_reflexive_candidate", STUN_SECONDS), ("relayed_candidate", TURN_SECONDS)):
        _replace(aioice.ice, name, _within(getattr(aioice.ice, name), seconds))


def _within(ask: Callable[..., Awaitable[Any]], seconds: float) -> Callable[..., Awaitable[Any]]:
    async def asked(*args: Any, **kwargs: Any) -> Any:
        return await asyncio.wait_for(ask(*args, **kwargs), seconds)

    return asked
