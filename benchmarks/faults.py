"""Provokes every fault that a call has to survive, and prints the table in ``docs/reliability.md``.

Usage: ``python benchmarks/faults.py [--stages] [fault ...]``, as root (it makes a network namespace). A real Jupyter
server, two Chromium pages, one of them in a network of its own, and a kernel that filters. For each fault: what was
lost, and how long after its cause was gone all pictures moved again, without a click. With ``--stages``, also what each
page went through meanwhile, and when.
"""

from __future__ import annotations

import sys
import tempfile
import traceback
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "tests")]

from faults import networks, pages, processes  # noqa: E402
from faults.scene import HEADER, Scene  # noqa: E402
from harness.network import unavailable  # noqa: E402
from playwright.sync_api import sync_playwright  # noqa: E402

ALL = [*processes.FAULTS, *networks.FAULTS, *networks.LONG, *pages.FAULTS]


def main(names: list[str], stages: bool) -> None:
    """Provoke the faults with these names, or all."""
    chosen = [one for one in ALL if not names or one.__name__ in names]
    unknown = set(names) - {one.__name__ for one in ALL}
    if unknown:
        sys.exit(f"No such fault: {', '.join(unknown)}. There are: {', '.join(one.__name__ for one in ALL)}.")
    print(HEADER, flush=True)
    waiting = list(chosen)
    while waiting:
        with (
            tempfile.TemporaryDirectory() as directory,
            sync_playwright() as playwright,
            Scene(playwright, Path(directory), stages=stages) as scene,
        ):
            while waiting:
                provoke = waiting.pop(0)
                try:
                    provoke(scene)
                    scene.settle(5)
                except Exception:
                    traceback.print_exc()
                    print(f"<!-- after {provoke.__name__} the call is made anew -->", flush=True)
                    break


if __name__ == "__main__":
    if unavailable():
        sys.exit(f"This needs a network namespace: {unavailable()}.")
    main([one for one in sys.argv[1:] if one != "--stages"], "--stages" in sys.argv)
