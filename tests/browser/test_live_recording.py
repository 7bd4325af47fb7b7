"""A real call is recorded and read back: pictures, sound, a new size, somebody late, a mute, a kill."""

from __future__ import annotations

import itertools
import json
import os
import signal
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import psutil
import pytest
from harness.browser import tile
from harness.kernel import Kernel
from playwright.sync_api import Browser, Page, expect

Join = Callable[..., Page]

# A camera and a microphone of one clock: once a second the picture turns white and a tone is heard. Ten bars along its
# upper edge say when it was painted, in hundredths of a second: a page that is short of CPU paints late.
FLASH_AND_BEEP = """
(() => {
    const devices = navigator.mediaDevices;
    devices.getUserMedia = async ({audio, video}) => {
        const stream = new MediaStream();
        const sound = globalThis.sound ??= new AudioContext({sampleRate: 48000});
        await sound.resume();
        if (audio) {
            const tone = sound.createOscillator(), gain = sound.createGain();
            const out = sound.createMediaStreamDestination();
            tone.frequency.value = 1000;
            gain.gain.value = 0;
            tone.connect(gain).connect(out);
            tone.start();
            const begin = Math.ceil(sound.currentTime);
            for (let second = begin; second < begin + 120; second += 1) {
                gain.gain.setValueAtTime(0.5, second);
                gain.gain.setValueAtTime(0, second + 0.2);
            }
            stream.addTrack(out.stream.getAudioTracks()[0]);
        }
        if (video) {
            const canvas = globalThis.canvas ??= document.createElement("canvas");
            Object.assign(canvas, {width: 320, height: 180});
            const context = canvas.getContext("2d");
            setInterval(() => {
                const {width, height} = canvas, time = Math.floor(sound.currentTime * 100) % 1000;
                context.fillStyle = time % 100 < 20 ? "white" : "black";
                context.fillRect(0, 0, width, height);
                for (let bit = 0; bit < 10; bit += 1) {
                    context.fillStyle = time & (1 << bit) ? "white" : "black";
                    context.fillRect(bit * width / 10, 0, width / 10, height / 10);
                }
            }, 15);
            stream.addTrack(canvas.captureStream(30).getVideoTracks()[0]);
        }
        return stream;
    };
})();
"""

# Nothing of a tile lies under the mark.
ABOVE = """() => {
    const {bottom} = document.querySelector(".rtc-record").getBoundingClientRect();
    return [...document.querySelectorAll(".rtc-tile")].every((tile) => tile.getBoundingClientRect().top >= bottom);
}"""


@pytest.fixture
def call(kernel: Kernel, room: str) -> Kernel:
    kernel.run(f"from rtc_notebook import Call, filters\ncall = Call({room!r})\ncall.wait_until_connected()")
    return kernel


@pytest.fixture
def ana(join: Join, pattern: Browser) -> Page:
    page = join(pattern, "Ana", script=FLASH_AND_BEEP)
    expect(page.locator(tile("Ana"))).to_be_attached(timeout=20_000)
    return page


def wait_for(kernel: Kernel, condition: str, seconds: float = 15) -> None:
    """Wait until something holds in the kernel."""
    kernel.run(
        "import time\n"
        f"deadline = time.monotonic() + {seconds}\n"
        f"while not ({condition}):\n"
        f"    assert time.monotonic() < deadline, repr(recording)\n"
        "    time.sleep(0.05)"
    )


def rises(times: np.ndarray, values: np.ndarray, level: float) -> list[float]:
    """Return when a signal rises past a level."""
    above = values > level
    return [float(times[at]) for at in np.flatnonzero(above[1:] & ~above[:-1]) + 1]


def painted(grey: np.ndarray) -> float:
    """Return when a picture was painted, in seconds, modulo 10."""
    bars = [bar[4:12, 4:-4].mean() > 128 for bar in np.array_split(grey, 10, axis=1)]
    return sum(1 << bit for bit, white in enumerate(bars) if white) / 100


def within_a_second(times: np.ndarray) -> np.ndarray:
    """Return what times are past the nearest whole second, from -0.5 to 0.5."""
    return (times + 0.5) % 1 - 0.5


