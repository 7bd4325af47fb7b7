"""A mask as a small PNG, by OpenCV or Pillow, whichever is there."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np

from .errors import MissingDependency, OverlayError

LARGEST = 640
"""Pixels on a side: it is drawn smoothly over the picture, and more would be seen by nobody."""

_BYTES = 96 * 1024

Grey = np.ndarray[Any, np.dtype[np.uint8]]


def to_png(mask: Any) -> str:
    """Return a mask as base64 of an 8-bit grey PNG, at most 640 pixels on a side and 96 KB.

    Raises
    ------
    OverlayError
        If it is no array of shape (height, width) of bool, uint8, or float from 0 to 1.
    MissingDependency
        If there is neither OpenCV nor Pillow.
    """
    grey = to_grey(mask)
    factor = -(-max(grey.shape) // LARGEST)
    png = _encode(_smaller(grey, factor))
    while len(png) > _BYTES:
        factor += 1
        png = _encode(_smaller(grey, factor))
    return base64.b64encode(png).decode()


def to_grey(mask: Any) -> Grey:
    """Return a mask as uint8 (height, width), 255 where it is full."""
    if not isinstance(mask, np.ndarray) or mask.ndim != 2 or not mask.size:
        what = f"shape {mask.shape}" if isinstance(mask, np.ndarray) else type(mask).__name__
        raise OverlayError(f"A Mask is an array of shape (height, width), not {what}.")
    if mask.dtype == np.bool_:
        return mask.view(np.uint8) * np.uint8(255)
    if mask.dtype == np.uint8:
        return mask
    if mask.dtype.kind != "f":
        raise OverlayError(f"A Mask is of bool, uint8 or float, not {mask.dtype}; for labels, use mask == label.")
    low, high = float(mask.min()), float(mask.max())
    if not (low >= -1e-3 and high <= 1 + 1e-3):  # NaN is neither
        raise OverlayError(f"A Mask of floats goes from 0 to 1; this one goes from {low:g} to {high:g}.")
    grey: Grey = np.rint(np.clip(mask, 0, 1) * 255).astype(np.uint8)
    return grey


def _smaller(grey: Grey, factor: int) -> Grey:
    """Return means of squares of ``factor`` pixels; what does not fill a square at the edge is repeated."""
    if factor == 1:
        return np.ascontiguousarray(grey)
    padded = np.pad(grey, [(0, -side % factor) for side in grey.shape], "edge")
    total = np.zeros((padded.shape[0] // factor, padded.shape[1] // factor), np.uint32)
    for row in range(factor):
        for column in range(factor):
            total += padded[row::factor, column::factor]
    return (total // (factor * factor)).astype(np.uint8)


def _encode(grey: Grey) -> bytes:
    try:
        import cv2
    except ImportError:
        pass
    else:
        return bytes(cv2.imencode(".png", grey)[1])
    try:
        from PIL import Image
    except ImportError as error:
        raise MissingDependency("A Mask needs OpenCV or Pillow: pip install pillow.") from error
    png = io.BytesIO()
    Image.fromarray(grey).save(png, "PNG")
    return png.getvalue()
