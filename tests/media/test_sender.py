"""Several pictures on one connection, and pictures that stay."""

import asyncio
from types import SimpleNamespace

import numpy as np
import pytest
from aiortc import RTCRtpSender
from aiortc.rtp import RTCP_PSFB_APP, RtcpPsfbPacket, RtcpReceiverInfo, RtcpRrPacket, pack_remb_fci, unpack_remb_fci

from rtc_notebook.media import outgoing
from rtc_notebook.media.outgoing import OutgoingVideo, to_frame
from rtc_notebook.media.sender import Sender, share
from rtc_notebook.media.sound import OutgoingSound


def estimate(bitrate, ssrcs):
    return RtcpPsfbPacket(fmt=RTCP_PSFB_APP, ssrc=1, media_ssrc=0, fci=pack_remb_fci(bitrate, ssrcs))


def test_pictures_share_what_the_path_takes():
    bitrate, ssrcs = unpack_remb_fci(share(estimate(3_000_000, [5, 6, 7])).fci)
    assert ssrcs == [5, 6, 7]
    assert abs(bitrate - 1_000_000) < 10_000
    assert abs(unpack_remb_fci(share(estimate(3_000_000, [5])).fci)[0] - 3_000_000) < 30_000
    other = RtcpPsfbPacket(fmt=RTCP_PSFB_APP, ssrc=1, media_ssrc=0, fci=b"none")
    assert share(other) is other


def test_aiortc_calls_what_the_sender_overrides():
    for name in ("_handle_rtcp_packet", "_send_keyframe"):
        assert hasattr(RTCRtpSender, name), f"aiortc's sender has no {name} any more"
        assert name in Sender.__dict__


async def test_the_encoder_of_sound_hears_of_losses_and_forgets_them_slowly():
    sender = Sender(OutgoingSound(), SimpleNamespace(state="new", _stats_id="transport"))
    for lost, expected in ((51, 0.2), (0, 0.16), (0, 0.13)):
        info = RtcpReceiverInfo(
            ssrc=sender._ssrc, fraction_lost=lost, packets_lost=0, highest_sequence=0, jitter=0, lsr=0, dlsr=0
        )
        await sender._handle_rtcp_packet(RtcpRrPacket(ssrc=1, reports=[info]))
        assert round(sender.track.tap.loss, 2) == expected


def picture(grey):
    return to_frame(np.full((48, 64, 3), grey, np.uint8))


async def test_a_still_is_repeated_ever_more_slowly(monkeypatch):
    monkeypatch.setattr(outgoing, "FIRST_REPEAT_SECONDS", 0.01)
    monkeypatch.setattr(outgoing, "REPEAT_SECONDS", 0.08)
    track = OutgoingVideo()
    track.repeats = True
    track.put(picture(100), outgoing.clock())
    patience, wait_for = [], asyncio.wait_for

    async def noted(waiting, timeout):
        patience.append(timeout)
        return await wait_for(waiting, timeout)

    monkeypatch.setattr(asyncio, "wait_for", noted)
    stamps = [(await track.recv()).pts for _ in range(7)]
    assert patience[:6] == [0.01, 0.02, 0.04, 0.08, 0.08, 0.08]
    assert stamps == sorted(set(stamps))


@pytest.mark.slow
async def test_a_still_is_sent_at_once_to_who_asks_for_a_keyframe():
    track = OutgoingVideo()
    track.repeats = True
    track.put(picture(100), outgoing.clock())
    for _ in range(6):
        await track.recv()  # by now the next would be a second away
    track.repeat()
    await asyncio.wait_for(track.recv(), 0.2)


async def test_what_a_filter_gives_is_never_repeated():
    track = OutgoingVideo()
    track.put(picture(100), 0)
    await track.recv()
    track.repeat()
    try:
        await asyncio.wait_for(track.recv(), 0.15)
    except asyncio.TimeoutError:
        return
    raise AssertionError
