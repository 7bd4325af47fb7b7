"""Everybody in one picture, and everybody's sound in one; decided and drawn without I/O."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import av
import numpy as np
from numpy.typing import NDArray

from ..pixels import opencv

BACKGROUND = (30, 27, 24)
RATE = 48_000


class Tile(NamedTuple):
    """Somebody's place in the picture; ``frame`` None: no picture now."""

    name: str
    frame: av.VideoFrame | None


def places(count: int, width: int, height: int) -> list[tuple[int, int, int, int]]:
    """Return (x, y, width, height) of each tile: as large as they can be, the last row centred."""
    if not count:
        return []
    columns = max(range(1, count + 1), key=lambda n: min(width / n / 16, height / math.ceil(count / n) / 9))
    rows = math.ceil(count / columns)
    w, h = width // columns & ~1, height // rows & ~1
    found = []
    for index in range(count):
        row, column = divmod(index, columns)
        inside = min(columns, count - row * columns)
        left = (width - inside * w) // 2 & ~1
        found.append((left + column * w, (height - rows * h) // 2 + row * h, w, h))
    return found


def draw(tiles: Sequence[Tile], width: int, height: int) -> NDArray[np.uint8]:
    """Return the picture of everybody, uint8 (height, width, 3), BGR."""
    canvas = np.empty((height, width, 3), np.uint8)
    canvas[:] = BACKGROUND
    for tile, (x, y, w, h) in zip(tiles, places(len(tiles), width, height), strict=True):
        if tile.frame is not None:
            scale = min((w - 4) / tile.frame.width, (h - 4) / tile.frame.height)
            shown_w = max(2, int(tile.frame.width * scale) & ~1)
            shown_h = max(2, int(tile.frame.height * scale) & ~1)
            picture = tile.frame.reformat(shown_w, shown_h, "bgr24").to_ndarray()
            left, top = x + (w - shown_w) // 2, y + (h - shown_h) // 2
            canvas[top : top + shown_h, left : left + shown_w] = picture
        _write(canvas, tile.name, x + 12, y + h - 14)
    return canvas


def _write(canvas: NDArray[np.uint8], text: str, x: int, y: int) -> None:
    cv2: Any = opencv()
    if cv2 is None:
        return
    plain = text.encode("ascii", "replace").decode()  # OpenCV's letters are ASCII
    for colour, thickness in (((0, 0, 0), 4), ((255, 255, 255), 1)):
        cv2.putText(canvas, plain, (x, y), cv2.FONT_HERSHEY_SIMPLEX, 0.6, colour, thickness, cv2.LINE_AA)


class Mixer:
    """Adds sounds where they belong in time; what is taken out is over."""

    def __init__(self) -> None:
        self._begin = 0  # samples taken so far
        self._sum = np.zeros((0, 2), np.float32)
        self._ends: dict[int, int] = {}  # where each track's sound goes on

    def add(self, track: int, seconds: float, samples: NDArray[np.float32]) -> None:
        """Add float32 (samples, 2); what comes too late is left out."""
        at = round(seconds * RATE)
        end = self._ends.get(track)
        if end is not None and abs(at - end) < 0.06 * RATE:
            at = end  # a jitter, nothing is missing
        self._ends[track] = at + len(samples)
        samples = samples[max(0, self._begin - at) :]
        at = max(at, self._begin) - self._begin
        missing = at + len(samples) - len(self._sum)
        if missing > 0:
            self._sum = np.concatenate((self._sum, np.zeros((missing, 2), np.float32)))
        self._sum[at : at + len(samples)] += samples

    def take(self, samples: int) -> NDArray[np.float32]:
        """Return the next samples, silence where there is nothing, no louder than full."""
        missing = samples - len(self._sum)
        if missing > 0:
            self._sum = np.concatenate((self._sum, np.zeros((missing, 2), np.float32)))
        taken, self._sum = self._sum[:samples], self._sum[samples:]
        self._begin += samples
        return np.tanh(taken) if np.abs(taken).max(initial=0.0) > 1 else taken
