"""Whether anything is left behind: ``python benchmarks/leaks.py [--joins 200] [--restarts 50] [--rooms 20] [--link]``.

A real Jupyter server and a real kernel that filters whoever comes. A participant with camera and microphone joins that
room and leaves it again, many times; then the kernel is restarted as often as asked, and joins and filters again; then
rooms are opened and left empty, each with an SFU of its own. After that there must be as many processes, threads,
descriptors, sockets and shared-memory directories as after the first time, and about as much memory. With ``--link``
the kernel's media goes over the WebSocket link.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path

import psutil

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests"))

from harness.jupyter import JupyterServer  # noqa: E402
from harness.kernel import Kernel  # noqa: E402

ALLOWED = {"threads": 1, "descriptors": 8, "megabytes": 40.0}
"""What a process may have more of, in all: the first picture through a filter loads things and opens rings that stay
until the next, and allocators keep some of what they once had. Over hundreds of visits a leak is more than that."""

SETTLE_SECONDS = 20.0
ROOM = "filtered"

CELL = f"""
import os
from rtc_notebook import Call
call = Call({ROOM!r})
call.wait_until_connected(timeout=40)

dimmed = False

def dim(frame):
    global dimmed
    dimmed = True
    return frame // 2

@call.on("participant-joined")
def greet(who):
    call.filter(dim, on=who.name)

print(call._studio._worker.directory)
"""


@dataclass
class Held:
    """What the processes of a role hold, all of them together."""

    processes: int = 0
    threads: int = 0
    descriptors: int = 0
    sockets: int = 0
    megabytes: float = 0.0

    def add(self, process: psutil.Process) -> None:
        """Count a process."""
        self.processes += 1
        self.threads += process.num_threads()
        self.descriptors += process.num_fds()
        self.sockets += len(process.net_connections(kind="all"))
        self.megabytes += process.memory_info().rss / 1e6

    def __str__(self) -> str:
        counts = ", ".join(f"{getattr(self, one.name)} {one.name}" for one in fields(self)[:-1])
        return f"{counts}, {self.megabytes:.0f} MB"


ROLES = {"sfu.process": "SFU", "rtc_notebook.media": "worker", "ipykernel": "kernel"}


def held(server: JupyterServer) -> dict[str, Held]:
    """Return what is held by the server and everything that it started."""
    found: dict[str, Held] = {}
    root = psutil.Process(server.pid)
    for process in (root, *root.children(recursive=True)):
        try:
            line = " ".join(process.cmdline())
            role = "server" if process == root else next((r for key, r in ROLES.items() if key in line), "other")
            found.setdefault(role, Held()).add(process)
        except psutil.NoSuchProcess:
            continue
    return found


class Participant:
    """Somebody in a process of its own who comes and goes on request."""

    def __init__(self, server: JupyterServer) -> None:
        paths = [str(HERE.parent / "tests"), os.environ.get("PYTHONPATH", "")]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "harness.comings", server.url, server.token],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
            text=True,
        )

    def visit(self, room: str) -> None:
        """Join, be connected both ways, and leave."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(f"{room}\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline().strip()
        assert answer == "left", f"a visit failed: {answer!r}"

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(10)


def settled(server: JupyterServer, first: dict[str, Held] | None) -> dict[str, Held]:
    """Return what is held once nothing comes or goes any more, and, for a while, until it is no more than at first."""
    deadline = time.monotonic() + SETTLE_SECONDS
    before = held(server)
    while True:
        time.sleep(1.0)
        now = held(server)
        same = counts(now) == counts(before)
        if (same and (first is None or not more(first, now))) or time.monotonic() > deadline:
            return now
        before = now


def counts(all: dict[str, Held]) -> dict[str, tuple[int, ...]]:
    """Return everything but memory."""
    return {role: (its.processes, its.threads, its.descriptors, its.sockets) for role, its in all.items()}


def more(first: dict[str, Held], last: dict[str, Held]) -> list[str]:
    """Return what there is more of, in sentences."""
    grown = []
    for role, its in last.items():
        at_first = first.get(role, Held())
        for one in fields(Held):
            growth = getattr(its, one.name) - getattr(at_first, one.name)
            if growth > ALLOWED.get(one.name, 0):
                grown.append(f"{role}: {growth:+.4g} {one.name}")
    return grown


def addresses() -> set[str]:
    """Return this machine's IP addresses."""
    return {one.address for each in psutil.net_if_addrs().values() for one in each}


def repeat(what: str, times: int, server: JupyterServer, work: Callable[[int], None], show: bool) -> list[str]:
    """Do something once and then again and again; return what there is more of after that."""
    if times < 2:
        return []
    work(0)
    before, first = addresses(), settled(server, None)
    began = time.monotonic()
    for number in range(1, times):
        work(number)
        if show and number % 25 == 0:
            now = held(server)
            print(
                f"  {number}: " + "; ".join(f"{role} {its.megabytes:.0f} MB" for role, its in now.items()), flush=True
            )
    last = settled(server, first)
    if addresses() != before:
        print("The machine's addresses changed meanwhile; ICE has a socket for each: those are not compared.")
        for its in (all[role] for all in (first, last) for role in ("SFU", "worker") if role in all):
            its.descriptors = its.sockets = 0
    print(f"{what}, {times} times in {time.monotonic() - began:.0f} s")
    for role in sorted({*first, *last}):
        print(f"  {role}: after the first {first.get(role, 'none')}; after the last {last.get(role, 'none')}")
    return [f"{what}: {one}" for one in more(first, last)]


def leaks(home: Path, joins: int, restarts: int, rooms: int, show: bool = True, link: bool = False) -> list[str]:
    """Run it all; return what was left behind, in sentences, nothing if all is well."""
    shared: list[Path] = []
    way = ["--RtcNotebookApp.media_link=websocket"] if link else []
    server = JupyterServer(home, "lab", "--RtcNotebookApp.room_linger=0.2", *way)

    def run_cell() -> None:
        shared.append(Path(kernel.run(CELL).strip()))

    def visit(number: int) -> None:
        """Visit until a picture went through the filter: what the first one loads is not left behind."""
        for _ in range(10):
            ana.visit(ROOM)
            if kernel.run("print(dimmed)").strip() == "True":
                return
        raise RuntimeError("No picture went through the filter.")

    def restart(number: int) -> None:
        kernel.restart()
        run_cell()
        visit(number)

    with server, Kernel.start(server) as kernel:
        ana = Participant(server)
        try:
            run_cell()
            wrong = repeat("join and leave", joins, server, visit, show)
            wrong += repeat("kernel restart", restarts, server, restart, show)
            wrong += repeat("a room of its own", rooms, server, lambda number: ana.visit(f"room {number}"), show)
        finally:
            ana.close()
        wrong += [f"{path} is still there" for path in shared[:-1] if path.exists()]
        kernel.run("call.leave()")
        if shared[-1].exists():
            wrong.append(f"{shared[-1]} outlives its call")
    return wrong


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--joins", type=int, default=200)
    parser.add_argument("--restarts", type=int, default=50)
    parser.add_argument("--rooms", type=int, default=20)
    parser.add_argument("--link", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        left = leaks(Path(directory), arguments.joins, arguments.restarts, arguments.rooms, link=arguments.link)
    print("\n".join(left) or "Nothing is left behind.")
    sys.exit(bool(left))
