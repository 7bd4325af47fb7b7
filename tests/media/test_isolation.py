"""Filters in a process of their own: a real process, real shared memory."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import av
import cloudpickle
import numpy as np
import psutil
import pytest

from rtc_notebook.errors import FilterError
from rtc_notebook.filters.chain import chain
from rtc_notebook.filters.remote import pickled
from rtc_notebook.media import isolation
from rtc_notebook.media.control import (
    FilterFigures,
    FilterKind,
    FilterOutput,
    Isolate,
    Result,
    Results,
    SetValues,
    ToServer,
    TrackKey,
)
from rtc_notebook.media.incoming import DecodedPicture, DecodedSound
from rtc_notebook.media.isolation import IsolatedFilter
from rtc_notebook.media.outgoing import to_frame
from rtc_notebook.media.ring import RingReader
from rtc_notebook.overlays import Box
from rtc_notebook.process.spawn import Child
from rtc_notebook.protocol import DrawOverlay

pytestmark = pytest.mark.slow

KEY = TrackKey("p2", "camera")


class Bench:
    """Stands where worker and kernel stand, with a camera of 30 pictures a second."""

    def __init__(self, directory: Path, key: TrackKey = KEY) -> None:
        self.directory = directory
        self.key = key
        self.filter = IsolatedFilter(key, str(directory), self, self._answer)
        self.figures = FilterFigures(track=key, generation=0)
        self.said = ""
        self.kinds: list[FilterKind] = []
        self.results: list[Result] = []
        self.drawings: list[DrawOverlay] = []
        self.ring: RingReader | None = None
        self.grey = 60
        self._sequence = self._generation = 0
        self._changed = asyncio.Condition()
        self._camera = asyncio.ensure_future(self._shoot())

    def set(self, function: Any, values: Any = ({},)) -> None:
        self._generation += 1
        program = self.directory / f"{self._generation}.filter"
        program.write_bytes(pickled(chain(function)))
        self.filter.load(
            Isolate(
                track=self.key,
                generation=self._generation,
                program=str(program),
                values=cloudpickle.dumps(list(values)),
                description="'it' on 'Guest'",
            )
        )

    def set_values(self, *values: dict[str, Any]) -> None:
        pickled_values = cloudpickle.dumps(list(values))
        self.filter.set_values(SetValues(track=self.key, generation=self._generation, values=pickled_values))

    def send(self, message: object) -> None:
        assert isinstance(message, FilterKind)
        self.kinds.append(message)

    def send_latest(self, key: str, message: object) -> None:
        if isinstance(message, FilterFigures):
            self.figures = message
        elif isinstance(message, FilterOutput):
            self.said += message.text

    async def until(self, holds: Callable[[], Any]) -> None:
        """Wait until something holds; asked again at every picture."""

        async def wait() -> None:
            async with self._changed:
                await self._changed.wait_for(holds)

        await asyncio.wait_for(wait(), 20)

    def shows(self, grey: int) -> bool:
        found = None if self.ring is None else self.ring.latest()
        return found is not None and abs(float(found[0][: found[1].height].mean()) - luma(grey)) < 3

    @property
    def process(self) -> psutil.Process:
        [process] = [one for one in psutil.Process().children() if isolation.MODULE in one.cmdline()]
        return process

    async def close(self) -> None:
        self._camera.cancel()
        await self.filter.close()

    def _answer(self, answer: Results | Result | ToServer) -> None:
        if isinstance(answer, Results):
            self.ring = RingReader.open(answer.path)
        elif isinstance(answer, ToServer):
            assert isinstance(answer.message, DrawOverlay)
            self.drawings.append(answer.message)
        else:
            self.results.append(answer)

    async def _shoot(self) -> None:
        while True:
            self._sequence += 1
            if self.key.kind == "audio":
                block = np.full((960, 2), self._sequence / 10_000, np.float32)
                self.filter.decoded(DecodedSound(self._sequence, block, 960 * self._sequence, 1.5))
                await self._pause(1 / 50)
                continue
            frame = to_frame(np.full((96, 128, 3), self.grey, np.uint8))
            assert isinstance(frame, av.VideoFrame)
            self.filter.decoded(DecodedPicture(self._sequence, frame, 3000 * self._sequence, 1.5, 2.5))
            await self._pause(1 / 30)

    async def _pause(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        async with self._changed:
            self._changed.notify_all()


def luma(grey: int) -> float:
    return 16 + grey * 219 / 255


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    made = Bench(tmp_path)
    yield made
    await made.close()
    assert not os.listdir(tmp_path), "nothing is left"
    assert not [one for one in psutil.Process().children() if isolation.MODULE in one.cmdline()]


async def test_it_runs_there_and_its_parameters_and_functions_change(bench: Bench) -> None:
    offset = 5

    def paint(frame, info, level=(0, 255)):
        assert (info.captured, info.arrived, info.width, frame.shape) == (1.5, 2.5, 128, (96, 128, 3))
        return np.full_like(frame, level + offset)

    bench.set(paint, [{"level": 20}])
    await bench.until(lambda: bench.shows(25))
    pid = bench.process.pid
    bench.set_values({"level": 95})
    await bench.until(lambda: bench.shows(100))
    await bench.until(lambda: bench.figures.milliseconds > 0)
    bench.set([lambda frame: frame[:, :, 0], lambda frame: frame + np.uint8(70)], [{}, {}])
    await bench.until(lambda: bench.shows(130))
    assert bench.process.pid == pid and not bench.said and not any(result.failed for result in bench.results)


async def test_sound_is_taken_in_order_and_given_block_by_block(tmp_path: Path) -> None:
    bench = Bench(tmp_path, TrackKey("p2", "microphone", "audio"))
    try:
        bench.set(lambda block, gain=2: gain * block, [{"gain": 2}])
        await bench.until(lambda: len(bench.results) >= 30)
        first = bench.results[0].sequence
        assert [one.sequence for one in bench.results[:30]] == list(range(first, first + 30))
        assert bench.ring is not None
        for sequence in (first, first + 29):
            found = bench.ring.read(sequence)
            assert found is not None and found[0].shape == (960, 2)
            assert found[0][0, 0] == pytest.approx(sequence / 5_000)
        bench.set_values({"gain": 4})
        await bench.until(lambda: bench.ring.latest()[0][0, 0] == pytest.approx(bench.results[-1].sequence / 2_500))
        bench.set(lambda block: block[:10])
        await bench.until(lambda: bench.figures.errors)
        assert "as long as what came in" in bench.figures.last_error
    finally:
        await bench.close()


async def test_shapes_go_to_the_server_without_the_kernel(bench: Bench) -> None:
    bench.set(lambda frame, info: [Box(32, 24, 64, 48, label=str(info.sequence))])
    await bench.until(lambda: len(bench.drawings) >= 5)
    assert bench.kinds == [FilterKind(track=KEY, generation=1, kind="shapes")]
    assert not bench.results, "no picture was taken"
    drawing = bench.drawings[0]
    assert (drawing.participant, drawing.source, drawing.captured) == ("p2", "camera", 1.5)
    [box] = drawing.shapes
    assert (box.x, box.y, box.width, box.height) == (0.25, 0.25, 0.5, 0.5)
    assert int(bench.drawings[1].shapes[0].label) > int(box.label)
    await bench.until(lambda: bench.figures.drawn > 5)
    bench.set(lambda frame: frame)
    await bench.until(lambda: bench.results)
    assert [one.kind for one in bench.kinds] == ["shapes", "picture"]


async def test_what_it_prints_and_raises_is_told(bench: Bench) -> None:
    def broken(frame):
        print("looks at", frame.shape)
        raise ValueError("no idea")

    bench.set(broken)
    await bench.until(lambda: bench.figures.errors > 20)
    assert bench.figures.last_error == "ValueError: no idea" and "in broken" in bench.figures.traceback
    assert bench.said.count("ValueError: no idea") == 1 and 'raise ValueError("no idea")' in bench.said
    assert 10 <= bench.said.count("looks at (96, 128, 3)\n") < 20
    assert all(result.failed for result in bench.results)


async def test_one_that_cannot_be_loaded_there_is_told(bench: Bench) -> None:
    class Refuses:
        def __call__(self, frame):
            return frame

        def __setstate__(self, state):
            raise RuntimeError("not in this process")

    refuses = Refuses()
    refuses.something = 1
    bench.set(refuses)
    await bench.until(lambda: bench.figures.errors)
    assert "cannot be loaded" in bench.said and "not in this process" in bench.figures.last_error
    bench.set(lambda frame: frame)
    await bench.until(lambda: bench.shows(60))


async def test_a_process_that_dies_is_told_and_started_again_within_reason(bench: Bench) -> None:
    bench.set(lambda frame: frame)
    await bench.until(lambda: bench.shows(60))
    bench.process.kill()
    await bench.until(lambda: "was ended by SIGKILL; it is started again" in bench.said)
    bench.grey = 120
    await bench.until(lambda: bench.shows(120))
    bench.set(lambda frame: os._exit(3))
    await bench.until(lambda: "exit code 3. It died 4 times" in bench.said)
    bench.set(lambda frame: frame + np.uint8(10))
    await bench.until(lambda: bench.shows(130))


async def test_a_process_that_cannot_be_started_is_told_and_ends_nothing_else(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*args: Any, **options: Any) -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(Child, "spawn", refuse)
    bench.set(lambda frame: frame)
    await bench.until(lambda: "cannot go on (Resource temporarily unavailable)" in bench.said)
    await bench.filter.close()  # as the worker does, which has recordings to finish after it


async def test_one_that_hangs_is_ended(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(isolation, "SILENCE_SECONDS", 3.0)

    def hangs(frame):
        import ctypes

        ctypes.PyDLL(None).sleep(60)  # holds the interpreter, as a bad extension does

    bench.set(hangs)
    await bench.until(lambda: "SIGKILL" in bench.said)
    bench.set(lambda frame: frame)
    await bench.until(lambda: bench.shows(60))


async def test_it_ends_with_the_worker_whatever_it_does(tmp_path: Path) -> None:
    """The worker of this test is a process of its own, which is killed."""
    script = f"""
