"""Drawings over a picture, made by kernels, drawn by browsers."""

from __future__ import annotations

from typing import Literal

from .base import Message, Struct


class Box(Struct, frozen=True, tag_field="shape", tag="box"):
    """A rectangle. Positions and sizes here and below are shares of the picture's width and height, from the top left.

    ``colour`` is CSS ``#rrggbb``; ``line`` is in thousandths of the picture's width, 0 for none.
    """

    x: float
    y: float
    width: float
    height: float
    label: str = ""
    colour: str = "#00e676"
    line: float = 3.0
    fill: float = 0.0
    """Opacity of the inside."""


class Polyline(Struct, frozen=True, tag_field="shape", tag="polyline"):
    """Points joined by straight lines; ``closed`` makes it a polygon."""

    points: tuple[tuple[float, float], ...]
    closed: bool = False
    colour: str = "#00e676"
    line: float = 3.0
    fill: float = 0.0


class Text(Struct, frozen=True, tag_field="shape", tag="text"):
    """Words with their lower left corner at (x, y); ``size`` is the letters' height as a share of the picture's."""

    x: float
    y: float
    text: str
    colour: str = "#ffffff"
    size: float = 0.05


class Mask(Struct, frozen=True, tag_field="shape", tag="mask"):
    """Where something is: a one-channel PNG (base64) stretched over the rectangle, as opaque as ``opacity`` at 255."""

    png: str
    x: float = 0.0
    y: float = 0.0
    width: float = 1.0
    height: float = 1.0
    colour: str = "#00e676"
    opacity: float = 0.5


Shape = Box | Polyline | Text | Mask


class DrawOverlay(Message, frozen=True, tag="draw-overlay"):
    """A kernel's drawing over somebody's picture, in place of its last one there; browsers draw it.

    ``captured`` is when the picture that it was made for was captured, by its sender's clock (seconds since the epoch,
    as its RTCP sender reports tell it), 0 if it belongs to none; it is stale ``seconds`` after that.
    """

    participant: str
    shapes: tuple[Shape, ...]
    source: Literal["camera", "screen", "kernel"] = "camera"
    label: str = ""
    captured: float = 0.0
    seconds: float = 1.0


class Overlay(Message, frozen=True, tag="overlay"):
    """What a kernel draws over a picture; see `DrawOverlay`. ``by`` is the kernel's participant."""

    by: str
    participant: str
    shapes: tuple[Shape, ...]
    source: Literal["camera", "screen", "kernel"] = "camera"
    label: str = ""
    captured: float = 0.0
    seconds: float = 1.0
