"""What a data scientist does with a call, cell by cell in a real kernel: real server, SFU, workers and participants.

Ana's camera shows a ball that flies over a grey ramp, her microphone a tone; Cleo is a talking head. ``ben`` is another
kernel's call, and what he sees of Ana is what everybody sees.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness.jupyter import JupyterServer
from harness.kernel import Kernel

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

ROOM = "arrays"

PRELUDE = f"""
import threading, time
from pathlib import Path
import cv2, numpy as np
from rtc_notebook import *
from rtc_notebook import filters

def until(holds, seconds=30):
    deadline = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < deadline, [*call.filters, *ben.filters]
        time.sleep(0.02)
    return found

def refused(error, words, function, *args, **options):
    try:
        function(*args, **options)
    except error as raised:
        assert words in str(raised), raised
    else:
        raise AssertionError(f"{{args}} {{options}} was taken")

def ball(frame):
    found = np.argwhere((abs(frame.astype(int) - (30, 200, 240)) < 60).all(axis=2))
    return len(found)

def tone(sound):
    mono = sound[:, 0]
    return np.argmax(abs(np.fft.rfft(mono))) * 48_000 / len(mono) if abs(mono).max() > 0.02 else 0

call, ben = Call({ROOM!r}, name="Kernel"), Call({ROOM!r}, name="Ben")
for one in (call, ben):
    for name in ("Ana", "Cleo"):
        until(lambda: name in one.participants and one.participants[name].video and one.participants[name].audio)
until(lambda: "Kernel's kernel" in ben.participants)  # who may have been there first
ana, cleo = call.participants["Ana"], call.participants["Cleo"]
seen, kernel = ben.participants["Ana"], ben.participants["Kernel's kernel"]
raw = ana.video.frame(20)
seen.video.frame(20)
"""


@contextlib.contextmanager
def participant(server: JupyterServer, name: str, footage: str = "") -> Iterator[None]:
    """Have somebody in the room."""
    command = [sys.executable, "-m", "harness.participant", server.url, server.token, ROOM, name, footage]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])}
    process = subprocess.Popen(command, stdin=subprocess.PIPE, env=env)
    try:
        yield
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.wait(20)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterServer]:
    with JupyterServer(tmp_path_factory.mktemp("server"), "server") as running:
        yield running


@pytest.fixture(scope="module")
def room(server: JupyterServer) -> Iterator[Kernel]:
    with (
        participant(server, "Ana"),
        participant(server, "Cleo", "carphone_pristine.mp4"),
        Kernel.start(server) as kernel,
    ):
        kernel.run(PRELUDE, 120)
        yield kernel
        kernel.run("call.leave(); ben.leave()")


@pytest.fixture
def kernel(room: Kernel) -> Iterator[Kernel]:
    yield room
    room.run("""
for one in (call, ben):
    for status in one.filters:
        one.unfilter(on=status.participant, source=status.source)
    for publication in list(one.publications.values()):
        publication.stop()
""")


# --- taking ----------------------------------------------------------------------------------------------------


def test_pictures_in_every_format_owned_and_shared(kernel: Kernel) -> None:
    kernel.run("""
frame, info = ana.video.frame(info=True)
assert (frame.shape, frame.dtype, info.width, info.height) == ((180, 320, 3), np.uint8, 320, 180)
assert 1000 < ball(frame) < 2200 and -0.1 < info.age < 10 and info.captured <= info.arrived + 0.05
ramp = np.median(frame, axis=0).mean(axis=1)
assert abs(ramp[20] - 49) < 12 and abs(ramp[300] - 171) < 12
frame[:] = 0
assert ball(ana.video.latest()) > 1000, "it was the author's own"
assert ball(ana.video.frame(format="rgb")[..., ::-1]) > 1000
assert ana.video.frame(format="gray").shape == (180, 320)
assert ana.video.frame(format="yuv420p").shape == (270, 320)
for format in ("bgr", "rgb", "gray", "yuv420p"):
    shared = ana.video.frame(format=format, copy=False)
    before = shared.copy()
    assert not shared.flags.writeable
    for _ in range(4):
        ana.video.frame()
    assert (shared == before).all(), format
