"""Sends one m-line, in place of aiortc's RTCRtpSender: pictures share the bitrate, and a still one can be asked for."""

from __future__ import annotations

from typing import Any

from aiortc import RTCRtpSender
from aiortc.rtp import RTCP_PSFB_APP, RtcpPsfbPacket, pack_remb_fci, unpack_remb_fci

from .outgoing import OutgoingVideo


class Sender(RTCRtpSender):
    """What aiortc's sender does, and two things more.

    The receiver's bandwidth estimate is one for all the pictures of a connection (REMB): each encoder gets its share,
    where aiortc gives the whole to each. A request for a keyframe is answered at once also where no new picture comes.
    """

    async def _handle_rtcp_packet(self, packet: Any) -> None:
        if isinstance(packet, RtcpPsfbPacket) and packet.fmt == RTCP_PSFB_APP:
            packet = share(packet)
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
