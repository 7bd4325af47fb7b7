"""Takes a publisher's packets in, in place of aiortc's RTCRtpReceiver."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Any

from aiortc import clock
from aiortc.codecs import is_rtx
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

from rtc_notebook.rtp import seam
from rtc_notebook.rtp.estimate import ReceiveEstimate
from rtc_notebook.rtp.loss import LossTracker

if TYPE_CHECKING:
    from .publication import Publication

logger = logging.getLogger(__name__)

SILENCE = 127  # -127 dBov (RFC 6464)
STALLED_SECONDS = 3.0
STALLED_PACKETS = 3


class ForwardingReceiver:
    """One m-line from a publisher. It never decodes; packets go to its `publication` as they come."""

    def __init__(self, kind: str, transport: Any) -> None:
        self.kind = kind
        self.transport = transport
        self.publication: Publication | None = None
        self.estimate: ReceiveEstimate | None = None
        self._enabled = True
        self._track: Any = None
        self._rtcp_ssrc = 0
        self._clock_rates: dict[int, int] = {}
        self._apt: dict[int, int] = {}  # payload type of a retransmission: the one it stands for (RFC 4588, 8.1)
        self._originals: dict[int, int] = {}  # SSRC of retransmissions: the SSRC they are for
        self._media_ssrc = 0  # 0: not known yet
        self._statistics: StreamStatistics | None = None
        self._clock_rate = 1
        self._last_report: tuple[int, float] | None = None  # middle of the NTP time, when it came
        self._failures = 0
        self._came_at = 0.0  # when its newest packet did
        self._said_sent: int | None = None  # by the first sender report after that
        self._missing = 0  # packets that were sent since then, and of which none came
        self._timer: asyncio.TimerHandle | None = None

    # --- what the SFU asks of it -----------------------------------------------------------------------

    @property
    def ready(self) -> bool:
        """Whether it knows whom to send feedback to."""
        return self._media_ssrc != 0

    @property
    def media_ssrc(self) -> int:
        """The SSRC that comes in; 0 if not known yet."""
        return self._media_ssrc

    @property
    def rtcp_ssrc(self) -> int:
        """The SSRC that feedback comes from."""
        return self._rtcp_ssrc

    @property
    def packets_lost(self) -> int:
        """Packets that never came, duplicates counted against them (RFC 3550, 6.4.1)."""
        return max(0, self._statistics.packets_lost) if self._statistics is not None else 0

    @property
    def jitter(self) -> float:
        """How unevenly packets arrive, seconds (RFC 3550, 6.4.1)."""
        return self._statistics.jitter / self._clock_rate if self._statistics is not None else 0.0

    def stalled(self, now: float) -> bool:
        """Say whether the publisher sends, and has not arrived for a while, though its reports do.

        A picture that stands still is not sent, nor is a muted track; neither is what its publisher says it sends.
        """
        return self._missing >= STALLED_PACKETS and now - self._came_at >= STALLED_SECONDS

    def send_pli(self) -> bool:
        """Ask the publisher for a keyframe (RFC 4585, 6.3.1)."""
        packet = RtcpPsfbPacket(fmt=RTCP_PSFB_PLI, ssrc=self._rtcp_ssrc, media_ssrc=self._media_ssrc)
        return seam.send_packet(self.transport, bytes(packet))

    def send_report(self) -> None:
        """Tell the publisher what has arrived (RFC 3550, 6.4.2).

        Of sound: at the viewer who hears least of it, since by this a publisher decides how much error correction Opus
        carries. Of pictures not: a publisher would send them smaller to everybody.
        """
        statistics = self._statistics
        if statistics is None or statistics.max_seq is None:
            return
        lsr = dlsr = 0
        if self._last_report is not None:
            lsr = self._last_report[0]
            dlsr = min(0xFFFFFFFF, int((time.monotonic() - self._last_report[1]) * 65536))
        fraction_lost = statistics.fraction_lost  # since it was last asked for
        if self.kind == "audio" and self.publication is not None:
            fraction_lost = max(fraction_lost, min(255, round(256 * self.publication.loss)))
        info = RtcpReceiverInfo(
            ssrc=self._media_ssrc,
            fraction_lost=fraction_lost,
            packets_lost=statistics.packets_lost,
            highest_sequence=(statistics.cycles + statistics.max_seq) & 0xFFFFFFFF,
            jitter=statistics.jitter & 0xFFFFFFFF,
            lsr=lsr,
            dlsr=dlsr,
        )
        seam.send_packet(self.transport, bytes(RtcpRrPacket(ssrc=self._rtcp_ssrc, reports=[info])))

    # --- what RTCPeerConnection and the transport ask of it ----------------------------------------------

    @property
    def track(self) -> Any:
        """The track that aiortc hangs on a receiver; nothing is ever read from it."""
        return self._track

    async def receive(self, parameters: Any) -> None:
        """Take the negotiated parameters; called after every negotiation."""
        for codec in parameters.codecs:
            if is_rtx(codec):
                self._apt[codec.payloadType] = codec.parameters["apt"]
            else:
                self._clock_rates[codec.payloadType] = codec.clockRate
        ssrcs: list[int] = []
        for encoding in parameters.encodings:
            ssrcs.append(encoding.ssrc)
            if encoding.rtx is not None:
                ssrcs.append(encoding.rtx.ssrc)
                self._originals[encoding.rtx.ssrc] = encoding.ssrc
        if ssrcs and not self._media_ssrc:
            self._media_ssrc = ssrcs[0]
        seam.register_receiver(self.transport, self, parameters, ssrcs)
        if self.publication is not None:
            self.publication.request_keyframe(time.monotonic())

    async def stop(self) -> None:
        """Take nothing in any more."""
        self.publication = None
        if self._timer is not None:
            self._timer.cancel()
        seam.unregister_receiver(self.transport, self)

    def setTransport(self, transport: Any) -> None:
        """Receive through another transport."""
        self.transport = transport

    async def getStats(self) -> RTCStatsReport:
        """Return no statistics; the publication has them."""
        return RTCStatsReport()

    def _set_rtcp_ssrc(self, ssrc: int) -> None:
        self._rtcp_ssrc = ssrc

    def _handle_disconnect(self) -> None:
        pass

    async def _handle_rtcp_packet(self, packet: Any) -> None:
        if isinstance(packet, RtcpSrPacket):
            self._last_report = (packet.sender_info.ntp_timestamp >> 16 & 0xFFFFFFFF, time.monotonic())
            self._compare(packet)
            if self.publication is not None:
                info = packet.sender_info
                self.publication.add_report(packet.ssrc, info.ntp_timestamp, info.rtp_timestamp)

    async def _handle_rtp_packet(self, packet: RtpPacket, arrival_time_ms: int) -> None:
        try:
            self._take(packet, arrival_time_ms)
        except Exception:  # an exception here would end the connection's only reading loop
            self._failures += 1
            if self._failures in (1, 100, 10_000):
                logger.exception("A packet could not be forwarded (failure %d on this m-line)", self._failures)

    # --- within ------------------------------------------------------------------------------------------

    def _compare(self, report: RtcpSrPacket) -> None:
        """Note how many packets the publisher has sent (RFC 3550, 6.4.1) since the last one came."""
        if report.ssrc != self._media_ssrc or not self._came_at:
            return
        if self._said_sent is None:
            self._said_sent = report.sender_info.packet_count
        self._missing = (report.sender_info.packet_count - self._said_sent) & 0xFFFFFFFF

    def _take(self, packet: RtpPacket, arrival_ms: int) -> None:
        if not self._enabled:
            return
        if self.estimate is not None and packet.extensions.abs_send_time is not None:
            size = len(packet.payload) + packet.padding_size
            self.estimate.add(packet.extensions.abs_send_time, arrival_ms, size)
        ssrc, number, payload = packet.ssrc, packet.sequence_number, packet.payload
        if packet.payload_type in self._apt:
            original = self._originals.get(ssrc, self._media_ssrc)
            if not original or len(payload) < 2 + 1:
                return  # padding, for probing
            ssrc, number, payload = original, int.from_bytes(payload[:2], "big"), payload[2:]
        else:
            rate = self._clock_rates.get(packet.payload_type)
            if rate is None:
                return
            if ssrc != self._media_ssrc or self._statistics is None:
                self._media_ssrc, self._statistics, self._last_report = ssrc, StreamStatistics(rate), None
                self._clock_rate = rate
            self._statistics.add(packet)
            self._came_at = time.monotonic()
            self._said_sent, self._missing = None, 0
        publication = self.publication
        if publication is None:
            return
        if publication.timeline.switches(ssrc) and packet.payload_type in self._apt:
            return  # a retransmission cannot begin a stream
        level = packet.extensions.audio_level
        publication.add(
            ssrc,
            number,
            packet.timestamp,
            packet.marker,
            payload,
            SILENCE if level is None else level[0] << 7 | level[1] & 0x7F,
            again=ssrc != packet.ssrc,
        )
        if publication.losses.waiting and self.kind == "video":
            self._ask_for_missing(publication.losses)

    def _ask_for_missing(self, losses: LossTracker) -> None:
        """Ask for what is missing, if it is time to; and again, also if nothing else comes meanwhile."""
        self._send_nack(losses.due(time.monotonic()))
        if self._timer is None and losses.waiting:
            self._timer = asyncio.get_running_loop().call_later(losses.retry / 2, self._ask_again)

    def _ask_again(self) -> None:
        self._timer = None
        if self.publication is not None:
            self._ask_for_missing(self.publication.losses)

    def _send_nack(self, indexes: list[int]) -> None:
        if indexes:
            packet = RtcpRtpfbPacket(fmt=RTCP_RTPFB_NACK, ssrc=self._rtcp_ssrc, media_ssrc=self._media_ssrc)
            packet.lost = _in_wire_order(indexes)
            seam.send_packet(self.transport, bytes(packet))


def _in_wire_order(indexes: list[int]) -> list[int]:
    """Return sequence numbers such that aiortc's NACK packing, which cannot cross the wrap, packs them right."""
    return sorted(index & 0xFFFF for index in indexes)


def now_ms() -> int:
    """Return the time by the clock that `_handle_rtp_packet` gets arrival times of."""
    return int(clock.current_ms())
