"""What a filter returned, as the picture that is sent. Pure, without I/O."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import FilterError

Picture = np.ndarray[Any, np.dtype[np.uint8]]

SMALLEST, LARGEST = 16, 4096
"""Pixels on a side."""

_ACCEPTED = "uint8 arrays of shape (height, width, 3) in BGR, (height, width, 4) in BGRA, or (height, width) in grey"


def to_bgr(value: Any) -> Picture:
    """Return a filter's result as ``uint8 (height, width, 3)``, BGR, contiguous.

    Grey and BGRA pictures (whose alpha is dropped) and masks (bool: False black, True white) are converted.

    Raises
    ------
    FilterError
        If it is no picture; says what it is and what is accepted.
    """
    if not isinstance(value, np.ndarray):
        hint = " Does it end in `return frame`?" if value is None else ""
        raise FilterError(f"The filter returned {_kind(value)}, which is no picture.{hint} Accepted are {_ACCEPTED}.")
    grey = value.ndim == 2 or (value.ndim == 3 and value.shape[2] == 1)
    if not grey and not (value.ndim == 3 and value.shape[2] in (3, 4)):
        raise FilterError(
            f"The filter returned {_array(value)}, whose shape is no picture's. Accepted are {_ACCEPTED}."
        )
    if value.dtype == np.bool_:
        value = value.view(np.uint8) * np.uint8(255)
    if value.dtype != np.uint8:
        how = " Bring it to 0..255 and use .astype(numpy.uint8)."
        if value.dtype.kind == "f" and (missing := int(np.isnan(value).sum())):
            how = f" {missing} of its values are NaN (0/0, or the mean of nothing?); mind numpy.nan_to_num.{how}"
        raise FilterError(
            f"The filter returned {_array(value)}, whose dtype is not uint8.{how} Accepted are {_ACCEPTED}."
        )
    height, width = value.shape[:2]
    if not (SMALLEST <= height <= LARGEST and SMALLEST <= width <= LARGEST):
        raise FilterError(f"The filter returned {_array(value)}; each side must be {SMALLEST} to {LARGEST} pixels.")
    if grey:
        picture = np.empty((height, width, 3), np.uint8)
        picture[...] = value.reshape(height, width, 1)
        return picture
    return np.ascontiguousarray(value[:, :, :3])


def _array(value: np.ndarray[Any, Any]) -> str:
    return f"an array of {value.dtype} with shape {value.shape}"


def _kind(value: Any) -> str:
    if value is None:
        return "None"
    name = type(value).__name__
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"
