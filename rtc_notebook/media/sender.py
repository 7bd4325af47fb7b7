"""Sends one m-line, in place of aiortc's RTCRtpSender: pictures share the bitrate, and a still one can be asked for."""

from __future__ import annotations

from typing import Any

from aiortc import RTCRtpSender
from aiortc.rtp import RTCP_PSFB_APP, RtcpPsfbPacket, RtcpRrPacket, pack_remb_fci, unpack_remb_fci

from .outgoing import OutgoingVideo
from .sound import OutgoingSound


class Sender(RTCRtpSender):
    """What aiortc's sender does, and three things more.

    The receiver's bandwidth estimate is one for all the pictures of a connection (REMB): each encoder gets its share,
    where aiortc gives the whole to each. A request for a keyframe is answered at once also where no new picture comes.
    The encoder of sound hears how much of it gets lost.
    """

    async def _handle_rtcp_packet(self, packet: Any) -> None:
        if isinstance(packet, RtcpPsfbPacket) and packet.fmt == RTCP_PSFB_APP:
            packet = share(packet)
        elif isinstance(packet, RtcpRrPacket) and isinstance(self.track, OutgoingSound):
            for report in packet.reports:
                if report.ssrc == self._ssrc:  # more at once, less slowly: losses come in bursts
                    self.track.tap.loss = max(report.fraction_lost / 256, 0.8 * self.track.tap.loss)
        await super()._handle_rtcp_packet(packet)

    def _send_keyframe(self) -> None:
        super()._send_keyframe()
        if isinstance(self.track, OutgoingVideo):
            self.track.repeat()


def share(packet: RtcpPsfbPacket) -> RtcpPsfbPacket:
    """Return a bandwidth estimate (draft-alvestrand-rmcat-remb) with one stream's equal share of it."""
    try:
        bitrate, ssrcs = unpack_remb_fci(packet.fci)
    except ValueError:
        return packet
    fci = pack_remb_fci(bitrate // max(1, len(ssrcs)), ssrcs)
    return RtcpPsfbPacket(fmt=RTCP_PSFB_APP, ssrc=packet.ssrc, media_ssrc=packet.media_ssrc, fci=fci)
