"""How much of a processor that others want a whole session gets: a Jupyter kernel with all that its cells start."""

from __future__ import annotations

import os
import re
import threading
from pathlib import Path
from typing import NamedTuple

import tenacity

_AUTOGROUP = Path("/proc/self/autogroup")


def session_nice() -> int | None:
    """Return how much this process's session gives way to other sessions, from -20 to 19; None where Linux has no say.

    Linux's autogroups (sched(7)): the processes of a session share what it gets. Only a session that this process leads
    is its own to speak for, as a Jupyter kernel's is.
    """
    if not hasattr(os, "getsid") or os.getsid(0) != os.getpid():
        return None
    try:
        found = re.search(r"nice (-?\d+)", _AUTOGROUP.read_text())
    except OSError:
        return None
    return int(found[1]) if found else None


def set_session_nice(nice: int, patience: float = 0) -> bool:
    """Have this process's session give way more, or less again, from 0 to 19; return whether it will.

    Unlike a process's own niceness, this may be taken back without a privilege.

    Parameters
    ----------
    nice : int
        How much; more is giving way more.
    patience : float
        Seconds to try for: Linux lets one such wish in a tenth of a second through.
    """
    again = tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(BlockingIOError),
        stop=tenacity.stop_after_delay(patience),
        wait=tenacity.wait_fixed(0.03),
        reraise=True,
    )
    try:
        again(_AUTOGROUP.write_text, str(nice))
    except OSError:
        return False
    return True


class Turns(NamedTuple):
    """What a thread has had of the processors."""

    ran: float
    """Seconds for which it ran."""

    waited: float
    """Seconds for which it could have run, and others did."""


def turns_of(thread: threading.Thread) -> Turns | None:
    """Return what a thread has had of the processors so far; None where nobody counts that.

    A thread that computes wants a second a second, whatever it gets; one that waits for something else wants nothing.
    """
    try:
        ran, waited, _ = Path(f"/proc/self/task/{thread.native_id}/schedstat").read_text().split()
    except (OSError, ValueError):
        return None
    return Turns(int(ran) / 1e9, int(waited) / 1e9)
