"""Whether a call can go on for hours: ``python benchmarks/soak.py [--minutes 60]``.

A real Jupyter server, a real kernel and a second participant with a camera of 320x180. The kernel filters that camera,
publishes a picture of its own, reads frames and sound, and records. What kernel, worker and SFU take (memory, threads,
descriptors) is measured every few seconds; after a time to settle, none of it may grow. What is filtered and published
has to go on all the while.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests"))

from harness.jupyter import JupyterServer  # noqa: E402
from harness.kernel import Kernel  # noqa: E402

MEMORY_LIMIT_MB = 20.0
MEMORY_LIMIT_MB_A_MINUTE = 3.5
"""Of a short run, in which a fast leak would stay below the other."""

SHORT_MINUTES = 5.0
"""A run of fewer is looked at once more where something has grown: a worker's heap went up by 6 MB in a minute once."""

LEAST_FPS = {"filter": 10.0, "publication": 5.0}
"""Of the 30 and 15 that are asked for; other things may run beside."""

SETTLE_MINUTES = 5.0
SAMPLES = 120
"""In a short run; a long one has one every five seconds."""

LOOKS = 12
"""How often a short run looks at the frame rates; a long one does so every minute."""

CELL = """
import threading, time, cv2, numpy as np
from rtc_notebook import Call
call = Call("soak")
call.wait_until_connected()
deadline = time.monotonic() + 20
while "Ana" not in call.participants or call.participants["Ana"].video is None:
    assert time.monotonic() < deadline
    time.sleep(0.1)

@call.filter(on="Ana")
def edges(frame):
    return cv2.Canny(frame, 80, 160)

def plasma(t):
    y, x = np.mgrid[0:180, 0:320] / 40
    value = np.sin(x + t) + np.sin(y + t / 2)
    return np.dstack([(127 + 60 * value).astype(np.uint8)] * 3)

def read():
    count = 0
    for frame in call.participants["Ana"].video.frames(fps=5):
        count += 1

def listen():
    for block in call.participants["Ana"].audio.blocks(0.1):
        pass

plot = call.publish(plasma, name="plasma", fps=15)
for target in (read, listen):
    threading.Thread(target=target, daemon=True).start()
recording = call.record({path!r})
"""

STATE = """
status = call.filters[0]
print(call.phase, status.state, round(status.fps, 1), recording.state, round(recording.seconds, 1), recording.size,
      status.errors, round(plot.fps, 1))
"""


@dataclass
class Watched:
    """A process, sample by sample."""

    name: str
    process: psutil.Process
    megabytes: list[float] = field(default_factory=list)
    threads: list[int] = field(default_factory=list)
    descriptors: list[int] = field(default_factory=list)
    cpu: list[tuple[float, float]] = field(default_factory=list)
    settled: int = 0
    """How many samples were taken before all had settled."""

    def sample(self) -> None:
        """Measure once."""
        self.megabytes.append(self.process.memory_info().rss / 1e6)
        self.threads.append(self.process.num_threads())
        self.descriptors.append(self.process.num_fds())
        times = self.process.cpu_times()
        self.cpu.append((time.monotonic(), times.user + times.system))

    def busy(self) -> float:
        """Return the share of a core that it takes, in percent."""
        (begin, before), (end, after) = self.cpu[0], self.cpu[-1]
        return 100 * (after - before) / max(1e-9, end - begin)

    def growth(self) -> tuple[float, float, float, float]:
        """Return how much more memory (MB), threads and descriptors there are than once settled, and in what minutes.

        Each from the median of the first samples to that of the last.
        """
        seconds = [moment for moment, _ in self.cpu]
        every = (self.megabytes, self.threads, self.descriptors, seconds)
        memory, threads, descriptors, apart = (_growth(values[self.settled :]) for values in every)
        return memory, threads, descriptors, apart / 60

    def look_again(self) -> None:
        """Judge by what comes from now on: a heap grows by steps, each of them once; a leak goes on."""
        self.settled = len(self.megabytes)

    def grown(self) -> list[str]:
        """Say what grew, in sentences; nothing if all is well."""
        memory, threads, descriptors, minutes = self.growth()
        wrong = []
        if memory > min(MEMORY_LIMIT_MB, MEMORY_LIMIT_MB_A_MINUTE * minutes):
            wrong.append(f"the {self.name}'s memory grew by {memory:.1f} MB in {minutes:.1f} minutes")
        if threads > 0 or descriptors > 0:
            wrong.append(f"the {self.name} has {threads:+.0f} threads and {descriptors:+.0f} descriptors")
        return wrong


