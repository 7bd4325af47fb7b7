"""Pictures: arrays, PIL images, whatever gives one after the other."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Generator, Iterable
from typing import Any

import numpy as np

from ..errors import SourceError
from .source import Pace, Source

Picture = np.ndarray[Any, np.dtype[np.uint8]]

SMALLEST, LARGEST = 16, 4096
"""Pixels on a side of what is sent."""

_ACCEPTED = (
    "uint8 (0 to 255), float (0 to 1) or bool arrays of shape (height, width, 3) in BGR, (height, width, 4) in BGRA, "
    "or (height, width) in grey; PIL images; matplotlib figures"
)


def to_picture(value: Any) -> Picture:
    """Return a picture as ``uint8 (height, width, 3)`` in BGR, an array of its own.

    Alpha is dropped. Sides under 16 pixels are enlarged in whole steps, without smoothing, so that a cellular
    automaton of 8x8 keeps its cells; sides over 4096 are reduced.

    Raises
    ------
    SourceError
        If it is no picture; says what it is and what is accepted.
    """
    array = _of_pil(value) if is_pil(value) else value
    if not isinstance(array, np.ndarray):
        if not hasattr(array, "__array__"):
            hint = " Does the function end in `return picture`?" if value is None else ""
            raise SourceError(f"{_kind(value)} is no picture.{hint} Accepted are {_ACCEPTED}.")
        array = np.asarray(array)
    if not (array.ndim == 2 or (array.ndim == 3 and array.shape[2] in (1, 3, 4))) or not array.size:
        raise SourceError(f"An array of shape {array.shape} is no picture. Accepted are {_ACCEPTED}.")
    every = math.ceil(math.sqrt(array.shape[0] * array.shape[1] / (2 * LARGEST**2)))
    if every > 1:  # hundreds of megapixels take seconds, and FFmpeg refuses them
        array = array[::every, ::every]
    return _fitting(_bgr(_uint8(array)))


def is_pil(value: Any) -> bool:
    """Whether it is a PIL image; PIL is not imported for the question."""
    module = sys.modules.get("PIL.Image")
    image = getattr(module, "Image", None)  # none while another thread is importing it
    return image is not None and isinstance(value, image)


class Still(Source):
    """A picture that stays."""

    def __init__(self, picture: Picture) -> None:
        self.picture = picture

    def frames(self, pace: Pace) -> Generator[Picture, None, None]:
        """Yield it."""
        yield self.picture


class Pictures(Source):
    """Pictures out of an iterable, at their pace."""

    def __init__(self, pictures: Iterable[Any]) -> None:
        self._pictures = pictures

    def frames(self, pace: Pace) -> Generator[Picture, None, None]:
        """Yield one after the other."""
        pictures = iter(self._pictures)
        try:
            for _ in pace.ticks():
                try:
                    picture = next(pictures)
                except StopIteration:
                    return
                yield to_picture(picture)
        finally:
            close = getattr(pictures, "close", None)
            if close is not None:
                close()


class PictureFunction(Source):
    """A function of time that returns pictures; where it fails, the last one stays and it is asked again."""

    def __init__(self, function: Callable[[float], Any]) -> None:
        self._function = function

    def frames(self, pace: Pace) -> Generator[Picture, None, None]:
        """Yield what it returns."""
        for seconds in pace.ticks():
            try:
                picture = to_picture(self._function(seconds))
            except Exception as error:
                pace.failed(error)
            else:
                yield picture


def _of_pil(image: Any) -> Any:
    return np.asarray(image.convert("RGB"))[:, :, ::-1]


def _uint8(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    if array.dtype == np.uint8:
        return array
    if array.dtype == np.bool_:
        return array.view(np.uint8) * np.uint8(255)
    if array.dtype.kind != "f":
        raise SourceError(f"An array of {array.dtype} is no picture: bring it to 0..255 and use .astype(numpy.uint8).")
    low, high = float(array.min()), float(array.max())
    if not np.isfinite((low, high)).all():
        bad = int(array.size - np.isfinite(array).sum())
        raise SourceError(
            f"The picture has {bad} values that are NaN or infinite; numpy.nan_to_num(...) replaces them."
        )
    if low < -1e-3 or high > 1 + 1e-3:
        raise SourceError(
            f"The picture's values go from {low:g} to {high:g}; floats go from 0 (black) to 1 (white). Scale "
            "them, or bring them to 0..255 and use .astype(numpy.uint8)."
        )
    pixels: Picture = np.rint(np.clip(array, 0, 1) * 255).astype(np.uint8)
    return pixels


def _bgr(array: np.ndarray[Any, Any]) -> Picture:
    if array.ndim == 3 and array.shape[2] >= 3:
        return np.array(array[:, :, :3], np.uint8, order="C")
    height, width = array.shape[:2]
    picture = np.empty((height, width, 3), np.uint8)
    picture[...] = array.reshape(height, width, 1)
    return picture


def _fitting(picture: Picture) -> Picture:
    given = height, width = picture.shape[:2]
    if min(height, width) < SMALLEST:
        times = -(-SMALLEST // min(height, width))
        picture = picture.repeat(times, 0).repeat(times, 1)
        height, width = picture.shape[:2]
    if max(height, width) <= LARGEST:
        return picture
    import av

    if min(height, width) * LARGEST < SMALLEST * max(height, width):
        hint = " Sound has one channel or two." if given[1] <= 8 else ""
        raise SourceError(
            f"A picture of {given[0]} x {given[1]} pixels is too narrow to be sent; cut a part out of it.{hint}"
        )
    frame = av.VideoFrame.from_ndarray(picture, "bgr24")
    return np.ascontiguousarray(
        frame.reformat(*_reduced(width, height), "bgr24", interpolation="AREA").to_ndarray(format="bgr24")
    )


def _reduced(width: int, height: int) -> tuple[int, int]:
    longer = max(width, height)
    return max(SMALLEST, width * LARGEST // longer), max(SMALLEST, height * LARGEST // longer)


def _kind(value: Any) -> str:
    if value is None:
        return "None"
    name = type(value).__name__
    return f"{'An' if name[:1].lower() in 'aeiou' else 'A'} {name}"
