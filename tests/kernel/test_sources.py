"""What can be published, and what is said of what cannot."""

from __future__ import annotations

import io
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rtc_notebook import SourceError
from rtc_notebook.sources import Pace, read
from rtc_notebook.sources.figure import Figure
from rtc_notebook.sources.file import File
from rtc_notebook.sources.pictures import PictureFunction, Pictures, Still, to_picture
from rtc_notebook.sources.sound import Sound, SoundBlocks, SoundFunction, to_samples


def pace(fps: float = 60, failures: list[BaseException] | None = None) -> Pace:
    return Pace(fps, threading.Event(), (failures if failures is not None else []).append)


class Time(threading.Event):
    """A clock that goes on when somebody waits, and then at once."""

    now = 100.0

    def wait(self, timeout: float | None = None) -> bool:
        self.now += timeout or 0.0
        return self.is_set()

    def pace(self, fps: float = 60) -> Pace:
        return Pace(fps, self, [].append, lambda: self.now)


@pytest.mark.parametrize(
    ("value", "bgr"),
    [
        (np.full((20, 31, 3), (1, 2, 3), np.uint8), (1, 2, 3)),
        (np.full((20, 31, 4), (1, 2, 3, 9), np.uint8), (1, 2, 3)),
        (np.full((20, 31), 7, np.uint8), (7, 7, 7)),
        (np.full((20, 31, 1), 0.5), (128, 128, 128)),
        (np.ones((20, 31), bool), (255, 255, 255)),
        (np.full((20, 31, 3), (1.0, 0.0, 0.2), np.float32), (255, 0, 51)),
    ],
)
def test_every_picture_becomes_bgr(value: np.ndarray, bgr: tuple[int, ...]) -> None:
    picture = to_picture(value)
    assert picture.dtype == np.uint8 and picture.shape == (20, 31, 3) and tuple(picture[3, 4]) == bgr
    assert not np.shares_memory(picture, value), "what is written on the array later is not shown"


def test_a_pil_image_is_red_where_it_was_red() -> None:
    image = pytest.importorskip("PIL.Image")
    source = read(image.new("RGB", (31, 20), (250, 2, 3)))
    assert (
        isinstance(source, Still) and source.picture.shape == (20, 31, 3) and tuple(source.picture[0, 0]) == (3, 2, 250)
    )


def test_tiny_ones_keep_their_cells_and_huge_ones_their_shape() -> None:
    board = np.indices((8, 8)).sum(0) % 2 == 0
    picture = to_picture(board)
    assert picture.shape == (16, 16, 3) and (picture[::2, ::2, 0] == 255 * board).all()
    assert to_picture(np.zeros((5000, 2500), np.uint8)).shape == (4096, 2048, 3)
    assert to_picture(np.broadcast_to(np.uint8(7), (30_000, 15_000))).shape == (4096, 2048, 3)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "return picture"),
        ("nothing.mp4", "no file"),
        (object(), "nothing that can be published"),
        (np.full((20, 20), np.nan), "400 values that are NaN"),
        (np.full((20, 20), 7.0), "go from 7 to 7"),
        (np.zeros((20, 20), int), "int64"),
        (np.zeros((20, 20, 2), np.uint8), r"\(20, 20, 2\)"),
        (np.zeros((2, 2, 2, 2, 2), np.uint8), r"\(2, 2, 2, 2, 2\)"),
        (np.zeros((0, 20), np.uint8), r"\(0, 20\)"),
        (np.zeros((1, 100_000), np.uint8), "too narrow"),
        (np.zeros((48_000, 5), np.float32), r"48000 x 5 .* Sound has one channel or two"),
        (np.full(4800, np.inf), "4800 samples that are NaN or infinite"),
    ],
)
def test_what_is_no_picture_is_told_clearly(value: Any, words: str) -> None:
    with pytest.raises(SourceError, match=words):
        Still(to_picture(value)) if value is None else read(value)


