"""Sends a publication's packets to one viewer, in place of aiortc's RTCRtpSender."""

from __future__ import annotations

import contextlib
import logging
import random
import time
import uuid
from struct import Struct
from typing import TYPE_CHECKING, Any

from aiortc.codecs import is_rtx
from aiortc.rtp import (
    RTCP_PSFB_APP,
    RTCP_PSFB_FIR,
    RTCP_PSFB_PLI,
    RTCP_RTPFB_NACK,
    RtcpPsfbPacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtcpSdesPacket,
    RtcpSenderInfo,
    RtcpSourceInfo,
    RtcpSrPacket,
    unpack_remb_fci,
)
from aiortc.stats import RTCStatsReport

from rtc_notebook.rtp import seam
from rtc_notebook.rtp.downlink import Downlink
from rtc_notebook.rtp.rewriter import Rewriter

if TYPE_CHECKING:
    from .publication import Packet, Publication

logger = logging.getLogger(__name__)

MID = "urn:ietf:params:rtp-hdrext:sdes:mid"
AUDIO_LEVEL = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
ABS_SEND_TIME = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
RETRANSMISSIONS_PER_TICK = 200

_header = Struct("!BBHII")
_words = Struct("!HH")


class ForwardingSender:
    """One m-line towards a viewer. It keeps its m-line for life; the publication it carries may change.

    A viewer whose way is too thin for a picture is sent stretches of it, each from a keyframe on, with rests between:
    what would be lost is not sent, nor sent again, and the others are not asked to send keyframes all the time. Reports
    go on meanwhile, and tell it that nothing was sent.
    """

    def __init__(self, track_or_kind: Any, transport: Any) -> None:
        self.kind: str = track_or_kind if isinstance(track_or_kind, str) else track_or_kind.kind
        self.track = None
        self.transport = transport
        self._enabled = True
        self._stream_id = str(uuid.uuid4())
        self._publication: Publication | None = None
        self._ready = False
        self.renew(self._stream_id)

    def renew(self, stream_id: str, downlink: Downlink | None = None) -> None:
        """Get fresh SSRCs and a new msid, for carrying another track; ``downlink`` is what is known of its way.

        Not the publication's id: an m-line that carried it before keeps its msid, and browsers refuse one that is
        there twice.
        """
        self._stream_id, self._track_id = stream_id, str(uuid.uuid4())
        self._ssrc, self._rtx_ssrc = random.getrandbits(32), random.getrandbits(32)
        self._rtx_sequence_number = random.getrandbits(15)
        self._retransmissions_left = RETRANSMISSIONS_PER_TICK
        self._rewriter = Rewriter()
        self.downlink = downlink or Downlink()
        self._counters = dict.fromkeys(("packets", "bytes", "retransmitted", "frames"), 0)

        self._reported: dict[int, float] = {}  # the middle of each newest report's NTP time: when it went out
        self._heard: dict[str, float] = {}  # what the viewer reported

    # --- what the SFU asks of it -----------------------------------------------------------------------

    @property
    def waiting(self) -> bool:
        """Whether it could send but waits for a keyframe."""
        return self._ready and not self._rewriter.started

    @property
    def loss(self) -> float:
        """The share of packets that the viewer last said it lost."""
        return self._heard.get("loss", 0.0)

    @property
    def publication(self) -> Publication | None:
        """What it sends, or None."""
        return self._publication

    def bind(self, publication: Publication) -> None:
        """Send this publication from its next keyframe on."""
        self.unbind()
        self._publication = publication
        publication.senders.append(self)
        self._ask()

    def unbind(self) -> None:
        """Send nothing from now on, no retransmissions either."""
        if self._publication is not None:
            self._publication.senders.remove(self)
            self._publication = None
        self._rewriter.pause()

    def wait(self) -> None:
        """Hold packets back until the next keyframe."""
        self._rewriter.pause()

    def forward(self, packet: Packet) -> None:
        """Send a packet to the viewer, rewritten for it."""
        if not self._ready or not self._enabled:
            return
        if not self._rewriter.started:
            if not packet.begins or self.downlink.resting:
                return
            self._rewriter.start(packet.index)
            self.send_report()
        number = self._rewriter.sequence_number(packet.index)
        if number is None:
            return
        head = _header.pack(
            0x90,
            packet.marker << 7 | self._payload_type,
            number,
            self._rewriter.timestamp(packet.timestamp),
            self._ssrc,
        )
        if seam.send_packet(self.transport, head + self._extensions(packet) + packet.payload):
            counters = self._counters
            counters["packets"] += 1
            counters["bytes"] += len(packet.payload)
            counters["frames"] += packet.marker if self.kind == "video" else 1
        if self.kind == "video":
            now = time.monotonic()
            self.downlink.sent(len(packet.payload), now)
            if packet.marker and self.downlink.overfull(now):
                self._rewriter.pause()

    def send_report(self) -> None:
        """Tell the viewer which NTP time of the publisher's a timestamp stands for: lip sync needs it."""
        publication = self._publication
        told = self._rewriter.started or (self._ready and self.downlink.resting)
        if publication is None or publication.report is None or not told:
            return
        ntp, timestamp = publication.report
        info = RtcpSenderInfo(
            ntp_timestamp=ntp,
            rtp_timestamp=self._rewriter.timestamp(timestamp),
            packet_count=self._counters["packets"] & 0xFFFFFFFF,
            octet_count=self._counters["bytes"] & 0xFFFFFFFF,
        )
        source = RtcpSourceInfo(ssrc=self._ssrc, items=[(1, self._cname.encode())])
        report = bytes(RtcpSrPacket(ssrc=self._ssrc, sender_info=info)) + bytes(RtcpSdesPacket(chunks=[source]))
        seam.send_packet(self.transport, report)
        self._reported = {**dict(list(self._reported.items())[-3:]), ntp >> 16 & 0xFFFFFFFF: time.monotonic()}

    def tick(self, now: float) -> None:
        """Allow retransmissions again, and pictures after a rest; called about ten times a second."""
        self._retransmissions_left = RETRANSMISSIONS_PER_TICK
        if self.downlink.rested(now) and self._publication is not None:
            self._publication.want_keyframe()

    def limit(self, now: float) -> int | None:
        """Return what the viewer's way takes, bits per second, while that is too little."""
        return self.downlink.limit(now)

    def stats(self) -> dict[str, Any]:
        """Return the counters of the track it carries now."""
        return {**self._counters, **self._heard, "paused": not self._rewriter.started}

    # --- what RTCPeerConnection and the transport ask of it ----------------------------------------------

    async def send(self, parameters: Any) -> None:
        """Take the negotiated parameters; called after every negotiation."""
        self._cname: str = parameters.rtcp.cname
        self._payload_type: int = parameters.codecs[0].payloadType
        retransmissions = [codec for codec in parameters.codecs if is_rtx(codec)]
        self._rtx_payload_type: int | None = retransmissions[0].payloadType if retransmissions else None
        self._set_extensions({e.uri: e.id for e in parameters.headerExtensions}, parameters.muxId)
        seam.register_sender(self.transport, self, parameters)
        if not self._ready or self.waiting:
            self._ready = True
            self._ask()

    async def stop(self) -> None:
        """Send nothing any more."""
        self.unbind()
        self._ready = False
        seam.unregister_sender(self.transport, self)

    def replaceTrack(self, track: Any) -> None:
        """Do nothing: what is sent are publications, not tracks."""

    def setTransport(self, transport: Any) -> None:
        """Send through another transport."""
        self.transport = transport

    async def getStats(self) -> RTCStatsReport:
        """Return no statistics; `stats` has them."""
        return RTCStatsReport()

    async def _handle_rtcp_packet(self, packet: Any) -> None:
        publication = self._publication
        if publication is None:
            return
        if isinstance(packet, RtcpRtpfbPacket) and packet.fmt == RTCP_RTPFB_NACK:
            for number in packet.lost:
                self._retransmit(publication, number & 0xFFFF)
        elif isinstance(packet, (RtcpRrPacket, RtcpSrPacket)):
            for report in packet.reports:
                if report.ssrc == self._ssrc:
                    self._hear(report)
        elif isinstance(packet, RtcpPsfbPacket) and packet.fmt == RTCP_PSFB_APP:
            with contextlib.suppress(ValueError):
                bitrate, ssrcs = unpack_remb_fci(packet.fci)
                self.downlink.estimated(bitrate // max(1, len(ssrcs)), time.monotonic())
        elif (
            isinstance(packet, RtcpPsfbPacket)
            and packet.fmt in (RTCP_PSFB_PLI, RTCP_PSFB_FIR)
            and not self.downlink.resting
        ):
            publication.want_keyframe()

    def _hear(self, report: RtcpReceiverInfo) -> None:
        """Take what a viewer says of what it receives (RFC 3550, 6.4.1)."""
        rate = 48_000 if self.kind == "audio" else 90_000
        self._heard["loss"] = round(report.fraction_lost / 256, 4)
        self.downlink.reported(report.fraction_lost / 256)
        self._heard["jitter"] = round(report.jitter / rate, 5)
        sent = self._reported.get(report.lsr)
        if sent is not None:
            self._heard["rtt"] = round(max(0.0, time.monotonic() - sent - report.dlsr / 65536), 5)

    # --- within ------------------------------------------------------------------------------------------

    def _ask(self) -> None:
        if self._ready and self._publication is not None and not self.downlink.resting:
            self._publication.want_keyframe(first=True)

    def _retransmit(self, publication: Publication, number: int) -> None:
        index = self._rewriter.index(number)
        packet = publication.lookup(index) if index is not None else None
        if packet is None or not self._retransmissions_left or publication.muted:
            return
        self._retransmissions_left -= 1
        timestamp = self._rewriter.timestamp(packet.timestamp)
        if self._rtx_payload_type is None:
            head = _header.pack(0x90, packet.marker << 7 | self._payload_type, number, timestamp, self._ssrc)
            data = head + self._extensions(packet) + packet.payload
        else:  # RFC 4588, 4
            self._rtx_sequence_number = (self._rtx_sequence_number + 1) & 0xFFFF
            head = _header.pack(
                0x90,
                packet.marker << 7 | self._rtx_payload_type,
                self._rtx_sequence_number,
                timestamp,
                self._rtx_ssrc,
            )
            data = head + self._extensions(packet) + number.to_bytes(2, "big") + packet.payload
        self.downlink.sent(len(packet.payload), time.monotonic())
        self._counters["retransmitted"] += seam.send_packet(self.transport, data)

    def _set_extensions(self, ids: dict[str, int], mid: str) -> None:
        """Prepare the header extensions (RFC 8285, one-byte form): mid, then send time or sound level, the only part
        that differs from packet to packet."""  # noqa: D205, D209
        fixed = b""
        if MID in ids:
            name = mid.encode()
            fixed += bytes([ids[MID] << 4 | (len(name) - 1)]) + name
        uri = AUDIO_LEVEL if self.kind == "audio" else ABS_SEND_TIME
        length = 0
        if uri in ids:
            length = 1 if self.kind == "audio" else 3
            fixed += bytes([ids[uri] << 4 | (length - 1)])
        padding = -(len(fixed) + length) % 4
        self._extension_length = length
        self._extension_head = _words.pack(0xBEDE, (len(fixed) + length + padding) // 4) + fixed
        self._extension_tail = bytes(padding)

    def _extensions(self, packet: Packet) -> bytes:
        if self._extension_length == 3:
            value = (int(time.time() * 262144) & 0xFFFFFF).to_bytes(3, "big")  # 6.18 bits of seconds
        elif self._extension_length == 1:
            value = packet.level.to_bytes(1, "big")
        else:
            value = b""
        return self._extension_head + value + self._extension_tail