import asyncio, ctypes, sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from pathlib import Path
from test_isolation import Bench
def hangs(frame):
    print("in")
    ctypes.PyDLL(None).sleep(60)
async def main():
    bench = Bench(Path({str(tmp_path)!r}))
    bench.set(hangs)
    await bench.until(lambda: "in" in bench.said)
    print(bench.process.pid, flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""
    process = await asyncio.create_subprocess_exec(
        os.sys.executable,  # type: ignore[attr-defined]
        "-c",
        script,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    child = psutil.Process(int(await asyncio.wait_for(process.stdout.readline(), 20)))
    process.send_signal(signal.SIGKILL)
    await process.wait()
    await asyncio.to_thread(child.wait, 5)


def test_what_cannot_be_sent_is_said() -> None:
    import threading

    lock = threading.Lock()

    def locked(frame):
        with lock:
            return frame

    with pytest.raises(FilterError, match=r"'locked' cannot run in a process of its own.*lock"):
        pickled(chain(locked))


def test_controls_stay_in_their_process() -> None:
    import ipywidgets

    def paint(frame, level=ipywidgets.IntSlider(5), *, other=ipywidgets.IntSlider(6)):  # noqa: B008
        return level, other

    import pickle

    sent = pickle.loads(pickle.loads(pickled(chain(paint)))[-1])
    assert sent.steps[0].function(None) == (5, 6)
