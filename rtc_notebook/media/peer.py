"""What both connections to the SFU have in common."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import Any

from aiortc import RTCIceServer, RTCPeerConnection
from aiortc.sdp import candidate_from_sdp

from ..protocol import IceCandidate, MediaSettings
from ..rtp import seam

logger = logging.getLogger(__name__)


PATIENCE_SECONDS = 3.0


def new_connection(
    media: MediaSettings, on_lost: Callable[[], None], on_no_path: Callable[[], None] | None = None
) -> RTCPeerConnection:
    """Make a peer connection; ``on_lost`` is called once if it fails or is closed by the other side.

    ``on_no_path`` is called instead if it fails, and if ICE has found no pair after `PATIENCE_SECONDS`.
    """
    servers = [RTCIceServer(list(s.urls), s.username, s.credential) for s in media.ice_servers]
    connection = RTCPeerConnection(seam.ice_configuration(servers, media.ice_transport_policy))

    def changed() -> None:
        if connection.connectionState in ("failed", "closed"):
            connection.remove_all_listeners("connectionstatechange")
            (on_no_path if on_no_path is not None and connection.connectionState == "failed" else on_lost)()

    def check() -> None:
        if on_no_path is None or connection.connectionState == "closed":
            return
        if connection.localDescription is None or connection.remoteDescription is None:
            loop.call_later(PATIENCE_SECONDS / 3, check)  # nothing that could have failed yet
        elif connection.iceConnectionState not in ("connected", "completed"):
            on_no_path()

    loop = asyncio.get_running_loop()
    loop.call_later(PATIENCE_SECONDS, check)

    connection.on("connectionstatechange", changed)
    return connection


async def close(connection: RTCPeerConnection | None) -> None:
    """Close a connection without its loss being reported."""
    if connection is None:
        return
    connection.remove_all_listeners("connectionstatechange")
    with contextlib.suppress(Exception):
        await asyncio.wait_for(connection.close(), 5.0)


async def add_candidate(connection: RTCPeerConnection | None, candidate: IceCandidate) -> None:
    """Give a connection a candidate of the SFU's; one that cannot be used is only logged."""
    if connection is None or connection.remoteDescription is None:
        return
    try:
        parsed: Any = None
        if candidate.candidate:
            parsed = candidate_from_sdp(candidate.candidate.removeprefix("candidate:"))
            parsed.sdpMid, parsed.sdpMLineIndex = candidate.sdp_mid, candidate.sdp_m_line_index
        await connection.addIceCandidate(parsed)
    except Exception as error:
        logger.info("A candidate could not be used: %s", error)
