"""A stream stays near its bitrate, whatever is in its pictures."""

from __future__ import annotations

import av
import numpy as np
import pytest

from rtc_notebook.media.encoder import TIME_BASE, RealtimeVp8Encoder
from rtc_notebook.media.governor import Governor
from rtc_notebook.media.outgoing import to_frame
from rtc_notebook.rtp import vp8, vp8_header
from rtc_notebook.rtp.vp8 import keyframe_size

BITRATE = 2_500_000
SIZE = (1280, 720)
random = np.random.default_rng(1)


def noise():
    return random.integers(0, 2, (540, 960, 1), np.uint8).repeat(3, axis=2) * np.uint8(255)


def smooth(at):
    return np.broadcast_to(np.linspace(at % 50, 200, 960).astype(np.uint8)[:, None], (540, 960, 3)).copy()


def encode(encoder, pictures, at=0):
    """Return what each picture became, its bytes and the width of a keyframe."""
    made = []
    for index, picture in enumerate(pictures, at):
        frame = to_frame(picture)
        frame.pts, frame.time_base = index * 3000, TIME_BASE
        payloads, _ = encoder.encode(frame, index % 30 == 29)
        width = keyframe_size(payloads[0])[0] if payloads and keyframe_size(payloads[0]) else None
        made.append((b"".join(map(vp8.depacketize, payloads)), width))
    return made


@pytest.mark.slow
def test_noise_is_sent_smaller_and_within_the_bitrate():
    bitrate = BITRATE * 9 // 16  # its pictures are as much smaller than 720p
    encoder = RealtimeVp8Encoder(bitrate, bitrate)
    calm = encode(encoder, (smooth(at) for at in range(20)))
    noisy = encode(encoder, (noise() for _ in range(40)), 20)
    assert sum(len(data) for data, _ in noisy) * 8 / (40 / 30) < 2 * bitrate
    assert max(len(data) for data, _ in noisy) < 85_000
    assert sum(bool(data) for data, _ in noisy) > 20, "it goes on moving"
    assert {width for _, width in noisy} >= {240}
    back = encode(encoder, (smooth(at) for at in range(180)), 60)
    assert [width for _, width in back if width][-1] == 960, "and at its own size once there is room"
    decoder = av.CodecContext.create("vp8", "r")
    for data, _ in (*calm, *noisy, *back):
        assert not data or decoder.decode(av.Packet(data)), "what was left out was never referred to"


def test_another_size_begins_afresh():
    governor = Governor()
    for at in range(20):
        if governor.due(at / 30, SIZE, BITRATE):
            governor.encoded(1_500_000, False, BITRATE)
    assert governor.scale > 1
    assert governor.due(1, (640, 480), BITRATE)
    assert governor.scale == 1


def test_a_slow_stream_may_have_large_pictures():
    governor = Governor()
    for at in range(60):
        assert governor.due(float(at), SIZE, BITRATE)
        if at > 30:
            assert governor.encoded(2_000_000, False, BITRATE)
    assert governor.scale == 1


def test_what_grew_too_early_waits_longer_the_next_time():
    governor, grown, at = Governor(), [], 0
    while len(grown) < 4:
        at += 1
        due = governor.due(at / 30, SIZE, BITRATE)
        before = governor.scale
        if before == 1:
            governor.encoded(500_000, False, BITRATE) if due else None
        else:
            governor.encoded(80_000, False, BITRATE)
            governor.quantized(10)
            if governor.scale < before:
                grown.append(at / 30)
    waits = np.diff(grown)
    assert waits[-1] > 1.5 * waits[0]


def test_a_frames_quantizer_is_read_as_it_was_set():
    for quantizer, index in ((4, 4), (30, 29), (63, 127)):
        codec = av.CodecContext.create("libvpx", "w")
        codec.width, codec.height, codec.pix_fmt, codec.time_base = 320, 240, "yuv420p", TIME_BASE
        codec.bit_rate = 1_000_000
        codec.qmin = codec.qmax = quantizer
        codec.options = {"deadline": "realtime", "lag-in-frames": "0"}
        found = []
        for at in range(3):
            frame = av.VideoFrame.from_ndarray(random.integers(0, 255, (360, 320), np.uint8), "yuv420p")
            frame.pts, frame.time_base = at * 3000, TIME_BASE
            found += [vp8_header.quantizer(bytes(packet)) for packet in codec.encode(frame)]
        assert len(set(found)) == 1
        assert abs(found[0] - index) < 12
    assert vp8_header.quantizer(b"") is None
