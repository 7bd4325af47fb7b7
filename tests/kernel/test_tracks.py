from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from fake_worker import GUEST, FakeWorker, eventually, person, picture

from rtc_notebook import Call, CallEnded, CallTimeout, TrackEnded, VideoTrack
from rtc_notebook import tracks as tracks_module
from rtc_notebook.media.control import Frames, Want


@contextlib.contextmanager
def again_and_again(act: Callable[[], object]) -> Iterator[None]:
    """Do something every few milliseconds, in another thread."""
    stop = threading.Event()

    def run() -> None:
        while not stop.wait(0.01):
            act()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@pytest.fixture
def track(call: Call, worker: FakeWorker) -> VideoTrack:
    worker.connect(person("p2", "Guest", "camera", "microphone"))
    found = call.participants["Guest"].video
    assert found is not None
    return found


def test_nothing_is_fetched_before_it_is_asked_for(track: VideoTrack, worker: FakeWorker) -> None:
    assert not any(want.tracks for want in worker.sent(Want))
    assert track.latest() is None
    assert worker.wait_for(Want, len(worker.sent(Want))).tracks == (GUEST,)
    asked = len(worker.sent(Want))
    track.latest()
    assert len(worker.sent(Want)) == asked


def test_latest_is_the_newest_and_ones_own_copy(track: VideoTrack, worker: FakeWorker) -> None:
    for sequence in range(3):
        worker.frame(picture(sequence), sequence)
    frame = track.latest()
    assert frame is not None and frame.dtype == np.uint8 and frame.shape == (48, 64, 3) and frame[0, 0, 0] == 2
    frame[:] = 99
    again = track.latest()
    assert again is not None and again[0, 0, 0] == 2


def test_frame_is_a_new_one(track: VideoTrack, worker: FakeWorker) -> None:
    worker.frame(picture(1), 1)
    sequences = itertools.count(2)
    with again_and_again(lambda: worker.frame(picture(2), next(sequences))):
        assert track.frame(timeout=20)[0, 0, 0] == 2


def test_frame_says_when_none_comes(track: VideoTrack, worker: FakeWorker) -> None:
    worker.frame(picture(1), 1)
    with pytest.raises(CallTimeout, match="camera of 'Guest'"):
        track.frame(timeout=0.02)


def test_another_size_goes_on(track: VideoTrack, worker: FakeWorker) -> None:
    worker.frame(picture(1), 1)
    frames = track.frames()
    assert next(frames).shape == (48, 64, 3)
    worker.frame(picture(2, 720, 1280), 2)
    assert next(frames).shape == (720, 1280, 3)


def test_a_ring_that_was_replaced_before_it_was_looked_at_is_passed_over(track: VideoTrack, worker: FakeWorker) -> None:
    worker.frame(picture(1), 1)
    worker.say(Frames(track=GUEST, path=os.path.join(worker.join.directory, "gone.ring")))
    worker.frame(picture(2, 720, 1280), 2)
    newest = track.latest()
    assert newest is not None and newest.shape == (720, 1280, 3)


def test_a_slow_loop_sees_the_newest(track: VideoTrack, worker: FakeWorker) -> None:
    frames = track.frames()
    seen = []
    for sequence in range(1, 10):
        worker.frame(picture(sequence), sequence)
        if sequence % 3 == 0:
            seen.append(int(next(frames)[0, 0, 0]))
    assert seen == [3, 6, 9]


def test_frames_end_with_the_track(track: VideoTrack, worker: FakeWorker) -> None:
    worker.frame(picture(1), 1)
    frames = track.frames()
    assert next(frames)[0, 0, 0] == 1
    threading.Timer(0.03, worker.end).start()
    assert not list(frames)
    with pytest.raises(TrackEnded, match="camera of 'Guest'"):
        track.latest()


def test_frames_end_with_the_call(call: Call, track: VideoTrack, worker: FakeWorker) -> None:
    worker.frame(picture(1), 1)
    frames = track.frames()
    assert next(frames)[0, 0, 0] == 1
    threading.Timer(0.03, call.leave).start()
    assert not list(frames)
    with pytest.raises(CallEnded):
        track.frame()


def test_waiting_ends_when_the_participant_goes(track: VideoTrack, worker: FakeWorker) -> None:
    threading.Timer(0.03, worker.room).start()
    with pytest.raises(TrackEnded):
        track.frame()


