"""How soon a process gets its turn on a processor that others keep busy: what waits for it are pictures."""

from __future__ import annotations

import ctypes
import os
import platform
import struct
import sys

TURN_SECONDS = 0.0003
"""What a packet takes, with room."""

SHORTEST_SECONDS = 0.0001
"""Linux takes 0.1 ms to 100 ms."""

SCHED_SETATTR = {"x86_64": 314, "aarch64": 274, "riscv64": 274}
"""The system call's number by processor: the C library has had a function for it since 2025 only."""

_attributes = struct.Struct("IIQiIQQQII")  # size, policy, flags, nice, priority, runtime, deadline, period, clamps (2)
_RESET_ON_FORK = 1
_USUAL_POLICY = 0


def ask_for_short_turns(seconds: float = TURN_SECONDS, thread: int = 0, *, inherited: bool = True) -> bool:
    """Have Linux (6.12 or later) run a thread soon after it wakes, for a short turn; return whether it will.

    Who asks for little is served before who asks for much (EEVDF), and has to stop sooner for another: no more
    processor time, and no privilege needed. A process beside it that computes without a pause otherwise keeps every
    packet waiting for its own turn's end.

    Parameters
    ----------
    seconds : float
        The turn; 0 for the usual one.
    thread : int
        Linux's number of a thread of this process; 0 for this one.
    inherited : bool
        Whether what the thread starts afterwards asks for the same. Once it has been told not to inherit, Linux lets
        it be told so again only.
    """
    number = SCHED_SETATTR.get(platform.machine())
    if sys.platform != "linux" or number is None:
        return False
    try:
        policy, nice = os.sched_getscheduler(thread), os.getpriority(os.PRIO_PROCESS, thread)
    except OSError:  # musl (Alpine) refuses to tell, and some sandboxes do
        return False
    if policy & 0xFF != _USUAL_POLICY:
        return False
    flags = 0 if inherited else _RESET_ON_FORK
    wish = _attributes.pack(_attributes.size, _USUAL_POLICY, flags, nice, 0, int(1e9 * seconds), 0, 0, 0, 0)
    return bool(ctypes.CDLL(None).syscall(number, thread, wish, 0) == 0)
