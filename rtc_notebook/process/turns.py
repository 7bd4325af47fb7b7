"""How soon a process gets its turn on a processor that others keep busy, and how soon it gives way itself."""

from __future__ import annotations

import ctypes
import os
import platform
import re
import struct
import sys
from pathlib import Path

import tenacity

TURN_SECONDS = 0.0003
"""What a packet takes, with room; Linux takes 0.1 ms to 100 ms."""

SHORTEST_SECONDS = 0.0001

SCHED_SETATTR = {"x86_64": 314, "aarch64": 274, "riscv64": 274}
"""The system call's number by processor: the C library has had a function for it since 2025 only."""

_attributes = struct.Struct("IIQiIQQQII")  # size, policy, flags, nice, priority, runtime, deadline, period, clamps (2)
_KEEP_POLICY = 0x08
_AUTOGROUP = Path("/proc/self/autogroup")


def ask_for_short_turns(seconds: float = TURN_SECONDS, thread: int = 0) -> bool:
    """Have Linux (6.12 or later) run a thread soon after it wakes, for a short turn; return whether it will.

    Who asks for little is served before who asks for much (EEVDF): no more processor time, and no privilege needed. A
    process beside it that computes without a pause otherwise keeps every packet waiting for its own turn's end.

    Parameters
    ----------
    seconds : float
        The turn; 0 for what threads usually have. Threads that are started afterwards ask for the same.
    thread : int
        Linux's number of the thread, of this process; 0 for this one.
    """
    number = SCHED_SETATTR.get(platform.machine())
    if sys.platform != "linux" or number is None:
        return False
    nice = os.getpriority(os.PRIO_PROCESS, thread)
    wish = _attributes.pack(_attributes.size, 0, _KEEP_POLICY, nice, 0, int(1e9 * seconds), 0, 0, 0, 0)
    return bool(ctypes.CDLL(None).syscall(number, thread, wish, 0) == 0)


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
