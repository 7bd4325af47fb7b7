"""Shapes to draw over a picture: each browser draws them itself, so that nothing is encoded for them.

Coordinates follow one rule. Where the frame is known (`Call.overlay` with ``frame=``, and always in a filter that
returns shapes) they are its pixels, from the top left; where it is not, they are shares of the picture's width and
height, from 0 to 1. Thicknesses and letters are always shares, so that they look the same at every size.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np

from . import protocol
from .colours import Colour, css
from .errors import OverlayError
from .frames import FrameInfo
from .masks import to_png

MOST_SHAPES = 500
MOST_LETTERS = 200
_BYTES = protocol.MAX_MESSAGE_BYTES - 1024
_SHARES = 4.0  # further outside the picture, a coordinate was not meant as a share
_GREEN = "green"


@dataclass(frozen=True)
class Box:
    """A rectangle with its top left corner at (x, y).

    Parameters
    ----------
    x, y, width, height : float
        Pixels of the frame, or shares of the picture; see `rtc_notebook.overlays`.
    label : str
        Written at its top.
    colour : str or sequence
        A name, ``"#rrggbb"``, or (blue, green, red) from 0 to 255 as in OpenCV.
    line : float
        Thickness in thousandths of the picture's width; 0 for none.
    fill : float
        How opaque the inside is, 0 to 1.
    """

    x: float
    y: float
    width: float
    height: float
    label: str = ""
    colour: Colour = _GREEN
    line: float = 3.0
    fill: float = 0.0

    @classmethod
    def corners(cls, left: float, top: float, right: float, bottom: float, **style: Any) -> Box:
        """Return the box between two corners, as many detectors give it.

        Parameters
        ----------
        left, top, right, bottom : float
            Where its sides are, in pixels of the frame or shares of the picture.
        **style
            ``label``, ``colour``, ``line`` and ``fill``, as for `Box`.
        """
        return cls(left, top, right - left, bottom - top, **style)


@dataclass(frozen=True, eq=False)
class Polyline:
    """Points joined by straight lines; closed, a polygon.

    Parameters
    ----------
    points : array_like
        Shape (n, 2): x and y of each, pixels of the frame or shares. OpenCV's contours, (n, 1, 2), are taken too.
    closed : bool
        Whether the last is joined to the first.
    colour, line, fill
        As for `Box`.
    """

    points: Any
    closed: bool = False
    colour: Colour = _GREEN
    line: float = 3.0
    fill: float = 0.0


@dataclass(frozen=True)
class Text:
    """Words with their lower left corner at (x, y).

    Parameters
    ----------
    x, y : float
        Pixels of the frame, or shares of the picture.
    text : str
        One line.
    colour : str or sequence
        As for `Box`.
    size : float
        Height of the letters as a share of the picture's height, at most 1; also where coordinates are pixels.
    """

    x: float
    y: float
    text: str
    colour: Colour = "white"
    size: float = 0.05


@dataclass(frozen=True, eq=False)
class Mask:
    """Where something is, in one colour over the picture.

    Parameters
    ----------
    mask : ndarray
        Shape (height, width): bool, uint8 from 0 (clear) to 255, or float from 0 to 1. Any size: it is stretched over
        the rectangle, and large ones are made smaller on the way.
    x, y, width, height : float, optional
        The rectangle, in pixels of the frame or shares; the whole picture where they are not given.
    colour : str or sequence
        As for `Box`.
    opacity : float
        How opaque it is where the mask is full, 0 to 1.
    """

    mask: Any = field(repr=False)
    x: float = 0.0
    y: float = 0.0
    width: float | None = None
    height: float | None = None
    colour: Colour = _GREEN
    opacity: float = 0.5


Shape = Box | Polyline | Text | Mask
SHAPES = (Box, Polyline, Text, Mask)


@dataclass(frozen=True)
class Canvas:
    """What coordinates refer to: the frame's size in pixels, or None for shares, and when it was captured."""

    size: tuple[float, float] | None = None
    captured: float = 0.0

    @classmethod
    def of(cls, frame: Any) -> Canvas:
        """Return what ``frame`` says: an array, its `FrameInfo`, (array, `FrameInfo`), (width, height), or None.

        Raises
        ------
        OverlayError
            If it is none of these.
        """
        if frame is None:
            return cls()
        if isinstance(frame, tuple) and len(frame) == 2:
            first, second = frame
            if isinstance(first, np.ndarray) and isinstance(second, FrameInfo):
                return cls(cls.of(first).size, second.captured)
            if _is_number(first) and _is_number(second) and first >= 1 and second >= 1:
                return cls((float(first), float(second)))
        elif isinstance(frame, FrameInfo) and frame.width and frame.height and math.isfinite(frame.captured):
            return cls((frame.width, frame.height), frame.captured)
        elif isinstance(frame, np.ndarray) and frame.ndim in (2, 3) and frame.size:
            return cls((frame.shape[1], frame.shape[0]))
        raise OverlayError(
            "frame= is the picture that the coordinates belong to: an array, its FrameInfo, both as (array, info), "
            f"or (width, height); not {_kind(frame)}."
        )


def are_shapes(value: Any) -> bool:
    """Whether a filter's result is shapes to draw: one, or a list or tuple of them, which may be empty."""
    return isinstance(value, SHAPES) or (
        isinstance(value, (list, tuple)) and all(isinstance(each, SHAPES) for each in value)
    )


