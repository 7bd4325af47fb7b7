"""Layouts of pictures, and the ways between them. Pure, without I/O.

Pictures travel between processes as I420 (planar YUV 4:2:0, BT.601 in limited range), which is what decoders give and
encoders take and half the size of BGR: the conversion is then the only pass over a picture's pixels. OpenCV does it
where it can be loaded, FFmpeg where not.

An I420 array is ``uint8 (height * 3 // 2, width)``: the luma rows, then the quarter-sized U and V planes. It has even
sides; a picture with odd ones has its last column or row twice.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Format = Literal["bgr", "rgb", "gray", "yuv420p"]
FORMATS: tuple[Format, ...] = ("bgr", "rgb", "gray", "yuv420p")

_AV_NAMES = {"bgr": "bgr24", "rgb": "rgb24", "gray": "gray", "yuv420p": "yuv420p"}


def i420_shape(height: int, width: int) -> tuple[int, int]:
    """Return the shape of the I420 array of a picture."""
    return (height + height % 2) * 3 // 2, width + width % 2


def convert(source: Array, layout: Format, format: Format, height: int, width: int) -> Array:
    """Return a picture in another format, as an array of its own.

    Parameters
    ----------
    source : ndarray
        ``yuv420p``: as above. ``bgr``: uint8 (height, width, 3).
    layout : {"yuv420p", "bgr"}
        What ``source`` is.
    format : {"bgr", "rgb", "gray", "yuv420p"}
        What to return: uint8 (height, width, 3), ``gray`` (height, width), both over the full range 0 to 255, and
        ``yuv420p`` as above.
    height, width : int
        The picture's true size.
    """
    if format == layout:
        return source.copy()
    if layout == "bgr":
        if format == "rgb":
            return np.ascontiguousarray(source[:, :, ::-1])
        if format == "yuv420p":
            target = np.empty(i420_shape(height, width), np.uint8)
            bgr_into_i420(_even_sides(source), target)
            return target
    picture = _by_opencv(source, layout, format)
    return _cropped(_by_ffmpeg(source, layout, format) if picture is None else picture, height, width)


def bgr_into_i420(picture: Array, target: Array) -> bool:
    """Write a BGR picture of even sides as I420 into ``target``; tell whether OpenCV did it."""
    cv2 = opencv()
    if cv2 is None:
        target[:] = _by_ffmpeg(np.ascontiguousarray(picture), "bgr", "yuv420p")
        return False
    cv2.cvtColor(picture, cv2.COLOR_BGR2YUV_I420, dst=target)
    return True


def planes_into(frame: Any, target: Array) -> None:
    """Write a decoded picture (``av.VideoFrame`` in yuv420p) as I420 into ``target``."""
    begin = 0
    flat = target.reshape(-1)
    height, width = target.shape[0] * 2 // 3, target.shape[1]
    for plane, (rows, columns) in zip(
        frame.planes, ((height, width), (height // 2, width // 2), (height // 2, width // 2)), strict=True
    ):
        given = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[: plane.height, : plane.width]
        taken = flat[begin : begin + rows * columns].reshape(rows, columns)
        taken[: plane.height, : plane.width] = given
        if plane.height < rows:
            taken[-1] = taken[-2]
        if plane.width < columns:
            taken[:, -1] = taken[:, -2]
        begin += rows * columns


@lru_cache(1)
def opencv() -> Any:
    """Return the cv2 module, or None where it cannot be loaded."""
    try:
        import cv2
    except ImportError:
        return None
    return cv2


def _by_opencv(source: Array, layout: Format, format: Format) -> Array | None:
    cv2 = opencv()
    if cv2 is None:
        return None
    if layout == "bgr":
        return np.asarray(cv2.cvtColor(source, cv2.COLOR_BGR2GRAY))
    rows, columns = source.shape[0] * 2 // 3, source.shape[1]
    if format == "gray":
        return np.asarray(cv2.LUT(source[:rows], _full_range()))
    picture = np.empty((rows, columns, 3), np.uint8)
    code = cv2.COLOR_YUV2BGR_I420 if format == "bgr" else cv2.COLOR_YUV2RGB_I420
    return np.asarray(cv2.cvtColor(source, code, dst=picture))


def _by_ffmpeg(source: Array, layout: Format, format: Format) -> Array:
    import av

    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(source), _AV_NAMES[layout])
    return np.asarray(frame.to_ndarray(format=_AV_NAMES[format]))


def _even_sides(picture: Array) -> Array:
    height, width = picture.shape[:2]
    if height % 2 or width % 2:
        return np.pad(picture, ((0, height % 2), (0, width % 2), (0, 0)), "edge")
    return picture


def _cropped(picture: Array, height: int, width: int) -> Array:
    return np.ascontiguousarray(picture[:height, :width])


@lru_cache(1)
def _full_range() -> Array:
    """Return the table from limited range, 16 to 235, to 0 to 255 (ITU-R BT.601)."""
    levels = np.rint((np.arange(256) - 16) * (255 / 219))
    return np.asarray(np.clip(levels, 0, 255), np.uint8)