def _growth(values: list[float] | list[int]) -> float:
    few = max(1, len(values) // 6)
    return statistics.median(values[-few:]) - statistics.median(values[:few])


def slow(rates: dict[str, list[float]]) -> list[str]:
    """Say what of the filter and the publication did not go on at its pace, in sentences."""
    wrong = []
    for name, seen in rates.items():
        if not seen or min(seen) <= 0 or statistics.median(seen) < LEAST_FPS[name]:
            wrong.append(f"the {name}'s frame rate was {seen}")
    return wrong


def soak(minutes: float, home: Path, settle: float = SETTLE_MINUTES, show: bool = True) -> list[str]:
    """Run a call for so long and return what grew, in sentences; nothing if all is well."""
    path = home / "soak.mkv"
    with JupyterServer(home) as server, Kernel.start(server) as kernel:
        participant = _participant(server)
        try:
            kernel.run(CELL.replace("{path!r}", repr(str(path))))
            watched, other = _processes(server, kernel), Watched("participant", psutil.Process(participant.pid))
            other.sample()
            rates = _watch(kernel, watched, minutes, min(settle, minutes / 3), show)
            if minutes < SHORT_MINUTES and any(one.grown() for one in watched):
                for one in watched:
                    one.look_again()
                for name, seen in _watch(kernel, watched, minutes / 2, 0, show).items():
                    rates[name] += seen
            other.sample()
            state = kernel.run(STATE).split()
            kernel.run("recording.stop(); call.leave()")
        finally:
            participant.stdin.close()  # type: ignore[union-attr]
            participant.wait(10)
    print(f"{other.name}: {other.busy():.0f} % of a core")
    return _judge(watched, rates, state, path, minutes)


def _participant(server: JupyterServer) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "harness.participant", server.url, server.token, "soak", "Ana"]
    paths = [str(HERE.parent / "tests"), os.environ.get("PYTHONPATH", "")]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
    return subprocess.Popen(command, stdin=subprocess.PIPE, env=env)


def _processes(server: JupyterServer, kernel: Kernel) -> list[Watched]:
    pid = int(kernel.run("import os; print(os.getpid())"))
    worker = int(kernel.run("print(call._studio._worker._child.pid)"))
    found = [Watched("kernel", psutil.Process(pid)), Watched("worker", psutil.Process(worker))]
    for child in psutil.Process(server.pid).children(recursive=True):
        if any("rtc_notebook_server.sfu" in part for part in child.cmdline()):
            found.append(Watched("SFU", child))
    return found


def _watch(kernel: Kernel, watched: list[Watched], minutes: float, settle: float, show: bool) -> dict[str, list[float]]:
    """Sample until the time is over; return the frame rates of the filter and the publication, once settled."""
    begun = looked = time.monotonic()
    rates: dict[str, list[float]] = {"filter": [], "publication": []}
    while (elapsed := time.monotonic() - begun) < 60 * minutes:
        for one in watched:
            one.sample()
            one.settled += elapsed < 60 * settle
        if time.monotonic() - looked > min(60.0, 60 * minutes / LOOKS):
            looked = time.monotonic()
            state = kernel.run(STATE).split()
            if elapsed >= 60 * settle:
                rates["filter"].append(float(state[2]))
                rates["publication"].append(float(state[7]))
            if show:
                figures = ", ".join(
                    f"{one.name} {one.megabytes[-1]:.0f} MB {one.threads[-1]} threads {one.descriptors[-1]} fds"
                    for one in watched
                )
                print(f"{elapsed / 60:5.1f} min: {figures}; {' '.join(state)}", flush=True)
        time.sleep(min(5.0, 60 * minutes / SAMPLES))
    return rates


def _judge(
    watched: list[Watched], rates: dict[str, list[float]], state: list[str], path: Path, minutes: float
) -> list[str]:
    wrong = slow(rates)
    for one in watched:
        memory, threads, descriptors, _ = one.growth()
        print(
            f"{one.name}: {memory:+.1f} MB, {threads:+.0f} threads, {descriptors:+.0f} descriptors once settled; "
            f"{one.busy():.0f} % of a core"
        )
        wrong += one.grown()
    phase, filtering, _, recording, seconds, size, errors, _ = state
    print(f"recorded {float(seconds):.0f} s, {int(size) / 1e6:.1f} MB")
    for name, seen in rates.items():
        print(f"{name}: {', '.join(map(str, seen))} fps")
    if (phase, filtering, recording, errors) != ("connected", "active", "recording", "0"):
        wrong.append(f"the call did not go on as it was: {' '.join(state)}")
    if float(seconds) < 50 * minutes or not path.stat().st_size:
        wrong.append(f"only {seconds} s were recorded")
    return wrong


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        grown = soak(arguments.minutes, Path(directory))
    print("\n".join(grown) or "All flat.")
    sys.exit(bool(grown))
