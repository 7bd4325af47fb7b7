"""Memory that is free is the system's again, not the process's for ever."""

from __future__ import annotations

import contextlib
import ctypes
import sys
from typing import Any


def _trim() -> Any:
    if sys.platform == "linux":
        with contextlib.suppress(AttributeError, OSError):  # musl has none
            return ctypes.CDLL(None).malloc_trim
    return None


_malloc_trim = _trim()


def give_back() -> None:
    """Return what is free to the system, where its allocator (glibc's) would keep it.

    Every thread that decodes or encodes takes its memory from one of up to eight arenas for each core, and each keeps
    what it once had: some MB that nobody uses for every few people who come and go. Takes some milliseconds, for which
    other threads may have to wait for memory.
    """
    if _malloc_trim is not None:
        _malloc_trim(0)
