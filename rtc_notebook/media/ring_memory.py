"""The memory of a ring: where its words and bytes stand in the file that two processes map."""

from __future__ import annotations

import math
import mmap
import os
import struct
import tempfile
import threading
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..frames import FrameInfo

# the header: words of eight bytes; each load and store of one is whole
MAGIC = 0x72746E62_00000002
MAGIC_AT, SLOTS_AT, SLOT_BYTES_AT, NEWEST_AT = range(4)  # newest: index + 1, 0 before the first
HEADER_WORDS = 4
# a slot's part of it
LOCK, PINS, SEQUENCE = range(3)
_DETAILS = struct.Struct("dd7Q8s8s")  # captured, arrived, width, height, ndim, shape, dtype, layout
_SLOT_WORDS = 3 + _DETAILS.size // 8
MAX_DIMENSIONS = 4
_barrier = threading.Lock()


def fence() -> None:
    """Keep a weakly ordered processor from moving loads and stores across this point."""
    with _barrier:
        pass


class Ring:
    """The mapping: the header's words and the slots' bytes."""

    def __init__(self, header: mmap.mmap, data: mmap.mmap) -> None:
        words = memoryview(header)[: len(header) // 8 * 8].cast("Q")
        self.words = words
        self.slots = words[SLOTS_AT]
        self.slot_bytes = words[SLOT_BYTES_AT]
        self._header = header
        begin = data_offset(self.slots)
        self.data: NDArray[np.uint8] = np.frombuffer(data, np.uint8, self.slots * self.slot_bytes, begin).reshape(
            self.slots, self.slot_bytes
        )

    def word(self, slot: int, which: int) -> int:
        """Return the place of one of a slot's words among `words`."""
        return HEADER_WORDS + slot * _SLOT_WORDS + which

    def describe(
        self,
        slot: int,
        array_shape: tuple[int, ...],
        dtype: np.dtype[Any],
        captured: float,
        arrived: float,
        layout: str,
        size: tuple[int, int],
    ) -> None:
        """Write down what a slot holds."""
        height, width = size
        shape = (*array_shape, *(0,) * (MAX_DIMENSIONS - len(array_shape)))
        place = 8 * self.word(slot, 3)
        _DETAILS.pack_into(
            self._header, place, captured, arrived, width, height, len(array_shape), *shape,
            dtype.str.encode(), layout.encode(),
        )  # fmt: skip

    def array(self, slot: int) -> tuple[NDArray[Any], FrameInfo, str]:
        """Return what a slot holds: the array as it stands there, and what was written down of it."""
        captured, arrived, width, height, ndim, *shape, dtype, layout = _DETAILS.unpack_from(
            self._header, 8 * self.word(slot, 3)
        )
        info = FrameInfo(self.words[self.word(slot, SEQUENCE)], captured, arrived, width, height)
        kind = np.dtype(dtype.rstrip(b"\0").decode())
        shape = shape[:ndim]
        array = self.data[slot, : kind.itemsize * math.prod(shape)].view(kind).reshape(shape)
        return array, info, layout.rstrip(b"\0").decode()


def data_offset(slots: int) -> int:
    """Return where the slots' bytes begin."""
    used = 8 * (HEADER_WORDS + slots * _SLOT_WORDS)
    return -(-used // mmap.ALLOCATIONGRANULARITY) * mmap.ALLOCATIONGRANULARITY


def allocate(directory: str, size: int) -> tuple[str, mmap.mmap]:
    """Make a file of that size, private to this user, and map it."""
    descriptor, path = tempfile.mkstemp(".ring", "rtc-notebook-", directory)
    try:
        # reserve it all now: a full /dev/shm would otherwise end the process (SIGBUS) at some later write
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(descriptor, 0, size)
        else:
            os.ftruncate(descriptor, size)
        return path, mmap.mmap(descriptor, size)
    except BaseException:
        os.unlink(path)
        raise
    finally:
        os.close(descriptor)