def pictures(path: Path, title: str, read: Callable = np.mean) -> tuple[np.ndarray, np.ndarray, list[int]]:
    """Return each picture's time, what is read from it (as grey), and its width."""
    with av.open(str(path)) as container:
        stream = next(s for s in container.streams.video if s.metadata["title"] == title)
        frames = [(f.time, float(read(f.to_ndarray(format="gray"))), f.width) for f in container.decode(stream)]
    return np.array([f[0] for f in frames]), np.array([f[1] for f in frames]), [f[2] for f in frames]


def sound(path: Path, title: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the loudness of each millisecond, and its time."""
    times, loudness = [], []
    with av.open(str(path)) as container:
        stream = next(s for s in container.streams.audio if s.metadata["title"] == title)
        for frame in container.decode(stream):
            array = np.abs(frame.to_ndarray().astype(np.float32)).reshape(-1, 48 * frame.layout.nb_channels).max(axis=1)
            scale = 32768 if frame.format.name.startswith("s16") else 1
            times += [frame.time + n / 1000 for n in range(len(array))]
            loudness += list(array / scale)
    return np.array(times), np.array(loudness)


def events(path: Path) -> list[dict]:
    with av.open(str(path)) as container:
        return [json.loads(bytes(p)) for p in container.demux(container.streams.subtitles[0]) if p.size]


def test_a_call_is_kept(call: Kernel, ana: Page, join: Join, pattern: Browser, tmp_path: Path):
    path = tmp_path / "lesson.mkv"
    call.run(f"recording = call.record({str(path)!r})")
    wait_for(call, "recording.tracks == 2 and recording.seconds > 4")
    mark = ana.locator(".rtc-record")
    expect(mark).to_be_visible()
    ana.wait_for_function(ABOVE)
    ana.evaluate("() => { Object.assign(canvas, {width: 480, height: 270}); }")
    join(pattern, "Ben")
    wait_for(call, "recording.tracks == 4")
    ana.get_by_role("button", name="Turn microphone off").click()
    ana.wait_for_timeout(2500)
    ana.get_by_role("button", name="Turn microphone on").click()
    ana.wait_for_timeout(2500)
    call.run("recording.stop()")
    assert call.run("print(recording.state)").strip() == "stopped"
    expect(mark).to_be_hidden()

    times, painted_at, widths = pictures(path, "Ana camera", painted)
    assert {320, 480} <= set(widths)
    assert all(b > a for a, b in itertools.pairwise(times))
    assert times[0] < 1.5
    heard, loudness = sound(path, "Ana microphone")
    beeps = rises(heard, loudness, 0.1)
    assert len(times) > 40 and len(beeps) >= 4
    # Tones begin at whole seconds of the page's clock. A busy page captures late what it has painted, never early.
    second = beeps[0] + np.median(within_a_second(np.array(beeps) - beeps[0]))
    apart = within_a_second(times - painted_at - second)
    assert abs(np.quantile(apart, 0.2)) < 0.1, np.quantile(apart, [0, 0.2, 0.5, 0.8, 1])
    happened = events(path)
    start = happened[0]["created"]
    muted, unmuted = (
        next(e["time"] for e in happened if e["event"] == what and e["participant"] == "Ana") - start
        for what in ("muted", "unmuted")
    )
    assert unmuted - muted > 2
    quiet = [beep for beep in beeps if muted + 0.5 < beep < unmuted - 0.2]
    assert not quiet and [beep for beep in beeps if beep > unmuted], "the mute is a gap, and what follows is in place"
    joined = next(e["time"] for e in happened if e["event"] == "participant-joined" and e["participant"] == "Ben")
    bens, _, _ = pictures(path, "Ben camera")
    assert 0 < bens[0] - (joined - start) < 5 and len(bens) > 10
    with av.open(str(path)) as container:
        assert abs(container.duration / 1e6 - times[-1]) < 1.5


def test_what_a_filter_hides_is_not_kept(call: Kernel, ana: Page, tmp_path: Path):
    path = tmp_path / "lesson.mkv"
    call.run("@call.filter(on='Ana', on_error='hold')\ndef hide(frame):\n    frame[:] = 128\n    return frame")
    expect(ana.locator(tile("Ana") + "[data-processed]")).to_be_attached(timeout=15_000)
    call.run(f"recording = call.record({str(path)!r})")
    wait_for(call, "recording.tracks == 2 and recording.seconds > 3")
    call.run("call.unfilter(on='Ana')")
    wait_for(call, "recording.seconds > 7")
    call.run("recording.stop()")
    times, greys, _ = pictures(path, "Ana camera")
    cleared = next(e["time"] for e in events(path) if e["event"] == "filter-cleared") - events(path)[0]["created"]
    assert all(abs(grey - 128) < 20 for time, grey in zip(times, greys, strict=True) if time < cleared)
    after = greys[times > cleared + 2]
    assert after.max() > 220 and after.min() < 40


def test_a_call_becomes_a_film(call: Kernel, ana: Page, tmp_path: Path):
    path = tmp_path / "lesson.mp4"
    call.run(f"recording = call.record({str(path)!r}, layout='grid')")
    wait_for(call, "recording.tracks == 2 and recording.seconds > 6")
    call.run("recording.stop()")
    assert call.run("print(recording.state, recording.size)").split() == ["stopped", str(path.stat().st_size)]
    assert [each.name for each in tmp_path.iterdir()] == ["lesson.mp4"]
    with av.open(str(path)) as container:
        [video], [audio] = container.streams.video, container.streams.audio
        assert (video.codec_context.name, audio.codec_context.name) == ("h264", "aac")
        shown = [(f.time, f.to_ndarray(format="gray")[200:500, 400:800].mean()) for f in container.decode(video)]
    with av.open(str(path)) as container:
        blocks = [(f.time, float(np.abs(f.to_ndarray()).max())) for f in container.decode(audio=0)]
    flashes, beeps = (rises(*np.array(each).T, level) for each, level in ((shown, 128), (blocks, 0.1)))
    apart = [min(abs(flash - beep) for beep in beeps) for flash in flashes]
    assert len(flashes) >= 3 and np.median(apart) < 0.12, "sound and picture are of one time"


def test_everything_killed_leaves_a_playable_file(call: Kernel, ana: Page, tmp_path: Path):
    path = tmp_path / "lesson.mkv"
    call.run(f"recording = call.record({str(path)!r})")
    wait_for(call, "recording.tracks == 2 and recording.seconds > 3")
    kernel = psutil.Process(int(call.run("import os; print(os.getpid())")))
    for process in [*kernel.children(), kernel]:
        os.kill(process.pid, signal.SIGKILL)
    times, _, _ = pictures(path, "Ana camera")
    heard, loudness = sound(path, "Ana microphone")
    assert times[-1] - times[0] > 1.5 and heard[-1] - heard[0] > 1.5 and loudness.max() > 0.1


def test_a_full_disk_is_told_in_the_notebook(call: Kernel, ana: Page, tmp_path: Path):
    path = tmp_path / "lesson.mkv"
    call.run(f"import resource, os\nrecording = call.record({str(path)!r})")
    wait_for(call, "recording.tracks == 2 and recording.seconds > 3")
    call.run(
        "limit = (recording.size + 5000, resource.RLIM_INFINITY)\n"
        "resource.prlimit(call._studio._worker._child.pid, resource.RLIMIT_FSIZE, limit)"
    )
    said = call.drain_stderr(0.5, "playable")
    unlimited = "(resource.RLIM_INFINITY, resource.RLIM_INFINITY)"
    call.run(f"resource.prlimit(call._studio._worker._child.pid, resource.RLIMIT_FSIZE, {unlimited})")
    assert call.run("print(recording.state)").strip() == "failed"
    assert "lesson.mkv stopped: File too large" in said and "playable" in said
    assert call.run("print(call.participants['Ana'].video.frame(timeout=10).shape)").strip() == "(180, 320, 3)"
    times, _, _ = pictures(path, "Ana camera")
    assert times[-1] - times[0] > 1.5
