"""Fails with a sentence when aiortc or aioice no longer has what `rtc_notebook.rtp.seam` reaches for."""

from __future__ import annotations

import asyncio
import inspect
import socket
from importlib.metadata import version
from pathlib import Path
from typing import Any

import aioice.ice
import aiortc
import aiortc.rtcdtlstransport
import aiortc.rtcpeerconnection
import aiortc.rtcrtpreceiver
import aiortc.rtcrtpsender
import pytest
from aiortc import RTCBundlePolicy, RTCConfiguration, RTCPeerConnection
from aiortc.rtp import HeaderExtensions, RtpPacket

from rtc_notebook.rtp import seam


def test_the_version_is_the_one_the_seam_was_written_for() -> None:
    assert version("aiortc").startswith(("1.15.", "1.16.")), (
        "aiortc changed its minor version: read rtc_notebook/rtp/seam.py anew"
    )


@pytest.mark.parametrize(
    ("module", "name"),
    [
        (aiortc.rtcpeerconnection, "RTCRtpSender"),
        (aiortc.rtcpeerconnection, "RTCRtpReceiver"),
        (aiortc.rtcdtlstransport, "RtpRouter"),
        (aiortc.rtcrtpsender, "get_encoder"),
        (aioice.ice, "StunProtocol"),
        (aioice.ice, "server_reflexive_candidate"),
        (aioice.ice, "relayed_candidate"),
    ],
)
def test_names_that_are_replaced_are_looked_up_where_they_are_replaced(module: Any, name: str) -> None:
    assert f"{name}(" in inspect.getsource(module), f"{module.__name__} no longer makes a {name} by that name"


async def test_a_transport_has_what_a_packet_is_sent_through() -> None:
    connection = RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
    transport = connection.addTransceiver("video").receiver.transport
    for name in ("_state", "_tx_srtp", "_rtp_router", "_register_rtp_receiver", "_register_rtp_sender"):
        assert hasattr(transport, name), f"RTCDtlsTransport has no {name} any more"
    assert isinstance(transport.transport._connection._nominated, dict), "aioice keeps its chosen pair elsewhere"
    assert hasattr(aioice.ice.CandidatePair, "remote_addr"), "aioice's pair has no remote_addr any more"
    assert not seam.send_packet(transport, bytes(12)), "a connection that is not connected sends nothing"
    assert seam.received_packets(transport) == 0, "RTCDtlsTransport counts packets otherwise now"
    await connection.close()


def test_an_unknown_ssrc_is_routed_by_mid_when_the_payload_type_does_not_tell() -> None:
    router = seam.MidRouter()
    first: Any = object()
    second: Any = object()
    router.register_receiver(first, ssrcs=[1], payload_types=[97], mid="0")
    router.register_receiver(second, ssrcs=[2], payload_types=[97], mid="1")
    packet = RtpPacket(payload_type=97, ssrc=3)
    assert router.route_rtp(packet) is None
    packet.extensions = HeaderExtensions(mid="1")
    assert router.route_rtp(packet) is second
    assert router.route_rtp(RtpPacket(payload_type=97, ssrc=3)) is second


async def test_a_burst_of_packets_finds_room() -> None:
    loop, most = asyncio.get_running_loop(), _most()
    connection: Any = None
    transport, _ = await loop.create_datagram_endpoint(lambda: seam.RoomyProtocol(connection), ("127.0.0.1", 0))
    try:
        room = transport.get_extra_info("socket").getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
        assert room >= min(2 * seam.BUFFER_BYTES, most)
    finally:
        transport.abort()


def _most() -> int:
    return int(Path("/proc/sys/net/core/rmem_max").read_text())


@pytest.mark.parametrize("old", [False, True])
async def test_relay_alone_is_kept_to_by_every_aiortc(old: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aiortc.rtcpeerconnection, "RTCIceGatherer", aiortc.rtcpeerconnection.RTCIceGatherer)
    if old:  # 1.15, the last for Python 3.10
        monkeypatch.delattr(aiortc, "RTCIceTransportPolicy", raising=False)
    turn = [aiortc.RTCIceServer("turn:127.0.0.1:9", "name", "secret")]
    for policy in ("all", "relay"):
        connection = aiortc.RTCPeerConnection(seam.ice_configuration(turn, policy))
        transport = connection.addTransceiver("audio").sender.transport.transport
        assert transport.iceGatherer._connection._transport_policy is aioice.ice.TransportPolicy[policy.upper()]
        await connection.close()


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["stun", "turn"])
async def test_a_silent_server_is_not_waited_for_longer_than_a_call_can(
    scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("server_reflexive_candidate", "relayed_candidate"):
        monkeypatch.setattr(aioice.ice, name, getattr(aioice.ice, name))  # put back at the end
    seam.use_short_gathering()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        servers = [aiortc.RTCIceServer(f"{scheme}:127.0.0.1:{silent.getsockname()[1]}", "name", "secret")]
        gatherer = aiortc.RTCIceGatherer(servers)
        await asyncio.wait_for(gatherer.gather(), 4.5)  # aioice itself waits for five seconds
    assert {candidate.type for candidate in gatherer.getLocalCandidates()} == {"host"}
