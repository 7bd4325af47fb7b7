"""How soon a process gets its turn on a processor that others keep busy: what waits for it are pictures."""

from __future__ import annotations

import ctypes
import os
import platform
import struct
import sys

TURN_SECONDS = 0.0003
"""What a packet takes, with room; Linux takes 0.1 ms to 100 ms."""

SCHED_SETATTR = {"x86_64": 314, "aarch64": 274, "riscv64": 274}
"""The system call's number by processor: the C library has had a function for it since 2025 only."""

_attributes = struct.Struct("IIQiIQQQII")  # size, policy, flags, nice, priority, runtime, deadline, period, clamps (2)


def ask_for_short_turns(seconds: float = TURN_SECONDS) -> bool:
    """Have Linux (6.12 or later) run this thread soon after it wakes, for a short turn; return whether it will.

    Who asks for little is served before who asks for much (EEVDF): no more processor time, and no privilege needed. A
    process beside it that computes without a pause otherwise keeps every packet waiting for its own turn's end.

    Parameters
    ----------
    seconds : float
        The turn. Threads that are started afterwards ask for the same.
    """
    number = SCHED_SETATTR.get(platform.machine())
    if sys.platform != "linux" or number is None:
        return False
    nice = os.getpriority(os.PRIO_PROCESS, 0)
    wish = _attributes.pack(_attributes.size, 0, 0, nice, 0, int(1e9 * seconds), 0, 0, 0, 0)
    return bool(ctypes.CDLL(None).syscall(number, 0, wish, 0) == 0)
