"""What both of a participant's peer connections have in common."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable

from aiortc import RTCBundlePolicy, RTCConfiguration, RTCIceCandidate, RTCIceServer, RTCPeerConnection
from aiortc.rtp import RtcpRrPacket
from aiortc.sdp import candidate_from_sdp

from rtc_notebook.errors import SfuError
from rtc_notebook.protocol import IceCandidate
from rtc_notebook.rtp import seam

from . import candidates, sdp
from .base import Network

logger = logging.getLogger(__name__)

CONNECT_SECONDS = 20.0
PULSE_SECONDS = 0.5

_nothing = bytes(RtcpRrPacket(ssrc=1, reports=[]))


class PeerConnection:
    """An aiortc connection that keeps early candidates and says once when it is lost.

    Parameters
    ----------
    network : Network
        Where the SFU can be reached.
    on_lost : callable
        Called once if the connection fails, or is closed by the other side; not after `close`.
    """

    def __init__(self, network: Network, on_lost: Callable[[], None]) -> None:
        servers = [RTCIceServer(list(s.urls), s.username, s.credential) for s in network.ice_servers]
        self._announced = network.announced
        self.pc = RTCPeerConnection(RTCConfiguration(iceServers=servers, bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
        self._on_lost: Callable[[], None] | None = on_lost
        self._early: list[RTCIceCandidate] = []
        self._candidates = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._watchdog: asyncio.TimerHandle | None = None
        self._pulsed = self._heard_at = 0.0
        self._heard = 0
        self.pc.on("connectionstatechange", self._state_changed)

    @property
    def state(self) -> str:
        """As W3C ``RTCPeerConnectionState``."""
        return str(self.pc.connectionState)

    @property
    def local_sdp(self) -> str:
        """The local description with its candidates, as the other side is to get it."""
        return sdp.announce(self.pc.localDescription.sdp, self._announced)

    @property
    def dead(self) -> bool:
        """Whether it has failed or been closed."""
        return self._on_lost is None

    def add_candidate(self, candidate: RTCIceCandidate) -> None:
        """Take a candidate, now or when there is a remote description to add it to.

        Raises
        ------
        SfuError
            ``"unknown-mid"`` or ``"too-many-candidates"``.
        """
        if self._candidates >= candidates.MAX_CANDIDATES:
            raise SfuError("too-many-candidates", f"A connection has {candidates.MAX_CANDIDATES} candidates at most.")
        self._candidates += 1
        remote = self.pc.remoteDescription
        if remote is None:
            self._early.append(candidate)
            return
        mids = [t.mid for t in self.pc.getTransceivers()]
        if candidate.sdpMid is not None and candidate.sdpMid not in mids:
            raise SfuError("unknown-mid", f"The connection has no media section with mid {candidate.sdpMid!r}.")
        task = seam.add_candidate(self.pc, candidate)
        self._tasks.add(task)
        task.add_done_callback(self._candidate_added)

    def described(self) -> None:
        """Note that the remote description is set: early candidates go in, and the time to connect runs."""
        early, self._early = self._early, []
        self._candidates -= len(early)
        for candidate in early:
            with contextlib.suppress(SfuError):
                self.add_candidate(candidate)
        if self._watchdog is None:
            self._watchdog = asyncio.get_running_loop().call_later(CONNECT_SECONDS, self._check_connected)

    def pulse(self, now: float) -> None:
        """Send an empty report now and then (RFC 3550, 6.4.2): who hears none knows that the way is broken."""
        if now - self._pulsed < PULSE_SECONDS or self.state != "connected":
            return
        self._pulsed = now
        for transceiver in self.pc.getTransceivers()[:1]:  # all go over one transport
            transport = transceiver.receiver.transport
            seam.send_packet(transport, _nothing)
            heard, before = seam.received_packets(transport), self._heard
            self._heard = heard
            if heard != before:
                self._heard_at = now

    def silent(self, now: float) -> float:
        """Return the seconds since something came over it, to half a second."""
        return now - self._heard_at

    async def close(self) -> None:
        """Close it without a word to anybody; idempotent."""
        self._on_lost = None
        if self._watchdog is not None:
            self._watchdog.cancel()
        for task in list(self._tasks):
            task.cancel()
        try:
            await self.pc.close()
        except Exception:
            logger.exception("A peer connection did not close cleanly")

    def _candidate_added(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            logger.info("A candidate was not taken: %r", task.exception())

    def _state_changed(self) -> None:
        if self.state in ("failed", "closed"):
            self.lose()

    def _check_connected(self) -> None:
        if self.state != "connected":
            self.lose()

    def lose(self) -> None:
        """Take it to be lost, and say so if that was not known."""
        on_lost, self._on_lost = self._on_lost, None
        if on_lost is not None:
            on_lost()


def read_candidate(candidate: IceCandidate) -> RTCIceCandidate | None:
    """Turn a W3C candidate into aiortc's; None for the empty one that says there are no more.

    Raises
    ------
    SfuError
        ``"bad-candidate"``.
    """
    text = candidate.candidate.strip()
    if not text:
        return None
    try:
        read = candidate_from_sdp(text.removeprefix("a=").removeprefix("candidate:"))
        read.sdpMid, read.sdpMLineIndex = candidate.sdp_mid, candidate.sdp_m_line_index
        if read.sdpMid is None and read.sdpMLineIndex is None:
            raise ValueError("neither sdpMid nor sdpMLineIndex is given")
    except (ValueError, AssertionError, IndexError) as error:
        raise SfuError("bad-candidate", f"The ICE candidate {text[:80]!r} cannot be read: {error}.") from None
    candidates.check(read.ip, read.port, read.protocol)
    return read
