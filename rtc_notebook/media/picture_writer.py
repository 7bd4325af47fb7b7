"""Pictures on their way from one process to another, whatever size they come in."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..pixels import bgr_into_i420, i420_shape, opencv
from .ring import RingWriter


class PictureWriter:
    """Writes BGR pictures into a ring, and into a larger one when they grow.

    They are converted to I420 on the way, in place: whoever encodes them copies nothing. Odd sizes lose a row or a
    column. Where OpenCV cannot be loaded they stay BGR, and are converted at the other end.

    Parameters
    ----------
    directory : path
        Where rings are made.
    slots : int
        How many pictures a ring holds.
    on_ring : callable
        Called with a new ring's path before anything is written into it.
    """

    def __init__(self, directory: str | os.PathLike[str], slots: int, on_ring: Callable[[str], None]) -> None:
        self._directory = directory
        self._slots = slots
        self._on_ring = on_ring
        self._ring: RingWriter | None = None

    def write(self, picture: NDArray[Any], *, sequence: int, captured: float, arrived: float) -> bool:
        """Write a picture, uint8 (height, width, 3); False where the reader keeps every slot."""
        height, width = picture.shape[0] & ~1, picture.shape[1] & ~1
        picture = picture[:height, :width]
        times = {"sequence": sequence, "captured": captured, "arrived": arrived}
        if opencv() is None:
            return self._room_for(picture.nbytes).write(picture, **times)  # type: ignore[arg-type]
        shape = i420_shape(height, width)
        return self._room_for(shape[0] * shape[1]).fill(
            shape,
            np.uint8,
            lambda slot: bgr_into_i420(picture, slot),
            layout="yuv420p",
            size=(height, width),
            **times,  # type: ignore[arg-type]
        )

    def close(self) -> None:
        """Let go of the memory; idempotent."""
        if self._ring is not None:
            self._ring.close()
            self._ring = None

    def _room_for(self, nbytes: int) -> RingWriter:
        if self._ring is None or not self._ring.fits(nbytes):
            self.close()
            self._ring = RingWriter.create(self._directory, self._slots, nbytes)
            self._on_ring(str(self._ring.path))
        return self._ring
