"""Takes one m-line's packets in, in place of aiortc's RTCRtpReceiver, and gives whole encoded frames out.

Video frames come out at their marker bit, sound as it comes: nothing is held back for smoothness, since numpy does not
need any and the delay would be everybody's. Only where sound is missing, what follows waits for a moment: the SFU is
asked for it, since what Opus carries of lost packets (its error correction) cannot be decoded here.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aiortc.codecs import depayload, is_rtx
from aiortc.rtcrtpreceiver import StreamStatistics
from aiortc.rtp import (
    RTCP_PSFB_PLI,
    RTCP_RTPFB_NACK,
    RtcpPsfbPacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtcpSrPacket,
    RtpPacket,
)
from aiortc.stats import RTCStatsReport

from ..rtp import seam
from ..rtp.assembler import EncodedFrame, FrameAssembler, MediaPacket
from ..rtp.clocks import SenderClock, TrackClock
from ..rtp.keyframes import KeyframeRequests
from ..rtp.loss import LossTracker
from ..rtp.sound import SoundOrder
from ..rtp.timeline import signed16
from ..rtp.vp8 import keyframe_size

logger = logging.getLogger(__name__)

NTP_TO_UNIX = 2_208_988_800
LOOK_SECONDS = 0.1


@dataclass(frozen=True)
class ReceivedFrame:
    """An encoded frame with its times: seconds since the epoch by our clock, and the RTP timestamp without wraps."""

    encoded: EncodedFrame
    codec: Any
    timestamp: int
    captured: float
    arrived: float


class FrameReceiver:
    """One m-line. ``on_frame`` gets its frames, on the event loop, while it is bound to a track."""

    def __init__(self, kind: str, transport: Any) -> None:
        self.kind = kind
        self.transport = transport
        self._enabled = True
        self._track: Any = None
        self._on_frame: Callable[[ReceivedFrame], None] | None = None
        self._rtcp_ssrc = 0
        self._codecs: dict[int, Any] = {}
        self._originals: dict[int, int] = {}  # SSRC of retransmissions: the SSRC they are for (RFC 4588)
        self._expected: set[int] = set()
        self._report: tuple[int, int, float] | None = None  # NTP time, RTP timestamp, when it came
        self._reporting: asyncio.Task[None] | None = None
        self._failures = 0
        self._clock = SenderClock()
        self._timer: asyncio.TimerHandle | None = None
        self._losses = LossTracker()
        self._begin(None)

    # --- what the worker asks of it --------------------------------------------------------------------

    def bind(self, on_frame: Callable[[ReceivedFrame], None] | None, clock: SenderClock | None = None) -> None:
        """Hand frames to ``on_frame`` from now on; None: this m-line is idle. ``clock`` is the sender's."""
        self._on_frame = on_frame
        self._clock = clock or SenderClock()
        self._begin(None)

    def request_keyframe(self) -> None:
        """Drop what comes until the next keyframe and ask for one: the decoder is lost."""
        self._assembler.give_up()
        self._keyframes.ask()
        self._check()

    def wish_keyframe(self) -> None:
        """Ask for a keyframe while everything goes on."""
        self._keyframes.ask()
        self._check()

    @property
    def packets_lost(self) -> int:
        """Packets that never came, duplicates counted against them (RFC 3550, 6.4.1)."""
        statistics = self._statistics
        return max(0, statistics.packets_lost) if statistics is not None and statistics.max_seq is not None else 0

    @property
    def jitter(self) -> float:
        """How unevenly packets arrive, seconds (RFC 3550, 6.4.1)."""
        rate = 48_000 if self.kind == "audio" else 90_000
        return self._statistics.jitter / rate if self._statistics is not None else 0.0

    # --- what RTCPeerConnection and the transport ask of it --------------------------------------------

    @property
    def track(self) -> Any:
        """The track that aiortc hangs on a receiver; nothing is ever read from it."""
        return self._track

    async def receive(self, parameters: Any) -> None:
        """Take the negotiated parameters; called after every negotiation."""
        self._codecs = {codec.payloadType: codec for codec in parameters.codecs}
        ssrcs: list[int] = []
        self._expected = {encoding.ssrc for encoding in parameters.encodings}
        for encoding in parameters.encodings:
            ssrcs.append(encoding.ssrc)
            if encoding.rtx is not None:
                ssrcs.append(encoding.rtx.ssrc)
                self._originals[encoding.rtx.ssrc] = encoding.ssrc
        seam.register_receiver(self.transport, self, parameters, ssrcs)
        if self._reporting is None:
            self._reporting = asyncio.ensure_future(self._send_reports())

    async def stop(self) -> None:
        """Take nothing in any more."""
        self._on_frame = None
        if self._reporting is not None:
            self._reporting.cancel()
        self._stop_timer()
        seam.unregister_receiver(self.transport, self)

    def setTransport(self, transport: Any) -> None:
        """Receive through another transport."""
        self.transport = transport

    async def getStats(self) -> RTCStatsReport:
        """Return no statistics; the SFU has them."""
        return RTCStatsReport()

    def _set_rtcp_ssrc(self, ssrc: int) -> None:
        self._rtcp_ssrc = ssrc

    def _handle_disconnect(self) -> None:
        self._on_frame = None
        self._stop_timer()

    async def _handle_rtcp_packet(self, packet: Any) -> None:
        if isinstance(packet, RtcpSrPacket):
            info = packet.sender_info
            self._report = (info.ntp_timestamp, info.rtp_timestamp, time.monotonic())

    async def _handle_rtp_packet(self, packet: RtpPacket, arrival_time_ms: int) -> None:
        try:
            self._take(packet)
        except Exception:  # an exception here would end the connection's only reading loop
            self._failures += 1
            if self._failures in (1, 100, 10_000):
                logger.exception("A packet could not be taken in (failure %d on this m-line)", self._failures)

    # --- within ----------------------------------------------------------------------------------------

    def _begin(self, ssrc: int | None) -> None:
        self._ssrc = ssrc
        self._assembler = FrameAssembler()
        self._order: SoundOrder[tuple[EncodedFrame, Any]] = SoundOrder()
        self._losses.reset()
        self._keyframes = KeyframeRequests()
        self._statistics: StreamStatistics | None = None
        self._latest = 0  # the newest packet's index
        self._timestamp: int | None = None
        self._track_clock = TrackClock()
        self._report = None

    def _take(self, packet: RtpPacket) -> None:
        codec = self._codecs.get(packet.payload_type)
        if not self._enabled or self._on_frame is None or codec is None:
            return
        ssrc, number, payload = packet.ssrc, packet.sequence_number, packet.payload
        if is_rtx(codec):
            original = self._originals.get(ssrc)
            codec = self._codecs.get(codec.parameters["apt"])
            if original is None or original != self._ssrc or codec is None or len(payload) <= 2:
                return
            ssrc, number, payload = original, int.from_bytes(payload[:2], "big"), payload[2:]
        elif self._expected and ssrc not in self._expected:
            return  # the last packets of the track that this m-line carried before
        elif ssrc != self._ssrc:
            self._begin(ssrc)
            self._latest = number
            self._statistics = StreamStatistics(codec.clockRate)
            self._keyframes.ask(first=True)
        again = ssrc != packet.ssrc
        if self._statistics is not None and not again:
            self._statistics.add(packet)
        if self.kind == "audio":
            self._take_sound(codec, number, packet.timestamp, payload)
        else:
            self._take_video(codec, number, packet, payload, again)

    def _take_sound(self, codec: Any, number: int, timestamp: int, payload: bytes) -> None:
        if not payload:
            return
        now = time.monotonic()
        index = self._latest + signed16(number - self._latest)
        self._latest = max(self._latest, index)
        self._losses.add(index, now, again=True)
        for frame, its in self._order.add(index, (EncodedFrame(payload, timestamp, True), codec), now):
            self._give(frame, its)
        self._check()

    def _take_video(self, codec: Any, number: int, packet: RtpPacket, payload: bytes, again: bool) -> None:
        now = time.monotonic()
        index = self._latest + signed16(number - self._latest)
        self._latest = max(self._latest, index)
        self._losses.add(index, now, again)
        keyframe = keyframe_size(payload) is not None
        data = depayload(codec, payload) if payload else b""
        for frame in self._assembler.add(
            MediaPacket(number, packet.timestamp, bool(packet.marker), data, keyframe), now
        ):
            if frame.keyframe:
                self._keyframes.arrived()
            self._give(frame, codec)
        self._check()

    def _check(self) -> None:
        """Ask for what is missing, if it is time to; and look again for as long as something is."""
        now = time.monotonic()
        if self.kind == "audio":
            self._check_sound(now)
            return
        self._assembler.check(now)
        if self._assembler.needs_keyframe or self._assembler.stuck(now) > self._losses.patience:
            self._keyframes.ask()  # whichever comes first, it or what is missing
        self._send_nack(self._losses.due(now))
        if self._ssrc is not None and self._keyframes.due(now, 2 * self._losses.rtt):
            pli = RtcpPsfbPacket(fmt=RTCP_PSFB_PLI, ssrc=self._rtcp_ssrc, media_ssrc=self._ssrc)
            seam.send_packet(self.transport, bytes(pli))
        if self._timer is None and (self._losses.waiting or self._keyframes.wanted):
            wait = self._losses.retry / 2 if self._losses.waiting else LOOK_SECONDS
            self._timer = asyncio.get_running_loop().call_later(wait, self._look_again)

    def _check_sound(self, now: float) -> None:
        for frame, codec in self._order.due(now):
            self._give(frame, codec)
        if self._order.holds and self._order.next is not None:
            first = self._order.next
            self._send_nack([index for index in self._losses.due(now) if index >= first])
            if self._timer is None:
                wait = min(self._losses.retry / 2, LOOK_SECONDS / 5)
                self._timer = asyncio.get_running_loop().call_later(wait, self._look_again)

    def _send_nack(self, missing: list[int]) -> None:
        if missing and self._ssrc is not None:
            nack = RtcpRtpfbPacket(fmt=RTCP_RTPFB_NACK, ssrc=self._rtcp_ssrc, media_ssrc=self._ssrc)
            nack.lost = sorted(index & 0xFFFF for index in missing)
            seam.send_packet(self.transport, bytes(nack))

    def _look_again(self) -> None:
        self._timer = None
        if self._on_frame is not None and self._ssrc is not None:
            self._check()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _give(self, frame: EncodedFrame, codec: Any) -> None:
        arrived = time.time()
        if self._timestamp is None:
            self._timestamp = frame.timestamp
        delta = ((frame.timestamp - self._timestamp + 0x80000000) & 0xFFFFFFFF) - 0x80000000
        self._timestamp += delta
        if self._on_frame is not None:
            told = self._told(frame.timestamp, codec.clockRate, arrived)
            captured = self._track_clock.captured(self._timestamp / codec.clockRate, told, arrived)
            self._on_frame(ReceivedFrame(frame, codec, self._timestamp, captured, arrived))

    def _told(self, timestamp: int, clock_rate: int, arrived: float) -> float:
        """Return when a frame was captured, as the sender's newest report says it (RFC 3550, 6.4.1), by our clock."""
        if self._report is None:
            return arrived
        ntp, reported, _ = self._report
        since = ((timestamp - reported + 0x80000000) & 0xFFFFFFFF) - 0x80000000
        return self._clock.here(ntp / (1 << 32) - NTP_TO_UNIX + since / clock_rate, arrived)

    async def _send_reports(self) -> None:
        while True:
            await asyncio.sleep(0.5 + random.random())  # RFC 3550, 6.3.1: spread out
            statistics, report = self._statistics, self._report
            if statistics is None or statistics.max_seq is None or self._ssrc is None:
                continue
            info = RtcpReceiverInfo(
                ssrc=self._ssrc,
                fraction_lost=statistics.fraction_lost,
                packets_lost=statistics.packets_lost,
                highest_sequence=(statistics.cycles + statistics.max_seq) & 0xFFFFFFFF,
                jitter=statistics.jitter & 0xFFFFFFFF,
                lsr=report[0] >> 16 & 0xFFFFFFFF if report else 0,
                dlsr=min(0xFFFFFFFF, int((time.monotonic() - report[2]) * 65536)) if report else 0,
            )
            seam.send_packet(self.transport, bytes(RtcpRrPacket(ssrc=self._rtcp_ssrc, reports=[info])))
