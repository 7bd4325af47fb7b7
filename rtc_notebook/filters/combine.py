"""Ready-made filters made of other filters."""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import FunctionType
from typing import Any, Literal

import numpy as np

from ..errors import FilterError
from ..protocol import OnError
from .chain import label_of, on_error_of
from .opencv import cv2
from .picture import Picture, bgr
from .result import to_bgr


class Compare:
    """Shows the raw picture beside what a filter makes of it; about 4 ms at 720p, and the filter's own.

    Attributes
    ----------
    on_error : {"pass", "hold"}
        The filter's own.
    """

    def __init__(self, function: Callable[..., Any], layout: Literal["beside", "split"] = "beside") -> None:
        if not callable(function):
            raise FilterError(f"Compare takes a filter, a function from picture to picture, not {function!r:.60}.")
        if layout not in ("beside", "split"):
            raise FilterError("Compare has layout='beside' or 'split'.")
        self._function = function
        self._layout = layout
        # Its parameters, and so its controls, are those of the filter.
        plain = isinstance(function, (FunctionType, functools.partial))
        functools.update_wrapper(self, function if plain else type(function).__call__.__get__(function))
        self.__name__ = f"compare {label_of(function)}"
        self.on_error: OnError = on_error_of(function)

    def __call__(self, frame: Picture, *args: Any, **parameters: Any) -> Picture:
        """Return raw | processed; further arguments go to the filter."""
        cv = cv2()
        raw = bgr(frame)
        height, width = raw.shape[:2]
        given = raw.copy()  # a filter may write on what it gets
        processed = self._function(given, *args, **parameters)
        grey = isinstance(processed, np.ndarray) and processed.ndim == 2 and processed.dtype == np.uint8
        processed = bgr(processed) if grey else to_bgr(processed)  # to_bgr does without OpenCV, at 5 ms for grey
        if self._layout == "split":
            if processed.shape != raw.shape:
                processed = cv.resize(processed, (width, height), interpolation=cv.INTER_AREA)
            result = np.concatenate([raw[:, : width // 2], processed[:, width // 2 :]], axis=1)
            cv.line(result, (width // 2, 0), (width // 2, height), (255, 255, 255), max(height // 360, 1))
            return result
        size = (max(width // 2, 1), max(height // 2, 1))
        halves = [cv.resize(one, size, interpolation=cv.INTER_AREA) for one in (raw, processed)]
        return cv.hconcat(halves)  # type: ignore[no-any-return]


def compare(function: Callable[..., Any], layout: Literal["beside", "split"] = "beside") -> Compare:
    """Return a filter that shows the raw picture beside what another filter makes of it.

    The raw picture is shown with it, to everybody: not for a filter that protects somebody.

    Parameters
    ----------
    function : callable
        The filter. Its parameters and controls become those of the result.
    layout : {"beside", "split"}
        Both pictures whole, at half the size, side by side; or one picture, raw on the left and processed on the right.

    Raises
    ------
    FilterError
        If it is no filter.

    Examples
    --------
    >>> call.filter(filters.compare(filters.cartoon))               # doctest: +SKIP
    """
    return Compare(function, layout)
