"""Pictures as the bytes of an image file."""

from __future__ import annotations

import io
from fractions import Fraction
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from .pixels import opencv

_CODECS = {"png": ("png", "rgb24"), "jpeg": ("mjpeg", "yuvj420p")}


def encode(picture: NDArray[np.uint8], kind: Literal["png", "jpeg"]) -> bytes:
    """Return a BGR picture, uint8 (height, width, 3), as PNG or JPEG; by OpenCV where it loads, by FFmpeg where not."""
    cv2 = opencv()
    if cv2 is not None:
        return bytes(cv2.imencode(f".{kind}", picture)[1])
    import av

    name, pixels = _CODECS[kind]
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), "bgr24").reformat(format=pixels)
    codec: Any = av.CodecContext.create(name, "w")
    codec.width, codec.height, codec.pix_fmt, codec.time_base = frame.width, frame.height, pixels, Fraction(1, 25)
    data = io.BytesIO()
    for packet in (*codec.encode(frame), *codec.encode(None)):
        data.write(bytes(packet))
    return data.getvalue()
