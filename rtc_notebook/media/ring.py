"""A ring of arrays in shared memory: one process writes, another reads, neither waits for the other.

A file that both map (under ``/dev/shm`` where there is one). Each slot is a seqlock: its counter is odd while the slot
is being written, and a reader that sees it odd or changed reads again, so a torn frame is never returned.
"""

from __future__ import annotations

import errno
import mmap
import os
import tempfile
import threading
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..frames import FrameInfo

_MAGIC = 0x72746E62_00000001
_HEADER = np.dtype([("magic", "<u8"), ("slots", "<u8"), ("slot_bytes", "<u8"), ("written", "<u8")])
_SLOT = np.dtype(
    [
        ("lock", "<u8"),
        ("sequence", "<i8"),
        ("captured", "<f8"),
        ("arrived", "<f8"),
        ("dtype", "S8"),
        ("ndim", "<u8"),
        ("shape", "<u8", 4),
    ]
)
_barrier = threading.Lock()


def _fence() -> None:
    """Keep a weakly ordered processor from moving loads and stores across this point."""
    with _barrier:
        pass


class _Ring:
    """The mapping, as arrays over its parts."""

    def __init__(self, mapping: mmap.mmap) -> None:
        self.header: NDArray[Any] = np.frombuffer(mapping, _HEADER, 1)
        slots = int(self.header["slots"][0])
        self.slot_bytes = int(self.header["slot_bytes"][0])
        self.slots: NDArray[Any] = np.frombuffer(mapping, _SLOT, slots, _HEADER.itemsize)
        # fields as arrays of their own: one aligned eight-byte load or store each, which no reader sees halved
        self.written: NDArray[np.uint64] = self.header["written"]
        self.lock: NDArray[np.uint64] = self.slots["lock"]
        begin = _data_offset(slots)
        self.data: NDArray[np.uint8] = np.frombuffer(mapping, np.uint8, slots * self.slot_bytes, begin).reshape(
            slots, self.slot_bytes
        )


def _data_offset(slots: int) -> int:
    used = _HEADER.itemsize + slots * _SLOT.itemsize
    return -(-used // mmap.PAGESIZE) * mmap.PAGESIZE


class RingWriter:
    """The writing end; makes the file."""

    def __init__(self, path: Path, ring: _Ring) -> None:
        self.path = path
        self._ring: _Ring | None = ring

    @classmethod
    def create(cls, directory: str | os.PathLike[str], slots: int, slot_bytes: int) -> RingWriter:
        """Make a ring of ``slots`` arrays of up to ``slot_bytes`` bytes each.

        Where ``directory`` has no room left (containers often have 64 MB of ``/dev/shm``), the file is made among the
        temporary files instead.
        """
        slot_bytes = -(-slot_bytes // mmap.PAGESIZE) * mmap.PAGESIZE
        size = _data_offset(slots) + slots * slot_bytes
        try:
            path, mapping = _allocate(os.fspath(directory), size)
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            path, mapping = _allocate(tempfile.gettempdir(), size)
        header = np.frombuffer(mapping, _HEADER, 1)
        header["slots"], header["slot_bytes"] = slots, slot_bytes
        header["magic"] = _MAGIC
        return cls(Path(path), _Ring(mapping))

    def fits(self, nbytes: int) -> bool:
        """Whether an array of that many bytes has room in a slot."""
        return self._ring is not None and nbytes <= self._ring.slot_bytes

    def write(self, array: NDArray[Any], *, sequence: int, captured: float, arrived: float) -> None:
        """Write an array of any dtype with up to four dimensions over the oldest one.

        Raises
        ------
        ValueError
            If it does not fit, or the ring is closed.
        """
        ring = self._ring
        if ring is None or array.nbytes > ring.slot_bytes or array.ndim > 4:
            raise ValueError(f"An array of {array.nbytes} bytes does not fit into this ring; make a larger one.")
        written = int(ring.written[0])
        index = written % len(ring.slots)
        ring.lock[index] += 1
        _fence()
        slot = ring.slots[index]
        slot["sequence"], slot["captured"], slot["arrived"] = sequence, captured, arrived
        slot["dtype"], slot["ndim"] = array.dtype.str.encode(), array.ndim
        slot["shape"][: array.ndim] = array.shape
        target = ring.data[index, : array.nbytes].view(array.dtype).reshape(array.shape)
        np.copyto(target, array)
        _fence()
        ring.lock[index] += 1
        _fence()
        ring.written[0] = written + 1

    def close(self) -> None:
        """Let go of the memory, and of the file if no reader has opened it; idempotent."""
        self._ring = None
        self.path.unlink(missing_ok=True)


def _allocate(directory: str, size: int) -> tuple[str, mmap.mmap]:
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


class RingReader:
    """The reading end; the file's name is gone once it is open."""

    def __init__(self, ring: _Ring) -> None:
        self._ring: _Ring | None = ring

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> RingReader:
        """Map the ring at ``path`` and unlink the file, so that nothing is left of it when both ends are gone.

        Raises
        ------
        ValueError
            If it is no ring.
        """
        with open(path, "rb") as file:
            mapping = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        if len(mapping) < _HEADER.itemsize or np.frombuffer(mapping, _HEADER, 1)["magic"][0] != _MAGIC:
            raise ValueError(f"{os.fspath(path)} is no ring of this version.")
        os.unlink(path)
        return cls(_Ring(mapping))

    @property
    def sequence(self) -> int:
        """Sequence number of the newest array; 0 before the first (writers count from 1)."""
        newest = self.latest(copy=False)
        return 0 if newest is None else newest[1].sequence

    def latest(self, copy: bool = True) -> tuple[NDArray[Any], FrameInfo] | None:
        """Return the newest array, or None before the first.

        Without ``copy`` it is a read-only view that the writer will overwrite.
        """
        ring = self._ring
        while ring is not None and (written := int(ring.written[0])):
            found = self._slot(ring, (written - 1) % len(ring.slots), copy)
            if found is not None:
                return found
        return None

    def read(self, sequence: int) -> tuple[NDArray[Any], FrameInfo] | None:
        """Return a copy of the array with this sequence number, or None if it is overwritten or not there yet."""
        ring = self._ring
        if ring is None:
            return None
        for index in np.flatnonzero(ring.slots["sequence"] == sequence):
            found = self._slot(ring, int(index), True) if ring.lock[index] else None
            if found is not None and found[1].sequence == sequence:
                return found
        return None

    def _slot(self, ring: _Ring, index: int, copy: bool) -> tuple[NDArray[Any], FrameInfo] | None:
        before = int(ring.lock[index])
        if before % 2:
            return None
        _fence()
        slot = ring.slots[index].copy()
        _fence()
        if ring.lock[index] != before:  # the header may be a mixture: do not even look at it
            return None
        dtype, shape = np.dtype(slot["dtype"].decode()), tuple(map(int, slot["shape"][: int(slot["ndim"])]))
        nbytes = dtype.itemsize * int(np.prod(shape))
        array = ring.data[index, :nbytes].view(dtype).reshape(shape)
        if copy:
            array = array.copy()
        _fence()
        if ring.lock[index] != before:
            return None
        height, width = (shape[0], shape[1]) if dtype.kind == "u" and len(shape) > 1 else (0, 0)
        info = FrameInfo(int(slot["sequence"]), float(slot["captured"]), float(slot["arrived"]), width, height)
        return array, info

    def close(self) -> None:
        """Let go of the memory; idempotent."""
        self._ring = None