async def test_frames_work_in_async_for(track: VideoTrack, worker: FakeWorker) -> None:
    seen: asyncio.Queue[int] = asyncio.Queue()

    async def watch() -> None:
        async for frame in track.frames():
            seen.put_nowait(int(frame[0, 0, 0]))

    task = asyncio.ensure_future(watch())
    loop = asyncio.get_running_loop()
    for sequence in range(1, 4):
        await loop.run_in_executor(None, worker.frame, picture(sequence), sequence)
        assert await asyncio.wait_for(seen.get(), 5) == sequence
    await loop.run_in_executor(None, worker.end)
    await asyncio.wait_for(task, 5)
    assert seen.empty()


def test_a_track_that_is_published_anew_goes_on(call: Call, track: VideoTrack, worker: FakeWorker) -> None:
    worker.room(person("p2", "Guest"))
    assert call.participants["Guest"].video is None and not track.ended
    worker.room(person("p2", "Guest", "camera"))
    assert call.participants["Guest"].video is track


def test_a_track_that_stays_away_has_ended(
    call: Call, track: VideoTrack, worker: FakeWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracks_module, "GRACE_SECONDS", 0.05)
    worker.room(person("p2", "Guest"))
    assert eventually(lambda: track.ended)
    with pytest.raises(TrackEnded):
        track.frame(timeout=5)
    worker.room(person("p2", "Guest", "camera"))
    assert call.participants["Guest"].video not in (None, track)


def test_formats_are_one_picture(track: VideoTrack, worker: FakeWorker) -> None:
    worker.frame(np.full((48, 64, 3), (10, 100, 250), np.uint8), 1)
    bgr, rgb, grey, planes = (track.latest(format) for format in ("bgr", "rgb", "gray", "yuv420p"))
    assert bgr is not None and rgb is not None and grey is not None and planes is not None
    assert bgr[0, 0].tolist() == rgb[0, 0, ::-1].tolist() == [10, 100, 250]
    assert grey.shape == (48, 64) and abs(int(grey[0, 0]) - (0.114 * 10 + 0.587 * 100 + 0.299 * 250)) < 2
    assert planes.shape == (72, 64)
    with pytest.raises(ValueError, match="bgr, rgb, gray, yuv420p"):
        track.latest("hsv")  # type: ignore[call-overload]
    with pytest.raises(ValueError, match="above 0"):
        track.frames(fps=0)


def test_info_says_when_and_how_large(track: VideoTrack, worker: FakeWorker) -> None:
    worker.frame(picture(1), 7)
    found = track.latest(info=True)
    assert found is not None
    _, info = found
    assert (info.sequence, info.width, info.height, info.captured, info.arrived) == (7, 64, 48, 1.0, 2.0)
    age = info.age
    assert age > 1e9 and info.age > age
    frame, info = next(track.frames(info=True))
    assert frame[0, 0, 0] == 1 and info.sequence == 7


@pytest.mark.parametrize("format", ["bgr", "gray", "yuv420p"])
def test_without_copy_it_is_shared_and_stays_as_it_is(track: VideoTrack, worker: FakeWorker, format: Any) -> None:
    kept = []
    for sequence in range(1, 12):
        worker.frame(picture(10 * sequence), sequence)
        frame = track.latest(format, copy=False)
        assert frame is not None and not frame.flags.writeable
        kept.append((sequence, frame))
    for sequence, frame in kept:
        assert abs(int(frame[0, 0]) if frame.ndim == 2 else int(frame[0, 0, 0])) == pytest.approx(
            10 * sequence if format != "yuv420p" else 16 + 10 * sequence * 219 / 255, abs=2
        )
    one, other = track.latest("gray", copy=False), track.latest("gray", copy=False)
    assert one is other


def test_fewer_frames_a_second_are_still_the_newest(track: VideoTrack, worker: FakeWorker) -> None:
    sent: list[int] = [0]

    def send() -> None:
        sent.append(sent[-1] + 1)
        worker.frame(picture(sent[-1] % 250), sent[-1])

    with again_and_again(send):
        frames = track.frames(fps=10, info=True)
        next(frames)
        began = time.monotonic()
        for _ in range(4):
            known, (_, info) = sent[-2], next(frames)
            assert info.sequence >= known, "nothing that was old when it was asked for"
        assert time.monotonic() - began > 0.35, "four at ten a second"
    assert sent[-1] > 4
