"""Views into the ring: never written on while somebody has them, however fast the other process writes."""

from __future__ import annotations

import gc
import multiprocessing
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rtc_notebook.media.ring import RingReader, RingWriter


def write(writer: RingWriter, value: int, sequence: int) -> bool:
    return writer.write(np.full((8, 8), value, np.uint8), sequence=sequence, captured=0, arrived=0)


def test_a_view_stays_as_it_is_as_long_as_it_lives(tmp_path: Path) -> None:
    writer = RingWriter.create(tmp_path, 5, 64)
    reader = RingReader.open(writer.path)
    write(writer, 1, 1)
    view, info, _ = reader.view()  # type: ignore[misc]
    assert info.sequence == 1 and not view.flags.writeable and not view.flags.owndata
    with pytest.raises(ValueError):
        view.flags.writeable = True
    part = view[2:][:, 3:]
    del view
    for sequence in range(2, 50):
        assert write(writer, sequence, sequence)
    assert (part == 1).all()
    assert reader.read(1) is not None
    del part
    gc.collect()
    assert reader.sequence == 49
    reader.latest()
    for sequence in range(50, 60):
        assert write(writer, sequence, sequence)
    assert reader.read(1) is None


def test_whoever_keeps_too_many_gets_copies_and_the_writer_never_waits(tmp_path: Path) -> None:
    writer = RingWriter.create(tmp_path, 5, 64)
    reader = RingReader.open(writer.path)
    kept = []
    for sequence in range(1, 20):
        assert write(writer, sequence, sequence)
        found = reader.latest(copy=False)
        assert found is not None and not found[0].flags.writeable
        kept.append(found[0])
    assert [int(array[0, 0]) for array in kept] == list(range(1, 20))
    assert sum(not array.flags.owndata for array in kept) == 2


def test_what_could_not_be_written_is_not_there(tmp_path: Path) -> None:
    writer = RingWriter.create(tmp_path, 3, 64)
    reader = RingReader.open(writer.path)
    write(writer, 1, 1)

    def fail(_: Any) -> None:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        writer.fill((8, 8), np.uint8, fail, sequence=2, captured=0, arrived=0)
    newest = reader.latest()
    assert newest is not None and newest[1].sequence == 1 and reader.read(2) is None
    assert write(writer, 3, 3) and reader.sequence == 3


READS, WRITES = 100, 3


def _write_fast(directory: Path, paths: Any, may: Any) -> None:
    writer = RingWriter.create(directory, 6, 320 * 240 * 3)
    paths.put(str(writer.path))
    frame = np.empty((240, 320, 3), np.uint8)
    for sequence in range(1, READS * WRITES + 1):
        may.acquire(timeout=20)
        frame[:] = sequence % 251
        assert writer.write(frame, sequence=sequence, captured=sequence, arrived=sequence)


def test_views_are_never_torn_by_a_writer_that_is_faster(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    paths = context.Queue()
    may = context.Semaphore(0)
    process = context.Process(target=_write_fast, args=(tmp_path, paths, may))
    process.start()
    try:
        reader = RingReader.open(paths.get(timeout=20))
        kept: list[tuple[np.ndarray, int]] = []
        for count in range(1, READS + 1):
            for _ in range(WRITES):  # it writes them while what is kept is looked at
                may.release()
            for view, sequence in kept:
                assert view.min() == view.max() == sequence % 251
            deadline = time.monotonic() + 20
            while reader.sequence < WRITES * count:
                assert time.monotonic() < deadline
                for view, sequence in kept:
                    assert view.min() == view.max() == sequence % 251
            array, info, _ = reader.view()  # type: ignore[misc]
            assert info.captured == info.sequence == WRITES * count
            kept = [*kept[-2:], (array, info.sequence)]
    finally:
        process.join(10)
    assert process.exitcode == 0