begun = time.monotonic()
times = [info.captured for (_, info), _ in zip(ana.video.frames(fps=10, info=True), range(5))]
assert min(np.diff(times)) > 0 and time.monotonic() - begun > 0.35
refused(ValueError, "bgr", ana.video.latest, "hsv")
""")


def test_sound_is_there_gapless_and_somebody_speaks(kernel: Kernel) -> None:
    kernel.run("""
until(lambda: ana.audio.latest(0.5) is not None and len(ana.audio.latest(0.5)) == 24_000)
sound = ana.audio.latest(0.5)
assert (sound.dtype, sound.ndim) == (np.float32, 2) and abs(tone(sound) - 440) < 5
until(lambda: ana.speaking)
blocks = [found for found, _ in zip(ana.audio.blocks(0.1, info=True), range(10))]
assert all(len(block) == 4800 and abs(tone(block) - 440) < 15 for block, _ in blocks)
assert abs(np.median(np.diff([info.captured for _, info in blocks])) - 0.1) < 0.02
""")


def test_a_snapshot_of_all_shows_everybodys_picture(kernel: Kernel) -> None:
    kernel.run("""
cleo.video.frame(20)
grid = call.snapshot()
assert grid.shape == (720, 1280, 3) and set(grid.names) == {"Ana", "Ben's kernel", "Cleo"} and grid._repr_png_()
whole = np.asarray(grid)
assert ball(whole) > 2000

def alike():
    head = cv2.resize(cleo.video.latest()[20:120, 60:260], None, fx=1.94, fy=1.94)  # lower down is the name
    return cv2.matchTemplate(np.asarray(call.snapshot()), head, cv2.TM_CCOEFF_NORMED).max()

until(lambda: alike() > 0.7)
assert call.snapshot("Ana").shape == (180, 320, 3)
""")


def test_statistics_as_a_table_and_a_plot_that_lives(kernel: Kernel) -> None:
    pytest.importorskip("pandas")
    kernel.run("""
def row():
    table = call.stats().to_frame()
    found = table[(table.participant == "Ana") & (table.source == "camera")]
    return len(found) == 1 and found.iloc[0].fps > 1 and found.iloc[0].width == 320 and found.iloc[0].bitrate > 1000
until(row)
plot = call.stats.plot("fps", "bitrate")
assert "application/vnd.jupyter.widget-view+json" in plot._repr_mimebundle_()
until(lambda: plot.drawn > 2)
shown = plot._image.value
assert shown.startswith('<svg role="img"') and "<style" not in shown  # which would be for the whole notebook
assert "Ana camera" in [line.get_label() for line in plot.figure.axes[0].lines]
until(lambda: plot._image.value != shown)
plot.stop()
""")


# --- giving ----------------------------------------------------------------------------------------------------


def test_every_kind_of_source_is_seen_by_others(kernel: Kernel) -> None:
    pytest.importorskip("matplotlib")
    kernel.run("""
from matplotlib.figure import Figure
from PIL import Image

def mine(name):
    return until(lambda: kernel.publications.get(name))

def shows(name, colour, shape=None):
    def so():
        frame = mine(name).frame(20)
        near = (abs(frame.reshape(-1, 3).mean(axis=0) - colour) < 20).all()
        return near and (shape is None or frame.shape[:2] == shape)
    until(so)

def grey():
    value = 0
    while True:
        value = (value + 5) % 250
        yield np.full((90, 160), value, np.uint8)

