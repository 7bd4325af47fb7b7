import asyncio
import time
from unittest.mock import Mock

import aiortc.rtcrtpsender
import av
import numpy as np
import pytest
from aiortc import RTCRtpSender

from rtc_notebook import pixels, protocol
from rtc_notebook.media import control, outgoing
from rtc_notebook.media.encoder import TIME_BASE, RealtimeVp8Encoder
from rtc_notebook.media.outgoing import OutgoingVideo, to_frame
from rtc_notebook.media.worker import Worker
from rtc_notebook.rtp import seam
from rtc_notebook.rtp.vp8 import keyframe_size


def picture(grey, width=64, height=48):
    return lambda: to_frame(np.full((height, width, 3), grey, np.uint8))


def grey(frame):
    return round(float(frame.to_ndarray(format="gray").mean()))


async def test_the_newest_picture_wins():
    track = OutgoingVideo()
    for value in (10, 100, 200):
        track.put(picture(value), 1000 * value)
    assert abs(grey(await track.recv()) - 200) < 15
    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(track.recv(), 0.02)


async def test_pictures_keep_their_pace_and_time_never_runs_backwards():
    track = OutgoingVideo()
    stamps = []
    for timestamp in (9_000_000, 9_003_000, 9_009_000, 9_009_000, 500, 3500):
        track.put(picture(0), timestamp)
        stamps.append((await track.recv()).pts)
    assert stamps[1] - stamps[0] == 3000
    assert stamps[2] - stamps[1] == 6000
    assert stamps[5] - stamps[4] == 3000
    assert stamps == sorted(set(stamps))


async def test_after_a_long_pause_a_picture_stands_where_it_belongs(monkeypatch):
    track, clock = OutgoingVideo(), time.monotonic
    track.put(picture(0), 9_000_000)
    before = (await track.recv()).pts
    monkeypatch.setattr(outgoing.time, "monotonic", lambda: clock() + 20)
    track.put(picture(0), 9_000_000 + 20 * 90_000)
    assert abs((await track.recv()).pts - before - 20 * 90_000) < 90_000, "or a browser takes it for one that is late"


async def test_a_picture_that_cannot_be_made_is_left_out():
    track, loop = OutgoingVideo(), asyncio.get_running_loop()

    def nothing():
        loop.call_soon_threadsafe(track.put, picture(100), 3000)

    track.put(nothing, 0)
    assert abs(grey(await track.recv()) - 100) < 15


@pytest.mark.parametrize("opencv", [True, False])
def test_bgr_becomes_i420_of_an_even_size(monkeypatch, opencv):
    if not opencv:
        monkeypatch.setattr(pixels, "opencv", lambda: None)
    red = np.zeros((51, 33, 3), np.uint8)
    red[:, :, 2] = 255
    frame = to_frame(red)
    assert (frame.format.name, frame.width, frame.height) == ("yuv420p", 32, 50)
    back = frame.to_ndarray(format="bgr24").reshape(-1, 3).mean(axis=0)
    np.testing.assert_allclose(back, (0, 0, 255), atol=8)


def encode(encoder, at, force=False, size=(64, 48)):
    frame = picture(at % 255, *size)()
    frame.pts, frame.time_base = at * 3000, TIME_BASE
    return encoder.encode(frame, force)


def test_a_keyframe_comes_first_on_demand_and_with_another_size():
    encoder = RealtimeVp8Encoder(500_000, 1_000_000)
    assert keyframe_size(encode(encoder, 0)[0][0]) == (64, 48)
    assert keyframe_size(encode(encoder, 1)[0][0]) is None
    payloads, timestamp = encode(encoder, 2, force=True)
    assert keyframe_size(payloads[0]) == (64, 48)
    assert timestamp == 6000
    assert keyframe_size(encode(encoder, 3)[0][0]) is None
    assert keyframe_size(encode(encoder, 4, size=(96, 48))[0][0]) == (96, 48)


def test_small_changes_of_the_estimate_cost_no_keyframe():
    encoder = RealtimeVp8Encoder(1_000_000, 2_500_000)
    for estimate, target in (
        (1_100_000, 1_000_000),
        (950_000, 1_000_000),
        (1_300_000, 1_300_000),
        (9_000_000, 2_500_000),
        (1_000, 150_000),
    ):
        encoder.target_bitrate = estimate
        assert encoder.target_bitrate == target


async def test_aiortcs_sender_takes_the_encoder(monkeypatch):
    monkeypatch.setattr(aiortc.rtcrtpsender, "get_encoder", aiortc.rtcrtpsender.get_encoder)
    made = RealtimeVp8Encoder(1_000_000, 2_000_000)
    seam.use_encoders(video=lambda: made)
    vp8 = next(c for c in RTCRtpSender.getCapabilities("video").codecs if c.mimeType == "video/VP8")
    assert aiortc.rtcrtpsender.get_encoder(vp8) is made, "aiortc's sender looks its encoder up elsewhere now"
    opus = next(c for c in RTCRtpSender.getCapabilities("audio").codecs if c.mimeType == "audio/opus")
    assert aiortc.rtcrtpsender.get_encoder(opus) is not made
    assert isinstance(av.VideoFrame(2, 2, "yuv420p"), av.frame.Frame)


async def test_the_encoder_begins_and_ends_at_the_bitrates_that_the_server_says(monkeypatch, tmp_path):
    monkeypatch.setattr(aiortc.rtcrtpsender, "get_encoder", aiortc.rtcrtpsender.get_encoder)
    monkeypatch.setattr(seam, "use_rtp_classes", lambda *classes: None)
    join = control.Join(url="ws://x", authorization="", room="r", name=None, call="c", directory=str(tmp_path))
    worker = Worker(Mock(), join)
    media = protocol.MediaSettings(start_bitrate=900_000, max_bitrate=1_800_000)
    place = {"participant": "p", "session": "s", "resumed": False, "room": "r"}
    worker._on_message(protocol.Welcome(version=protocol.VERSION, server_version="0", media=media, **place))
    vp8 = next(c for c in RTCRtpSender.getCapabilities("video").codecs if c.mimeType == "video/VP8")
    encoder = aiortc.rtcrtpsender.get_encoder(vp8)
    encode(encoder, 0)
    assert encoder._codec.bit_rate == 900_000
    encoder.target_bitrate = 9_000_000
    encode(encoder, 1)
    assert encoder._codec.bit_rate == 1_800_000
    await worker.close()
