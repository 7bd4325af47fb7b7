"""Ready-made filters: plain functions that take a picture and return one.

Each takes and returns ``uint8 (height, width, 3)`` in BGR (`edges` and `grey` return ``(height, width)``), so they
serve as well on any picture of your own. Times are for 1280x720 on one core.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .opencv import cv2

Picture = np.ndarray[Any, Any]

_SEPIA_TO_BGR = np.array([[0.131, 0.534, 0.272], [0.168, 0.686, 0.349], [0.189, 0.769, 0.393]], np.float32)


def edges(frame: Picture) -> Picture:
    """Return the edges in brightness, white on black (Canny, 1986); about 7 ms."""
    return cv2().Canny(grey(frame), 80, 160)  # type: ignore[no-any-return]


def cartoon(frame: Picture) -> Picture:
    """Return a drawing: even colours with dark outlines; about 20 ms."""
    cv = cv2()
    height, width = frame.shape[:2]
    small = cv.resize(frame, (max(width // 4, 1), max(height // 4, 1)), interpolation=cv.INTER_AREA)
    for _ in range(2):
        small = cv.bilateralFilter(small, 7, 40, 7)
    even = cv.resize(small, (width, height), interpolation=cv.INTER_LINEAR)
    grey_ = cv.GaussianBlur(cv.cvtColor(frame, cv.COLOR_BGR2GRAY), (0, 0), 1.5)
    lines = cv.adaptiveThreshold(grey_, 255, cv.ADAPTIVE_THRESH_MEAN_C, cv.THRESH_BINARY, 9, 3)
    return cv.bitwise_and(even, cv.cvtColor(lines, cv.COLOR_GRAY2BGR))  # type: ignore[no-any-return]


def sepia(frame: Picture) -> Picture:
    """Return the picture in the brown of old prints; about 1 ms."""
    return cv2().transform(frame, _SEPIA_TO_BGR)  # type: ignore[no-any-return]


def mirror(frame: Picture) -> Picture:
    """Return the picture with left and right exchanged; needs no OpenCV; about 5 ms."""
    return np.ascontiguousarray(frame[:, ::-1])


def blur(frame: Picture) -> Picture:
    """Return the picture out of focus, evenly over a 27th of its width; about 6 ms.

    Softens; it does not anonymise.
    """
    size = max(frame.shape[1] // 27, 1)
    cv = cv2()
    return cv.blur(cv.blur(frame, (size, size)), (size, size))  # type: ignore[no-any-return]


def pixelate(frame: Picture) -> Picture:
    """Return the picture in blocks, 48 across the width, each of its mean colour; about 4 ms."""
    cv = cv2()
    height, width = frame.shape[:2]
    across = min(48, width)
    down = max(round(across * height / width), 1)
    small = cv.resize(frame, (across, down), interpolation=cv.INTER_AREA)
    return cv.resize(small, (width, height), interpolation=cv.INTER_NEAREST)  # type: ignore[no-any-return]


def grey(frame: Picture) -> Picture:
    """Return the picture without colour (ITU-R BT.601 luma); about 1 ms."""
    return cv2().cvtColor(frame, cv2().COLOR_BGR2GRAY)  # type: ignore[no-any-return]
