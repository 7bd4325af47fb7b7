import multiprocessing
import os
import time

import numpy as np
import pytest

from rtc_notebook.frames import FrameInfo
from rtc_notebook.media.ring import RingReader, RingWriter


def test_an_array_comes_out_as_it_went_in(tmp_path):
    writer = RingWriter.create(tmp_path, 3, 1000)
    reader = RingReader.open(writer.path)
    assert reader.latest() is None
    assert reader.sequence == 0
    assert reader.read(0) is None
    pictures = [
        np.arange(10 * 20 * 3, dtype=np.uint8).reshape(10, 20, 3),
        np.arange(10 * 20, dtype=np.uint8).reshape(10, 20)[:, ::-1],  # not contiguous
        np.linspace(-1, 1, 240, dtype=np.float32).reshape(120, 2),
    ]
    for sequence, picture in enumerate(pictures):
        writer.write(picture, sequence=sequence * 7, captured=sequence + 0.25, arrived=sequence + 0.5)
        array, info = reader.latest()
        np.testing.assert_array_equal(array, picture)
        assert array.dtype == picture.dtype
        assert array.flags.owndata
        assert array.flags.writeable
        size = (20, 10) if picture.dtype == np.uint8 else (0, 0)
        assert info == FrameInfo(sequence * 7, sequence + 0.25, sequence + 0.5, *size)
        assert reader.sequence == sequence * 7
    assert not reader.latest(copy=False)[0].flags.writeable


def test_older_arrays_stay_readable_until_they_are_overwritten(tmp_path):
    writer = RingWriter.create(tmp_path, 3, 1000)
    reader = RingReader.open(writer.path)
    for sequence in range(0, 50, 10):
        writer.write(np.full((4, 4), sequence, np.uint8), sequence=sequence, captured=0, arrived=0)
    assert [reader.read(sequence) is not None for sequence in range(0, 50, 10)] == [False, False, True, True, True]
    assert reader.read(30)[0][0, 0] == 30
    assert reader.read(35) is None


def test_what_does_not_fit_is_refused(tmp_path):
    writer = RingWriter.create(tmp_path, 2, 100)
    assert writer.fits(100)
    assert not writer.fits(100_000)
    with pytest.raises(ValueError, match="larger"):
        writer.write(np.zeros(100_000, np.uint8), sequence=0, captured=0, arrived=0)


def test_no_file_is_left(tmp_path):
    writer = RingWriter.create(tmp_path, 2, 100)
    assert os.stat(writer.path).st_mode & 0o077 == 0
    RingReader.open(writer.path)
    assert not list(tmp_path.iterdir())
    writer.close()
    unread = RingWriter.create(tmp_path, 2, 100)
    unread.close()
    unread.close()
    assert not list(tmp_path.iterdir())


def test_a_file_that_is_no_ring_is_refused(tmp_path):
    other = tmp_path / "other"
    other.write_bytes(b"x" * 5000)
    with pytest.raises(ValueError, match="no ring"):
        RingReader.open(other)


def _write_fast(directory, paths, seconds):
    writer = RingWriter.create(directory, 3, 640 * 480 * 3)
    paths.put(str(writer.path))
    frame = np.empty((480, 640, 3), np.uint8)
    end, sequence = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        frame[:] = sequence % 251
        writer.write(frame, sequence=sequence, captured=sequence, arrived=sequence)
        sequence += 1


@pytest.mark.slow
def test_a_frame_is_never_torn(tmp_path):
    context = multiprocessing.get_context("spawn")
    paths = context.Queue()
    process = context.Process(target=_write_fast, args=(tmp_path, paths, 1.5))
    process.start()
    try:
        reader = RingReader.open(paths.get(timeout=20))
        seen = []
        while process.is_alive():
            newest = reader.latest()
            if newest is not None:
                array, info = newest
                assert array.min() == array.max() == info.sequence % 251
                assert info.captured == info.sequence
                seen.append(info.sequence)
        assert seen == sorted(seen)
        assert len(set(seen)) > 50
    finally:
        process.join(10)