figure = Figure(figsize=(3.2, 1.8), dpi=100, facecolor="lime")
still = call.publish(Image.new("RGB", (160, 90), "red"), name="pil")
shows("pil", (0, 0, 255), (90, 160))
assert until(lambda: still.viewers) >= 1
still.update(np.full((51, 33), 0.5))  # odd, floats
shows("pil", (127, 127, 127))
still.update(figure)
shows("pil", (0, 255, 0), (180, 320))
figure.set_facecolor("blue")
shows("pil", (255, 0, 0))
still.update(lambda t: np.full((90, 160, 4), (200, 10, 200, 0), np.uint8))
shows("pil", (200, 10, 200))
still.update(grey())
means = {round(mine("pil").frame(20).mean()) // 20 for _ in range(10)}
assert len(means) > 2
times = np.arange(20 * 48_000) / 48_000
call.publish(np.sin(2 * np.pi * 660 * times) / 2, name="sound")
until(lambda: isinstance(mine("sound"), AudioTrack) and (s := mine("sound").latest(0.2)) is not None
      and abs(tone(s) - 660) < 8)
""")


READY = sorted(set(__import__("rtc_notebook.filters", fromlist=["x"]).__all__) - {"compare", "read_qr_codes"})


def test_every_ready_made_filter_runs_in_a_call(kernel: Kernel) -> None:
    kernel.run(f"names = {READY!r}")
    kernel.run(
        """
for name in names:
    made = getattr(filters, name)
    call.filter(made() if isinstance(made, type) else made, on="Cleo")
    until(lambda: call.filters[0].state == "active" and call.filters[0].ms > 0)
    assert call.filters[0].errors == 0 and call.filters[0].on_error == ("hold" if name == "FacePixelation" else "pass")
call.filter(filters.compare(filters.grey), on="Cleo")
until(lambda: call.filters[0].ms > 0)
until(lambda: ben.participants["Cleo"].video.frame(20).shape == (90, 320, 3))
half = ben.participants["Cleo"].video.frame(20)
grey = np.ptp(half.astype(int), axis=2).mean(axis=0)
assert grey[: len(grey) // 2].mean() > 3 * grey[len(grey) // 2 :].mean()
code = cv2.resize(cv2.QRCodeEncoder.create().encode("https://jupyter.org"), (240, 240), interpolation=0)
ben.publish(np.pad(code, 20, constant_values=255), name="code")
until(lambda: (v := call.participants["Ben's kernel"].video) and [c.text for c in filters.read_qr_codes(v.frame(20))]
      == ["https://jupyter.org"])
""",
        120,
    )


def test_a_real_face_is_hidden_from_everybody_also_when_the_detector_fails(kernel: Kernel) -> None:
    kernel.run("""
from rtc_notebook.filters.faces import CenterFaces
other = ben.participants["Cleo"]
find = CenterFaces()
assert len(find(cleo.video.frame(20))) == 1
hide = filters.FacePixelation()
call.filter(hide, on="Cleo")
until(lambda: call.filters[0].state == "active" and hide.faces)
def face():  # enlarged: it is sent smaller where the bitrate does not do, and in small pictures blocks look like a face
    return bool(find(cv2.resize(other.video.frame(20), (640, 360))))
until(lambda: not face())
assert sum(face() for _ in range(20)) <= 3, "now and then blocks look like a face"

def broken(frame):
    raise RuntimeError("no memory left")

call.filter(filters.FacePixelation(broken), on="Cleo")
until(lambda: call.filters[0].errors > 3)
assert call.filters[0].on_error == "hold"
time.sleep(1)
before, before_raw = other.video.latest(), cleo.video.latest()
time.sleep(2)
after, after_raw = other.video.latest(), cleo.video.latest()
assert abs(after.astype(int) - before).mean() < 2, "nothing new is shown"
assert abs(after_raw.astype(int) - before_raw).mean() > 2 and not find(after)
""")


def test_isolated_pictures_sound_and_shapes_and_a_slider(kernel: Kernel) -> None:
    kernel.run("""
@call.filter(on="Ana", isolated=True)
def paint(frame, level=(0, 255)):
    return np.full_like(frame, level)

until(lambda: abs(seen.video.frame(20).mean() - 127) < 6)
[slider] = call._studio.filters.on("Ana", "camera").controls.widgets().values()
slider.value = 220
until(lambda: abs(seen.video.frame(20).mean() - 220) < 6)

@call.filter(on="Ana", isolated=True)
def boxes(frame):
    return [Box(10, 10, 50, 50)]

until(lambda: call.filters[0].state == "active" and call.filters[0].fps > 1)
until(lambda: 1000 < ball(seen.video.frame(20)) < 2200)
assert call.filters[0].isolated and call.filters[0].errors == 0

until(lambda: (s := seen.audio.latest(0.2)) is not None and abs(tone(s) - 440) < 8)
call.filter(lambda block: block / 100, on="Ana", kind="audio", isolated=True)
until(lambda: abs(seen.audio.latest(0.2)).max() < 0.01)
assert abs(tone(ana.audio.latest(0.2)) - 440) < 8, "here it is what was before the filter"
status = [one for one in call.filters if one.source == "microphone"][0]
until(lambda: [one for one in call.filters if one.source == "microphone"][0].ms > 0)
""")


# --- keeping ---------------------------------------------------------------------------------------------------


def test_record_replay_filter_save(kernel: Kernel, tmp_path: Path) -> None:
    kernel.run(f"path, out = Path({str(tmp_path / 'lesson.mkv')!r}), Path({str(tmp_path / 'inverted.mkv')!r})")
    kernel.run("""
heard = []
listening = [one.on("message", lambda who, message: heard.append((who.name, message))) for one in (call, ben)]
with call.record(path) as recording:
    until(lambda: recording.seconds > 1.5)
    call.send({"from": "kernel"})
    ben.send({"scores": np.arange(3)})
    until(lambda: {name for name, _ in heard} >= {"Ben's kernel", "Kernel's kernel"})
    until(lambda: recording.seconds > 3.5)
assert recording.state == "stopped" and recording.size == path.stat().st_size

film = replay(path, speed=None)
assert {"Ana", "Cleo"} <= set(film.participants)
said = [(e["from"], e["message"]) for e in film.events if e["event"] == "message"]
assert said == [("this kernel", "{'from': 'kernel'}"), ("Ben's kernel", "{'scores': array([0, 1, 2])}")], said
video = film.participants["Ana"].video
frames = list(video.frames(info=True))
assert len(frames) > 15 and all(800 < ball(frame) < 2200 for frame, _ in frames)
apart = np.diff([info.captured for _, info in frames])
assert apart.min() > 0 and abs(frames[0][1].captured - time.time()) < 600
assert next(video.frames(format="gray")).shape == (180, 320)
assert next(video.frames(format="yuv420p")).shape == (270, 320)
assert ball(next(video.frames(format="rgb"))[..., ::-1]) > 800
assert video.latest(copy=False) is not None and ball(video.frame()) > 800
sound = np.concatenate(list(film.participants["Ana"].audio.blocks(0.5)))
assert len(sound) > 48_000 and abs(tone(sound[-24_000:]) - 440) < 5

film.filter(lambda frame: 255 - frame, on="Ana")
results = list(film.results("Ana"))
assert len(results) == len(frames) and (results[3] == 255 - frames[3][0]).all()
made = replay(film.save(out), speed=None)
assert made.events == film.events
after = list(made.participants["Ana"].video.frames())
assert len(after) == len(frames) and abs(after[5].astype(int) - results[5]).mean() < 8

short = path.with_name("short.mkv")
data = path.read_bytes()
short.write_bytes(data[: 96 * 1024 + (len(data) - 96 * 1024) // 2])
cut = replay(short, speed=None)
assert 5 < len(list(cut.participants["Ana"].video.frames())) < len(frames)
for off in listening:
    off()
""")
    assert "short.mkv was cut off" in kernel.drain_stderr(0.1, "short.mkv")


# --- bad input -------------------------------------------------------------------------------------------------


def test_what_cannot_be_taken_or_given_is_told_and_the_call_goes_on(kernel: Kernel, tmp_path: Path) -> None:
    kernel.run(f"folder = Path({str(tmp_path)!r})")
    kernel.run("""
refused(ParticipantNotFound, "'Ana'", lambda: call.participants["Zoe"])
refused(ParticipantNotFound, "'Ana'", call.filter, filters.grey, on="Zoe")
refused(ParticipantNotFound, "'Ana'", call.overlay, "Zoe", [])
refused(OverlayError, "finite", call.overlay, "Ana", [Box(0, 0, float("nan"), 1)])
refused(SourceError, "(5, 5, 7)", call.publish, np.zeros((5, 5, 7), np.uint8))
refused(SourceError, "int64", call.publish, np.zeros((50, 50), np.int64))
refused(SourceError, "NaN", call.publish, np.full((50, 50), np.nan))
refused(SourceError, "nothing that can be published", call.publish, object())
(folder / "text.mp4").write_text("no video")
refused(SourceError, "text.mp4", call.publish, str(folder / "text.mp4"))
refused(SourceError, "nothing.mp4", call.publish, str(folder / "nothing.mp4"))
refused(SourceError, "fps", call.publish, np.zeros((50, 50), np.uint8), fps=0)
refused(MessageTooLarge, "1,000,000", call.send, np.zeros(2_000_000, np.uint8))
refused(MessageError, "", call.send, object())
refused(MessageError, "no kernel", call.send, "hello", to="Ana")
refused(RecordingError, "no folder", call.record, folder / "no" / "a.mkv")
refused(RecordingError, "Matroska", call.record, folder / "a.avi")
refused(RecordingError, "no folder", call.record, folder / "text.mp4" / "a.mkv")
refused(RecordingError, "/proc/self/a.mkv cannot be written", call.record, "/proc/self/a.mkv")
refused(RecordingError, "cannot be written", call.record, "/proc/self/a.mp4", layout="grid")
with call.record(folder / "a.mkv"):
    refused(RecordingError, "already", call.record, folder / "a.mkv")
refused(RecordingError, "overwrite=True", call.record, folder / "a.mkv")
refused(RecordingError, "no file", replay, folder / "none.mkv")
refused(RecordingError, "cannot be read", replay, folder / "text.mp4")
refused(FilterError, "", call.filter, 5, on="Ana")
third = Call("arrays", name="Third")
third.wait_until_connected(20)
third.leave()
refused(CallEnded, "left", third.publish, np.zeros((50, 50), np.uint8))
assert call.phase == "connected"
""")


def test_sources_that_end_raise_or_were_closed(kernel: Kernel) -> None:
    pytest.importorskip("matplotlib")
    kernel.run("""
import matplotlib
matplotlib.use("agg")
import matplotlib.pyplot as plt

def ends():
    for _ in range(3):
        yield np.zeros((50, 50), np.uint8)

def raises():
    yield np.zeros((50, 50), np.uint8)
    raise ValueError("out of pictures")

ended, raised = call.publish(ends(), name="ends"), call.publish(raises(), name="raises")
assert ended.wait(20) and raised.wait(20)
figure, axes = plt.subplots(figsize=(3, 2), dpi=100)
plt.close(figure)
closed = call.publish(figure, name="closed")
until(lambda: "closed" in kernel.publications)
assert kernel.publications["closed"].frame(20).shape == (200, 300, 3)
""")
    said = kernel.drain_stderr(0.2, "out of pictures")
    assert said.count("out of pictures") >= 1 and "'raises' has ended" in said


def test_filters_that_return_nonsense_print_or_start_threads(kernel: Kernel) -> None:
    printed = kernel.run("""
for value, words in ((None, "return frame"), (np.full((9, 9), np.nan), "NaN"), (raw.astype(float) * 9, "float64"),
                     ("word", "a str"), (np.zeros((4, 4, 7), np.uint8), "(4, 4, 7)")):
    call.filter(lambda frame: value, on="Ana")
    until(lambda: call.filters[0].errors > 2)
    assert words in call.filters[0].last_error, call.filters[0].last_error
    assert ball(seen.video.frame(20)) > 800, "everybody has what is raw"

printed = 0
@call.filter(on="Ana")
def prints(frame):
    global printed
    printed += 1
    print("frame", printed)
    return frame

until(lambda: printed > 40)
go_on = threading.Event()
def starts(frame):
    threading.Thread(target=go_on.wait, args=(30,)).start()
    return frame

call.filter(starts, on="Ana")
""")
    assert 10 <= printed.count("frame ") < 25
    assert "starts threads faster than they end" in kernel.drain_stderr(0.1, "faster than they end")
    kernel.run("call.unfilter(on='Ana'); go_on.set()")


def test_two_kernels_cannot_filter_one_picture(kernel: Kernel) -> None:
    kernel.run("""
call.filter(filters.mirror, on="Ana")
until(lambda: call.filters[0].state == "active")
ben.filter(filters.grey, on="Ana")
until(lambda: not ben.filters)
assert call.filters[0].state == "active"
""")
    assert "'grey' on 'Ana' was refused" in kernel.drain_stderr(0.1, "was refused")


def test_a_track_that_has_ended(kernel: Kernel, server: JupyterServer) -> None:
    with participant(server, "Dora"):
        kernel.run("""
until(lambda: "Dora" in call.participants and call.participants["Dora"].video)
dora = call.participants["Dora"]
track, sound = dora.video, dora.audio
track.frame(20)
counted = []
reading = threading.Thread(target=lambda: counted.append(sum(1 for _ in track.frames())))
reading.start()
""")
    kernel.run("""
until(lambda: not dora.present)
reading.join(20)
assert counted and counted[0] > 0
refused(TrackEnded, "no longer in the call", track.latest)
refused(TrackEnded, "no longer in the call", sound.latest)
""")