def test_a_file_that_is_no_video(tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("no video at all")
    with pytest.raises(SourceError, match="no video that can be played: Invalid data"):
        read(tmp_path / "text.mp4")
    with pytest.raises(SourceError, match="is a directory"):
        read(tmp_path)


@pytest.mark.parametrize("path", ["a" * 5000, "~no-such-user/a.mp4", "a\0.mp4", "\udcff.mp4"])
def test_a_path_that_can_be_no_file(path: str) -> None:
    with pytest.raises(SourceError, match=r"cannot be published: .* Name another file"):
        read(path)


def test_a_picture_file_is_a_still_and_a_video_a_file(tmp_path: Path) -> None:
    av, cv2 = pytest.importorskip("av"), pytest.importorskip("cv2")
    cv2.imwrite(str(tmp_path / "one.png"), np.full((20, 30, 3), (1, 2, 3), np.uint8))
    still = read(str(tmp_path / "one.png"))
    assert isinstance(still, Still) and tuple(still.picture[0, 0]) == (1, 2, 3)
    with av.open(str(tmp_path / "clip.webm"), "w") as clip:
        stream = clip.add_stream("libvpx", rate=25)
        stream.width, stream.height, stream.pix_fmt = 32, 32, "yuv420p"
        for packet in (*stream.encode(av.VideoFrame(32, 32, "yuv420p")), *stream.encode(None)):
            clip.mux(packet)
    file = read(tmp_path / "clip.webm")
    assert isinstance(file, File) and file.kinds == ("video",)


@pytest.mark.parametrize(
    ("value", "kind", "source"),
    [
        (np.zeros(4800, np.float32), None, Sound),
        (np.zeros((4800, 2)), None, Sound),
        (np.zeros((4800, 1), np.int16), None, Sound),
        (np.zeros((20, 20)), None, Still),
        (np.zeros((5, 20, 20, 3), np.uint8), None, Pictures),
        ([np.zeros((20, 20), np.uint8)], None, Pictures),
        (lambda seconds: None, None, PictureFunction),
        (lambda seconds: None, "audio", SoundFunction),
        ([np.zeros(960)], "audio", SoundBlocks),
        ([0.0, 0.1], "audio", Sound),
    ],
)
def test_sound_is_told_from_pictures(value: Any, kind: Any, source: type) -> None:
    assert type(read(value, kind)) is source


def test_samples() -> None:
    assert to_samples(np.array([2.0, -2.0])).tolist() == [[1.0], [-1.0]]
    assert to_samples(np.array([[16384, -16384]], np.int16)).tolist() == [[0.5, -0.5]]
    for wrong in (np.zeros((10, 3)), np.zeros(10, np.uint8), None):
        with pytest.raises(SourceError, match="no sound"):
            to_samples(wrong)


@pytest.mark.parametrize("empty", [np.zeros(0), np.zeros((0, 2), np.float32), np.zeros(0, np.int16)])
def test_sound_without_samples_is_told_and_in_a_generator_passed_over(empty: np.ndarray) -> None:
    with pytest.raises(SourceError, match="nothing to play"):
        read(empty)
    stereo = np.stack([np.linspace(0, 1, 1500), np.linspace(-1, 0, 1500)], 1).astype(np.float32)
    played = list(read([empty, stereo[:500], empty, stereo[500:], empty], "audio").frames(Time().pace()))
    assert (np.concatenate(played)[:1500] == stereo).all() and len(played) == 2


def test_a_generator_that_has_nothing_to_play_can_be_stopped() -> None:
    time, asked = Time(), []

    def waits() -> Any:
        while True:
            asked.append(time.now)
            if len(asked) == 1000:
                time.set()
            yield np.zeros(0)

    assert list(read(waits(), "audio").frames(time.pace())) == []
    assert len(asked) == 1000 and asked[-1] - asked[0] > 0.9, "it is asked a thousand times a second at most"


def test_a_generator_keeps_its_pace_and_is_closed() -> None:
    closed = []

    def pictures() -> Any:
        try:
            while True:
                yield np.zeros((20, 20), np.uint8)
        finally:
            closed.append(True)

    time = Time()
    frames = read(pictures()).frames(time.pace(50))
    for number in range(6):
        next(frames)
        assert time.now == pytest.approx(100 + number / 50)
    time.now += 1
    next(frames)
    assert time.now == pytest.approx(101.1), "who is late is not hurried"
    next(frames)
    assert time.now == pytest.approx(101.12)
    frames.close()
    assert closed


def test_a_function_that_fails_is_asked_again() -> None:
    failures: list[BaseException] = []

    def sometimes(seconds: float) -> np.ndarray:
        if len(failures) < 2:
            raise ValueError("not yet")
        return np.full((20, 20), 9, np.uint8)

    assert next(read(sometimes).frames(pace(60, failures)))[0, 0, 0] == 9
    assert [str(error) for error in failures] == ["not yet", "not yet"]


def test_sound_is_handed_over_ahead_of_its_time_without_gaps() -> None:
    ramp = np.linspace(-1, 1, 48_000, dtype=np.float32)
    blocks, time = [], Time()
    for block in read([ramp[:1000], ramp[1000:30_000], ramp[30_000:]], "audio").frames(time.pace()):
        blocks.append(block)
        due = 100.3 + 0.02 * (len(blocks) - 1)
        assert time.now == pytest.approx(max(100.3, due - 0.25)), "0.3 s for others to come, then 0.25 s ahead"
        if len(blocks) == 50:
            break
    assert {block.shape for block in blocks} == {(960, 1)}
    assert (np.concatenate(blocks)[:, 0] == ramp).all()


def test_a_function_of_times_gets_each_sample_once() -> None:
    seen = []

    def silence(seconds: np.ndarray) -> np.ndarray:
        seen.append(seconds)
        return np.zeros(len(seconds))

    frames = read(silence, "audio").frames(pace())
    for _ in range(3):
        next(frames)
    np.testing.assert_allclose(np.concatenate(seen), np.arange(3 * 960) / 48_000)


def test_a_figure_that_is_being_saved_keeps_its_size() -> None:
    plt = pytest.importorskip("matplotlib.pyplot")
    plt.switch_backend("agg")
    figure, axes = plt.subplots(figsize=(2, 1), dpi=100)
    source, stopped = read(figure), threading.Event()
    saving, go_on = threading.Event(), threading.Event()

    def held(*args: Any) -> None:
        saving.set()
        go_on.wait(10)

    axes.figure.canvas.mpl_connect("draw_event", held)
    save = threading.Thread(target=figure.savefig, args=(io.BytesIO(),), kwargs={"bbox_inches": "tight", "dpi": 50})
    save.start()
    assert saving.wait(10)  # as an inline backend at the cell's end; the figure has another size now
    frames = source.frames(Pace(60, stopped, lambda error: None))
    threading.Timer(0.2, go_on.set).start()
    assert next(frames).shape == (100, 200, 3)
    stopped.set()
    save.join()


def test_a_figure_is_drawn_when_it_changes_also_once_it_is_closed() -> None:
    plt = pytest.importorskip("matplotlib.pyplot")
    plt.switch_backend("agg")
    figure, axes = plt.subplots(figsize=(2, 1), dpi=100)
    source = read(axes)
    assert isinstance(source, Figure)
    drawn: list[np.ndarray] = []
    came = threading.Semaphore(0)

    def draw() -> None:
        for picture in source.frames(Pace(60, stopped, lambda error: None)):
            drawn.append(picture)
            came.release()

    stopped = threading.Event()
    thread = threading.Thread(target=draw)
    thread.start()
    assert came.acquire(timeout=10)
    assert drawn[0].shape == (100, 200, 3)
    assert not came.acquire(timeout=0.2), "what does not change is not drawn again"
    plt.close(figure)
    figure.set_facecolor("#0000ff")
    assert came.acquire(timeout=10)
    assert tuple(drawn[-1][0, 0]) == (255, 0, 0)
    stopped.set()
    source.wake()
    thread.join(10)
    assert not thread.is_alive()
