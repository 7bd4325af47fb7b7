"""Ready-made filters that make a drawing of the picture."""

from __future__ import annotations

from typing import Annotated

from .opencv import cv2
from .picture import Picture, bgr, luma, shrunk


def edges(frame: Picture, low: Annotated[int, (0, 255)] = 80, high: Annotated[int, (0, 255)] = 160) -> Picture:
    """Return the edges in brightness, white on black, ``(height, width)`` (Canny, 1986); about 3 ms at 720p.

    Parameters
    ----------
    frame : ndarray
        The picture.
    low, high : int
        A change in brightness above ``high`` is an edge; above ``low`` it carries one on.
    """
    return cv2().Canny(luma(frame), low, high)  # type: ignore[no-any-return]


def cartoon(frame: Picture, smoothness: Annotated[int, (0, 100)] = 40, lines: Annotated[int, (0, 10)] = 3) -> Picture:
    """Return a drawing: even colours (bilateral filter; Tomasi and Manduchi, 1998) with dark outlines; about 11 ms.

    Parameters
    ----------
    frame : ndarray
        The picture.
    smoothness : int
        Colours that differ by less become one; 0 keeps all.
    lines : int
        How much darker than its surroundings a pixel must be to be drawn black; 0 draws no outlines.
    """
    cv = cv2()
    picture = bgr(frame)
    height, width = picture.shape[:2]
    even = picture
    if smoothness > 0:
        even = shrunk(picture, max(width // 4, 1))
        for _ in range(3):
            even = cv.bilateralFilter(even, 5, smoothness, 5)
        even = cv.resize(even, (width, height), interpolation=cv.INTER_LINEAR)
    if lines <= 0:
        return even.copy() if even is picture else even
    smooth = cv.GaussianBlur(luma(picture), (7, 7), 1.5)
    # Black where a pixel is darker than the mean of 9x9 around it: as adaptiveThreshold, without its border copies.
    _, dark = cv.threshold(cv.subtract(cv.blur(smooth, (9, 9)), smooth), lines - 1, 255, cv.THRESH_BINARY_INV)
    return cv.bitwise_and(even, cv.cvtColor(dark, cv.COLOR_GRAY2BGR))  # type: ignore[no-any-return]


def sketch(frame: Picture, softness: Annotated[int, (1, 100)] = 20) -> Picture:
    """Return a pencil drawing, dark on white, ``(height, width)``; about 3 ms at 720p.

    The brightness divided by its own blurred copy (a "colour dodge"): flat areas become white, details stay.

    Parameters
    ----------
    frame : ndarray
        The picture.
    softness : int
        Width of the strokes' shading, in thousandths of the picture's width.
    """
    cv = cv2()
    light = luma(frame)
    size = max(round(light.shape[1] * softness / 1000), 1) | 1
    around = cv.blur(cv.blur(light, (size, size)), (size, size))
    return cv.divide(light, around, scale=255)  # type: ignore[no-any-return]
