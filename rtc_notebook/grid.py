"""Several pictures as one. Pure, without I/O; needs no OpenCV, which only makes it faster and writes the names."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .letters import writable
from .pixels import opencv

Picture = NDArray[np.uint8]

_GAP = 8  # pixels
_BACKGROUND = (40, 32, 26)
_TEXT = (250, 246, 244)


def compose(pictures: Sequence[Picture | None], names: Sequence[str], width: int = 1280, height: int = 720) -> Picture:
    """Return a grid of pictures, each whole and with its name, as many columns as make them largest.

    Parameters
    ----------
    pictures : sequence of ndarray
        uint8 (height, width, 3), BGR, of any sizes; None: only the name is shown.
    names : sequence of str
        As many.
    width, height : int
        Of the result, in pixels.

    Returns
    -------
    ndarray
        uint8 (height, width, 3), BGR.
    """
    canvas = np.empty((height, width, 3), np.uint8)
    canvas[:] = _BACKGROUND
    count = len(pictures)
    if not count:
        return canvas
    columns = max(range(1, count + 1), key=lambda number: (_size_with(number, count, width, height), number))
    rows = math.ceil(count / columns)
    cell_width = (width - _GAP * (columns + 1)) // columns
    cell_height = (height - _GAP * (rows + 1)) // rows
    if cell_width < 16 or cell_height < 16:
        raise ValueError(f"{count} pictures do not fit into {width}x{height} pixels; ask for a larger grid.")
    for index, (picture, name) in enumerate(zip(pictures, names, strict=True)):
        row, column = divmod(index, columns)
        in_row = count - columns * row if row == rows - 1 else columns
        indent = (width - in_row * (cell_width + _GAP) + _GAP) // 2  # the last row is centred
        x, y = indent + column * (cell_width + _GAP), _GAP + row * (cell_height + _GAP)
        cell = canvas[y : y + cell_height, x : x + cell_width]
        if picture is not None:
            _place(cell, picture)
        if count > 1 or picture is None:
            _write(cell, name)
    return canvas


def _size_with(columns: int, count: int, width: int, height: int) -> float:
    rows = math.ceil(count / columns)
    return min(width / columns, height / rows * 16 / 9)


def _place(cell: NDArray[Any], picture: Picture) -> None:
    height, width = picture.shape[:2]
    scale = min(cell.shape[0] / height, cell.shape[1] / width)
    size = max(1, int(height * scale)), max(1, int(width * scale))
    top, left = (cell.shape[0] - size[0]) // 2, (cell.shape[1] - size[1]) // 2
    cell[top : top + size[0], left : left + size[1]] = scaled(picture, *size)


def scaled(picture: Picture, height: int, width: int) -> Picture:
    """Return a picture in another size."""
    cv2 = opencv()
    if cv2 is None:
        rows = np.arange(height) * picture.shape[0] // height
        found: Picture = picture[rows[:, None], np.arange(width) * picture.shape[1] // width]
        return found
    smaller = height < picture.shape[0]
    return np.asarray(
        cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR)
    )


def _write(cell: NDArray[Any], name: str) -> None:
    cv2 = opencv()
    if cv2 is None:
        return
    text = writable(name, cv2)
    scale = max(0.35, cell.shape[0] / 600)
    thickness = max(1, round(2 * scale))
    (width, height), below = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, thickness)
    pad = max(4, height // 2)
    top = max(0, cell.shape[0] - height - below - 2 * pad)
    plate = cell[top:, : min(cell.shape[1], width + 2 * pad)]
    plate[:] = plate * 0.35
    at = (pad, cell.shape[0] - below - pad)
    ours = np.ascontiguousarray(cell)
    cv2.putText(ours, text, at, cv2.FONT_HERSHEY_SIMPLEX, scale, _TEXT, thickness, cv2.LINE_AA)
    cell[:] = ours
