"""What a kernel publishes, as a browser and another kernel get it; and sound under a filter."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import tenacity
from harness.browser import frames_shown, picture, titled
from harness.jupyter import JupyterServer
from playwright.sync_api import Browser, Page, expect

from rtc_notebook import Call
from rtc_notebook.publication import Publication

Join = Callable[..., Page]

LOUDEST = """() => new Promise(resolve => {
    const tracks = connections.flatMap(one => one.getReceivers()).map(one => one.track);
    const live = tracks.filter(one => one.kind === "audio" && one.readyState === "live" && !one.muted);
    globalThis.context ??= new AudioContext({sampleRate: 48000});
    const analyser = new AnalyserNode(context, {fftSize: 16384, smoothingTimeConstant: 0});
    for (const track of live) context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
    setTimeout(() => {
        const bins = new Float32Array(analyser.frequencyBinCount);
        analyser.getFloatFrequencyData(bins);
        const top = bins.indexOf(Math.max(...bins));
        resolve({hertz: top * context.sampleRate / analyser.fftSize, decibels: bins[top]});
    }, 800);
})"""


def tone(hertz: float, seconds: np.ndarray) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * hertz * seconds)


@tenacity.retry(stop=tenacity.stop_after_delay(15), wait=tenacity.wait_fixed(0.1))
def shows(page: Page, selector: str, colour: tuple[int, int, int], shape: tuple[int, int] | None = None) -> None:
    seen = picture(page, selector)
    assert np.abs(seen.mean((0, 1)) - colour).max() < 12
    assert shape is None or seen.shape[:2] == shape


@tenacity.retry(stop=tenacity.stop_after_delay(15), wait=tenacity.wait_fixed(0.1))
def hears(page: Page, hertz: float) -> None:
    heard = page.evaluate(LOUDEST)
    assert abs(heard["hertz"] - hertz) < 6
    assert heard["decibels"] > -40


def spectrum_peak(samples: np.ndarray) -> float:
    window = samples[-48000:, 0]
    return float(np.argmax(np.abs(np.fft.rfft(window * np.hanning(len(window))))) * 48000 / len(window))


@tenacity.retry(stop=tenacity.stop_after_delay(15), wait=tenacity.wait_fixed(0.02))
def published(call: Call, name: str, by: str = "Sim") -> Any:
    return call.participants[by].publications[name]


@tenacity.retry(stop=tenacity.stop_after_delay(20), wait=tenacity.wait_fixed(0.1), reraise=True)
def rests(page: Page, still: Publication) -> None:
    """Wait until a still costs no 30 pictures a second: those who just came have asked for one each."""
    assert 0 < still.fps < 4
    assert frames_shown(page, titled(still.name), 3)["fps"] < 3


@tenacity.retry(stop=tenacity.stop_after_delay(20), wait=tenacity.wait_none(), reraise=True)
def falls_silent(track: Any) -> None:
    before = track._feed.position()
    time.sleep(1)
    assert track._feed.position() == before


@pytest.fixture
def enter(lab: JupyterServer, room: str) -> Iterator[Callable[[str], Call]]:
    """Return a function that makes a call of a kernel's, as a script does."""
    calls = []

    def call(name: str) -> Call:
        calls.append(Call(room, name=name, server=lab.url, token=lab.token))
        calls[-1].wait_until_connected(timeout=30)
        return calls[-1]

    yield call
    for each in calls:
        each.leave()


@pytest.fixture
def sim(enter: Callable[[str], Call]) -> Call:
    return enter("Sim")


def test_a_still_is_a_tile_and_an_array_also_for_who_comes_late(
    sim: Call, enter: Callable[[str], Call], join: Join, pattern: Browser
):
    plot = sim.publish(np.full((101, 151, 3), (10, 200, 30), np.uint8))
    other = sim.publish(np.full((240, 321), 0.5), name="other")
    page = join(pattern, "Guest", camera="0", microphone="0")
    shows(page, titled("plot"), (10, 200, 30), (100, 150))
    shows(page, titled("other"), (128, 128, 128))
    expect(page.get_by_text("Sim · plot")).to_be_visible()
    late = enter("Late")
    frame = published(late, "plot").frame(timeout=15)
    assert frame.shape == (100, 150, 3)
    assert np.abs(frame.mean((0, 1)) - (10, 200, 30)).max() < 8
    assert late.participants["Sim"].video is not None
    assert plot.viewers == 2
    rests(page, plot)
    plot.update(np.full((300, 400, 3), (200, 10, 10), np.uint8))
    shows(page, titled("plot"), (200, 10, 10), (300, 400))
    other.stop()
    expect(page.locator(titled("other"))).to_have_count(0)
    page.close()


@pytest.mark.alone
def test_a_simulation_keeps_its_pace_while_another_takes_its_name(sim: Call, join: Join, pattern: Browser, lab, room):
    def game():
        cells = np.random.default_rng(1).random((90, 160)) > 0.7
        while True:
            cells = np.roll(cells, 1, 1)
            yield np.kron(cells, np.ones((4, 4), bool))

    first = sim.publish(game(), name="life", fps=20)
    page = join(pattern, "Guest", camera="0", microphone="0")
    expect(page.locator(titled("life"))).to_be_attached(timeout=15_000)
    assert 12 < frames_shown(page, titled("life"), 3)["fps"] < 22
    page.evaluate("selector => globalThis.kept = document.querySelector(selector).srcObject", titled("life"))
    second = sim.publish(lambda seconds: np.full((120, 160, 3), (0, 0, 250), np.uint8), name="life")
    shows(page, titled("life"), (0, 0, 250))
    assert first.ended
    assert not second.ended
    same = page.evaluate("selector => kept === document.querySelector(selector).srcObject", titled("life"))
    assert same, "without a gap: the track is the same"
    # and it is there again when the SFU was started anew
    os.kill(lab.get(f"rtc-notebook/api/rooms/{room}")["sfu"]["process"]["pid"], signal.SIGKILL)
    second.update(lambda seconds: np.full((120, 160, 3), (0, 250, 0), np.uint8))
    shows(page, titled("life"), (0, 250, 0))
    page.close()


