"""One picture of everybody, made while the recording is still being written."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import av
import numpy as np
import pytest
from footage import lesson

from rtc_notebook.recording.mixing import Mixer


def test_sounds_are_added_where_they_belong():
    mixer = Mixer()
    mixer.add(1, 0.5, np.full((4800, 2), 0.2, np.float32))
    mixer.add(2, 0.55, np.full((4800, 2), 0.3, np.float32))
    mixer.add(1, 0.601, np.full((480, 2), 0.4, np.float32))  # a millisecond of jitter makes no gap
    taken = mixer.take(48_000)
    assert np.allclose(taken[[23_999, 24_000, 27_000, 28_900, 33_000]], [[0], [0.2], [0.5], [0.7], [0]], atol=1e-6)
    mixer.add(1, 0.9, np.full((9600, 2), 0.9, np.float32))
    mixer.add(2, 1.0, np.full((4800, 2), 0.9, np.float32))
    late = mixer.take(4800)
    assert 0.9 < late[0, 0] <= 1, "what is over is left out, and no sum is louder than full"


@pytest.mark.slow
def test_a_recording_that_grows_becomes_one_picture(tmp_path: Path):
    whole = lesson(tmp_path / "whole.mkv")
    data = whole.read_bytes()
    growing, result = tmp_path / "growing.mkv", tmp_path / "lesson.mp4"
    with growing.open("wb", buffering=0) as file:
        part = 96 * 1024 + (len(data) - 96 * 1024) * 3 // 4
        file.write(data[:part])
        command = [sys.executable, "-m", "rtc_notebook.recording.composing", str(growing), str(result)]
        composing = subprocess.Popen(command, stdin=subprocess.PIPE)
        deadline = time.monotonic() + 60
        while not (result.exists() and result.stat().st_size > 500):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        file.write(data[part:])
    assert composing.wait(90) == 0
    assert not growing.exists()
    with av.open(str(result)) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        assert (video.width, video.height, video.codec_context.name) == (1280, 720, "h264")
        pictures = [(float(frame.time), frame.to_ndarray(format="gray")) for frame in container.decode(video)]
        container.seek(0)
        sound = np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio)])
    assert abs(pictures[-1][0] - 4) < 0.15 and abs(len(sound) / 48_000 - 4) < 0.15
    alone = next(picture for time, picture in pictures if time > 0.8)
    both = next(picture for time, picture in pictures if time > 1.5)
    assert abs(int(alone[360, 640]) - (20 + 2 * 20)) < 20, "Ana alone in the middle"
    assert np.abs(both[360, 320].astype(int) - int(both[360, 640])) > 20, "then beside Ben"
    assert np.abs(sound[24_000:40_000]).max() > 0.1 and np.abs(sound[55_000:66_000]).max() < 0.02
    assert np.abs(sound[80_000:180_000]).max() > 0.1
