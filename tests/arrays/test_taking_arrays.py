"""What a data scientist takes from a call: pictures, sound, snapshots, statistics."""

from __future__ import annotations

import pytest
from harness.kernel import Kernel

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


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
