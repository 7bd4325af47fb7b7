"""What the ready-made filters take: any picture, brought to BGR; colours by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import FilterError
from .opencv import cv2

Picture = np.ndarray[Any, Any]

Colour = str | Sequence[int]
"""``"green"``, ``"#00ff00"`` (red, green, blue as in HTML) or ``(0, 255, 0)`` (blue, green, red as in OpenCV)."""

COLOURS = {
    "black": (0, 0, 0),
    "white": (255, 255, 255),
    "grey": (128, 128, 128),
    "red": (0, 0, 255),
    "green": (0, 255, 0),
    "blue": (255, 0, 0),
    "yellow": (0, 255, 255),
    "cyan": (255, 255, 0),
    "magenta": (255, 0, 255),
}
"""The names a colour may have, as (blue, green, red)."""


def checked(frame: Any) -> Picture:
    """Return the picture itself.

    Raises
    ------
    FilterError
        If it is no ``uint8`` array of shape (height, width), (height, width, 1), (…, 3) or (…, 4) with a pixel in it.
    """
    if not isinstance(frame, np.ndarray):
        raise FilterError(f"A filter takes a picture, a numpy array, not {frame!r:.60}.")
    shaped = frame.ndim == 2 or (frame.ndim == 3 and frame.shape[2] in (1, 3, 4))
    if not shaped or frame.dtype != np.uint8 or frame.size == 0:
        raise FilterError(
            f"A filter takes uint8 arrays of shape (height, width, 3) in BGR, (height, width, 4) in BGRA or "
            f"(height, width) in grey, not an array of {frame.dtype} with shape {frame.shape}."
        )
    return frame


def bgr(frame: Any) -> Picture:
    """Return a picture as ``uint8 (height, width, 3)``, contiguous; the same array where it is that already.

    Alpha is dropped. Not to be written on: it may be the caller's.

    Raises
    ------
    FilterError
        See `checked`.
    """
    frame = checked(frame)
    if frame.ndim == 2 or frame.shape[2] == 1:
        return cv2().cvtColor(frame, cv2().COLOR_GRAY2BGR)  # type: ignore[no-any-return]
    return np.ascontiguousarray(frame[:, :, :3])


def luma(frame: Any) -> Picture:
    """Return a picture's brightness, ``uint8 (height, width)``: ITU-R BT.601 luma.

    Raises
    ------
    FilterError
        See `checked`.
    """
    frame = checked(frame)
    if frame.ndim == 2 or frame.shape[2] == 1:
        return np.ascontiguousarray(frame).reshape(frame.shape[:2])
    cv = cv2()
    return cv.cvtColor(frame, cv.COLOR_BGR2GRAY if frame.shape[2] == 3 else cv.COLOR_BGRA2GRAY)  # type: ignore[no-any-return]


def shrunk(picture: Picture, width: int) -> Picture:
    """Return a picture at about this width, in its proportions, if it is wider; never less than a pixel high."""
    tall, wide = picture.shape[:2]
    if wide <= width:
        return picture
    cv = cv2()
    whole = wide // width  # a whole step is many times cheaper, and exact
    if whole >= 2 and tall >= whole:
        size = (wide // whole, tall // whole)
        picture = picture[: size[1] * whole, : size[0] * whole]
    else:
        size = (width, max(round(width * tall / wide), 1))
    return cv.resize(picture, size, interpolation=cv.INTER_AREA)  # type: ignore[no-any-return]


def as_colour(value: Colour) -> tuple[int, int, int]:
    """Return a colour as (blue, green, red).

    Raises
    ------
    FilterError
        If it is none; says which there are.
    """
    if isinstance(value, str):
        known = COLOURS.get(value.strip().casefold())
        if known is not None:
            return known
        digits = value.strip().removeprefix("#")
        if value.strip().startswith("#") and len(digits) == 6 and set(digits.casefold()) <= set("0123456789abcdef"):
            red, green, blue = bytes.fromhex(digits)
            return blue, green, red
    elif len(value) == 3 and all(0 <= int(one) <= 255 for one in value):
        blue, green, red = (int(one) for one in value)
        return blue, green, red
    raise FilterError(
        f"{value!r} is no colour. Use {', '.join(COLOURS)}, '#rrggbb', or (blue, green, red) of 0 to 255 each."
    )
