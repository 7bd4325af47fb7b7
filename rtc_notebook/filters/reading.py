"""Ready-made filters that read what the picture shows."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

from .annotation import text_width, write
from .opencv import cv2
from .picture import COLOURS, Colour, Picture, as_colour, bgr, luma, shrunk

_WIDTH = 640  # pixels of the copy in which codes are looked for
_LEGIBLE = 300  # pixels across that are enough to read one
_SMALLEST = 21  # squares of the smallest code

_local = threading.local()  # a detector keeps state, and filters have threads of their own


@dataclass(frozen=True)
class QrCode:
    """A QR code that was read.

    Attributes
    ----------
    text : str
        What it says.
    corners : ndarray
        ``float32 (4, 2)``: x and y in pixels, clockwise from the code's own top left.
    """

    text: str
    corners: np.ndarray[Any, np.dtype[np.float32]]


def read_qr_codes(frame: Picture) -> list[QrCode]:
    """Return the QR codes (ISO/IEC 18004) in a picture that can be read; about 4 ms at 720p, and 10 ms for each code.

    Looks for them in a copy of about 640 pixels across and reads them from the picture itself. To be read, a code
    should be a tenth of the picture's width.

    Parameters
    ----------
    frame : ndarray
        A picture as filters get it: uint8, (height, width, 3) BGR, (height, width, 4) BGRA or (height, width) grey.

    Returns
    -------
    list of QrCode
        Of each its text and its corners, in pixels of the frame.
    """
    whole = luma(frame)
    small = shrunk(whole, _WIDTH)
    if min(small.shape) < _SMALLEST:
        return []
    _, places = _detector().detectMulti(small)
    if places is None:
        return []
    found = []
    for corners in places.reshape(-1, 4, 2) * np.float32(whole.shape[1] / small.shape[1]):
        margin = 0.25 * np.ptp(corners, axis=0)
        left, top = np.maximum(corners.min(axis=0) - margin, 0).astype(int)
        right, bottom = (corners.max(axis=0) + margin).astype(int)
        part = whole[top:bottom, left:right]
        if min(part.shape) < _SMALLEST:
            continue
        legible = shrunk(part, _LEGIBLE)
        said, exact, _ = _detector().detectAndDecode(legible)
        if said:
            factor = np.float32(part.shape[1] / legible.shape[1])
            found.append(QrCode(said, exact.reshape(4, 2) * factor + np.array((left, top), np.float32)))
    return found


def _detector() -> Any:
    if not hasattr(_local, "detector"):
        detector = cv2().QRCodeDetectorAruco()
        search = detector.getArucoParameters()
        search.adaptiveThreshWinSizeMin, search.adaptiveThreshWinSizeStep = 7, 16  # two passes in place of three
        detector.setArucoParameters(search)
        _local.detector = detector
    return _local.detector


def qr_codes(frame: Picture, colour: Annotated[Colour, list(COLOURS)] = "green") -> Picture:
    """Return the picture with each QR code outlined and its words; about 4 ms at 720p, and 10 ms for each code.

    Parameters
    ----------
    frame : ndarray
        The picture.
    colour : str or (blue, green, red)
        Of the outline.
    """
    cv = cv2()
    result = bgr(frame).copy()
    height, width = result.shape[:2]
    shade = as_colour(colour)
    for code in read_qr_codes(frame):
        points = code.corners.round().astype(np.int32)
        cv.polylines(result, [points], True, shade, max(height // 180, 1), cv.LINE_AA)
        letters = max(height / 25, 6.0)
        line = code.text.splitlines()[0][:60] if code.text.strip() else "(blank)"
        left = min(float(points[:, 0].min()), width - text_width(line, letters) - letters / 2)
        top = float(points[:, 1].min()) - letters / 2
        write(result, line, (max(left, letters / 2), max(top, 1.5 * letters)), letters, shade)
    return result
