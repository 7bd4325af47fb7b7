"""What cannot be taken or given is told clearly, and the call goes on."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from harness.kernel import Kernel

Somebody = Callable[[str], AbstractContextManager[None]]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


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


def test_a_track_that_has_ended(kernel: Kernel, somebody: Somebody) -> None:
    with somebody("Dora"):
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
