"""Delays, frame rates and widths of what a page shows, and the CPU of the processes behind it."""

from __future__ import annotations

import contextlib
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from playwright.sync_api import Page

BUSY = "import time\nend = time.monotonic() + {}\nx = 0\nwhile time.monotonic() < end: x += 1"
TIMECODE = (Path(__file__).parent / "timecode.js").read_text()


@dataclass
class Watched:
    """What one video element showed: one (at, delay, width) a frame; seconds, milliseconds, pixels."""

    seconds: float
    frames: list[tuple[float, float | None, int]]
    cpu: dict[str, float] = field(default_factory=dict)

    def delays(self, since: float = 0) -> list[float]:
        """Return the delays in ms of the frames after ``since`` seconds whose time could be read."""
        return [delay for at, delay, _ in self.frames if delay is not None and at >= since]

    def p50(self, since: float = 0) -> float:
        """Return the median delay in ms."""
        return statistics.median(self.delays(since) or [float("nan")])

    def p95(self, since: float = 0) -> float:
        """Return the delay in ms that 95 % of the frames were under."""
        delays = self.delays(since)
        return statistics.quantiles(delays, n=20)[-1] if len(delays) > 1 else float("nan")

    def fps(self, since: float = 0) -> float:
        """Return frames shown a second."""
        return sum(at >= since for at, _, _ in self.frames) / (self.seconds - since)

    def width(self, second: float) -> int:
        """Return how wide the picture was at this second; 0 before the first."""
        widths = [width for at, _, width in self.frames if at <= second]
        return widths[-1] if widths else 0

    def row(self, name: str, since: float = 0) -> str:
        """Return the line of a table."""
        cpu = ", ".join(f"{what} {share:.2f}" for what, share in self.cpu.items())
        return (
            f"| {name} | {self.p50(since):.0f} / {self.p95(since):.0f} | {self.fps(since):.1f} "
            f"| {self.width(2)} / {self.width(5)} / {self.width(10)} | {cpu} |"
        )


HEADER = (
    "| 1280x720, 30 fps | glass to glass p50 / p95, ms | fps | width at 2 / 5 / 10 s | CPU, cores |\n"
    "| --- | --- | --- | --- | --- |"
)


def watch(page: Page, selector: str, seconds: float, processes: Mapping[str, Iterable[int]] | None = None) -> Watched:
    """Watch a video element; ``processes`` names groups of pids whose CPU is metered meanwhile."""
    with cpu_meter(processes or {}) as cpu:
        frames = page.locator(selector).first.evaluate(
            "(video, seconds) => timecode.watch(video, seconds)", seconds, timeout=(seconds + 30) * 1000
        )
    return Watched(seconds, [(frame["at"], frame["delay"], frame["width"]) for frame in frames], cpu)


@contextlib.contextmanager
def cpu_meter(groups: Mapping[str, Iterable[int]]) -> Iterator[dict[str, float]]:
    """Meter groups of processes; filled with the share of a core each took when the block ends."""
    result: dict[str, float] = {}
    before = {pid: _seconds(pid) for pids in groups.values() for pid in pids}
    start = time.monotonic()
    yield result
    elapsed = time.monotonic() - start
    for name, pids in groups.items():
        spent = [(_seconds(pid), before[pid]) for pid in pids]
        result[name] = (
            sum(after - earlier for after, earlier in spent if after is not None and earlier is not None) / elapsed
        )


def _seconds(pid: int) -> float | None:
    try:
        times = psutil.Process(pid).cpu_times()
    except psutil.Error:  # ended meanwhile
        return None
    return float(times.user + times.system)


@contextlib.contextmanager
def beside_work(wanted: bool = True) -> Iterator[None]:
    """Run a process of its own that does what a busy cell does: what the machine itself costs."""
    worker = subprocess.Popen([sys.executable, "-c", BUSY.format(3600)]) if wanted else None
    try:
        yield
    finally:
        if worker is not None:
            worker.kill()
            worker.wait()


def running(pattern: str, under: int) -> list[int]:
    """Return the pids below a process whose command line has ``pattern`` in it."""
    found = []
    for process in psutil.Process(under).children(recursive=True):
        with contextlib.suppress(psutil.Error):
            if pattern in " ".join(process.cmdline()):
                found.append(process.pid)
    return found


def megabytes(pids: Iterable[int]) -> float:
    """Return the resident memory of these processes."""
    return sum(psutil.Process(pid).memory_info().rss for pid in pids) / 1e6
