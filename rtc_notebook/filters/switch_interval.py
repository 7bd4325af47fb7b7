"""How readily the interpreter changes threads while filters run.

A cell that computes holds the GIL for 5 ms at a time by default; a filter thread that gives it up for every numpy call
then waits that often a frame. At 0.5 ms a filter beside a busy cell runs at camera rate.
"""

from __future__ import annotations

import sys
import threading

SECONDS = 0.0005

_lock = threading.Lock()
_running = 0
_before = 0.0


def acquire() -> None:
    """Set the short interval; for each filter that runs."""
    global _running, _before
    with _lock:
        _running += 1
        if _running == 1:
            _before = sys.getswitchinterval()
            sys.setswitchinterval(min(SECONDS, _before))


def release() -> None:
    """Give the interval back when the last filter stops, unless someone else has set it meanwhile."""
    global _running
    with _lock:
        _running -= 1
        if _running == 0 and abs(sys.getswitchinterval() - min(SECONDS, _before)) < 1e-6:
            sys.setswitchinterval(_before)
