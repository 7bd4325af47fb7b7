from __future__ import annotations

import asyncio
import threading
import time
from itertools import pairwise

import msgspec
import numpy as np
import pytest
from fake_worker import FakeWorker, person

from rtc_notebook import AudioTrack, Call
from rtc_notebook import audio as audio_module
from rtc_notebook.media.control import TrackKey, Want

MICROPHONE = TrackKey("p2", "microphone", "audio")


@pytest.fixture
def sound(call: Call, worker: FakeWorker) -> AudioTrack:
    worker.connect(person("p2", "Guest", "camera", "microphone"))
    found = call.participants["Guest"].audio
    assert isinstance(found, AudioTrack)
    return found


def block(value: float, samples: int = 960) -> np.ndarray:
    return np.full((samples, 2), value, np.float32)


def test_blocks_have_the_length_asked_for_and_leave_nothing_out(sound: AudioTrack, worker: FakeWorker) -> None:
    worker.frame(block(0), 1, MICROPHONE)
    blocks = sound.blocks(seconds=0.03, info=True)
    for sequence in (2, 3, 4):
        worker.frame(block(sequence), sequence, MICROPHONE)
    (first, its), (second, later) = next(blocks), next(blocks)
    assert first.shape == second.shape == (1440, 2) and first.dtype == np.float32
    assert np.concatenate([first, second])[:, 0].tolist() == [2.0] * 960 + [3.0] * 960 + [4.0] * 960
    assert (its.sequence, later.sequence, its.width) == (1, 2, 0)
    assert later.captured == pytest.approx(its.captured + 0.01)  # what the fake says: each packet at 1.0


def test_a_reader_that_is_too_late_goes_on_with_the_newest(sound: AudioTrack, worker: FakeWorker) -> None:
    worker.frame(block(0), 1, MICROPHONE)
    blocks = sound.blocks()
    for sequence in range(2, 20):  # the ring here keeps four
        worker.frame(block(sequence), sequence, MICROPHONE)
    assert next(blocks)[0, 0] == 19


def say(worker: FakeWorker, sequence: int, captured: float) -> None:
    """Have a packet come that the microphone took at this time."""
    worker.frame(block(sequence), sequence, MICROPHONE, captured)


def levels(sound: np.ndarray) -> list[tuple[float, int]]:
    """Return what it holds: each level, and for how many samples."""
    edges = [0, *np.flatnonzero(np.diff(sound[:, 0])) + 1, len(sound)]
    return [(float(sound[a, 0]), int(b - a)) for a, b in pairwise(edges)]


def test_what_was_lost_for_seconds_is_silence_as_long(sound: AudioTrack, worker: FakeWorker) -> None:
    say(worker, 1, 100.0)
    blocks = sound.blocks(0.5, info=True)
    say(worker, 2, 100.02)
    say(worker, 3, 103.0)  # after 2.96 s without anything
    say(worker, 4, 103.02)
    found = [next(blocks) for _ in range(5)]
    assert levels(np.concatenate([one for one, _ in found])) == [(2.0, 960), (0.0, 119_040)]
    assert [round(its.captured, 2) for _, its in found] == [100.02, 100.52, 101.02, 101.52, 102.02]
    latest, info = sound.latest(1.0, info=True)
    assert levels(latest) == [(0.0, 48_000 - 1920), (3.0, 960), (4.0, 960)]
    assert info.captured == pytest.approx(102.04)


def test_while_it_is_muted_and_after_more_than_a_minute_nothing_is_made_up(
    sound: AudioTrack, worker: FakeWorker
) -> None:
    def muted(muted: bool) -> None:
        guest = person("p2", "Guest", "camera", "microphone")
        tracks = tuple(msgspec.structs.replace(one, muted=muted and one.kind == "audio") for one in guest.tracks)
        worker.room(msgspec.structs.replace(guest, tracks=tracks))

    now = time.time()
    say(worker, 1, now - 0.04)
    blocks = sound.blocks(0.04)
    say(worker, 2, now - 0.02)
    muted(True)
    muted(False)
    say(worker, 3, now + 5)
    assert levels(next(blocks)) == [(2.0, 960), (3.0, 960)]
    say(worker, 4, now + 7)
    assert levels(next(blocks)) == [(0.0, 1920)], "lost, once it was not muted any more"
    assert levels(sound.latest(0.04)) == [(0.0, 960), (4.0, 960)]
    rest = next(block for block in blocks if block.any())
    say(worker, 5, now + 100)
    say(worker, 6, now + 100.02)
    assert levels(next(blocks))[-1][0] in (5.0, 6.0) and rest[-1, 0] in (0.0, 4.0)


def test_blocks_end_with_the_track(sound: AudioTrack, worker: FakeWorker) -> None:
    blocks = sound.blocks()
    threading.Timer(0.03, worker.end, (MICROPHONE,)).start()
    assert list(blocks) == []


async def test_blocks_work_in_async_for(sound: AudioTrack, worker: FakeWorker) -> None:
    worker.frame(block(0), 1, MICROPHONE)
    blocks = sound.blocks()
    following = asyncio.ensure_future(blocks.__anext__())
    await asyncio.get_running_loop().run_in_executor(None, worker.frame, block(5), 2, MICROPHONE)
    assert (await asyncio.wait_for(following, 5))[0, 0] == 5


def test_the_latest_sound_is_as_long_as_asked(sound: AudioTrack, worker: FakeWorker) -> None:
    assert sound.latest() is None
    worker.wait_for(Want, len(worker.sent(Want)))
    for sequence in (1, 2, 3):
        worker.frame(block(sequence), sequence, MICROPHONE)
    found = sound.latest(0.03, info=True)
    assert found is not None
    latest, info = found
    assert latest[:, 0].tolist() == [2.0] * 480 + [3.0] * 960
    assert info.captured == pytest.approx(1.01)
    whole = sound.latest()
    assert whole is not None and whole.shape == (2880, 2)
    with pytest.raises(ValueError, match="blocks"):
        sound.latest(5)
    with pytest.raises(ValueError, match="seconds"):
        sound.blocks(0)


def test_speaking_needs_no_reader(
    call: Call, sound: AudioTrack, worker: FakeWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    guest = call.participants["Guest"]
    monkeypatch.setattr(audio_module, "_FIRST_SOUND_SECONDS", 0.02)
    monkeypatch.setattr(audio_module, "_STALE_SECONDS", float("inf"))  # the fake's sound arrived long ago
    assert not guest.speaking
    assert MICROPHONE in worker.wait_for(Want, len(worker.sent(Want))).tracks
    for sequence in range(1, 4):
        worker.frame(block(0.2), sequence, MICROPHONE)
    assert guest.speaking
    monkeypatch.setattr(audio_module, "_STALE_SECONDS", 0.5)
    assert not guest.speaking