@pytest.mark.alone
def test_a_tone_stays_a_tone(sim: Call, enter: Callable[[str], Call], join: Join, pattern: Browser):
    publication = sim.publish(lambda seconds: tone(440, seconds), name="tone", kind="audio")
    page = join(pattern, "Guest", camera="0", microphone="0")
    hears(page, 440)
    track = published(enter("Listener"), "tone")
    blocks = track.blocks()
    samples = np.concatenate([next(blocks) for _ in range(75)])
    assert spectrum_peak(samples) == pytest.approx(440, abs=1)
    assert 0.45 < np.abs(samples[-24000:]).max() < 0.55
    publication.update(tone(880, np.arange(96_000) / 48_000).astype(np.float32))
    hears(page, 880)
    assert publication.wait(5), "an array is played once"
    page.close()


def flashes_and_beeps(path: Path, seconds: int = 4, fps: int = 25) -> None:
    """Write a clip that is white and beeps for the first 120 ms of every second."""
    with av.open(str(path), "w") as clip:
        video, audio = clip.add_stream("libvpx", rate=fps), clip.add_stream("libopus", rate=48_000)
        video.width, video.height, video.pix_fmt, audio.layout = 320, 180, "yuv420p", "stereo"
        samples = 48_000 // fps
        for number in range(seconds * fps):
            on = number % fps < 3
            frame = av.VideoFrame.from_ndarray(np.full((180, 320, 3), 255 * on, np.uint8), "bgr24")
            frame.pts, frame.time_base = number, Fraction(1, fps)
            clip.mux(video.encode(frame))
            beep = (on * tone(1000, np.arange(number * samples, (number + 1) * samples) / 48_000)).astype(np.float32)
            block = av.AudioFrame.from_ndarray(np.repeat(beep, 2).reshape(1, -1), format="flt", layout="stereo")
            block.sample_rate, block.pts, block.time_base = 48_000, number * samples, Fraction(1, 48_000)
            clip.mux(audio.encode(block))
        clip.mux(video.encode(None))
        clip.mux(audio.encode(None))


@pytest.mark.alone
def test_a_file_is_played_with_its_sound_in_time(sim: Call, enter: Callable[[str], Call], tmp_path: Path):
    flashes_and_beeps(tmp_path / "clip.webm")
    viewer = enter("Viewer")
    starts: dict[str, list[float]] = {"video": [], "audio": []}

    def watch(track: Any, on: Callable[[np.ndarray], bool]) -> None:
        was = False
        items = track.frames(info=True) if track.kind == "video" else track.blocks(info=True)
        for frame, info in items:
            now = on(frame)
            if now and not was:
                starts[track.kind].append(info.captured)
            was = now

    publication = sim.publish(tmp_path / "clip.webm")
    picture_track = published(viewer, "clip")
    sound = viewer.participants["Sim"].audio
    assert sound is not None
    threads = [
        threading.Thread(target=watch, args=(picture_track, lambda frame: frame.mean() > 128)),
        threading.Thread(target=watch, args=(sound, lambda block: np.abs(block).max() > 0.2)),
    ]
    for thread in threads:
        thread.start()
    began = time.monotonic()
    assert publication.wait(15)
    assert 3 < time.monotonic() - began < 7, "in real time"
    for thread in threads:
        thread.join(10)
    pairs = zip(starts["video"][-3:], starts["audio"][-3:], strict=True)
    assert max(abs(flash - beep) for flash, beep in pairs) < 0.08
    assert np.diff(starts["video"][-3:]) == pytest.approx([1, 1], abs=0.1)


def test_a_filter_on_sound_is_what_everybody_hears(
    sim: Call, enter: Callable[[str], Call], join: Join, pattern: Browser, lab: JupyterServer, room: str
):
    join(pattern, "Ana", camera="0")
    page = join(pattern, "Guest", camera="0", microphone="0")
    other = enter("Other")
    heard = []
    at = 0

    def sing(block):
        nonlocal at
        heard.append(block.shape)
        at += len(block)
        return np.clip(tone(1500, np.arange(at - len(block), at) / 48_000), -1, 1)

    sim.filter(sing, on="Ana", kind="audio", on_error="hold")
    hears(page, 1500)
    blocks = other.participants["Ana"].audio.blocks()
    samples = np.concatenate([next(blocks) for _ in range(75)])
    assert spectrum_peak(samples) == pytest.approx(1500, abs=1)
    assert heard[0] == (960, 2)
    state = lab.get(f"rtc-notebook/api/rooms/{room}")
    [raw] = [t for p in state["participants"] for t in p["tracks"] if t["kind"] == "audio" and t["filter"]]
    receivers = [who for who, seat in state["sfu"]["participants"].items() if raw["id"] in seat["subscribe"]]
    assert receivers == [raw["filter"]["by"]], "the raw sound goes to the kernel alone"

    sim.filter(lambda block: block[:10], on="Ana", kind="audio", on_error="hold")
    falls_silent(other.participants["Ana"].audio)  # held: nothing raw
    assert "as long as" in sim.filters[0].last_error
    sim.unfilter("Ana", source="microphone")
    assert next(other.participants["Ana"].audio.blocks()).shape == (960, 2)
    page.close()
