"""The recorder by itself: what it does when the disk is slower than the call."""

from __future__ import annotations

import threading
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from rtc_notebook.media import recorder as recorder_module
from rtc_notebook.media.control import RecordingReport
from rtc_notebook.media.recorder import Recorded, Recorder

ANA = Recorded("Ana", "camera", "video")


def encoded(keyframes: tuple[int, ...], count: int) -> list[tuple[bytes, bool]]:
    """Return pictures of noise, which take some room."""
    codec = av.CodecContext.create("libvpx", "w")
    codec.width, codec.height, codec.pix_fmt, codec.time_base = 64, 48, "yuv420p", Fraction(1, 30)
    codec.options = {"deadline": "realtime", "lag-in-frames": "0", "cpu-used": "8"}
    noise = np.random.default_rng(1)
    packets = []
    for number in range(count):
        frame = av.VideoFrame.from_ndarray(noise.integers(0, 256, (48, 64, 3), np.uint8), "bgr24")
        frame = frame.reformat(format="yuv420p")
        frame.pts = number
        frame.pict_type = av.video.frame.PictureType.I if number in keyframes else av.video.frame.PictureType.NONE
        packets += codec.encode(frame)
    return [(bytes(packet), packet.is_keyframe) for packet in packets]


def test_what_a_slow_disk_has_no_time_for_is_counted_and_asked_for_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frames = encoded((0, 6, 9), 12)
    assert [keyframe for _, keyframe in frames] == [number in (0, 6, 9) for number in range(12)]
    monkeypatch.setattr(recorder_module, "FLUSH_SECONDS", 3600)
    monkeypatch.setattr(recorder_module, "MAX_WAITING_BYTES", sum(len(data) for data, _ in frames[:4]))
    reports: list[RecordingReport] = []
    asked: list[int] = []
    recorder = Recorder(tmp_path / "a.mkv", False, "demo", reports.append, 1)

    def put(number: int) -> None:
        data, keyframe = frames[number]
        recorder.put(ANA, "stream", data, keyframe, recorder.created + number / 30, lambda: asked.append(number))

    for number in range(8):  # there is room for four, until the disk has taken them
        put(number)
    assert asked == [5, 7], "after the first that was dropped, a keyframe is wanted; one that has no room does not do"
    recorder._flush()
    for number in range(8, 12):
        put(number)
    recorder.stop()
    recorder.join(20)
    assert not any(thread.name == "recorder" for thread in threading.enumerate())
    assert reports[-1].state == "stopped" and reports[-1].dropped == 2
    with av.open(str(tmp_path / "a.mkv")) as container:
        decoded = list(container.decode(video=0))
    assert len(decoded) == 4 + 3, "each can be decoded: none refers to one that is not there"
