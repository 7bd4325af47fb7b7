from __future__ import annotations

import asyncio
import threading

import numpy as np
import pytest
from fake_worker import GUEST, FakeWorker, eventually, person, picture

from rtc_notebook import Call, CallEnded, CallTimeout, Track, TrackEnded
from rtc_notebook import tracks as tracks_module
from rtc_notebook.media.control import TrackKey, Want

SOUND = TrackKey("p2", "microphone", "audio")


@pytest.fixture
def track(call: Call, worker: FakeWorker) -> Track:
    worker.connect(person("p2", "Guest", "camera", "microphone"))
    found = call.participants["Guest"].video
    assert found is not None
    return found


@pytest.fixture
def sound(call: Call, track: Track) -> Track:
    found = call.participants["Guest"].audio
    assert found is not None
    return found


def test_nothing_is_fetched_before_it_is_asked_for(track: Track, worker: FakeWorker) -> None:
    assert not any(want.tracks for want in worker.sent(Want))
    assert track.latest() is None
    assert worker.wait_for(Want, len(worker.sent(Want))).tracks == (GUEST,)
    asked = len(worker.sent(Want))
    track.latest()
    assert len(worker.sent(Want)) == asked


def test_latest_is_the_newest_and_ones_own_copy(track: Track, worker: FakeWorker) -> None:
    for sequence in range(3):
        worker.frame(picture(sequence), sequence)
    frame = track.latest()
    assert frame is not None and frame.dtype == np.uint8 and frame.shape == (48, 64, 3) and frame[0, 0, 0] == 2
    frame[:] = 99
    again = track.latest()
    assert again is not None and again[0, 0, 0] == 2


def test_frame_is_a_new_one(track: Track, worker: FakeWorker) -> None:
    worker.frame(picture(1), 1)
    threading.Timer(0.03, lambda: worker.frame(picture(2), 2)).start()
    assert track.frame()[0, 0, 0] == 2


def test_frame_says_when_none_comes(track: Track, worker: FakeWorker) -> None:
    worker.frame(picture(1), 1)
    with pytest.raises(CallTimeout, match="camera of 'Guest'"):
        track.frame(timeout=0.02)


def test_another_size_goes_on(track: Track, worker: FakeWorker) -> None:
    worker.frame(picture(1), 1)
    frames = track.frames()
    assert next(frames).shape == (48, 64, 3)
    worker.frame(picture(2, 720, 1280), 2)
    assert next(frames).shape == (720, 1280, 3)


def test_a_slow_loop_sees_the_newest(track: Track, worker: FakeWorker) -> None:
    frames = track.frames()
    seen = []
    for sequence in range(1, 10):
        worker.frame(picture(sequence), sequence)
        if sequence % 3 == 0:
            seen.append(int(next(frames)[0, 0, 0]))
    assert seen == [3, 6, 9]


def test_frames_end_with_the_track(track: Track, worker: FakeWorker) -> None:
    worker.frame(picture(1), 1)
    threading.Timer(0.03, worker.end).start()
    assert len(list(track.frames())) == 1
    with pytest.raises(TrackEnded, match="camera of 'Guest'"):
        track.latest()


def test_frames_end_with_the_call(call: Call, track: Track, worker: FakeWorker) -> None:
    worker.frame(picture(1), 1)
    threading.Timer(0.03, call.leave).start()
    assert len(list(track.frames())) == 1
    with pytest.raises(CallEnded):
        track.frame()


def test_waiting_ends_when_the_participant_goes(track: Track, worker: FakeWorker) -> None:
    threading.Timer(0.03, worker.room).start()
    with pytest.raises(TrackEnded):
        track.frame()


async def test_frames_work_in_async_for(track: Track, worker: FakeWorker) -> None:
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


def test_a_track_that_is_published_anew_goes_on(call: Call, track: Track, worker: FakeWorker) -> None:
    worker.room(person("p2", "Guest"))
    assert call.participants["Guest"].video is None and not track.ended
    worker.room(person("p2", "Guest", "camera"))
    assert call.participants["Guest"].video is track


def test_a_track_that_stays_away_has_ended(
    call: Call, track: Track, worker: FakeWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracks_module, "GRACE_SECONDS", 0.05)
    worker.room(person("p2", "Guest"))
    assert eventually(lambda: track.ended)
    with pytest.raises(TrackEnded):
        track.frame(timeout=5)
    worker.room(person("p2", "Guest", "camera"))
    assert call.participants["Guest"].video not in (None, track)


def test_sound_comes_without_gaps(sound: Track, worker: FakeWorker) -> None:
    worker.frame(np.full((960, 2), 0, np.float32), 0, SOUND)
    blocks = sound.frames()
    for sequence in range(1, 4):
        worker.frame(np.full((960, 2), sequence, np.float32), sequence, SOUND)
    got = [next(blocks) for _ in range(3)]
    assert [block[0, 0] for block in got] == [1, 2, 3]
    assert got[0].dtype == np.float32 and got[0].shape == (960, 2)


def test_sound_that_is_lost_is_skipped(sound: Track, worker: FakeWorker) -> None:
    worker.frame(np.full((960, 2), 1, np.float32), 1, SOUND)
    blocks = sound.frames()
    for sequence in range(2, 20):  # the ring here keeps four
        worker.frame(np.full((960, 2), sequence, np.float32), sequence, SOUND)
    assert next(blocks)[0, 0] == 19
