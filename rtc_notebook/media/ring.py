"""A ring of arrays in shared memory: one process writes, another reads, neither waits for the other.

A file that both map (under ``/dev/shm`` where there is one). The reader *pins* the slot it reads: the writer passes
over pinned slots, so nothing is ever overwritten under a reader, however long it looks. Who comes first is settled as
in Dekker's algorithm: the writer marks a slot (its counter is odd while it is written) and then looks for pins, the
reader pins it and then looks at the mark; whichever sees the other's gives way. The newest slot is never written on.

The reader maps the data read-only; of the header it writes nothing but pins.
"""

from __future__ import annotations

import errno
import math
import mmap
import os
import tempfile
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import DTypeLike, NDArray

from ..frames import FrameInfo
from .ring_memory import (
    HEADER_WORDS,
    LOCK,
    MAGIC,
    MAGIC_AT,
    MAX_DIMENSIONS,
    NEWEST_AT,
    PINS,
    SEQUENCE,
    SLOT_BYTES_AT,
    SLOTS_AT,
    Ring,
    allocate,
    data_offset,
    fence,
)

T = TypeVar("T")

_KEPT_FREE = 3  # slots that views never take: the newest, the one being written and the one being read


class RingWriter:
    """The writing end; makes the file."""

    def __init__(self, path: Path, ring: Ring) -> None:
        self.path = path
        self._ring: Ring | None = ring
        self._order = list(range(ring.slots))  # oldest first

    @classmethod
    def create(cls, directory: str | os.PathLike[str], slots: int, slot_bytes: int) -> RingWriter:
        """Make a ring of ``slots`` arrays of up to ``slot_bytes`` bytes each.

        Where ``directory`` has no room left (containers often have 64 MB of ``/dev/shm``), the file is made among the
        temporary files instead.
        """
        slot_bytes = -(-slot_bytes // mmap.PAGESIZE) * mmap.PAGESIZE
        size = data_offset(slots) + slots * slot_bytes
        try:
            path, mapping = allocate(os.fspath(directory), size)
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            path, mapping = allocate(tempfile.gettempdir(), size)
        words = memoryview(mapping)[: 8 * HEADER_WORDS].cast("Q")
        words[SLOTS_AT], words[SLOT_BYTES_AT] = slots, slot_bytes
        words[MAGIC_AT] = MAGIC
        return cls(Path(path), Ring(mapping, mapping))

    def fits(self, nbytes: int) -> bool:
        """Whether an array of that many bytes has room in a slot."""
        return self._ring is not None and nbytes <= self._ring.slot_bytes

    def write(self, array: NDArray[Any], *, sequence: int, captured: float, arrived: float, layout: str = "") -> bool:
        """Write an array of any dtype with up to four dimensions over the oldest one; see `fill`."""
        size = array.shape[:2] if array.dtype.kind == "u" and array.ndim > 1 else (0, 0)
        layout = layout or ("bgr" if array.dtype == np.uint8 and array.ndim == 3 else "")
        return self.fill(
            array.shape,
            array.dtype,
            lambda slot: np.copyto(slot, array),
            sequence=sequence,
            captured=captured,
            arrived=arrived,
            layout=layout,
            size=size,
        )

    def fill(
        self,
        shape: tuple[int, ...],
        dtype: DTypeLike,
        write: Callable[[NDArray[Any]], object],
        *,
        sequence: int,
        captured: float,
        arrived: float,
        layout: str = "",
        size: tuple[int, int] = (0, 0),
    ) -> bool:
        """Have ``write`` make an array in the place of the oldest one, without a copy in between.

        Parameters
        ----------
        shape, dtype
            Of the array that ``write`` is called with.
        layout : str
            What it is, up to eight characters; handed to the reader as it is.
        size : (int, int)
            The picture's height and width.

        Returns
        -------
        bool
            False where the reader keeps every slot and nothing was written.

        Raises
        ------
        ValueError
            If it does not fit, or the ring is closed.
        """
        ring, dtype = self._ring, np.dtype(dtype)
        nbytes = dtype.itemsize * math.prod(shape)
        if ring is None or nbytes > ring.slot_bytes or len(shape) > MAX_DIMENSIONS:
            raise ValueError(f"An array of {nbytes} bytes does not fit into this ring; make a larger one.")
        index = self._mark(ring)
        if index is None:
            return False
        done = False
        try:
            write(ring.data[index, :nbytes].view(dtype).reshape(shape))
            ring.words[ring.word(index, SEQUENCE)] = sequence
            ring.describe(index, shape, dtype, captured, arrived, layout, size)
            done = True
        finally:
            fence()
            lock = ring.word(index, LOCK)
            ring.words[lock] = ring.words[lock] + 1 if done else 0
        fence()
        ring.words[NEWEST_AT] = index + 1
        self._order.remove(index)
        self._order.append(index)
        return True

    def _mark(self, ring: Ring) -> int | None:
        """Return the oldest slot that nobody reads, marked as being written."""
        for index in self._order[:-1]:
            lock, pins = ring.word(index, LOCK), ring.word(index, PINS)
            if ring.words[pins]:
                continue
            ring.words[lock] += 1
            fence()
            if not ring.words[pins]:
                return index
            ring.words[lock] -= 1
        return None

    def close(self) -> None:
        """Let go of the memory, and of the file if no reader has opened it; idempotent."""
        self._ring = None
        self.path.unlink(missing_ok=True)


class RingReader:
    """The reading end, in one process; the file's name is gone once it is open. Safe to use from any thread."""

    def __init__(self, ring: Ring) -> None:
        self._ring: Ring | None = ring
        self._lock = threading.Lock()
        self._pins = [0] * ring.slots
        self._viewed = [0] * ring.slots
        self._released: deque[int] = deque()

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> RingReader:
        """Map the ring at ``path`` and unlink the file, so that nothing is left of it when both ends are gone.

        Raises
        ------
        ValueError
            If it is no ring.
        """
        with open(path, "r+b") as file:
            data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            words = memoryview(data)[: len(data) // 8 * 8].cast("Q")
            if len(words) < HEADER_WORDS or words[MAGIC_AT] != MAGIC:
                raise ValueError(f"{os.fspath(path)} is no ring of this version.")
            header = mmap.mmap(file.fileno(), data_offset(words[SLOTS_AT]), access=mmap.ACCESS_WRITE)
        os.unlink(path)
        return cls(Ring(header, data))

    @property
    def sequence(self) -> int:
        """Sequence number of the newest array; 0 before the first (writers count from 1)."""
        ring = self._ring
        newest = 0 if ring is None else ring.words[NEWEST_AT]
        return ring.words[ring.word(newest - 1, SEQUENCE)] if ring is not None and newest else 0

    def latest(self, copy: bool = True) -> tuple[NDArray[Any], FrameInfo] | None:
        """Return the newest array, or None before the first; without ``copy`` as a view, see `view`."""
        if copy:
            return self.apply(lambda array, info, _: (array.copy(), info))
        found = self.view()
        return None if found is None else found[:2]

    def read(self, sequence: int) -> tuple[NDArray[Any], FrameInfo] | None:
        """Return a copy of the array with this sequence number, or None if it is overwritten or not there yet."""
        return self.apply(lambda array, info, _: (array.copy(), info), sequence)

    def apply(self, function: Callable[[NDArray[Any], FrameInfo, str], T], sequence: int | None = None) -> T | None:
        """Return ``function(array, info, layout)`` of the newest array, or of the one with this sequence number.

        The array is read-only, and nothing writes on it until ``function`` returns; it must not outlive that.
        """
        index = self._pin(sequence)
        ring = self._ring
        if index is None or ring is None:
            return None
        try:
            return function(*ring.array(index))
        finally:
            with self._lock:
                self._unpin(ring, index)

    def view(self, sequence: int | None = None) -> tuple[NDArray[Any], FrameInfo, str] | None:
        """Return the newest array, or the one with this sequence number, as it stands in shared memory: read-only.

        With it come its `FrameInfo` and its layout.

        Nothing is written there while the array, or any array made from it by slicing, is alive. Whoever keeps so many
        that the writer would have no room gets a (read-only) copy instead.
        """
        index = self._pin(sequence)
        ring = self._ring
        if index is None or ring is None:
            return None
        array, info, layout = ring.array(index)
        with self._lock:
            kept = sum(1 for count in self._viewed if count)
            if not self._viewed[index] and kept >= ring.slots - _KEPT_FREE:
                array = array.copy()
                array.flags.writeable = False
                self._unpin(ring, index)
                return array, info, layout
            self._viewed[index] += 1
        return np.asarray(_View(ring, array, index, self._released)), info, layout

    def close(self) -> None:
        """Let go of the memory; idempotent."""
        self._ring = None

    def _pin(self, sequence: int | None) -> int | None:
        ring = self._ring
        while ring is not None:
            index = ring.words[NEWEST_AT] - 1 if sequence is None else _find(ring, sequence)
            if index < 0:
                return None
            with self._lock:
                while self._released:
                    released = self._released.popleft()
                    self._viewed[released] -= 1
                    self._unpin(ring, released)
                self._pins[index] += 1
                ring.words[ring.word(index, PINS)] = self._pins[index]
                fence()
                lock = ring.words[ring.word(index, LOCK)]
                whole = lock and not lock % 2
                if whole and (sequence is None or ring.words[ring.word(index, SEQUENCE)] == sequence):
                    return index
                self._unpin(ring, index)
            if sequence is not None:
                return None  # it is being overwritten
        return None

    def _unpin(self, ring: Ring, index: int) -> None:
        self._pins[index] -= 1
        ring.words[ring.word(index, PINS)] = self._pins[index]


class _View:
    """What an array over a slot holds on to: the slot is pinned until this goes.

    An object of its own and no array, since numpy lets a slice of a slice hold on to the innermost owner alone.
    """

    def __init__(self, ring: Ring, array: NDArray[Any], index: int, released: deque[int]) -> None:
        self._ring = ring
        self._index = index
        self._released = released
        self.__array_interface__ = {**array.__array_interface__, "data": (array.ctypes.data, True)}

    def __del__(self) -> None:
        self._released.append(self._index)  # undone by the next who reads: a collector may call this anywhere


def _find(ring: Ring, sequence: int) -> int:
    newest = ring.words[NEWEST_AT] - 1
    if newest < 0:
        return -1
    back = ring.words[ring.word(newest, SEQUENCE)] - sequence
    if back < 0:
        return -1
    likely = (newest - back) % ring.slots  # where it stands unless slots were passed over
    for index in (likely, *range(ring.slots)):
        if ring.words[ring.word(index, SEQUENCE)] == sequence and ring.words[ring.word(index, LOCK)]:
            return int(index)
    return -1