def to_wire(shapes: Shape | Iterable[Shape], canvas: Canvas) -> tuple[protocol.Shape, ...]:
    """Return shapes as the protocol has them.

    Raises
    ------
    OverlayError
        If there are too many, one is none, or a coordinate is not finite; says which.
    """
    many: Iterable[Any] = [shapes] if isinstance(shapes, SHAPES) else shapes
    try:
        listed = list(many)
    except TypeError:
        raise OverlayError(f"An overlay is a list of shapes, not {_kind(shapes)}. {_THERE_ARE}") from None
    if len(listed) > MOST_SHAPES:
        raise OverlayError(f"{len(listed)} shapes at once; {MOST_SHAPES} are the most.")
    return tuple(_Wire(canvas, shape).wire() for shape in listed)


def drawing(
    participant: str, shapes: Shape | Iterable[Shape], canvas: Canvas, *, source: Any, label: str, seconds: float
) -> protocol.DrawOverlay:
    """Return the message that draws ``shapes`` over a participant's picture.

    Raises
    ------
    OverlayError
        If a shape is none, ``source`` or ``label`` names no picture, ``seconds`` is no time, or all of it is more than
        a message takes.
    """
    if source not in _PICTURES:
        raise OverlayError(f"source={source!r:.80}: a drawing is over {' or '.join(map(repr, _PICTURES))}.")
    if not isinstance(label, str):
        raise OverlayError(f"name={label!r:.80}: what a kernel's picture is called is a text.")
    if not _is_number(seconds) or not 0 < seconds < math.inf:
        raise OverlayError(f"seconds={seconds!r}: how long a drawing stays is a time above 0.")
    message = protocol.DrawOverlay(
        participant=participant,
        shapes=to_wire(shapes, canvas),
        source=source,
        label=label,
        captured=canvas.captured,
        seconds=float(seconds),
    )
    size = len(msgspec.json.encode(message))
    if size > _BYTES:
        raise OverlayError(f"The overlay takes {size // 1024} KB; {_BYTES // 1024} KB are the most. Draw less at once.")
    return message


class _Wire:
    """One shape on its way to the protocol."""

    def __init__(self, canvas: Canvas, shape: Any) -> None:
        self._size = canvas.size
        self._shape = shape
        self._width, self._height = canvas.size or (1.0, 1.0)

    def wire(self) -> protocol.Shape:
        shape = self._shape
        if isinstance(shape, Box):
            return protocol.Box(
                x=self._x(shape.x),
                y=self._y(shape.y),
                width=self._x(shape.width),
                height=self._y(shape.height),
                label=str(shape.label)[:MOST_LETTERS],
                **self._style(shape),
            )
        if isinstance(shape, Polyline):
            return protocol.Polyline(points=self._points(shape.points), closed=bool(shape.closed), **self._style(shape))
        if isinstance(shape, Text):
            return protocol.Text(
                x=self._x(shape.x),
                y=self._y(shape.y),
                text=str(shape.text)[:MOST_LETTERS],
                colour=css(shape.colour),
                size=self._letters(shape.size),
            )
        if isinstance(shape, Mask):
            x, y = self._x(shape.x), self._y(shape.y)
            return protocol.Mask(
                png=to_png(shape.mask),
                x=x,
                y=y,
                width=1.0 - x if shape.width is None else self._x(shape.width),
                height=1.0 - y if shape.height is None else self._y(shape.height),
                colour=css(shape.colour),
                opacity=self._number(shape.opacity),
            )
        raise OverlayError(f"{_kind(shape)} is no shape. {_THERE_ARE}")

    def _style(self, shape: Box | Polyline) -> dict[str, Any]:
        return {"colour": css(shape.colour), "line": self._number(shape.line), "fill": self._number(shape.fill)}

    def _x(self, value: Any) -> float:
        return self._share(self._number(value), self._width)

    def _y(self, value: Any) -> float:
        return self._share(self._number(value), self._height)

    def _share(self, value: float, whole: float) -> float:
        if self._size is None and abs(value) > _SHARES:
            raise OverlayError(
                f"{value:g} in {self._shape!r:.160} looks like pixels. Say which picture they belong to, with frame=; "
                "without it coordinates are shares of the picture, from 0 to 1."
            )
        return round(value / whole, 5)

    def _letters(self, size: Any) -> float:
        share = self._number(size)
        if share > 1:  # one letter would cover the picture
            raise OverlayError(
                f"size={share:g} in {self._shape!r:.160} looks like pixels or points. Letters are a share of the "
                f"picture's height in any case, such as {Text.size}."
            )
        return share

    def _number(self, value: Any) -> float:
        try:
            number = float(value)
        except (TypeError, ValueError):
            number = math.nan
        if not math.isfinite(number):
            raise OverlayError(f"{value!r} in {self._shape!r:.160} is no finite number.")
        return round(number, 5)

    def _points(self, points: Any) -> tuple[tuple[float, float], ...]:
        try:
            array = np.asarray(points, np.float64)
        except (TypeError, ValueError):
            array = np.empty(0)
        if array.ndim == 3 and array.shape[1] == 1:
            array = array[:, 0]
        if array.ndim != 2 or array.shape[1] != 2:
            raise OverlayError(f"A Polyline's points are an array of shape (n, 2), not {_kind(points)}.")
        if not np.isfinite(array).all():
            raise OverlayError("A Polyline's points are not all finite.")
        if self._size is None and array.size:
            self._share(float(array.flat[np.abs(array).argmax()]), 1.0)
        shares = np.round(array / (self._width, self._height), 5)
        return tuple((x, y) for x, y in shares.tolist())


_PICTURES = ("camera", "screen", "kernel")
_THERE_ARE = "There are Box, Polyline, Text and Mask in rtc_notebook."


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)


def _kind(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"an array of {value.dtype} with shape {value.shape}"
    return "None" if value is None else f"{value!r:.60} ({type(value).__name__})"
