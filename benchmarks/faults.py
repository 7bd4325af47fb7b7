"""Provokes every fault that a call has to survive, and prints the tables in ``docs/reliability.md``.

Usage: ``python benchmarks/faults.py [--stages] [fault ...]``, as root (it makes a network namespace). A real Jupyter
server, two Chromium pages, one of them in a network of its own, and a kernel that filters. For each fault: what was
lost, and how long after its cause was gone all pictures moved again, without a click. Then the same where all media
goes over the WebSocket (those faults' names begin with ``linked_``), and with one of the two in front of a notebook in
JupyterLab. With ``--stages``, also what each page went through meanwhile, and when. In all a quarter of an hour.
"""

from __future__ import annotations

import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "tests")]

from faults import networks, notebook, pages, processes  # noqa: E402
from faults.notebook import InLab  # noqa: E402
from faults.scene import HEADER, Linked, Scene  # noqa: E402
from harness.network import unavailable  # noqa: E402
from playwright.sync_api import sync_playwright  # noqa: E402

Faults = dict[str, Callable[[Any], None]]

ALL: list[tuple[type[Scene], Faults]] = [
    (Scene, {one.__name__: one for part in (processes, networks, pages) for one in part.FAULTS}),
    (Linked, {f"linked_{one.__name__}": one for part in (processes, networks, pages) for one in part.LINKED}),
    (InLab, {one.__name__: one for one in notebook.FAULTS}),
]
ATTEMPTS = 2
"""At making a call: a machine may be too busy for one."""


def main(names: list[str], stages: bool) -> None:
    """Provoke the faults with these names, or all."""
    known = [name for _, faults in ALL for name in faults]
    if unknown := set(names) - set(known):
        sys.exit(f"No such fault: {', '.join(unknown)}. There are: {', '.join(known)}.")
    began = time.monotonic()
    wrong: list[str] = []
    for kind, faults in ALL:
        waiting = {name: provoke for name, provoke in faults.items() if not names or name in names}
        if waiting:
            print(f"\n{kind.about}\n\n{HEADER}", flush=True)
        failed = 0
        while waiting and failed < ATTEMPTS:
            try:
                failed += 1
                with (
                    tempfile.TemporaryDirectory() as directory,
                    sync_playwright() as playwright,
                    kind(playwright, Path(directory), stages=stages) as scene,
                ):
                    while waiting:
                        name, provoke = next(iter(waiting.items()))
                        failed = 0
                        del waiting[name]
                        before = len(scene.rows)
                        provoke(scene)
                        scene.settle(5)
                        wrong += [f"{row.fault} {kind.about}".strip() for row in scene.rows[before:] if row.wrong]
            except Exception as error:
                traceback.print_exc()
                wrong.append(f"{error!r:.200}")
                print("<!-- the call is made anew -->", flush=True)
    print(f"\n<!-- {(time.monotonic() - began) / 60:.0f} minutes -->", flush=True)
    if wrong:
        sys.exit(f"Not as it should be: {'; '.join(wrong)}.")


if __name__ == "__main__":
    if unavailable():
        sys.exit(f"This needs a network namespace: {unavailable()}.")
    main([one for one in sys.argv[1:] if one != "--stages"], "--stages" in sys.argv)
